/* From a number to its runs: a click on a bar, a point, a slice or a card opens the runs behind it, with
exactly its bounds, its zone and the filters in force.

layout.meta of a figure says how (layouts/charts/series.py): `runs` names what the parts narrow,
{trace name: {parameter: value}}, '' being the rest of the bucket, and null what has no runs of its own;
`links` has an address per point instead; `search` the filters, where they are not those of the page. */
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
    if (!meta.runs || isEmpty(chart, meta, i)) return null;
    const part = meta.labels ? meta.labels[i] : name || "", narrow = part in meta.runs ? meta.runs[part] : meta.runs[""] || {};
    if (narrow === null) return null;
    const span = meta.labels ? meta.from + ".." + meta.end : window.fixer.axis.span(meta, i);
    const asked = { tz: meta.tz, ...parse(meta.search || window.location.search, "/"), ...narrow, range: span };
    return "/runs" + build(canonical(asked, "/runs"));
  }

  function isEmpty(chart, meta, i) {
    const runs = meta.columns.find((column) => column.label.startsWith("runs"));
    return Boolean(runs && runs.values && !runs.values[i]);
  }

  /* ---- which part of a bucket is under the pointer ---------------------------------------------------- */

  const drawn = (graph) => graph._fullData.filter((trace) => trace.visible === true && trace.name && trace.hoverinfo !== "none");

  // The value of a trace in bucket `i`: some cover only a stretch of the buckets.
  function valueIn(trace, meta, i) {
    const at = trace.x && trace.x.length !== meta.x.length ? [...trace.x].indexOf(meta.x[i]) : i;
    return at < 0 ? null : trace.y[at];
  }

  function lineAt(graph, meta, i, y, most) {
    let best = null, least = most;
    for (const trace of drawn(graph)) {
      if (trace.type !== "scatter" || trace.stackgroup || trace.fill === "toself") continue;
      const value = valueIn(trace, meta, i), axis = trace.yaxis === "y2" ? graph._fullLayout.yaxis2 : graph._fullLayout.yaxis;
      if (value === null || value === undefined) continue;
      const distance = Math.abs(axis._offset + axis.d2p(value) - y);
      if (distance < least) [best, least] = [trace.name, distance];
    }
    return best;
  }

  function layerAt(graph, meta, i, y) {
    const axis = graph._fullLayout.yaxis, height = axis.p2d(y - axis._offset), passed = new Set();
    let top = 0;
    for (const trace of drawn(graph)) {
      const value = trace.type === "bar" || trace.stackgroup ? valueIn(trace, meta, i) : null;
      if (!value || passed.has(trace.name)) continue;
      passed.add(trace.name);
      top += value;
      if (height >= 0 && height <= top) return trace.name;
    }
    return null;
  }

  function partAt(graph, meta, i, pointer) {
    if (!meta.x) return "";
    const y = pointer.clientY - graph.getBoundingClientRect().top;
    return lineAt(graph, meta, i, y, ON_LINE) || layerAt(graph, meta, i, y) || lineAt(graph, meta, i, y, NEAR) || "";
  }

  // The bucket (or the bar, where there are no buckets) whose middle is nearest to the pointer.
  function bucketAt(graph, meta, pointer) {
    const full = graph._fullLayout, box = graph.getBoundingClientRect(), lying = graph._fullData[0]?.orientation === "h";
    const axis = lying ? full.yaxis : full.xaxis, at = (lying ? pointer.clientY - box.top : pointer.clientX - box.left) - axis._offset;
    const places = meta.x ? meta.x.map((x) => axis.d2p(x)) : graph.calcdata[0].map((point) => axis.c2p(point.p ?? point.x));
    return places.reduce((best, place, i) => (Math.abs(place - at) < Math.abs(places[best] - at) ? i : best), 0);
  }

  /* ---- clicks ---------------------------------------------------------------------------------------- */

  // Plotly's own click is lost when the pointer has just moved: it waits for a hover that it puts off.
  const MOVED = 6;
  let pressed = null; // {graph, slice, x, y}
  let tapped = ""; // with a finger the first tap only shows the tooltip
  let pending = null; // a click that may yet become a double-click

  document.addEventListener("pointerdown", (event) => {
    const place = event.target.closest && event.target.closest(".nsewdrag, .slice"), graph = place && place.closest(".js-plotly-plot");
    const again = calmDown();
    pressed = graph && !event.button && !again ? { graph, slice: place.closest(".slice"), x: event.clientX, y: event.clientY } : null;
  }, true);
  document.addEventListener("pointercancel", () => (pressed = null), true);
  document.addEventListener("pointerup", (event) => {
    const held = pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < MOVED && pressed;
    pressed = null;
    if (held && held.graph.layout.meta) clicked(held.graph, held.slice, event);
  }, true);

  function clicked(graph, slice, pointer) {
    const meta = sourceOf(graph.layout.meta.chart), label = slice && slice.__data__ && slice.__data__.label;
    const i = meta.labels ? meta.labels.indexOf(label) : bucketAt(graph, meta, pointer), key = meta.chart + i;
    if (i < 0) return;
    const first = pointer.pointerType === "touch" && tapped !== key;
    tapped = key;
    if (first) return window.fixer.tip(graph, { pointNumber: i, label }, pointer);
    const to = href(meta.chart, i, partAt(graph, meta, i, pointer));
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
    if (frame) frame.toggleAttribute("data-drill", Boolean(meta.runs || meta.links));
  });

  window.fixer = { ...window.fixer, drill: { href: href } };
})();
