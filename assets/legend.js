/* Legends under the charts: a click shows or hides what it names, and keeps it so when new data come. */
(function () {
  "use strict";

  document.addEventListener("click", (event) => {
    const entry = event.target.closest("button[data-trace]");
    if (!entry) return;
    const shown = window.fixer.charts.toggle(entry.dataset.chart, entry.dataset.trace);
    entry.setAttribute("aria-pressed", String(shown));
  });

  // New data bring a new legend: what was hidden stays hidden, and says so.
  function mark(legend) {
    for (const entry of legend.querySelectorAll("button[data-trace]")) {
      const shown = String(!window.fixer.charts.isHidden(entry.dataset.chart, entry.dataset.trace));
      if (entry.getAttribute("aria-pressed") !== shown) entry.setAttribute("aria-pressed", shown);
    }
  }

  const watched = new WeakSet();
  document.addEventListener("fixer:painted", (event) => {
    const legend = document.getElementById("legend-" + event.detail);
    if (!legend || watched.has(legend)) return;
    watched.add(legend);
    new MutationObserver(() => mark(legend)).observe(legend, { childList: true });
  });
})();
