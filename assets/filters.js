/* One clientside callback keeps the URL, the filter store and the controls in step.

The URL is the truth: every state is read from it, a control changes it, the store follows it. The
canonical form equals queries.filters.Filters.to_search (tests/browser/test_canonical.py holds the two
together); only `tz` is kept here where the reader chose one. */
(function () {
  "use strict";
  const KEYS = ["agent", "compare", "grain", "model", "range", "status", "tz", "version"];
  const DEFAULTS = { range: "30d", grain: "day", compare: "previous", status: "all" };
  const RELATIVE = ["24h", "7d", "30d", "90d", "all"];
  const STATUSES = ["success", "failure", "error", "unknown"];
  const STATUS_LABELS = { success: "success", failed: "failed", failure: "failure", error: "error", unknown: "unknown outcome" };
  const NAMED = { model: "Model", agent: "Agent", version: "Version" };
  const NO_VERSION = "(none)";
  const QUARTER = 15 * 60 * 1000;
  const SHORT = 60; // names that a dropdown takes without a thought
  const CONTROLS = ["range", "dates", "grain", "status", "model", "agent", "version", "tz", "compare"];

  /* ---- words of the URL -------------------------------------------------------------------------- */

  // By code point, as Python sorts; JavaScript's own order is by UTF-16 unit.
  function byCodePoint(a, b) {
    const x = Array.from(a), y = Array.from(b);
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
    }
    return x.length - y.length;
  }

  // A comma or percent sign inside a name is written %2C or %25, once more than the URL does.
  const decodeName = (text) => text.replace(/%2C/gi, ",").replace(/%25/g, "%");
  const encodeName = (name) => name.replace(/%/g, "%25").replace(/,/g, "%2C");
  const names = (text) => [...new Set((text || "").split(",").filter(Boolean).map(decodeName))];

  function canonicalNames(key, list) {
    const bare = key === "version" ? (name) => (name === NO_VERSION ? "" : name) : (name) => name;
    return [...new Set(list)].sort((a, b) => byCodePoint(bare(a), bare(b))).map(encodeName).join(",");
  }

  function canonicalStatus(text) {
    const asked = [...new Set(text.split(",").map((word) => word.trim()))];
    if (!asked.every((word) => STATUSES.includes(word) || word === "failed" || word === "all")) return text;
    let exact = new Set(asked.flatMap((word) => (word === "failed" ? ["failure", "error"] : [word])));
    if (exact.has("all") || STATUSES.every((word) => exact.has(word))) return "all";
    if (exact.has("failure") && exact.has("error")) {
      exact.delete("failure");
      exact.delete("error");
      exact.add("failed");
    }
    return [...exact].sort().join(",");
  }

  const instant = (ms) => new Date(ms).toISOString().slice(0, 16) + "Z";

  // Instants are widened to the quarter-hour grid; anything that is none is left for the server to refuse.
  function canonicalRange(text) {
    const [first, last] = text.split("..");
    if (!/T.*(Z|[+ -]\d\d:?\d\d)$/.test(first || "") || !/T.*(Z|[+ -]\d\d:?\d\d)$/.test(last || "")) return text;
    const low = Date.parse(first.replace(" ", "+")), high = Date.parse(last.replace(" ", "+"));
    if (!(low < high)) return text;
    return instant(Math.floor(low / QUARTER) * QUARTER) + ".." + instant(Math.ceil(high / QUARTER) * QUARTER);
  }

  function canonical(params) {
    const out = {};
    for (const key of KEYS) {
      let value = params[key];
      if (!value) continue;
      if (key in NAMED) value = canonicalNames(key, names(value));
      if (key === "status") value = canonicalStatus(value);
      if (key === "range") value = canonicalRange(value);
      if (value && value !== DEFAULTS[key]) out[key] = value;
    }
    return out;
  }

  // Unknown parameters (utm_source and the like) are dropped.
  function parse(search) {
    const query = new URLSearchParams(search || ""), params = {};
    for (const key of KEYS) if (query.get(key)) params[key] = query.get(key);
    return canonical(params);
  }

  // A comma between names stays a comma; one inside a name is %252C.
  function build(params) {
    const parts = KEYS.filter((key) => params[key]).map(
      (key) => key + "=" + params[key].split(",").map(encodeURIComponent).join(",")
    );
    return parts.length ? "?" + parts.join("&") : "";
  }

  /* ---- days of a zone ---------------------------------------------------------------------------- */

  function browserZone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  }

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

  function asked(ask, params) {
    if (ask.search !== undefined) return parse(ask.search);
    return { ...params, ...(ask.set || {}) };
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

  const versionLabel = (name) => (name === NO_VERSION ? "not known" : name);

  function chips(params, tz) {
    const out = rangeChip(params, tz);
    const words = params.status ? params.status.split(",") : [];
    for (const word of words) {
      const rest = words.filter((other) => other !== word).join(",");
      out.push(chip("Status: " + (STATUS_LABELS[word] || word), { status: rest }));
    }
    for (const key of Object.keys(NAMED)) {
      const list = names(params[key]);
      for (const name of list) {
        const rest = canonicalNames(key, list.filter((other) => other !== name));
        out.push(chip(NAMED[key] + ": " + (key === "version" ? versionLabel(name) : name), { [key]: rest }));
      }
    }
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
      label: component("Span", { children: key === "version" ? versionLabel(name) : name, "data-count": runs.toLocaleString("en") }),
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

  function store(params, before, refresh) {
    const after = { ...params, tz: params.tz || browserZone() };
    const { now: _now, ...old } = before || {};
    const sorted = (object) => Object.entries(object).sort((a, b) => byCodePoint(a[0], b[0]));
    if (before && !refresh && same(sorted(after), sorted(old))) return NO();
    window.fixer.await();
    return { ...after, now: new Date().toISOString() };
  }

  /* ---- the callback: inputs and outputs in the order of callbacks/sync.py -------------------------- */

  function sync(search, range, first, last, grain, status, model, agent, version, tz, compare, ask, known, before, zones, statuses, ...was) {
    const control = { range, dates: [first, last], grain, status, model, agent, version, tz, compare };
    const triggered = (window.dash_clientside.callback_context.triggered || []).map((t) => t.prop_id.split(".")[0]);
    const current = parse(search);
    let params = current;
    for (const id of before ? CONTROLS : []) {
      if (triggered.includes("filter-" + id)) params = { ...params, ...patch(id, control, params, known) };
    }
    const asking = before && triggered.includes("ask") ? ask || {} : {};
    params = canonical(asked(asking, params));
    const view = shown(params, known);
    return [
      same(build(params), build(current)) ? NO() : build(params),
      store(params, before, asking.refresh),
      changed(view.range, range), ...(view.dates ? [changed(view.dates[0], first), changed(view.dates[1], last)] : [NO(), NO()]),
      changed(view.grain, grain), changed(view.status, status),
      changed(view.model, model), changed(view.agent, agent), changed(view.version, version),
      changed(view.tz, tz), changed(view.compare, compare),
      zones.includes(view.tz) ? NO() : [...zones, view.tz],
      changed(statusOptions(view.status, statuses), statuses),
      ...Object.keys(NAMED).map((key, i) => changed(options(key, params, known), was[i])),
      chips(params, view.tz), Object.keys(params).length === 0, count(params),
    ];
  }

  // How many filters are set, for the button that opens the drawer on a phone.
  function count(params) {
    const number = KEYS.filter((key) => params[key] && key !== "tz").length;
    return number ? String(number) : "";
  }

  // A link may come in any spelling; the address bar shows the one canonical form of a view.
  function tidy() {
    const url = build(parse(window.location.search));
    if (url !== window.location.search) {
      window.history.replaceState(window.history.state, "", window.location.pathname + url + window.location.hash);
    }
  }

  tidy();
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.filters = { sync: sync };
  window.fixerFilters = { parse: parse, build: build, canonical: canonical, browserZone: browserZone, encodeName: encodeName };
})();
