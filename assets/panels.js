/* Puts the answers of the server into the page: HTML text into its places, figures into their graphs.

HTML and not Dash components, because each of those is asked at every change of any other whether it must be
drawn again (layouts/markup.py). */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const cardOf = (place) => place.closest(".chart") || place;

  // What never changes comes as HTML too, in an attribute: unpacked as soon as it stands, before it is seen.
  function unpack() {
    for (const place of document.querySelectorAll("[data-html]")) {
      place.innerHTML = place.dataset.html;
      place.removeAttribute("data-html");
    }
  }

  new MutationObserver((_changes, watch) => {
    if (!$("content")) return;
    watch.disconnect();
    unpack();
    new MutationObserver(unpack).observe($("content"), { childList: true }); // each page, when it is turned to
  }).observe(document.documentElement, { childList: true, subtree: true });

  const filled = new Map(); // element id -> {place, html} it was filled with: what stays the same is left alone
  const waiting = new Map(); // element id -> what it will be filled with

  const answered = new Map(); // panel -> {version of the data, flying: of the runs in flight, ids of its places, at: when it came}
  let quiet = false; // what is awaited is a live refresh: nothing dims, nothing that is the same is touched

  // From a change of the filters until its own answer a panel is busy: what it shows is that of before.
  function wait(live) {
    quiet = Boolean(live);
    if (quiet) return;
    const shown = [...filled.values()].map(({ place }) => cardOf(place)).filter((card) => card.matches("#content *"));
    for (const card of [...shown, ...document.querySelectorAll("#cards, .page .chart")]) card.setAttribute("aria-busy", "true");
  }

  // All together with the next frame: between two figures it would have the browser lay out the page again.
  function fill(answer) {
    if (!waiting.size) (document.hidden ? setTimeout : window.requestAnimationFrame)(pour);
    for (const [id, html] of Object.entries(answer.html)) waiting.set(id, html);
    if (answer.version) answered.set(answer.panel, { version: answer.version, flying: answer.flying, ids: Object.keys(answer.html), at: performance.now() });
    else answered.delete(answer.panel); // an error: it is asked again with the next change of the data
  }

  const present = () => [...answered.values()].filter(({ ids }) => ids.some($));
  // Whether a panel on the page was answered from other data than these; whether all have been since a moment.
  const behind = (version) => present().some((panel) => panel.version !== version);
  // Those that tell of runs in flight, and of others than these.
  const unlike = (flying) => present().filter((panel) => panel.flying !== undefined && panel.flying !== flying);
  const settled = (moment) => present().every((panel) => panel.at > moment);

  function pour() {
    for (const [id, html] of waiting) {
      const place = $(id), before = filled.get(id);
      if (!place) continue; // of a page that has been left
      if (!before || before.place !== place || before.html !== html) refill(place, html);
      filled.set(id, { place, html });
      cardOf(place).setAttribute("aria-busy", "false");
    }
    const ids = [...waiting.keys()];
    waiting.clear();
    document.dispatchEvent(new CustomEvent("fixer:filled", { detail: ids }));
  }

  // A control that the reader is at stays the one they are at, and a list they have opened stays open.
  function refill(place, html) {
    if (quiet) return morph(place, html);
    const at = place.contains(document.activeElement) ? document.activeElement.id : "";
    const open = [...place.querySelectorAll("details[open][id]")].map((details) => details.id);
    place.innerHTML = html;
    for (const id of open) $(id)?.setAttribute("open", "");
    if (at && $(at)) $(at).focus({ preventScroll: true });
  }

  /* ---- a live refresh: what stands is changed into what came, element by element -------------------- */

  // What the reader has opened, pressed or written stays so; a control nobody has touched follows.
  const THEIRS = ["open", "aria-expanded", "aria-pressed", "data-state"];
  const isWritten = (node) => node.matches?.("input, textarea") && (node.value !== node.defaultValue || node.checked !== node.defaultChecked);
  const isChosen = (node) => node.matches?.("select") && [...node.options].some((option) => option.selected !== option.defaultSelected);

  const CALLBACKS = {
    beforeNodeMorphed: (old) => !(isWritten(old) || isChosen(old)),
    beforeAttributeUpdated: (name) => !THEIRS.includes(name),
  };

  function morph(place, html) {
    window.Idiomorph.morph(place, html, { morphStyle: "innerHTML", ignoreActiveValue: true, restoreFocus: true, callbacks: CALLBACKS });
  }

  const painted = new Map(); // graph -> its figure as text
  const isSame = (id, figure) => {
    const text = JSON.stringify(figure), same = painted.get(id) === text;
    painted.set(id, text);
    return same;
  };

  function chart(answer, id) {
    // In the middle of a drag: asked again, since it stays behind the data.
    if (quiet && window.fixer.live.isHeld()) return window.dash_clientside.no_update;
    fill(answer);
    if (!$(id)) return window.dash_clientside.no_update;
    if (isSame(id, answer.figure) && quiet) return window.dash_clientside.no_update;
    if (answer.figure) return window.dash_clientside.look.paint(answer.figure, null, id);
    // No numbers: the picture of before must not be taken for an answer.
    delete $(id).closest(".plot").dataset.painted;
    return window.dash_clientside.no_update;
  }

  function standing(answer) {
    fill(answer);
    $("content").hidden = answer.hidden;
    window.fixer.frozen = answer.frozen;
    if (answer.start !== undefined) window.fixer.startAt(answer.start);
    // An open list of names does not change under the reader; they come with the next answer.
    const reading = quiet && document.querySelector(".dash-dropdown-content");
    if (!answer.names || reading) return [window.dash_clientside.no_update, window.dash_clientside.no_update];
    // The dropdowns take new names up; asked for here, for as an input of sync they would close a loop.
    setTimeout(() => window.fixer.ask({ names: true }));
    return [answer.names, answer.names.state];
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.panels = { fill: fill, chart: chart, standing: standing };
  window.fixer = { ...window.fixer, await: wait, panels: { behind: behind, unlike: unlike, settled: settled, isQuiet: () => quiet, morph: morph } };
})();
