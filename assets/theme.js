/* Loaded in the head, before anything is painted, so that a dark page never flashes light. */
(function () {
  "use strict";
  const KEY = "theme"; // the dcc.Store with this id keeps the choice in localStorage
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return JSON.parse(window.localStorage.getItem(KEY)) || "system";
    } catch {
      return "system"; // storage may be forbidden, or hold something else
    }
  }

  function apply(choice) {
    const dark = choice === "dark" || (choice === "system" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    document.documentElement.dataset.themeChoice = choice;
  }

  apply(chosen());
  window.fixerTheme = { apply: apply, system: system };
})();
