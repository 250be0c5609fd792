/* "+ Filter" in the filter bar: what to filter by, then any of its values, searched by the server, most runs
of the period first. Several dimensions may be changed in one visit: Apply is one step in the history.
Values are other people's text and only ever put in as text. */
(function () {
  "use strict";
  const { NONE, names, canonicalNames, parse, browserZone } = window.fixerFilters;
  const $ = (id) => document.getElementById(id);
  const MOST = 50, PAUSE = 200;
  const WITHOUT = { category: "no error", error: "no message", tool: "no tool" };
  const chosen = new Map(); // parameter -> names that are ticked, for those that were looked at
  const runs = new Map(); // parameter and name -> runs, as far as they have been told
  let found = [], asked = 0, timer;

  const dimension = () => $("add-filter-by").value;
  const params = () => parse(window.location.search);
  const label = (key, name) => (name === NONE ? WITHOUT[key] || "not known" : name);

  function ticked() {
    const key = dimension();
    if (!chosen.has(key)) chosen.set(key, new Set(names(params()[key])));
    return chosen.get(key);
  }

  /* ---- the values ----------------------------------------------------------------------------------- */

  // Of the period alone, which is the very one that the page shows: other filters would hide what may be wanted
  // beside them.
  function address(search) {
    const { tz } = params(), range = parse(window.fixer.frozen || "").range || params().range, by = $("add-filter-by").selectedOptions[0].dataset.by;
    const query = new URLSearchParams({ by: by, limit: MOST, tz: tz || browserZone() });
    if (range) query.set("range", range);
    if (search) query.set("search", search);
    return "/api/metrics/names?" + query;
  }

  async function load() {
    const number = ++asked, key = dimension(), search = $("add-filter-search").value.trim();
    $("add-filter-values").setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address(search)), told = await response.json();
      if (number !== asked) return; // another question was asked meanwhile
      if (!response.ok) throw new Error(told.error.message);
      found = told.items.map((item) => ({ name: item.name === null ? NONE : item.name, runs: item.runs }));
      for (const { name, runs: many } of found) runs.set(key + " " + name, many);
      draw();
      note(told, search);
    } catch (error) {
      if (number !== asked) return;
      found = [];
      draw();
      $("add-filter-note").textContent = "The values cannot be read just now. " + (error instanceof TypeError ? "" : error.message);
    }
    $("add-filter-values").setAttribute("aria-busy", "false");
  }

  function note(told, search) {
    const cut = told.shown < told.total ? told.shown + " of " + told.total.toLocaleString("en") + " values, " : "";
    const none = search ? "No value of this period contains this." : "No run of this period has one.";
    $("add-filter-note").textContent = told.total ? cut + "most runs of the period first" : none;
  }

  // What is ticked stays in sight, whatever is searched for.
  function draw() {
    const key = dimension(), ticks = ticked();
    const others = found.map(({ name }) => name).filter((name) => !ticks.has(name));
    $("add-filter-values").replaceChildren(...[...ticks, ...others].map((name) => row(key, name, ticks.has(name))));
  }

  function row(key, name, on) {
    const line = document.createElement("label"), box = document.createElement("input");
    const text = document.createElement("bdi"), count = document.createElement("small");
    Object.assign(box, { type: "checkbox", value: name, checked: on });
    text.textContent = text.title = label(key, name);
    count.textContent = (runs.get(key + " " + name) ?? 0).toLocaleString("en");
    count.title = "runs in the period";
    line.append(box, text, count);
    return line;
  }

  /* ---- opening, applying, closing -------------------------------------------------------------------- */

  const panel = () => $("add-filter-panel");
  const isOpen = () => panel() && !panel().hidden;

  function open() {
    chosen.clear();
    panel().hidden = false;
    $("add-filter").setAttribute("aria-expanded", "true");
    const set = [...$("add-filter-by").options].find((option) => params()[option.value]);
    if (set) $("add-filter-by").value = set.value; // what is filtered by already
    $("add-filter-search").value = "";
    begin();
    keepInSight();
    panel().scrollIntoView({ block: "nearest" });
    $("add-filter-by").focus({ preventScroll: true });
  }

  function begin() {
    found = [];
    draw();
    load();
  }

  function keepInSight() {
    const box = panel();
    box.style.left = "";
    const over = box.getBoundingClientRect().right - document.documentElement.clientWidth + 12;
    if (over > 0 && window.getComputedStyle(box).position === "absolute") box.style.left = -over + "px";
  }

  function close(focus = true) {
    panel().hidden = true;
    $("add-filter").setAttribute("aria-expanded", "false");
    if (focus) $("add-filter").focus({ preventScroll: true });
  }

  function apply() {
    const before = params(), set = {};
    for (const [key, ticks] of chosen) {
      const after = canonicalNames(key, [...ticks]);
      if (after !== (before[key] || "")) set[key] = after;
    }
    close();
    if (Object.keys(set).length) window.fixer.ask({ set: set });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#add-filter")) return void (isOpen() ? close() : open());
    if (event.target.closest("[data-cancel=filter]")) return void close();
    // A click elsewhere closes it, and leaves the focus where the reader went.
    if (isOpen() && event.target.isConnected && !event.target.closest(".add-filter")) close(false);
  });

  document.addEventListener("change", (event) => {
    if (event.target.id === "add-filter-by") begin();
    if (!event.target.matches("#add-filter-values input")) return;
    if (event.target.checked) ticked().add(event.target.value);
    else ticked().delete(event.target.value);
  });

  document.addEventListener("input", (event) => {
    if (event.target.id !== "add-filter-search") return;
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE);
  });

  document.addEventListener("submit", (event) => {
    if (event.target.id !== "add-filter-panel") return;
    event.preventDefault();
    apply();
  });

  // Arrows move between search and values; Escape closes this and not the drawer around it.
  document.addEventListener("keydown", (event) => {
    if (!isOpen() || !event.target.closest(".add-filter")) return;
    if (event.key === "Escape") {
      event.stopImmediatePropagation();
      return close();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.id === "add-filter-by") return;
    const stops = [$("add-filter-search"), ...document.querySelectorAll("#add-filter-values input")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
})();
