/* Small things that open: Escape closes them, and so does a click elsewhere. */
(function () {
  "use strict";

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    // The text on a KPI card shows while its button is hovered or focused (app.css), until it is sent away.
    for (const wrap of document.querySelectorAll(".help-wrap:hover, .help-wrap:focus-within")) wrap.classList.add("closed");
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  for (const over of ["pointerout", "focusout"]) {
    document.addEventListener(over, (event) => {
      const wrap = event.target.closest && event.target.closest(".help-wrap.closed");
      if (wrap && !wrap.contains(event.relatedTarget)) wrap.classList.remove("closed");
    });
  }

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      // A choice in the menu closes it as well.
      if (!menu.contains(event.target) || event.target.closest("details.menu button")) menu.open = false;
    }
  });
})();
