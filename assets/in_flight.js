/* Runs in flight are given up by hand: asked first, for nobody can take it back; only their end, or another
announcement, brings them in again. */
(function () {
  "use strict";
  const MOST = 100; // in one request
  const runs = (number) => number + (number === 1 ? " run" : " runs");

  function question(flights) {
    const one = flights.length === 1;
    return one
      ? "Give up the run " + flights[0].slice(0, 100) + "? It leaves this list and counts nowhere. If its end still comes, it counts as any other."
      : "Give up " + runs(flights.length) + "? They leave this list and count nowhere. Those whose end still comes count as any other.";
  }

  async function giveUp(button) {
    const flights = JSON.parse(button.dataset.giveUp).slice(0, MOST);
    if (!window.confirm(question(flights))) return;
    button.disabled = true;
    const { answer, problem } = await window.fixer.send("POST", "/api/in-flight/give-up", { invocationIds: flights });
    button.disabled = false;
    document.getElementById("in-flight-problem").textContent = problem || "";
    if (problem) return;
    window.fixer.announce(runs(answer.givenUp.length) + " given up");
    window.dash_clientside.set_props("flying", { data: new Date().toISOString() });
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-give-up]");
    if (button) giveUp(button);
  });
})();
