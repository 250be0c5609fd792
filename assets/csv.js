/* "Download CSV": the data behind a chart or a table, as a file: instants in ISO 8601, plain numbers (percents
from 0 to 100), every row and column that is there, the filters in the name of the file. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const UNITS = { percent: "%", usd: "USD", ms: "ms", tokens: "tokens" };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-csv-of]");
    if (!button) return;
    const name = button.dataset.csvOf, rows = rowsOf(name);
    if (!rows) return;
    save(fileName(name), rows.map((row) => row.map(cell).join(",") + "\r\n").join(""));
    button.closest("details")?.removeAttribute("open");
  });

  function rowsOf(name) {
    const source = window.fixer.charts.figureOf(name), card = $("card-" + name);
    if (source && source.layout.meta.columns.length) return ofChart(source);
    const tables = card ? [...card.querySelectorAll("table")] : [];
    return tables.length ? tables.flatMap((table, n) => ofTable(table).slice(n ? 1 : 0)) : null;
  }

  /* ---- charts ---------------------------------------------------------------------------------------- */

  const iso = (instant) => new Date(instant.endsWith("Z") ? instant : instant + "Z").toISOString().slice(0, 19) + "Z";
  const headOf = ({ label, unit }) => label + (UNITS[unit] ? " (" + UNITS[unit] + ")" : "");
  // 0.0812 * 100 is 8.120000000000001 to a computer.
  const number = (value, unit) => (value === null || value === undefined ? "" : unit === "percent" ? +(value * 100).toPrecision(12) : value);

  function ofChart(source) {
    const meta = source.layout.meta, values = (column) => column.values || source.data[column.trace].y;
    const line = (i) => meta.columns.map((column) => number(values(column)[i], column.unit));
    const heads = meta.columns.map(headOf);
    if (meta.labels) return [[meta.head || "name", ...heads], ...meta.labels.map((label, i) => [label, ...line(i)])];
    const from = (i) => iso(i ? meta.x[i] : meta.from), to = (i) => iso(meta.x[i + 1] || meta.end);
    const whole = (i) => !(meta.incomplete && meta.incomplete[i]);
    return [["start", "end", "complete", ...heads], ...meta.x.map((_, i) => [from(i), to(i), whole(i), ...line(i)])];
  }

  /* ---- tables ---------------------------------------------------------------------------------------- */

  // data-csv of a heading: its name there, "from|to" for a column that is two; of a row "skip".
  // Written numbers carry the exact one in data-value.
  function ofTable(table) {
    const rows = [...table.rows].filter((row) => row.dataset.csv !== "skip"), heads = [...table.tHead.rows[0].cells];
    const isHead = (row) => row.parentElement.tagName === "THEAD";
    return rows.map((row) => [...row.cells].flatMap((one, i) => (isHead(row) ? heading(one) : parts(one, one.dataset.unit || heads[i].dataset.unit))));
  }

  const words = (cell) => (cell.innerText || cell.textContent).replace(/\s+/g, " ").trim();
  const heading = (cell) => (cell.dataset.csv ? cell.dataset.csv.split("|") : [headOf({ label: words(cell), unit: cell.dataset.unit })]);

  function parts(cell, unit) {
    if (cell.dataset.value === undefined) return [words(cell)];
    const values = cell.dataset.value.includes("|") ? cell.dataset.value.split("|") : [cell.dataset.value];
    return values.map((value) => (value !== "" && !isNaN(value) && cell.tagName === "TD" ? number(+value, unit) : value));
  }

  /* ---- the file -------------------------------------------------------------------------------------- */

  // A spreadsheet takes a text that begins so for a formula; numbers are numbers, negative ones too.
  const harmless = (text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? "'" + text : text);

  function cell(value) {
    if (typeof value !== "string") return String(value);
    const text = harmless(value);
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function readable(search) {
    try {
      return decodeURIComponent(search);
    } catch {
      return search; // a % that somebody typed
    }
  }

  // fixer-metrics_cost_model=gpt-4_range=2026-11-01T00-00Z..2026-11-08T00-00Z_tz=UTC.csv
  function fileName(name) {
    const search = window.fixer.frozen || window.location.search, asked = readable(search).replace(/^\?/, "").split("&");
    const cut = $("card-" + name)?.querySelector("table[data-cut]")?.dataset.cut; // "25-of-487": not all of it
    const text = ["fixer-metrics", name, cut, ...asked].filter(Boolean).join("_");
    const safe = text.replace(/:/g, "-").replace(/[^\p{L}\p{N}._=,()-]+/gu, "-");
    return (safe.length > 200 ? safe.slice(0, 196) + "-etc" : safe) + ".csv";
  }

  function save(file, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  window.fixer = { ...window.fixer, csv: { rowsOf: rowsOf, cell: cell, fileName: fileName } };
})();
