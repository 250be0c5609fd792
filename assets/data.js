/* What the data page starts and looks after: taking an import back (asked first), comparing rollups and runs.

Both may take longer than a request: the server goes on by itself, and here it is asked how far it is. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const IMPORTS = "/api/data/imports", VERIFY = "/api/data/verify";
  const EVERY = 1500; // milliseconds between two looks
  const count = (number, what) => number.toLocaleString("en-US") + " " + what + (number === 1 ? "" : "s");

  async function call(address, body) {
    const asked = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(address, asked);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error ? answer.error.message : "The server answered " + response.status);
    return answer;
  }

  const wait = () => new Promise((resolve) => setTimeout(resolve, EVERY));

  /* ---- taking an import back ------------------------------------------------------------------------ */

  let chosen; // the button that was clicked
  const address = (id) => IMPORTS + "/" + id + "/take-back";

  async function askFirst(button) {
    const { takeBack: id, source, brought, dropped } = button.dataset, go = $("take-back-go");
    chosen = button;
    const what = (said) => ($("take-back-what").textContent = said + " of import " + id + " (" + source + ")");
    what("Counting the runs");
    $("take-back-error").textContent = "";
    go.disabled = true;
    go.textContent = "Take back";
    $("take-back").showModal();
    try {
      const { runs } = await call(address(id), { dryRun: true });
      if (chosen !== button) return;
      what(count(runs, "run"));
      // What is gone is no longer known run by run.
      if (Number(dropped)) $("take-back-what").textContent += ". " + count(Number(dropped), "run") + " that it brought were dropped by retention and stay counted";
      go.textContent = "Take back " + count(runs, "run");
    } catch (error) {
      if (chosen !== button) return;
      what("Up to " + count(Number(brought), "run"));
      $("take-back-error").textContent = "They could not be counted: " + error.message;
    }
    go.disabled = false;
  }

  async function takeBack() {
    const id = chosen.dataset.takeBack;
    $("take-back-go").disabled = true;
    try {
      const { state, runs } = await call(address(id), {});
      $("take-back").close();
      if (state === "done") return done(id, runs);
      window.fixer.announce("Taking import " + id + " back");
      window.fixer.ask({ refresh: true });
    } catch (error) {
      $("take-back-error").textContent = error.message;
      $("take-back-go").disabled = false;
    }
  }

  function done(id, runs) {
    window.fixer.announce(count(runs, "run") + " of import " + id + " taken back");
    window.fixer.ask({ refresh: true });
  }

  // Those that are going back, whoever began it: how far they are, until they are done.
  let looking = false;
  async function lookAfter() {
    if (looking) return;
    looking = true;
    for (let going = rows(); going.length; going = rows()) {
      await wait();
      if (document.hidden) continue;
      try {
        const { items } = await call(IMPORTS);
        for (const [id, place] of going) follow(items.find((item) => String(item.importId) === id), place);
      } catch {
        // The server is away: the page says so, and this keeps trying.
      }
    }
    looking = false;
  }

  const rows = () => [...document.querySelectorAll("[data-going]")].map((place) => [place.closest("tr").dataset.import, place]);

  function follow(item, place) {
    if (item && item.goingBack) return (place.textContent = "Taking back: " + count(item.takenBack, "run") + " so far");
    place.removeAttribute("data-going");
    if (item && item.takenBackAt) done(item.importId, item.takenBack);
    else window.fixer.ask({ refresh: true });
  }

  /* ---- comparing rollups and runs --------------------------------------------------------------------- */

  async function compare(body) {
    try {
      let found = await call(VERIFY, body);
      tell(found);
      while (found.state === "running" && $("verify")) {
        await wait();
        found = await call(VERIFY);
        tell(found);
      }
    } catch (error) {
      if ($("verified")) $("verified").textContent = error.message;
    }
  }

  function tell(found) {
    const place = $("verified");
    if (!place) return;
    $("verify").disabled = found.state === "running";
    place.className = found.differences || found.problem ? "bad" : "";
    place.textContent = words(found);
    const list = $("verify-examples");
    list.replaceChildren(...(found.examples || []).slice(0, 5).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    list.hidden = !list.children.length;
  }

  function words(found) {
    if (found.state === "never") return "Not compared yet";
    if (found.state === "running") return "Comparing, since " + ago(found.startedAt);
    if (found.state === "failed") return "The last comparison came to nothing: " + found.problem;
    const when = " (" + ago(found.finishedAt) + " ago)";
    if (!found.differences) return "Equal to the runs: no difference found" + when;
    return count(found.differences, "difference") + " found" + when + "; fixer-metrics rebuild makes them equal";
  }

  function ago(instant) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(instant)) / 1000));
    if (seconds < 90) return count(seconds, "second");
    if (seconds < 5400) return count(Math.round(seconds / 60), "minute");
    return seconds < 129600 ? count(Math.round(seconds / 3600), "hour") : count(Math.round(seconds / 86400), "day");
  }

  /* ---- when -------------------------------------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest && event.target.closest(selector);
    const button = at("[data-take-back]");
    if (button) askFirst(button);
    else if (at("#take-back-go")) takeBack();
    else if (at("#take-back-cancel")) $("take-back").close();
    else if (at("#verify")) compare({});
  });
  document.addEventListener("close", (event) => event.target.id === "take-back" && (chosen = undefined), true);

  // The page is turned to, or its log is filled anew.
  let shown;
  new MutationObserver(() => {
    const verify = document.documentElement.dataset.page === "/data" ? $("verify") : null;
    if (verify && verify !== shown) compare();
    shown = verify;
    if (verify && document.querySelector("[data-going]")) lookAfter();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
