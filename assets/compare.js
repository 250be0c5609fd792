/* The compare page: what is chosen on either side writes both, so that a view is complete in its URL. */
(function () {
  "use strict";

  document.addEventListener("change", (event) => {
    const control = event.target;
    // Another dimension begins with its own two members.
    if (control.matches("[data-compare-by]")) window.fixer.ask({ set: { by: control.value, a: "", b: "" } });
    if (control.matches("[data-side]")) choose(control);
  });

  function choose(control) {
    const [a, b] = ["a", "b"].map((side) => document.querySelector("[data-side=" + side + "]"));
    const other = control === a ? b : a, set = { a: a.value, b: b.value };
    // What the other side has already: they change places.
    if (a.value === b.value) set[other.dataset.side] = control.dataset.before;
    window.fixer.ask({ set: set });
  }

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-side]")) event.target.dataset.before = event.target.value;
  });
})();
