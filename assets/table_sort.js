/* Tables that sort: a click on a heading orders the rows by it; the order outlives new data. */
(function () {
  "use strict";
  const chosen = new Map(); // table -> {key, descending}

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sortable] [data-sort]");
    if (!button) return;
    const table = button.closest("table"), name = table.dataset.sortable, key = button.dataset.sort;
    const before = button.closest("th").getAttribute("aria-sort");
    // Numbers are looked at from the highest down, names from A to Z.
    const first = isText(table, column(table, key)) ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    chosen.set(name, { key: key, order: before === first ? other : first });
    sort(table);
  });

  const headings = (table) => [...table.tHead.rows[0].cells];
  const column = (table, key) => headings(table).findIndex((cell) => cell.querySelector("[data-sort]").dataset.sort === key);
  const value = (row, i) => row.cells[i].dataset.value;
  const isText = (table, i) => [...table.tBodies[0].rows].some((row) => value(row, i) && isNaN(value(row, i)));

  function sort(table) {
    const choice = chosen.get(table.dataset.sortable);
    if (!choice) return;
    const i = column(table, choice.key), sign = choice.order === "ascending" ? 1 : -1, text = isText(table, i);
    for (const cell of headings(table)) {
      const key = cell.querySelector("[data-sort]").dataset.sort;
      cell.setAttribute("aria-sort", key === choice.key ? choice.order : "none");
    }
    const compare = (a, b) => {
      const x = value(a, i), y = value(b, i);
      if (!x || !y) return x ? -1 : y ? 1 : 0; // what is not known comes last either way
      return sign * (text ? x.localeCompare(y) : x - y);
    };
    const body = table.tBodies[0], rows = [...body.rows], sorted = [...rows].sort(compare);
    if (sorted.some((row, n) => row !== rows[n])) body.append(...sorted);
  }

  // New data bring new rows, in the server's order.
  document.addEventListener("fixer:filled", () => document.querySelectorAll(".table-wrap table[data-sortable]").forEach(sort));
  const watched = new WeakSet();
  document.addEventListener("fixer:painted", () => {
    for (const place of document.querySelectorAll(".table-wrap")) {
      if (watched.has(place)) continue;
      watched.add(place);
      new MutationObserver(() => place.querySelectorAll("table[data-sortable]").forEach(sort)).observe(place, {
        childList: true,
        subtree: true,
      });
    }
  });
})();
