/* Small multiples: one panel per member in a single figure, all with the same two axes. How many stand side by
side depends on the width at hand, so it is decided here (meta.multiples: layouts/charts/split.py). */
(function () {
  "use strict";
  const LEAST = 132; // pixels that a panel needs to be read
  const ROW = 122, HEAD = 22, GAP = 14, MARGIN = { l: 50, r: 8, t: 4, b: 26 };
  const STEPS = 2; // of the value axis: panels are low

  // Rows and columns for `number` panels, as even as they get.
  function grid(number, width) {
    const most = Math.max(1, Math.floor((width - MARGIN.l - MARGIN.r + GAP) / (LEAST + GAP)));
    const rows = Math.ceil(number / most);
    return { rows: rows, columns: Math.ceil(number / rows) };
  }

  const height = (rows) => rows * ROW + MARGIN.t + MARGIN.b;

  function cut(text, room) {
    const most = Math.max(6, Math.floor(room / 6.6) - 2);
    return text.length > most ? text.slice(0, most - 1) + "…" : text;
  }

  const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  function title(panel, place, room) {
    const colour = window.fixer.charts.colour(panel.color);
    return {
      text: '<span style="color:' + colour + '">■</span> ' + escape(cut(panel.label, room)),
      xref: "paper", yref: "paper", x: place.x[0], y: place.y[1], xanchor: "left", yanchor: "bottom",
      showarrow: false, font: { size: 12.5 }, captureevents: false,
    };
  }

  // Where the panel `i` is drawn, in shares of the picture inside its margins.
  function placeOf(i, shape, room) {
    const column = i % shape.columns, row = Math.floor(i / shape.columns), gap = GAP / room;
    const wide = (1 - gap * (shape.columns - 1)) / shape.columns, left = column * (wide + gap);
    const top = 1 - row / shape.rows;
    return { x: [left, left + wide], y: [top - (ROW - 10) / ROW / shape.rows, top - HEAD / ROW / shape.rows] };
  }

  const name = (axis, i) => axis + "axis" + (i ? i + 1 : "");
  const short = (axis, i) => axis + (i ? i + 1 : "");

  // Few labels, the highest and the lowest among them.
  function thinned(axis) {
    const step = Math.ceil((axis.ticktext.length - 1) / STEPS) || 1, top = axis.ticktext.length - 1;
    return { ...axis, ticktext: axis.ticktext.map((text, i) => ((top - i) % step ? "" : text)) };
  }

  // Gives `figure` its axes and titles, and its graph the height; returns the width of a panel.
  function fit(figure, meta, width, most) {
    const number = meta.multiples.length, shape = grid(number, width), room = width - MARGIN.l - MARGIN.r;
    const panel = room / shape.columns - GAP, layout = figure.layout, axis = window.fixer.axis;
    const time = { ...layout.xaxis, ...axis.time(meta, panel) };
    const value = { ...layout.yaxis, ...thinned(axis.value(meta.axes.y, most, STEPS)) };
    layout.margin = MARGIN;
    layout.annotations = [];
    meta.multiples.forEach((member, i) => {
      const place = placeOf(i, shape, room), lowest = i + shape.columns >= number;
      layout[name("x", i)] = {
        ...time, domain: place.x, anchor: short("y", i), showticklabels: lowest, ...(i ? { matches: "x" } : {}),
      };
      layout[name("y", i)] = {
        ...value, domain: place.y, anchor: short("x", i), showticklabels: i % shape.columns === 0,
      };
      layout.annotations.push(title(member, place, panel));
    });
    return { panel: panel, height: height(shape.rows) };
  }

  window.fixer = { ...window.fixer, multiples: { fit: fit } };
})();
