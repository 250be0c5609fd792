/* Pages inside the one document: which stands in #content, links between them that need no reload, the
navigation and the title in step with it, and where the reader is after turning to another. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  const { pageOf, filtersOf, canonical, build, parse } = window.fixerFilters;

  /* ---- turning to a page --------------------------------------------------------------------------- */

  let standing; // the path of the record that stands in #content
  const heights = new Map(); // address -> how far down the reader was there
  let arriving; // how far down to begin, once the page stands; undefined: nothing to do

  // What is to be put in #content, if it is another page than before; called by filters.js with each change.
  function turn(path, params, pages) {
    const page = pageOf(path), other = page.path !== standing, first = standing === undefined;
    standing = page.path;
    show(page, path, params);
    if (!other) return null;
    if (!first) requestAnimationFrame(arrive);
    return pages[page.path];
  }

  function show(page, path, params) {
    root.dataset.page = page.path || "nowhere";
    document.title = page.title + " · Fixer Metrics";
    for (const link of document.querySelectorAll("a[data-page]")) {
      const here = link.dataset.page === page.path, under = path.startsWith(link.dataset.page + "/");
      link.setAttribute("href", link.dataset.page + build(canonical(filtersOf(params), link.dataset.page)));
      link.classList.toggle("on", here || under);
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      if (here || under) $("nav-toggle").firstElementChild.textContent = link.textContent;
    }
    follow(params);
  }

  // Where `/` leads has changed: the name of the product leads there, "Overview" to the overview itself.
  function startAt(url) {
    window.fixerFilters.startAt(url);
    document.querySelector(".brand").setAttribute("href", url || "/");
    show(pageOf(window.location.pathname), window.location.pathname, parse(window.location.search));
  }

  // Plain controls show what the URL says; a field that is being written in is left alone.
  function follow(params) {
    for (const control of document.querySelectorAll("[data-set]")) {
      const value = params[control.dataset.set] || "";
      if (control.type === "checkbox") control.checked = value === control.value;
      else if (control === document.activeElement && control.tagName === "INPUT") continue;
      else if (control.tagName !== "SELECT" || [...control.options].some((o) => o.value === value)) control.value = value;
    }
  }

  // Choices may come with an answer: only then can a control show what the URL says.
  document.addEventListener("fixer:filled", () => follow(window.fixerFilters.parse(window.location.search)));

  function arrive() {
    window.scrollTo({ top: arriving || 0, behavior: "instant" });
    if (arriving !== undefined) return; // Back and Forward: the browser's own focus is kept
    const title = document.querySelector("#content h1");
    if (!title) return;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }

  const address = () => window.location.pathname + window.location.search;
  let here = address();
  window.addEventListener("scroll", () => heights.set(here, window.scrollY), { passive: true });
  window.addEventListener("popstate", () => {
    here = address();
    arriving = heights.get(here) || 0;
  });
  window.addEventListener("_dashprivate_pushstate", () => (here = address()));

  /* ---- links ---------------------------------------------------------------------------------------- */

  function go(href) {
    arriving = undefined;
    navigation(false);
    window.fixer.ask({ go: href });
  }

  function internal(link) {
    const to = new URL(link.href), inside = (link.getAttribute("href") || "").startsWith("#");
    return to.origin === window.location.origin && pageOf(to.pathname).path && !link.target && !link.download && !inside;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (!internal(link)) return;
    event.preventDefault();
    window.fixer.go(link.getAttribute("href"));
  });

  /* ---- the navigation on a phone --------------------------------------------------------------------- */

  function navigation(open) {
    root.classList.toggle("nav-open", open);
    $("nav-toggle")?.setAttribute("aria-expanded", String(open));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#nav-toggle")) navigation(!root.classList.contains("nav-open"));
    else if (!event.target.closest("#nav")) navigation(false);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !root.classList.contains("nav-open")) return;
    navigation(false);
    $("nav-toggle").focus();
  });

  window.fixer = { ...window.fixer, turn: turn, go: go, startAt: startAt };
})();
