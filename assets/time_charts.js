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
    graph.on("plotly_unhover", leave);
    graph.on("plotly_afterplot", again); // other data, or another width: the line would stand elsewhere
  });

  /* ---- zoom ----------------------------------------------------------------------------------------- */

  const range = () => window.fixerFilters.parse(window.location.search).range || "";

  function zoom(graph, change) {
    const axis = Object.keys(change).find((key) => /^xaxis\d*\.range\[0\]$/.test(key));
    if (!axis || !metaOf(graph).x) return;
    const low = change[axis], high = change[axis.replace("[0]", "[1]")];
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

  const zoomed = () => zooms.some((zoom) => zoom.range === range());
  window.fixer = { ...window.fixer, zoomed: zoomed };

  /* ---- crosshair ------------------------------------------------------------------------------------ */

  const lines = new Map(); // graph -> its lines, one for each panel

  function lineOf(graph, panel) {
    if (!lines.has(graph)) lines.set(graph, []);
    const own = lines.get(graph);
    while (own.length <= panel) {
      const line = document.createElement("div");
      line.className = "crosshair";
      line.hidden = true;
      graph.closest(".picture").append(line);
      own.push(line);
    }
    return own[panel];
  }

  const timeGraphs = () => [...document.querySelectorAll(".js-plotly-plot")].filter((graph) => metaOf(graph).x);

  // Each time axis with the value axis it stands on: small multiples have many.
  function panelsOf(full) {
    const names = Object.keys(full || {}).filter((key) => /^xaxis\d*$/.test(key));
    return names.map((name) => [full[name], full[(full[name].anchor || "y").replace("y", "yaxis")]]);
  }

  let at; // the bucket under the pointer

  // A live refresh changes charts under the pointer.
  const again = () => (at !== undefined && window.fixer.panels.isQuiet() ? draw(at) : erase());

  function leave() {
    at = undefined;
    erase();
  }

  function draw(index) {
    at = index;
    for (const graph of timeGraphs()) {
      const x = metaOf(graph).x[index], panels = panelsOf(graph._fullLayout);
      (lines.get(graph) || []).forEach((line, i) => (line.hidden = i >= panels.length || x === undefined));
      if (x === undefined) continue;
      panels.forEach(([time, value], i) => {
        const line = lineOf(graph, i);
        line.hidden = false;
        line.style.transform = "translate(" + (time._offset + time.d2p(x)) + "px," + value._offset + "px)";
        line.style.height = value._length + "px";
      });
    }
  }

  function erase() {
    for (const own of lines.values()) for (const line of own) line.hidden = true;
  }
})();
