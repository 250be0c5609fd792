/* What is unusual, laid over the time charts: a small triangle where a value lies beyond its expected band, and
the bands themselves where the reader asks for them. Both come with the strip (layouts/unusual.py), which no
chart waits for. Triangles are for the pointer; a note under each picture says the same to everybody. */
(function () {
  "use strict";
  const NS = "http://www.w3.org/2000/svg";
  const NONE = { band: false, flags: {}, bands: {}, x: [] };
  const { element, follow, foot, card } = window.fixer.layers;

  let told = NONE;

  const take = (found) => {
    told = found || NONE;
    press();
  };
  follow("unusual", take, lay);

  /* ---- on the pictures ------------------------------------------------------------------------------- */

  function lay(graph) {
    const meta = (graph.layout && graph.layout.meta) || {}, full = graph._fullLayout, plot = graph.closest(".plot");
    if (!plot || !(meta.chart in told.flags) && !plot.querySelector(".flags")) return;
    const layer = plot.querySelector(".flags") || plot.appendChild(element("div", "flags"));
    const drawn = meta.x && full && full.xaxis && full.yaxis;
    const flags = drawn ? (told.flags[meta.chart] || []).filter((flag) => meta.x.includes(flag.x)) : [];
    const bands = drawn ? told.bands[meta.chart] || [] : [];
    layer.replaceChildren(...(bands.length ? [picture(bands, full)] : []), ...flags.map((flag) => mark(flag, meta, full)));
    note(plot, meta, flags, bands);
  }

  function mark(flag, meta, full) {
    const i = meta.x.indexOf(flag.x), axis = (flag.axis === "y2" && full.yaxis2) || full.yaxis;
    // On top of a stack: the whole of it, as the picture's own table has it.
    const whole = meta.columns.find((column) => column.label === "runs" || column.label === "total");
    const value = flag.y === null && whole ? whole.values[i] : flag.y;
    const top = Math.max(full._size.t, Math.min(full._size.t + full._size.h, axis._offset + axis.d2p(value)));
    const link = element("a", "flag " + flag.tone + (flag.up || flag.y === null ? "" : " low"));
    link.href = flag.href;
    link.tabIndex = -1;
    link.setAttribute("aria-hidden", "true");
    link.style.transform = "translate(" + (full.xaxis._offset + full.xaxis.d2p(flag.x)).toFixed(1) + "px," + top.toFixed(1) + "px)";
    explain(link, () => about(flag, meta));
    return link;
  }

  // The expected band and its middle, clipped to the picture's axes.
  function picture(bands, full) {
    const svg = document.createElementNS(NS, "svg"), size = full._size;
    svg.setAttribute("class", "band");
    svg.style.cssText = "left:" + size.l + "px;top:" + size.t + "px;width:" + size.w + "px;height:" + size.h + "px";
    const at = told.x.map((x) => full.xaxis.d2p(x));
    for (const band of bands) {
      const y = (value) => full.yaxis.d2p(value).toFixed(1);
      for (const run of stretches(band.middle)) {
        const line = (values, back) => (back ? [...run].reverse() : run).map((i) => at[i].toFixed(1) + " " + y(values[i]));
        svg.append(path("inside", "M" + [...line(band.high), ...line(band.low, true)].join("L") + "Z"));
        svg.append(path("middle", "M" + line(band.middle).join("L")));
      }
    }
    return svg;
  }

  function path(name, d) {
    const made = document.createElementNS(NS, "path");
    made.setAttribute("class", name);
    made.setAttribute("d", d);
    return made;
  }

  // Buckets in a row about which something is said.
  function stretches(values) {
    const runs = [[]];
    values.forEach((value, i) => (value === null ? runs.push([]) : runs[runs.length - 1].push(i)));
    return runs.filter((run) => run.length > 1);
  }

  /* ---- in words -------------------------------------------------------------------------------------- */

  function note(plot, meta, flags, bands) {
    const notes = foot(plot);
    let line = notes.querySelector(".flag-note");
    if (!flags.length && !bands.length) return line && line.remove();
    if (!line) notes.append((line = element("div", "flag-note")));
    const parts = [];
    if (flags.length) {
      const unit = told.grain + (flags.length === 1 ? "" : "s"), button = element("button", "", flags.length + " unusual " + unit);
      button.type = "button";
      button.prepend(element("i", "flag-key " + (flags.some((flag) => flag.tone === "worse") ? "worse" : "neutral")));
      button.setAttribute("aria-describedby", "flag-card");
      explain(button, () => flags.flatMap((flag) => about(flag, meta)));
      parts.push(button);
    }
    if (bands.length) {
      const key = element("span", "", "expected " + bands.map((band) => band.of).join(", "));
      key.prepend(element("i", "band-key"));
      parts.push(key);
    }
    line.replaceChildren(...parts);
  }

  const about = (flag, meta) => [
    element("strong", "", window.fixer.axis.bucket(meta, meta.x.indexOf(flag.x))),
    ...flag.words.map((words) => element("p", "", words[0].toUpperCase() + words.slice(1))),
  ];

  const tip = card("flag-card");

  function explain(target, parts) {
    for (const type of ["pointerenter", "focus"]) target.addEventListener(type, () => tip.open(target, parts()));
    if (target.tagName === "BUTTON") target.addEventListener("click", () => tip.open(target, parts()));
    for (const type of ["pointerleave", "blur"]) target.addEventListener(type, tip.close);
  }

  /* ---- the expected band, on or off ------------------------------------------------------------------- */

  function press() {
    for (const button of document.querySelectorAll("button[data-band]")) button.setAttribute("aria-pressed", String(told.band));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("button[data-band]")) window.fixer.ask({ set: { band: told.band ? "" : "1" } });
  });
})();
