/* From a number to its runs: a click on a bar, a point, a slice or a card opens the runs behind it, with
exactly its bounds, its zone and the filters in force.

layout.meta of a figure says how (layouts/charts/series.py): `runs` names what the parts narrow,
{trace name: {parameter: value}}, '' being the rest of the bucket, and null what has no runs of its own;
`links` has an address per point instead, `sides` one such list for each column of that `side`; `search` the filters, where they are not those of the page. */
(function () {
  "use strict";
  const ON_LINE = 6, NEAR = 14; // pixels from a line that are still meant for it
  const { parse, build, canonical } = window.fixerFilters;

  /* ---- where a part leads --------------------------------------------------------------------------- */

  const sourceOf = (chart) => (window.fixer.charts.figureOf(chart) || { layout: { meta: {} } }).layout.meta;

  // Bucket (or slice, or point) number `i` of a chart, its part `name`: the address of its runs, or null.
  function href(chart, i, name) {
    const meta = sourceOf(chart);
    if (meta.links) return meta.links[i] || null;
    if (meta.sides) return (meta.sides[name] || [])[i] || null;
    if (!meta.runs || isEmpty(chart, meta, i)) return null;
    const part = meta.labels ? meta.labels[i] : name || "", narrow = part in meta.runs ? meta.runs[part] : meta.runs[""] || {};
    if (narrow === null) return null;
    const span = meta.labels ? meta.from + ".." + meta.end : window.fixer.axis.span(meta, i);
    const asked = { tz: meta.tz, ...parse(meta.search || window.location.search, "/"), ...narrow, range: span };
    return "/runs" + build(canonical(asked, "/runs"));
  }

  function isEmpty(chart, meta, i) {
    const runs = meta.columns.find((column) => column.label.startsWith("runs")), all = meta.columns.find((column) => column.label === "all runs");
    return Boolean((runs && runs.values && !runs.values[i]) || (all && all.values && all.values[i] === null));
  }

  /* ---- which part of a bucket is under the pointer ---------------------------------------------------- */

  const axisOf = (graph, id) => graph._fullLayout[id[0] + "axis" + id.slice(1)];

  // Traces of the panel (a figure has several where it shows small multiples) that are not there for the pointer alone.
  const drawn = (graph, panel) =>
    graph._fullData.filter((trace) => trace.visible === true && trace.hoverinfo !== "none" && trace.xaxis === panel.xaxis._id);

  // The value of a trace in bucket `i`: some cover only a stretch of the buckets.
  function valueIn(trace, meta, i) {
    const at = trace.x && trace.x.length !== meta.x.length ? [...trace.x].indexOf(meta.x[i]) : i;
    return at < 0 ? null : trace.y[at];
  }

  function lineAt(graph, panel, meta, i, y, most) {
    let best = null, least = most;
    for (const trace of drawn(graph, panel)) {
      if (trace.type !== "scatter" || trace.stackgroup || trace.fill === "toself") continue;
      const value = valueIn(trace, meta, i), axis = axisOf(graph, trace.yaxis);
      if (value === null || value === undefined) continue;
      const distance = Math.abs(axis._offset + axis.d2p(value) - y);
      if (distance < least) [best, least] = [trace.name, distance];
    }
    return best;
  }

  function layerAt(graph, panel, meta, i, y) {
    const axis = panel.yaxis, height = axis.p2d(y - axis._offset), passed = new Set();
    let top = 0;
    for (const trace of drawn(graph, panel)) {
      const value = trace.type === "bar" || trace.stackgroup ? valueIn(trace, meta, i) : null;
      if (!value || passed.has(trace.name)) continue;
      passed.add(trace.name);
      top += value;
      if (height >= 0 && height <= top) return trace.name;
    }
    return null;
  }

  // Of outlines that lie in each other the lowest that is above the pointer.
  function sideAt(panel, meta, i, y) {
    const height = panel.yaxis.p2d(y - panel.yaxis._offset);
    const above = meta.columns.filter((column) => column.unit === "percent" && column.values[i] >= height);
    return above.sort((a, b) => a.values[i] - b.values[i])[0]?.side ?? "";
  }

  function partAt(graph, panel, meta, i, pointer) {
    if (meta.sides) return sideAt(panel, meta, i, pointer.clientY - graph.getBoundingClientRect().top);
    if (!meta.x) return "";
    if (meta.multiples) return meta.multiples[(panel.xaxis._id.slice(1) || 1) - 1].label;
    const y = pointer.clientY - graph.getBoundingClientRect().top, line = (most) => lineAt(graph, panel, meta, i, y, most);
    return line(ON_LINE) || layerAt(graph, panel, meta, i, y) || line(NEAR) || "";
  }

  // The bucket (or the bar, or the row, where there are no buckets) whose middle is nearest to the pointer.
  function bucketAt(graph, panel, meta, pointer) {
    const box = graph.getBoundingClientRect(), axis = meta.height ? panel.yaxis : panel.xaxis;
    const at = (meta.height ? pointer.clientY - box.top : pointer.clientX - box.left) - axis._offset;
    const middles = meta.x || meta.middles || meta.labels.map((_, row) => row);
    const places = middles.map((middle) => axis.d2p(middle));
    return places.reduce((best, place, i) => (Math.abs(place - at) < Math.abs(places[best] - at) ? i : best), 0);
  }

  /* ---- clicks ---------------------------------------------------------------------------------------- */

  // Plotly's own click is lost when the pointer has just moved: it waits for a hover that it puts off.
  const MOVED = 6;
  let pressed = null; // {graph, place, x, y}
  let tapped = ""; // with a finger the first tap only shows the tooltip
  let pending = null; // a click that may yet become a double-click

  document.addEventListener("pointerdown", (event) => {
    const place = event.target.closest && event.target.closest(".nsewdrag, .slice"), graph = place && place.closest(".js-plotly-plot");
    const again = calmDown();
    pressed = graph && !event.button && !again ? { graph, place, x: event.clientX, y: event.clientY } : null;
  }, true);
  document.addEventListener("pointercancel", () => (pressed = null), true);
  document.addEventListener("pointerup", (event) => {
    const held = pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < MOVED && pressed;
    pressed = null;
    if (held && held.graph.layout.meta) clicked(held.graph, held.place, event);
  }, true);

  function clicked(graph, place, pointer) {
    const meta = sourceOf(graph.layout.meta.chart), slice = place.matches(".slice"), label = slice ? place.__data__.label : undefined;
    const panel = slice ? null : graph._fullLayout._plots[place.dataset.subplot];
    const i = slice ? meta.labels.indexOf(label) : bucketAt(graph, panel, meta, pointer), key = meta.chart + i;
    if (i < 0) return;
    const first = pointer.pointerType === "touch" && tapped !== key;
    tapped = key;
    if (first) return window.fixer.tip(graph, { pointNumber: i, label }, pointer);
    const to = href(meta.chart, i, partAt(graph, panel, meta, i, pointer));
    if (to) open(to, pointer);
  }

  // A double-click undoes a drag (time_charts.js): where there is one to undo, the second click is waited for.
  function open(to, pointer) {
    if (pointer.metaKey || pointer.ctrlKey) return window.open(to, "_blank");
    if (!window.fixer.zoomed()) return window.fixer.go(to);
    pending = setTimeout(() => calmDown() && window.fixer.go(to), 400);
  }

  function calmDown() {
    const was = pending !== null;
    clearTimeout(pending);
    pending = null;
    return was;
  }

  // A card is its link, but for what else is in it, and for a text that is being marked.
  document.addEventListener("click", (event) => {
    const card = event.target.closest && event.target.closest("[data-opens]");
    if (!card || event.target.closest("a, button, .popover-text") || String(window.getSelection())) return;
    const { metaKey, ctrlKey, shiftKey } = event;
    card.querySelector(".opens")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, metaKey, ctrlKey, shiftKey }));
  });

  // The pointer says what can be clicked.
  document.addEventListener("fixer:painted", (event) => {
    const frame = document.getElementById("plot-" + event.detail), meta = sourceOf(event.detail);
    if (frame) frame.toggleAttribute("data-drill", Boolean(meta.runs || meta.links || meta.sides));
  });

  window.fixer = { ...window.fixer, drill: { href: href } };
})();
