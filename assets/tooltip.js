/* The tooltip of the charts: the bucket in words, whether it is complete, and every value exactly. */
(function () {
  "use strict";
  const FAR = 16;
  const { element } = window.fixer.layers;
  const touch = window.matchMedia("(pointer: coarse)");
  let box, scrolled = false, tapped = -Infinity; // when a finger last was

  // Graphs are bound when a pointer first enters them: they come late, and again after an error.
  document.addEventListener("pointerover", (event) => {
    const graph = event.target.closest && event.target.closest(".js-plotly-plot");
    if (!graph || graph.dataset.tooltip || typeof graph.on !== "function") return;
    graph.dataset.tooltip = "bound";
    graph.on("plotly_hover", (hover) => show(graph, hover));
    // After a tap the browser also tells of a mouse, which Plotly takes for one that has left.
    const leave = () => performance.now() - tapped > 1000 && hide();
    graph.on("plotly_unhover", leave);
    graph.on("plotly_relayout", leave);
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    tapped = performance.now();
    if (!event.target.closest(".js-plotly-plot")) hide();
  }, true);
  document.addEventListener("scroll", () => { hide(); scrolled = true; }, { passive: true, capture: true });
  // Plotly tells only of another bucket: after a scroll the same one would stay silent under a moving pointer.
  document.addEventListener("pointermove", (event) => {
    if (!scrolled || event.pointerType === "touch") return;
    scrolled = false;
    const graph = event.target.closest && event.target.closest("[data-tooltip=bound]");
    if (graph && graph._hoverdata) show(graph, { points: graph._hoverdata, event });
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());

  function hide() {
    if (box) box.hidden = true;
  }

  function show(graph, hover) {
    const meta = graph.layout && graph.layout.meta, point = hover.points && hover.points[0];
    if (!meta || !point || !meta.columns.length) return hide();
    // Slices of a ring have labels, rows their height; bars of a distribution stand in their order.
    const slice = graph.data[0].type === "pie", row = meta.height && point.y !== undefined;
    const index = slice ? meta.labels.indexOf(point.label) : row ? Math.round(point.y) : point.pointNumber;
    if (!box) box = document.body.appendChild(element("div", "chart-tooltip"));
    const colour = slice && graph.data[0].marker.colors[index];
    box.replaceChildren(...(meta.labels ? ofLabel(meta, index, colour) : ofBucket(graph, meta, index)));
    if (window.fixer.drill.href(meta.chart, index)) box.append(element("small", "", touch.matches ? "Tap again for the runs" : "Click for the runs"));
    box.hidden = false;
    place(hover.event);
  }

  window.fixer = { ...window.fixer, tip: (graph, point, event) => show(graph, { points: [point], event }) };

  function ofBucket(graph, meta, i) {
    const parts = [element("strong", "", window.fixer.axis.bucket(meta, i))];
    const why = meta.incomplete && meta.incomplete[i]; // plotly drops empty objects
    if (why) parts.push(element("em", "", why));
    const list = element("dl");
    for (const column of meta.columns) list.append(...line(column, valueOf(graph.data, column, i), meta.chart, i));
    return [...parts, list];
  }

  function ofLabel(meta, i, colour) {
    const list = element("dl"), head = element("strong");
    if (colour) head.append(element("i", "key square"), " ");
    if (colour) head.firstChild.style.setProperty("--key", colour);
    head.append(meta.labels[i]);
    for (const column of meta.columns) list.append(...(column.words ? said(column, i) : line(column, column.values[i], meta.chart, i)));
    return [head, list];
  }

  const said = (column, i) => [element("dt", "", column.label), element("dd", "", column.words[i])];
  const valueOf = (data, column, i) => (column.values ? column.values[i] : data[column.trace].y[i]);

  // `few`: below so many runs (`of` them, or the value itself) a value says so.
  function line(column, value, chart, i) {
    const name = element("dt", window.fixer.charts.isHidden(chart, column.label) ? "off" : "");
    const key = element("i", "key square");
    key.style.setProperty("--key", column.color ? "var(" + column.color + ")" : "transparent");
    const number = column.of ? column.of[i] : value, few = number > 0 && number < column.few ? " (few)" : "";
    name.append(key, column.label);
    return [name, element("dd", "", window.fixer.units.exact(value, column.unit) + few)];
  }

  // Beside the pointer, on the side where there is room.
  function place(pointer) {
    const size = box.getBoundingClientRect(), wide = document.documentElement.clientWidth;
    const right = pointer.clientX + FAR + size.width < wide;
    const left = right ? pointer.clientX + FAR : Math.max(8, pointer.clientX - FAR - size.width);
    const top = Math.min(pointer.clientY - 20, window.innerHeight - size.height - 8);
    box.style.transform = "translate(" + Math.round(left) + "px," + Math.round(Math.max(8, top)) + "px)";
  }
})();
