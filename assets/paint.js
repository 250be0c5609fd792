/* The painter: a figure of the server, whose colours are CSS variables, becomes the figure that is drawn.

Colours are read from the stylesheet in the theme in use; axes fit the width at hand and the traces that
are shown. So neither theme, legend nor window size ever asks the server. The figure's layout.meta
carries what is needed (layouts/charts/series.py). */
(function () {
  "use strict";
  const TOKEN = /^(--[a-z0-9-]+)(?:\/([\d.]+))?$/;
  const figures = new Map(); // graph id -> the figure as the server sent it
  const hidden = new Map(); // chart -> names that the reader has hidden; outlives new data

  /* ---- colours ------------------------------------------------------------------------------------- */

  let known = {}, knownIn; // colours as they are in one theme: to read one makes the browser lay out the page

  function readColours() {
    const theme = document.documentElement.dataset.bsTheme;
    if (theme !== knownIn) known = {};
    knownIn = theme;
  }

  function colour(text) {
    const match = TOKEN.exec(text);
    if (!match) return text;
    if (!(text in known)) {
      const value = window.getComputedStyle(document.documentElement).getPropertyValue(match[1]).trim();
      known[text] = match[2] ? translucent(value, match[2]) : value;
    }
    return known[text];
  }

  // #2f9e78 and 0.4 -> rgba(47,158,120,0.4)
  function translucent(hex, alpha) {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    return "rgba(" + [r, g, b, alpha].join(",") + ")";
  }

  // Everything but the numbers and the meta data, in which there are no colours to draw.
  function painted(thing, key) {
    if (typeof thing === "string") return thing.startsWith("--") ? colour(thing) : thing;
    if (!thing || typeof thing !== "object" || key === "meta" || key === "x" || key === "y") return thing;
    if (Array.isArray(thing)) return thing.map((item) => painted(item));
    const copy = {};
    for (const name in thing) copy[name] = painted(thing[name], name);
    return copy;
  }

  /* ---- axes ---------------------------------------------------------------------------------------- */

  const isShown = (trace) => trace.visible !== false && trace.y && !trace.fill;

  // The highest value on an axis (on any, where none is named), of what is shown; what is stacked is added up.
  function highest(traces, axis, stacked) {
    const on = traces.filter((trace) => isShown(trace) && (!axis || (trace.yaxis || "y") === axis));
    if (!stacked) return Math.max(0, ...on.flatMap((trace) => [reduceMax(trace.y)]));
    const totals = new Map();
    // A stacked area is cut into parts that share their ends: part by part, not end upon end.
    for (const trace of on) {
      trace.y.forEach((value, i) => {
        const key = (trace.stackgroup || "") + ":" + i;
        totals.set(key, (totals.get(key) || 0) + (value || 0));
      });
    }
    return reduceMax([...totals.values()]);
  }

  const reduceMax = (values) => values.reduce((most, value) => (value > most ? value : most), 0);

  function fitAxes(figure, meta, width) {
    if (meta.multiples) {
      const made = window.fixer.multiples.fit(figure, meta, width, highest(figure.data));
      fitBars(figure, meta, made.panel);
      return made.height;
    }
    const layout = figure.layout, axis = window.fixer.axis;
    const room = width - layout.margin.l - layout.margin.r;
    layout.xaxis = { ...layout.xaxis, ...axis.time(meta, room) };
    const first = axis.value(meta.axes.y, highest(figure.data, "y", meta.axes.y.stacked));
    layout.yaxis = { ...layout.yaxis, ...first };
    if (meta.axes.y2) {
      const second = axis.value(meta.axes.y2, highest(figure.data, "y2"), first.tickvals.length - 1);
      layout.yaxis2 = { ...layout.yaxis2, ...second };
    }
    fitBars(figure, meta, room);
    return 0;
  }

  // Bars have the width of their bucket, not of the shortest; where they are thin there is no room for trimmings.
  function fitBars(figure, meta, room) {
    const thin = room / Math.max(7, meta.x.length) < 7;
    for (const trace of figure.data) {
      if (trace.type !== "bar") continue;
      trace.width = window.fixer.axis.STEP[meta.grain] * (thin ? 0.86 : 0.72);
      if (thin) trace.marker = { ...trace.marker, cornerradius: 0, line: { width: 0 } };
    }
  }

  // The line around a bar, in the colour of the card, would hide one that is hardly a pixel high; and Plotly,
  // which rounds to half pixels for such a line where bars have no gap, takes the root of a negative number for
  // its rounded corner (a path that begins with "MNaN"). Low bars go without.
  const LOW = 2; // pixels

  function freeLowBars(figure, height) {
    const { margin } = figure.layout, room = height - margin.t - margin.b;
    for (const trace of figure.data) {
      const axis = figure.layout["yaxis" + (trace.yaxis || "y").slice(1)], line = trace.marker?.line;
      if (trace.type !== "bar" || trace.orientation === "h" || !line?.width || !axis?.range) continue;
      const [bottom, top] = axis.domain || [0, 1], least = (LOW * (axis.range[1] - axis.range[0])) / (room * (top - bottom));
      const width = trace.y.map((value) => (Math.abs(value) < least ? 0 : line.width));
      if (width.includes(0)) trace.marker = { ...trace.marker, line: { ...line, width: width } };
    }
  }

  /* ---- painting ------------------------------------------------------------------------------------ */

  function hide(figure, meta) {
    const names = hidden.get(meta.chart) || new Set();
    if (meta.labels) figure.layout.hiddenlabels = [...names];
    for (const trace of figure.data) if (names.has(trace.name)) trace.visible = false;
  }

  const sizes = new Map(); // graph id -> pixels, until the window changes: measured once, for the same reason

  function sizeOf(id) {
    const graph = document.getElementById(id);
    if (!sizes.get(id)?.width) sizes.set(id, { width: graph?.clientWidth || 0, height: graph?.clientHeight || 0 });
    return { width: sizes.get(id).width || 600, height: sizes.get(id).height || 250 };
  }

  // Small multiples need more than the stylesheet gives.
  function heighten(id, height) {
    const frame = document.getElementById(id)?.closest(".plot");
    if (frame) frame.style.height = height ? height + "px" : "";
  }

  function draw(source, id) {
    const meta = source.layout.meta;
    readColours();
    const figure = painted(source), { width, height: usual } = sizeOf(id);
    let height;
    hide(figure, meta);
    if (meta.x) {
      for (const trace of figure.data) if (!trace.x) trace.x = meta.x;
      height = fitAxes(figure, meta, width);
      heighten(id, height);
      // A finger that drags over a chart wants to scroll the page.
      if (window.matchMedia("(pointer: coarse)").matches) figure.layout.dragmode = false;
    }
    freeLowBars(figure, height || usual);
    return figure;
  }

  // Clientside callback: the store's figure, the theme (read from the page itself), the graph's id.
  function paint(source, _theme, id) {
    if (!source) return window.dash_clientside.no_update;
    figures.set(id, source);
    const frame = document.getElementById("plot-" + source.layout.meta.chart);
    if (frame) frame.dataset.painted = "true"; // the skeleton goes (app.css)
    document.dispatchEvent(new CustomEvent("fixer:painted", { detail: source.layout.meta.chart }));
    return draw(source, id);
  }

  function repaint(id) {
    if (figures.has(id) && document.getElementById(id)) window.dash_clientside.set_props(id, { figure: draw(figures.get(id), id) });
  }

  function repaintAll() {
    for (const id of figures.keys()) repaint(id);
  }

  // Whether a name of a chart's legend is shown after this.
  function toggle(chart, name) {
    const names = hidden.get(chart) || new Set();
    if (!names.delete(name)) names.add(name);
    hidden.set(chart, names);
    repaint("graph-" + chart);
    return !names.has(name);
  }

  const isHidden = (chart, name) => (hidden.get(chart) || new Set()).has(name);
  const figureOf = (chart) => figures.get("graph-" + chart);

  let width = window.innerWidth, timer;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (window.innerWidth === width) return; // phones resize their height while they scroll
      width = window.innerWidth;
      sizes.clear();
      repaintAll();
    }, 150);
  });

  // "FROM..TO" for a drag over a graph from one place of its time axis to another (as plotly names them).
  function bounds(id, low, high) {
    const source = figures.get(id);
    return source && source.layout.meta.x ? window.fixer.axis.bounds(source.layout.meta, low, high) : null;
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.look = { paint: paint };
  window.fixer = {
    ...window.fixer,
    bounds: bounds,
    charts: { figureOf: figureOf, isHidden: isHidden, toggle: toggle, colour: colour, repaint: repaint, repaintAll: repaintAll },
  };
})();
