/* Own markers on the changes page: added and taken away through the API; the page then asks anew. */
(function () {
  "use strict";

  // The instant of a wall clock ("2026-11-20T10:00") in a zone: a guess, put right by what the zone says of it.
  function instant(wall, tz) {
    const wanted = Date.parse(wall + "Z");
    let ms = wanted;
    for (let i = 0; i < 2; i++) ms += wanted - Date.parse(clock(ms, tz) + "Z");
    return new Date(ms).toISOString();
  }

  function clock(ms, tz) {
    const part = {};
    const format = new Intl.DateTimeFormat("en-CA", {
      timeZone: tz, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
    });
    for (const { type, value } of format.formatToParts(new Date(ms))) part[type] = value;
    return part.year + "-" + part.month + "-" + part.day + "T" + part.hour + ":" + part.minute;
  }

  async function act(told, method, path, body) {
    const { problem } = await window.fixer.send(method, path, body);
    if (problem) return void (document.querySelector("#marker-form [role=status]").textContent = problem);
    window.fixer.announce(told);
    window.fixer.ask({ refresh: true });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("#marker-form");
    if (!form) return;
    event.preventDefault();
    const label = form.elements.label.value.trim();
    const body = { at: instant(form.elements.at.value, form.dataset.tz), label: label };
    act("Marker " + label + " added", "POST", "/api/markers", body);
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-marker]");
    if (button) act("Marker removed", "DELETE", "/api/markers/" + button.dataset.removeMarker);
  });
})();
