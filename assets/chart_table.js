/* "View as table": the numbers behind a chart, built from its figure when they are asked for. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const open = new Set();

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-table-of]");
    if (button) toggle(button.dataset.tableOf, button);
  });

  function toggle(chart, button) {
    const shown = !open.delete(chart);
    if (shown) open.add(chart);
    button.setAttribute("aria-pressed", String(shown));
    button.querySelector("span").textContent = shown ? "View as chart" : "View as table";
    $("plot-" + chart).dataset.view = shown ? "table" : "chart";
    $("table-" + chart).hidden = !shown;
    if (shown) {
      refresh(chart);
      $("table-" + chart).focus();
    }
  }

  document.addEventListener("fixer:painted", (event) => refresh(event.detail));

  function refresh(chart) {
    const source = window.fixer.charts.figureOf(chart);
    if (!open.has(chart) || !source) return;
    const made = table(source, $("title-" + chart).textContent);
    if (window.fixer.panels?.isQuiet()) window.fixer.panels.morph($("table-" + chart), made.outerHTML);
    else $("table-" + chart).replaceChildren(made);
  }

  const HEADS = { hour: "Hour", day: "Day", week: "Week" };

  function table(source, title) {
    const meta = source.layout.meta, made = document.createElement("table");
    made.createCaption().textContent = title;
    const head = made.createTHead().insertRow();
    for (const label of [meta.labels ? meta.head || "Outcome" : HEADS[meta.grain], ...meta.columns.map((c) => c.label)]) {
      const cell = head.appendChild(document.createElement("th"));
      cell.scope = "col";
      cell.textContent = label;
    }
    const body = made.createTBody();
    (meta.labels || meta.x || []).forEach((label, i) => row(body, source, meta, i, meta.labels && label));
    return made;
  }

  function row(body, source, meta, i, label) {
    const line = body.insertRow(), name = line.appendChild(document.createElement("th"));
    name.scope = "row";
    fill(name, label || window.fixer.axis.bucket(meta, i), window.fixer.drill.href(meta.chart, i));
    const why = !label && meta.incomplete[i];
    if (why) name.appendChild(document.createElement("small")).textContent = why;
    for (const column of meta.columns) {
      const values = column.values || source.data[column.trace].y;
      // A part of the bucket that has runs of its own leads to these.
      const part = meta.sides ? column.side : column.label, named = meta.sides ? column.unit === "count" : !label && meta.runs && part in meta.runs;
      const own = named && values[i] && window.fixer.drill.href(meta.chart, i, part);
      fill(line.insertCell(), window.fixer.units.exact(values[i], column.unit), own);
    }
  }

  // A text, or where it leads somewhere a link.
  function fill(cell, text, href) {
    if (!href) return cell.append(text);
    const link = cell.appendChild(document.createElement("a"));
    link.href = href;
    link.textContent = text;
    link.title = "The runs behind it";
  }
})();
