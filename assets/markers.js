/* Markers on the time charts: first runs of versions and the team's own. Dotted lines with a label, as many
labels as there is room for; a label, or the note under the chart, tells how the chart's number stood before
and after. They come with a panel of their own (layouts/markers.py) and are laid over the pictures. */
(function () {
  "use strict";
  const GAP = 6;
  const { element, follow, foot, card } = window.fixer.layers;

  let told = { markers: [], alerts: [] };

  const take = (found) => {
    told = found || { markers: [], alerts: [] };
  };
  follow("markers", take, lay);

  /* ---- where ---------------------------------------------------------------------------------------- */

  const at = (instant) => Date.parse(instant.endsWith("Z") ? instant : instant + "Z");

  // A bucket is drawn around its start: an instant half way through it lies on its mark.
  function place(meta, instant) {
    const ends = [...meta.x.slice(1), meta.end].map(at), starts = meta.x.map(at);
    const i = ends.findIndex((end) => instant < end);
    if (i < 0 || instant < starts[0]) return null;
    const share = (instant - starts[i]) / Math.max(1, ends[i] - starts[i]);
    return starts[i] + (Math.min(1, share) - 0.5) * window.fixer.axis.STEP[meta.grain];
  }

  function lay(graph) {
    const meta = (graph.layout && graph.layout.meta) || {}, full = graph._fullLayout, plot = graph.closest(".plot");
    if (!plot) return;
    const layer = plot.querySelector(".markers") || plot.appendChild(element("div", "markers"));
    // Small multiples have no room for them: a line for each panel would hide what it marks.
    const shown = meta.x && !meta.multiples && full && full.xaxis ? within(meta, full) : [];
    const fired = shown.length || (meta.x && !meta.multiples && full && full.xaxis) ? alerts(meta, full) : [];
    layer.replaceChildren(...fired.map((alert) => span(alert, full)), ...shown.map((marker) => line(marker, full)));
    const left = label(shown, layer, full, meta);
    note(plot, meta, [...shown.map(({ marker }) => marker), ...fired.map(({ alert }) => alert)], left);
  }

  function within(meta, full) {
    return told.markers
      .map((marker) => ({ marker: marker, x: place(meta, marker.at) }))
      .filter(({ x }) => x !== null)
      .map(({ marker, x }) => ({ marker: marker, x: full.xaxis._offset + full.xaxis.d2p(x) }));
  }

  // While an alert fired: from the first to the last place of it that the picture has.
  function alerts(meta, full) {
    const first = at(meta.from), end = at(meta.end), pixel = (instant) => full.xaxis._offset + full.xaxis.d2p(place(meta, instant));
    return told.alerts
      .filter((alert) => alert.from < end && alert.to > first)
      .map((alert) => ({ alert: alert, x: pixel(Math.max(alert.from, first, at(meta.x[0]))), to: pixel(Math.min(alert.to, end - 1)) }));
  }

  function span({ x, to }, full) {
    const made = element("i", "alert-span");
    made.style.transform = "translate(" + x.toFixed(1) + "px," + full._size.t + "px)";
    made.style.width = Math.max(2, to - x).toFixed(1) + "px";
    made.style.height = full._size.h + "px";
    return made;
  }

  function line({ marker, x }, full) {
    const made = element("i", marker.own ? "marker own" : "marker");
    made.style.transform = "translate(" + x.toFixed(1) + "px," + full._size.t + "px)";
    made.style.height = full._size.h + "px";
    return made;
  }

  // The newest first; a label that would touch another is left out. How many are.
  function label(shown, layer, full, meta) {
    const taken = [], right = full._size.l + full._size.w;
    let left = 0;
    for (const { marker, x } of [...shown].reverse()) {
      const button = element("button", "marker-label", marker.label);
      button.type = "button";
      button.title = marker.title;
      describe(button, [marker], meta);
      const width = widthOf(button, layer), begin = x + 3 + width > right ? x - 3 - width : x + 3;
      if (begin < 0 || taken.some(([a, b]) => begin < b + GAP && begin + width > a - GAP)) {
        left += 1;
        continue;
      }
      taken.push([begin, begin + width]);
      layer.append(button);
      button.style.transform = "translate(" + begin.toFixed(1) + "px," + full._size.t + "px)";
    }
    return left;
  }

  // Measured once: to ask the browser for each label of each chart would have it lay out the page each time.
  const widths = new Map();
  window.addEventListener("resize", () => widths.clear());
  document.fonts.addEventListener("loadingdone", () => widths.clear());

  function widthOf(button, layer) {
    if (!widths.has(button.textContent)) {
      layer.append(button);
      widths.set(button.textContent, button.offsetWidth);
      button.remove();
    }
    return widths.get(button.textContent);
  }

  /* ---- what is said ---------------------------------------------------------------------------------- */

  // Under the picture: what the dotted lines are, and for those who cannot point at them, all of it.
  function note(plot, meta, shown, left) {
    const notes = foot(plot);
    let line = notes.querySelector(".marker-note");
    if (!shown.length) return line && line.remove();
    if (!line) notes.prepend((line = element("div", "marker-note")));
    const button = element("button", "", says(shown) + (left ? ", " + (shown.filter((marker) => marker.from === undefined).length - left) + " named" : ""));
    button.type = "button";
    if (shown.some((marker) => marker.from !== undefined)) button.prepend(element("i", "alert-key"));
    if (shown.some((marker) => marker.from === undefined)) button.prepend(element("i", "marker-key"));
    describe(button, shown, meta);
    line.replaceChildren(button);
  }

  // The labels stand on the picture; all of them, and what changed, in the card that this opens.
  function says(shown) {
    const fired = shown.filter((marker) => marker.from !== undefined);
    shown = shown.filter((marker) => marker.from === undefined);
    const versions = shown.filter((marker) => !marker.own), own = shown.filter((marker) => marker.own), parts = [];
    const told = (some, one, many) => some.length && parts.push(some.length === 1 ? one + some[0].label : many.replace("{}", some.length));
    told(versions, "first run of ", "first runs of {} versions");
    told(own, "marked: ", "{} markers");
    told(fired, "fired: ", "{} alerts fired");
    return parts.join(", ");
  }

  function describe(button, shown, meta) {
    const show = () => open(button, shown, told.of[meta.chart]);
    for (const type of ["pointerenter", "focus", "click"]) button.addEventListener(type, show);
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, tip.close);
    button.setAttribute("aria-describedby", "marker-card");
  }

  const tip = card("marker-card");

  function open(button, shown, metric) {
    const parts = shown.flatMap((marker) => about(marker, metric));
    if (metric) parts.push(element("p", "", told.methods[metric] + " The hour of the marker counts for neither."));
    tip.open(button, parts);
  }

  function about(marker, metric) {
    const head = element("strong", "", marker.title);
    if (!metric || !marker.figures) return [head];
    const rows = element("dl"), [before, after] = marker.figures[metric];
    for (const [when, words] of [["before", before], ["after", after]]) {
      rows.append(element("dt", "", told.labels[metric] + " " + when), element("dd", "", words));
    }
    return [head, rows];
  }
})();
