/* The words of the URL: which page it is, what may stand in it, and its one spelling.

The canonical form equals queries.filters.Filters.to_search and layouts.links (tests/browser/test_links.py
holds them together); only `tz` is kept here where the reader chose one. */
(function () {
  "use strict";
  const KEYS = ["agent", "category", "compare", "error", "grain", "model", "range", "status", "tool", "tz", "version"];
  const ATTRIBUTE = "attr.";
  const DEFAULTS = { range: "30d", grain: "day", compare: "previous", status: "all" };
  const STATUSES = ["success", "failure", "error", "unknown"];
  const NAMED = ["model", "agent", "version", "category", "error", "tool"];
  const NONE = "(none)"; // not known, without one: the name '' of these
  const NEVER_NONE = ["model", "agent"];
  const QUARTER = 15 * 60 * 1000;

  /* ---- pages ------------------------------------------------------------------------------------- */

  const NOWHERE = { path: "", title: "Not found", keys: [], fleeting: [], always: true };
  const pages = JSON.parse(document.querySelector("meta[name=pages]")?.content || "[]");

  function pageOf(path) {
    const stem = (page) => page.path.replace("<id>", "");
    return pages.find((page) => page.path === path || (page.path !== stem(page) && path.startsWith(stem(page)) && path !== stem(page)))
      || NOWHERE;
  }

  /* ---- names ------------------------------------------------------------------------------------- */

  // By code point, as Python sorts; JavaScript's own order is by UTF-16 unit.
  function byCodePoint(a, b) {
    const x = Array.from(a), y = Array.from(b);
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
    }
    return x.length - y.length;
  }

  const isAttribute = (key) => key.startsWith(ATTRIBUTE) && key.length > ATTRIBUTE.length;
  const isNamed = (key) => NAMED.includes(key) || isAttribute(key);
  const isFilter = (key) => KEYS.includes(key) || isAttribute(key);

  // A comma or percent sign inside a name is written %2C or %25, once more than the URL does.
  const decodeName = (text) => text.replace(/%2C/gi, ",").replace(/%25/g, "%");
  const encodeName = (name) => name.replace(/%/g, "%25").replace(/,/g, "%2C");
  const names = (text) => [...new Set((text || "").split(",").filter(Boolean).map(decodeName))];

  function canonicalNames(key, list) {
    const bare = NEVER_NONE.includes(key) ? (name) => name : (name) => (name === NONE ? "" : name);
    return [...new Set(list)].sort((a, b) => byCodePoint(bare(a), bare(b))).map(encodeName).join(",");
  }

  /* ---- where `/` leads ---------------------------------------------------------------------------- */

  // The start view's address, where there is one. The overview without filters is then `/?start=none`: else
  // a reload, or a link to it, would lead elsewhere.
  let start = null;
  const startAt = (url) => (start = url);

  function stays(path, params, asked) {
    return path === "/" && !Object.keys(params).length && (start || asked.start === "none") ? { start: "none" } : params;
  }

  /* ---- the one spelling -------------------------------------------------------------------------- */

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

  // Of another page's keys, and of what others put into links (utm_source), nothing is kept.
  function canonical(params, path) {
    const own = pageOf(path).keys, out = {};
    for (const key of Object.keys(params).sort(byCodePoint)) {
      let value = params[key];
      if (!value || !(isFilter(key) || own.includes(key))) continue;
      if (isNamed(key)) value = canonicalNames(key, names(value));
      if (key === "status") value = canonicalStatus(value);
      if (key === "range") value = canonicalRange(value);
      if (value && (own.includes(key) || value !== DEFAULTS[key])) out[key] = value;
    }
    return stays(path, out, params);
  }

  function parse(search, path = window.location.pathname) {
    const query = new URLSearchParams(search || ""), params = {};
    for (const key of query.keys()) if (!params[key]) params[key] = query.get(key);
    return canonical(params, path);
  }

  // A comma between names stays a comma; one inside a name is %252C.
  function build(params) {
    const parts = Object.keys(params).filter((key) => params[key]).sort(byCodePoint).map(
      (key) => encodeURIComponent(key) + "=" + params[key].split(",").map(encodeURIComponent).join(",")
    );
    return parts.length ? "?" + parts.join("&") : "";
  }

  const filtersOf = (params) => Object.fromEntries(Object.entries(params).filter(([key]) => isFilter(key)));

  function browserZone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  }

  // A link may come in any spelling; the address bar shows the one canonical form of a view.
  function tidy() {
    const here = window.location, path = here.pathname.replace(/(.)\/+$/, "$1");
    const url = path + build(parse(here.search, path));
    if (url !== here.pathname + here.search) window.history.replaceState(window.history.state, "", url + here.hash);
  }

  tidy();
  window.fixerFilters = {
    DEFAULTS, NONE, NEVER_NONE, pageOf, byCodePoint, isAttribute, isNamed, isFilter, names, encodeName, canonicalNames,
    canonical, parse, build, filtersOf, browserZone, startAt,
  };
})();
