/* What is done with the keyboard and the mouse on the table of runs and on the page of one run. Everything it
changes is written into the URL; links and buttons do the rest. */
(function () {
  "use strict";

  /* ---- a row is its link ---------------------------------------------------------------------------- */

  const rowLink = (row) => row && row.querySelector("a[href]");

  document.addEventListener("click", (event) => {
    const row = event.target.closest(".runs tbody tr");
    if (!row || event.target.closest("a, button") || String(window.getSelection())) return;
    const held = { ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey };
    rowLink(row)?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...held }));
  });

  /* ---- keys ----------------------------------------------------------------------------------------- */

  const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
  const writing = (target) => target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=listbox]");

  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || writing(event.target)) return;
    const rows = [...document.querySelectorAll(".runs tbody tr")];
    const here = rows.indexOf(event.target.closest(".runs tbody tr"));
    // The arrows scroll the page until a row is chosen.
    if (event.key.startsWith("Arrow") && here < 0) return;
    if (rows.length) move(rows, here, step, event);
    else document.querySelector(`.run-around a[data-way="${step > 0 ? "next" : "prev"}"]`)?.click();
  });

  function move(rows, here, step, event) {
    const next = here < 0 ? rows[step > 0 ? 0 : rows.length - 1] : rows[here + step];
    if (!next) return;
    event.preventDefault();
    rowLink(next).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  /* ---- which columns -------------------------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-columns]")) return;
    const boxes = event.target.closest(".menu").querySelectorAll(".boxes input:checked");
    window.fixer.ask({ set: { columns: [...boxes].map((box) => box.value).join(",") } });
  });

  // Menus close with Escape, and when something else is clicked.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(".runs-menus .menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest(".runs-menus .menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  /* ---- the record, to the clipboard ------------------------------------------------------------------ */

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await window.fixer.copy(document.getElementById(button.dataset.copy).textContent);
    window.fixer.announce("Copied as JSON");
  });
})();
