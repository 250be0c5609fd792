/* What all time charts do together: a drag on one sets the range of the page, a double-click undoes it, and
the pointer on one draws the same line on all. */
(function () {
  "use strict";
  const zooms = []; // {range, before}: which range a drag set, and which one it replaced

  /* ---- binding -------------------------------------------------------------------------------------- */

  const metaOf = (graph) => (graph && graph.layout && graph.layout.meta) || {};

  // Graphs come late, and again after an error: they are bound when a pointer first enters them.
  document.addEventListener("pointerover", (event) => {
    const graph = event.target.closest && event.target.closest(".js-plotly-plot");
    if (!graph || graph.dataset.shared || typeof graph.on !== "function") return;
    graph.dataset.shared = "bound";
    graph.on("plotly_relayout", (change) => zoom(graph, change));
    graph.on("plotly_hover", (hover) => metaOf(graph).x && draw(hover.points[0].pointNumber));
    graph.on("plotly_unhover", erase);
    graph.on("plotly_afterplot", erase); // other data, or another width: the line would stand elsewhere
  });

  /* ---- zoom ----------------------------------------------------------------------------------------- */

  const range = () => window.fixerFilters.parse(window.location.search).range || "";

  function zoom(graph, change) {
    const low = change["xaxis.range[0]"], high = change["xaxis.range[1]"];
    if (low === undefined || !metaOf(graph).x) return;
    const id = graph.parentElement.id, asked = window.fixer.bounds(id, String(low), String(high));
    erase();
    if (!asked || asked === range()) return window.fixer.charts.repaint(id); // nothing new: the picture goes back
    zooms.push({ range: asked, before: range() });
    window.fixer.ask({ set: { range: asked } });
  }

  // The browser's own event: it keeps to the reader's double-click speed, whatever else the page is at.
  document.addEventListener("dblclick", (event) => {
    if (metaOf(event.target.closest(".js-plotly-plot")).x) undo();
  });

  // Only a range that a drag has set: Back may have undone it already.
  function undo() {
    const here = range();
    while (zooms.length) {
      const last = zooms.pop();
      if (last.range === here) return window.fixer.ask({ set: { range: last.before } });
    }
  }

  /* ---- crosshair ------------------------------------------------------------------------------------ */

  const lines = new Map(); // graph -> its line

  function lineOf(graph) {
    if (!lines.has(graph)) {
      const line = document.createElement("div");
      line.className = "crosshair";
      graph.closest(".picture").append(line);
      lines.set(graph, line);
    }
    return lines.get(graph);
  }

  const timeGraphs = () => [...document.querySelectorAll(".js-plotly-plot")].filter((graph) => metaOf(graph).x);

  function draw(index) {
    for (const graph of timeGraphs()) {
      const full = graph._fullLayout, axis = full && full.xaxis, x = metaOf(graph).x[index], line = lineOf(graph);
      line.hidden = !axis || x === undefined;
      if (line.hidden) continue;
      line.style.transform = "translate(" + (axis._offset + axis.d2p(x)) + "px," + full._size.t + "px)";
      line.style.height = full._size.h + "px";
    }
  }

  function erase() {
    for (const line of lines.values()) line.hidden = true;
  }
})();
