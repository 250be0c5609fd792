/* Wide tables on a phone: each row becomes a small sheet (sheet.css), whose figures bear the names of their columns. */
(function () {
  "use strict";
  document.addEventListener("fixer:filled", () => {
    for (const table of document.querySelectorAll("table.sheet")) name(table);
  });

  function name(table) {
    const heads = [...table.tHead.rows[0].cells].map((cell) => (cell.querySelector(".visually-hidden") ? "" : cell.textContent.trim()));
    for (const row of table.querySelectorAll("tbody tr, tfoot tr")) {
      [...row.cells].forEach((cell, i) => cell.tagName === "TD" && (cell.dataset.label = heads[i] || ""));
    }
  }
})();
