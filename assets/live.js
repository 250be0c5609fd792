/* Live updates: asks every few seconds whether the data have another version, or other runs are in flight (one small
statement, an answer of 304 where nothing is new), and if so has the page answered again. Says how old the data are, and when nobody answers. */
(function () {
  "use strict";
  const PATH = "/api/data/version";
  const EVERY = 2500, PATIENCE = 10000; // milliseconds
  const REST = 4; // a refresh that takes long is followed by a pause of so many times as long
  const OVER_EVERY = 60000; // a period that is over gets runs only late: it is looked at more rarely
  const QUARTER = 15 * 60 * 1000; // the grid of all answers
  const KEY = "fixer-live", LOST = "Connection lost, trying again", NO_DATABASE = "Database away, trying again";
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);

  /* ---- on and off ------------------------------------------------------------------------------------ */

  let on = kept() !== "off", lost = "";

  function kept() {
    try {
      return window.localStorage.getItem(KEY);
    } catch {
      return null; // a browser that keeps nothing
    }
  }

  function show() {
    root.dataset.live = lost && on ? "lost" : on ? "on" : "off";
    $("live")?.setAttribute("aria-pressed", String(on));
    const place = $("live-state"), words = on ? lost : "";
    if (place && place.textContent !== words) place.textContent = words;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#live")) return;
    on = !on;
    lost = "";
    try {
      window.localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // then it holds for this page alone
    }
    show();
    window.fixer.announce(on ? "Live updates are on" : "Live updates are off");
    look();
  });

  /* ---- looking --------------------------------------------------------------------------------------- */

  let timer, looking = 0; // the number of the look under way: one that has been overtaken does nothing more

  async function look() {
    clearTimeout(timer);
    const mine = ++looking;
    if (!on || document.hidden) return;
    const found = await version();
    if (mine !== looking || !on) return;
    lost = found.lost || "";
    show();
    if (found.version && isDue(found.version)) refresh();
    else if (found.inFlight) glance(found.inFlight);
    timer = setTimeout(look, EVERY);
  }

  async function version() {
    try {
      const answer = await window.fetch(PATH, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok) return await answer.json();
      return { lost: answer.status === 503 ? NO_DATABASE : LOST };
    } catch {
      return { lost: LOST };
    }
  }

  // A hidden page asks nothing; one that is turned to asks at once.
  document.addEventListener("visibilitychange", look);
  window.addEventListener("pageshow", (event) => event.persisted && look());
  window.addEventListener("online", look);

  /* ---- refreshing ------------------------------------------------------------------------------------ */

  let asked = -Infinity, took = 0; // when the last refresh was asked for, and how long it took

  function isDue(version) {
    const { behind, settled } = window.fixer.panels, now = performance.now();
    if (isBusy() || isHeld()) return false;
    if (!settled(asked) && now - asked < PATIENCE) return false;
    const pause = Math.max(isOver() ? OVER_EVERY : 0, REST * took);
    if (now - asked < pause) return false;
    return behind(version) || (!isOver() && slot(Date.now()) !== slot(window.fixer.frozenAt || Date.now()));
  }

  const isBusy = () => document.querySelector("#content [aria-busy=true], #cards[aria-busy=true]");

  const slot = (moment) => Math.floor(moment / QUARTER);

  // FROM..TO whose end has passed; that of days ends with the last of them, wherever the reader is.
  function isOver() {
    const [, last] = (window.fixerFilters.parse(window.location.search).range || "").split("..");
    const end = Date.parse(last || "") + (/T/.test(last || "") ? 0 : 2 * 24 * 60 * 60 * 1000);
    return end < Date.now();
  }

  function refresh() {
    asked = performance.now();
    const watch = setInterval(() => {
      const passed = performance.now() - asked;
      if (!window.fixer.panels.settled(asked) && passed < PATIENCE) return;
      took = passed;
      clearInterval(watch);
    }, 50);
    window.fixer.ask({ live: true });
  }

  // Runs in flight are no data: where nothing else is new, the panel that tells of them is asked alone.
  function glance(flying) {
    const { unlike, settled } = window.fixer.panels;
    if (!unlike(flying).length || isBusy() || isHeld()) return;
    if (!settled(asked) && performance.now() - asked < PATIENCE) return; // the refresh under way brings it
    window.fixer.await(true);
    window.dash_clientside.set_props("flying", { data: new Date().toISOString() });
  }

  /* ---- not under the reader's hand --------------------------------------------------------------------- */

  let pressed = false, heldSince = 0;
  const press = (now) => () => (pressed = now);
  for (const over of ["pointerup", "pointercancel", "dragend", "blur"]) window.addEventListener(over, press(false), true);
  window.addEventListener("pointerdown", press(true), true);

  // While something is dragged or marked, or a dialog is open; but not for ever.
  function isHeld() {
    const selection = window.getSelection(), held = pressed || (selection && !selection.isCollapsed) || document.querySelector("dialog[open]");
    if (!held) heldSince = 0;
    else heldSince = heldSince || performance.now();
    return Boolean(held) && performance.now() - heldSince < OVER_EVERY;
  }

  /* ---- how old the data are ----------------------------------------------------------------------------- */

  const UNITS = [[86400, "day"], [3600, "h"], [60, "min"]];

  function told(seconds) {
    for (const [size, unit] of UNITS) {
      const number = Math.floor(seconds / size);
      if (number) return number + " " + unit + (unit === "day" && number > 1 ? "s" : "") + " ago";
    }
    return "just now";
  }

  function age() {
    for (const place of document.querySelectorAll("[data-since]")) {
      const words = " \u00b7 " + told(Math.max(0, Date.now() - Date.parse(place.dataset.since)) / 1000);
      if (place.textContent !== words) place.textContent = words;
    }
  }

  document.addEventListener("fixer:filled", age);
  setInterval(age, 10000);

  /* ---- beginning ------------------------------------------------------------------------------------------ */

  // The header may come late; the first answers come later still.
  document.addEventListener("fixer:filled", show);
  setTimeout(look, EVERY);
  root.dataset.live = on ? "on" : "off";

  window.fixer = { ...window.fixer, live: { isOn: () => on, isHeld: isHeld } };
})();
