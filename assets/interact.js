/* What people do to the page besides the controls: removing chips, clearing, sharing, the drawer. And what
the page does when the server or the database is away: it says so, asks again, and recovers by itself. */
(function () {
  "use strict";
  const POLL = 2000;
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);

  /* ---- asking for other filters ------------------------------------------------------------------ */

  // {set: {parameter: value}}, {search: "?..."}, {go: "/path?..."}, {reset: true}, {refresh: true} or {live: true};
  // assets/filters.js answers.
  function ask(what) {
    window.dash_clientside.set_props("ask", { data: { ...what, at: performance.now() } });
  }

  // A link or a control inside of something that can be clicked is what is meant by a click on it.
  document.addEventListener("click", (event) => {
    const asking = event.target.closest("[data-ask]"), inner = event.target.closest("a[href], select, input");
    if (asking && !(inner && asking.contains(inner))) ask(JSON.parse(asking.dataset.ask));
  });

  // <select data-set="sort">: a change (in a field: Enter) writes this parameter of the URL; '' takes it out.
  function set(control) {
    const off = control.type === "checkbox" && !control.checked;
    ask({ set: { [control.dataset.set]: off ? "" : control.value.trim() } });
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-set]")) set(event.target);
  });

  /* ---- announcing -------------------------------------------------------------------------------- */

  let silence;
  function announce(text) {
    const place = $("announcer");
    place.textContent = text;
    clearTimeout(silence);
    silence = setTimeout(() => (place.textContent = ""), 4000);
  }

  /* ---- sharing ----------------------------------------------------------------------------------- */

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard over plain http from another machine, or where it is forbidden.
      const field = document.body.appendChild(document.createElement("textarea"));
      field.value = text;
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      if (!done) throw new Error("copying is not allowed here");
    }
  }

  async function copyLink(search, what) {
    const link = window.location.origin + window.location.pathname + search;
    try {
      await copy(link);
      announce(what + " copied");
    } catch {
      window.prompt("Copy this link:", link);
    }
  }

  // Each reader of a plain link has their own time zone.
  function plain() {
    const params = window.fixerFilters.parse(window.location.search);
    delete params.tz;
    return window.fixerFilters.build(params);
  }

  function share() {
    if (window.dash_clientside.callback_context.triggered_id === "share-plain") copyLink(plain(), "Link");
    else if (window.fixer.frozen) copyLink(window.fixer.frozen, "Frozen link");
    else announce("Nothing to freeze: the page shows no numbers");
  }

  /* ---- theme ------------------------------------------------------------------------------------- */

  function applyTheme(choice) {
    window.fixerTheme.apply(choice);
    window.fixer.charts.repaintAll();
  }

  function chooseTheme() {
    const choice = window.dash_clientside.callback_context.triggered_id.replace("theme-", "");
    applyTheme(choice);
    return choice; // kept in this browser by the store
  }

  window.fixerTheme.system.addEventListener("change", () => {
    if (root.dataset.themeChoice === "system") applyTheme("system");
  });

  /* ---- the drawer of a phone --------------------------------------------------------------------- */

  function drawer(open) {
    root.classList.toggle("drawer-open", open);
    $("drawer-button").setAttribute("aria-expanded", String(open));
    (open ? $("drawer-close") : $("drawer-button")).focus();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#drawer-button")) drawer(true);
    if (event.target.closest("#drawer-close, #drawer-backdrop")) drawer(false);
  });

  const inMenu = () => document.querySelector(".drawer [data-state='open']");
  document.addEventListener("keydown", (event) => {
    if (!root.classList.contains("drawer-open") || inMenu()) return;
    if (event.key === "Escape") drawer(false);
    if (event.key === "Tab") keepInside($("drawer"), event);
  });

  function keepInside(box, event) {
    const stops = [...box.querySelectorAll("button, input, select, [tabindex]")].filter(
      (element) => element.tabIndex >= 0 && !element.disabled && element.getClientRects().length
    );
    const first = stops[0], last = stops[stops.length - 1], here = document.activeElement;
    if (event.shiftKey ? here === first : here === last || !box.contains(here)) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }

  /* ---- a custom range opens its calendar ---------------------------------------------------------- */

  document.addEventListener("change", (event) => {
    if (event.target.matches("input[type=radio][value=custom]")) {
      requestAnimationFrame(() => $("filter-dates-wrapper") && $("filter-dates-wrapper").click());
    }
  });

  /* ---- server or database away -------------------------------------------------------------------- */

  const fetchOfBrowser = window.fetch.bind(window);
  const isCallback = (target) => String((target && target.url) || target).includes("_dash-update-component");

  // An answer that never comes is nothing a callback could tell us.
  window.fetch = async function (target, options) {
    if (!isCallback(target)) return fetchOfBrowser(target, options);
    try {
      const answer = await fetchOfBrowser(target, options);
      if (answer.status >= 502 && answer.status <= 504) away();
      return answer;
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError") && !leaving) away();
      throw error;
    }
  };
  let leaving = false;
  window.addEventListener("pagehide", () => (leaving = true));
  window.addEventListener("pageshow", () => (leaving = false));

  function away() {
    root.classList.add("server-away");
  }

  // The database: the page's own callbacks say so by drawing an element of this class.
  const isAway = () => root.classList.contains("server-away") || document.querySelector(".state-away");
  const isEmpty = () => document.querySelector(".state-empty");

  async function answers(path, test) {
    try {
      const answer = await fetchOfBrowser(path, { cache: "no-store" });
      return answer.ok && test(answer);
    } catch {
      return false;
    }
  }

  // One question at a time, and after a refresh some time for the answers to be drawn.
  async function watch() {
    let pause = POLL;
    if (isAway() && (await answers("/readyz", () => true))) {
      root.classList.remove("server-away");
      ask({ refresh: true });
      pause = 3 * POLL;
    } else if (isEmpty() && !window.fixer.live.isOn() && (await answers("/api/metrics/summary?range=all", hasRuns))) {
      ask({ refresh: true });
      pause = 3 * POLL;
    }
    setTimeout(watch, pause);
  }

  const hasRuns = async (answer) => (await answer.json()).totalRuns > 0;
  setTimeout(watch, POLL);

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.interact = { chooseTheme: chooseTheme, share: share };
  window.fixer = { ...window.fixer, ask: ask, announce: announce, copy: copy };
})();
