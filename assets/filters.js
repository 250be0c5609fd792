/* One clientside callback keeps the URL, the filter store and the controls in step.

The URL is the truth: every state is read from it (address.js), a control changes it, the store follows it. */
(function () {
  "use strict";
  const { DEFAULTS, NONE, NEVER_NONE, byCodePoint, isAttribute, names, canonicalNames, canonical, parse, build, filtersOf, pageOf, browserZone } =
    window.fixerFilters;
  const RELATIVE = ["24h", "7d", "30d", "90d", "all"];
  const STATUS_LABELS = { success: "success", failed: "failed", failure: "failure", error: "error", unknown: "unknown outcome" };
  const NAMED = { model: "Model", agent: "Agent", version: "Version" }; // those with a dropdown of their own
  const CHIPS = { ...NAMED, category: "Category", error: "Error", tool: "Tool" };
  const WITHOUT = { version: "not known", category: "none", error: "no message" };
  const SHORT = 60; // names that a dropdown takes without a thought
  const CONTROLS = ["range", "dates", "grain", "status", "model", "agent", "version", "tz", "compare"];

  /* ---- days of a zone ---------------------------------------------------------------------------- */

  function dayOf(ms, tz) {
    let format;
    try {
      format = new Intl.DateTimeFormat("en-CA", { timeZone: tz, year: "numeric", month: "2-digit", day: "2-digit" });
    } catch {
      format = new Intl.DateTimeFormat("en-CA", { timeZone: "UTC", year: "numeric", month: "2-digit", day: "2-digit" });
    }
    return format.format(new Date(ms));
  }

  function shiftDay(day, days) {
    const moved = new Date(day + "T12:00:00Z");
    moved.setUTCDate(moved.getUTCDate() + days);
    return moved.toISOString().slice(0, 10);
  }

  // The calendar days that a range covers, for the calendar; [null, null] for a bad one.
  function daysOf(range, tz, known) {
    const today = dayOf(Date.now(), tz), days = { "7d": 7, "30d": 30, "90d": 90 }[range];
    if (days) return [shiftDay(today, 1 - days), today];
    if (range === "24h") return [shiftDay(today, -1), today];
    if (range === "all") return (known && known.days) || [shiftDay(today, -89), today];
    const [first, last] = range.split("..");
    if (/^\d{4}-\d\d-\d\d$/.test(first) && /^\d{4}-\d\d-\d\d$/.test(last || "")) return [first, last];
    const low = Date.parse(first), high = Date.parse(last);
    return low < high ? [dayOf(low, tz), dayOf(high - 1, tz)] : [null, null];
  }

  /* ---- what a control asks for ------------------------------------------------------------------- */

  function askedRange(value, params, tz, known) {
    return value === "custom" ? daysOf(params.range || DEFAULTS.range, tz, known).join("..") : value;
  }

  // Every name there is: the same as no filter, and shorter.
  function askedNames(key, value, known) {
    const all = (known && known[key]) || [];
    return all.length && all.every(([name]) => value.includes(name)) ? "" : canonicalNames(key, value);
  }

  function patch(id, control, params, known) {
    const tz = params.tz || browserZone(), value = control[id];
    if (id === "range") return { range: askedRange(value, params, tz, known) };
    if (id === "dates") return control.dates[0] && control.dates[1] ? { range: [...control.dates].sort().join("..") } : {};
    if (id in NAMED) return { [id]: askedNames(id, value || [], known) };
    if (id === "compare") return { compare: value ? "previous" : "none" };
    if (id === "tz") return { tz: !value || value === browserZone() ? "" : value };
    return { [id]: value || "" };
  }

  // A place in a list means nothing in another list.
  function settled(set, params, path) {
    const dropped = pageOf(path).fleeting.filter((key) => !(key in set));
    return { ...params, ...set, ...Object.fromEntries(dropped.map((key) => [key, ""])) };
  }

  // {set: {parameter: value}}, {search: "?..."}, {go: "/path?..."}, {reset: true}: path and parameters after it.
  function asked(ask, params, path) {
    if (ask.go !== undefined) {
      const to = new URL(ask.go, window.location.href);
      return [to.pathname, parse(to.search, to.pathname)];
    }
    if (ask.search !== undefined) return [path, parse(ask.search, path)];
    if (ask.reset) return [path, settled(Object.fromEntries(Object.keys(filtersOf(params)).map((key) => [key, ""])), params, path)];
    return [path, ask.set ? settled(ask.set, params, path) : params];
  }

  /* ---- what the page shows ----------------------------------------------------------------------- */

  const component = (type, props) => ({ type: type, namespace: "dash_html_components", props: props });

  function chip(text, set) {
    const cross = component("I", { className: "bi bi-x-lg", "aria-hidden": "true" });
    return component("Button", {
      children: [text, cross], className: "chip", type: "button",
      "aria-label": "Remove filter: " + text, "data-ask": JSON.stringify({ set: set }),
    });
  }

  const shortInstant = (ms, tz) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: tz, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })
      .format(new Date(ms));

  function rangeChip(params, tz) {
    const range = params.range || "";
    if (!/T\d\d:\d\dZ$/.test(range)) return [];
    const [low, high] = range.split("..").map(Date.parse);
    return [chip(shortInstant(low, tz) + " to " + shortInstant(high, tz), { range: "" })];
  }

  const labelOf = (key) => CHIPS[key] || key.slice(5, 6).toUpperCase() + key.slice(6);
  const nameLabel = (key, name) => (name === NONE && !NEVER_NONE.includes(key) ? WITHOUT[key] || "not set" : name);

  function chips(params, tz) {
    const out = rangeChip(params, tz);
    const words = params.status ? params.status.split(",") : [];
    for (const word of words) {
      const rest = words.filter((other) => other !== word).join(",");
      out.push(chip("Status: " + (STATUS_LABELS[word] || word), { status: rest }));
    }
    for (const key of [...Object.keys(CHIPS), ...Object.keys(params).filter(isAttribute)]) {
      const list = names(params[key]);
      for (const name of list) {
        const rest = canonicalNames(key, list.filter((other) => other !== name));
        out.push(chip(labelOf(key) + ": " + nameLabel(key, name), { [key]: rest }));
      }
    }
    if (params.import) out.push(chip("Import: no. " + params.import, { import: "" }));
    return out;
  }

  // The names of the data with their counts, and whatever the URL asks for besides: a dropdown drops a
  // value that is no option, and with it a filter.
  function options(key, params, known) {
    const all = (known && known[key]) || [], short = all.length <= SHORT || turnedTo.has(key);
    const counts = new Map(short ? all : all.filter(([name]) => names(params[key]).includes(name)));
    for (const name of names(params[key])) if (!counts.has(name)) counts.set(name, 0);
    return [...counts].map(([name, runs]) => ({
      value: name, search: name, title: name + ", " + runs.toLocaleString("en") + " runs in all",
      label: component("Span", { children: nameLabel(key, name), "data-count": runs.toLocaleString("en") }),
    }));
  }

  // A dropdown indexes every part of every option: long lists are given to it when somebody turns to it.
  const turnedTo = new Set();

  function offer(event) {
    const field = event.target.closest && event.target.closest(".field");
    const key = field && field.querySelector("button[id^=filter-]")?.id.replace("filter-", "");
    if (!key || turnedTo.has(key)) return;
    turnedTo.add(key);
    if (key === "tz") window.dash_clientside.set_props("filter-tz", { options: field.dataset.zones.split(" ") });
    if (key in NAMED) window.fixer.ask({ names: true });
  }
  for (const type of ["focusin", "pointerover"]) document.addEventListener(type, offer);

  // A link may ask for several statuses, or for one that does not exist: it is then offered as well.
  function statusOptions(status, before) {
    const words = before.filter((option) => option.value === "all" || option.value in STATUS_LABELS);
    if (words.some((option) => option.value === status)) return words;
    return [...words, { value: status, label: status.split(",").map((word) => STATUS_LABELS[word] || word).join(", ") }];
  }

  function shown(params, known) {
    const tz = params.tz || browserZone(), range = params.range || DEFAULTS.range;
    const view = {
      range: RELATIVE.includes(range) ? range : daysOf(range, tz)[0] ? "custom" : null,
      dates: RELATIVE.includes(range) ? null : daysOf(range, tz, known), // the calendar shows for the others only
      grain: params.grain || DEFAULTS.grain,
      status: params.status || DEFAULTS.status,
      tz: tz,
      compare: (params.compare || DEFAULTS.compare) === "previous",
    };
    for (const key of Object.keys(NAMED)) view[key] = names(params[key]);
    return view;
  }

  const NO = () => window.dash_clientside.no_update;
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const changed = (value, before) => (same(value, before) ? NO() : value);

  function store(params, path, before, ask) {
    const { start: _start, ...asked } = params, after = { ...asked, tz: params.tz || browserZone(), path: decoded(path) };
    const { now: _now, seen: _seen, ...old } = before || {};
    const sorted = (object) => Object.entries(object).sort((a, b) => byCodePoint(a[0], b[0]));
    if (before && !ask.refresh && !ask.live && same(sorted(after), sorted(old))) return NO();
    window.fixer.await(ask.live);
    window.fixer.frozenAt = Date.now();
    return { ...after, ...(ask.live ? seen(path) : {}), now: new Date().toISOString() };
  }

  // On the table of runs a live refresh only tells how many came in since: rows stay where they are.
  function seen(path) {
    const total = pageOf(path).path === "/runs" && document.getElementById("runs-total");
    return total && total.dataset.value !== "0" ? { seen: total.dataset.value } : {};
  }

  function decoded(path) {
    try {
      return decodeURIComponent(path);
    } catch {
      return path; // a lone percent sign
    }
  }

  /* ---- the callback: inputs and outputs in the order of callbacks/sync.py -------------------------- */

  function sync(here, search, range, first, last, grain, status, model, agent, version, tz, compare, ask, known, pages, before, zones, statuses, ...was) {
    const control = { range, dates: [first, last], grain, status, model, agent, version, tz, compare };
    const triggered = (window.dash_clientside.callback_context.triggered || []).map((t) => t.prop_id.split(".")[0]);
    const current = parse(search, here);
    let set = {};
    for (const id of before ? CONTROLS : []) {
      if (triggered.includes("filter-" + id)) set = { ...set, ...patch(id, control, current, known) };
    }
    const byHand = Object.keys(set).length ? settled(set, current, here) : current;
    const asking = before && triggered.includes("ask") ? ask || {} : {};
    const [path, wanted] = asked(asking, byHand, here);
    const params = canonical(wanted, path), filters = filtersOf(params), view = shown(params, known);
    return [
      path === here ? NO() : path,
      same(build(params), build(current)) ? NO() : build(params),
      window.fixer.turn(path, params, pages) || NO(),
      store(params, path, before, asking),
      changed(view.range, range), ...(view.dates ? [changed(view.dates[0], first), changed(view.dates[1], last)] : [NO(), NO()]),
      changed(view.grain, grain), changed(view.status, status),
      changed(view.model, model), changed(view.agent, agent), changed(view.version, version),
      changed(view.tz, tz), changed(view.compare, compare),
      zones.includes(view.tz) ? NO() : [...zones, view.tz],
      changed(statusOptions(view.status, statuses), statuses),
      ...Object.keys(NAMED).map((key, i) => changed(options(key, params, known), was[i])),
      chips(params, view.tz), Object.keys(filters).length === 0, count(filters),
    ];
  }

  // How many filters are set, for the button that opens the drawer on a phone.
  function count(filters) {
    const number = Object.keys(filters).filter((key) => key !== "tz").length;
    return number ? String(number) : "";
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.filters = { sync: sync };
})();
