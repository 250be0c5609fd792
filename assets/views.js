/* The menu of saved views: a view is the address of a page under a name, for the whole team. The list comes
from the API when the menu is opened; names are other people's text and only ever put in as text. */
(function () {
  "use strict";
  const { pageOf, parse, build } = window.fixerFilters;
  const $ = (id) => document.getElementById(id);
  const PATH = "/api/views";
  let views = [];

  function element(name, properties, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) key in made ? (made[key] = value) : made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const icon = (name) => element("i", { className: "bi bi-" + name, "aria-hidden": "true" });

  function button(sign, label, act, more = {}) {
    const made = element("button", { type: "button", className: "btn-quiet", "aria-label": label, title: label, ...more }, icon(sign));
    made.addEventListener("click", act);
    return made;
  }

  /* ---- what the page shows ------------------------------------------------------------------------- */

  // Without the place in a list, and without what keeps `/` from leading to the start view.
  function here() {
    const path = window.location.pathname, { start: _start, ...params } = parse(window.location.search);
    for (const key of pageOf(path).fleeting) delete params[key];
    return path + build(params);
  }

  const spaced = (text) => text.replace(/%2C/g, ", ").replace(/%25/g, "%");

  // "Errors: 7d, status failed": what tells views apart beside their names.
  function about(url) {
    const [path, search] = url.split(/(?=\?)/), params = parse(search || "", path);
    const words = Object.entries(params).map(([key, value]) => (key === "range" ? "" : key.replace("attr.", "") + " ") + spaced(value.replace(/,/g, ", ")));
    return pageOf(path).title + (words.length ? ": " + words.join(", ") : "");
  }

  /* ---- the list ------------------------------------------------------------------------------------ */

  function draw(focus) {
    const rows = views.map(row);
    $("views-list").replaceChildren(...rows);
    $("views-empty").hidden = views.length > 0;
    if (focus) focus();
  }

  function row(view) {
    const name = element("bdi", { className: "view-name" }, view.name), small = element("small", {}, about(view.url));
    const link = element("a", { href: view.url, className: "view-open", title: view.name }, name, small);
    if (view.url === here()) link.setAttribute("aria-current", "page");
    link.addEventListener("click", () => close(false));
    const start = view.isStart ? "Start page: " + view.name + ". Press to begin with the overview again" : "Make " + view.name + " the start page";
    const made = element("li", { className: "view" }, link,
      button(view.isStart ? "house-fill" : "house", start, () => begin(view), { "aria-pressed": String(view.isStart), "data-do": "start", "data-edits": "" }),
      button("pencil", "Rename " + view.name, () => rename(view), { "data-do": "rename", "data-edits": "" }),
      button("trash", "Delete " + view.name, () => confirm(view), { "data-do": "delete", "data-edits": "" }));
    made.dataset.view = view.viewId;
    return made;
  }

  const rowOf = (view) => document.querySelector('#views-list [data-view="' + view.viewId + '"]');
  const at = (view, what) => () => (rowOf(view)?.querySelector('[data-do="' + what + '"]') || $("views-name")).focus();

  async function load() {
    try {
      const response = await fetch(PATH, { cache: "no-cache" });
      if (!response.ok) throw new Error(response.status);
      views = (await response.json()).items;
      say("");
      draw();
    } catch {
      say("The views cannot be read just now. Try again in a moment.");
    }
  }

  /* ---- changing it --------------------------------------------------------------------------------- */

  function say(problem, ...more) {
    $("views-problem").replaceChildren(problem, ...more);
  }

  // What was done is announced, what was refused is said in the menu; true where it was done.
  async function act(done, method, path, body) {
    const told = await window.fixer.send(method, path, body);
    if (told.problem) return void say(told.problem, ...(body ? remedy(told, body) : []));
    await load();
    window.fixer.announce(done);
    return true;
  }

  // A name that is taken may be meant: the view of this name then becomes what the page shows.
  function remedy(told, body) {
    const taken = told.code === "conflict" && body.url && views.find((view) => same(view.name, body.name));
    if (!taken) return [];
    const replace = element("button", { type: "button", className: "btn-line" }, "Replace that view");
    replace.addEventListener("click", async () => {
      if (await act("View “" + taken.name + "” replaced", "PATCH", PATH + "/" + taken.viewId, { url: body.url })) saved();
    });
    return [replace];
  }

  const plain = (name) => name.split(/\s+/).filter(Boolean).join(" ").toLowerCase();
  const same = (a, b) => plain(a) === plain(b);

  function saved() {
    $("views-name").value = "";
    $("views-name").focus();
  }

  async function save() {
    const name = $("views-name").value;
    if (await act("View “" + name.trim() + "” saved", "POST", PATH, { name: name, url: here() })) saved();
  }

  async function begin(view) {
    const on = !view.isStart, done = on ? "“" + view.name + "” is the start page now" : "The overview is the start page again";
    if (!(await act(done, "PATCH", PATH + "/" + view.viewId, { isStart: on }))) return;
    window.fixer.startAt(on ? view.url : null);
    draw(at(view, "start"));
  }

  function rename(view) {
    const field = element("input", { className: "plain-field", value: view.name, autocomplete: "off", "aria-label": "New name of " + view.name });
    const form = element("form", { className: "view-form" }, field,
      element("button", { type: "submit", className: "btn btn-primary" }, "Rename"), cancel(view, "rename"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const done = "Renamed to “" + field.value.trim() + "”";
      if (await act(done, "PATCH", PATH + "/" + view.viewId, { name: field.value })) draw(at(view, "rename"));
    });
    rowOf(view).replaceChildren(form);
    field.select();
  }

  function confirm(view) {
    const sure = element("button", { type: "button", className: "btn btn-primary" }, "Delete"), back = cancel(view, "delete");
    const question = element("p", {}, "Delete ", element("bdi", {}, view.name), " for everybody?");
    sure.addEventListener("click", () => remove(view));
    rowOf(view).replaceChildren(element("div", { className: "view-form", role: "group" }, question, sure, back));
    back.focus();
  }

  async function remove(view) {
    const next = views[views.indexOf(view) + 1] || views[views.indexOf(view) - 1];
    if (!(await act("View “" + view.name + "” deleted", "DELETE", PATH + "/" + view.viewId))) return;
    if (view.isStart) window.fixer.startAt(null);
    draw(next ? at(next, "delete") : () => $("views-name").focus());
  }

  function cancel(view, what) {
    const made = element("button", { type: "button", className: "btn btn-outline-secondary", "data-cancel": "" }, "Cancel");
    made.addEventListener("click", () => {
      say("");
      draw(at(view, what));
    });
    return made;
  }

  /* ---- opening and closing ------------------------------------------------------------------------- */

  const isOpen = () => $("views-panel") && !$("views-panel").hidden;

  function open() {
    $("views-panel").hidden = false;
    $("views-toggle").setAttribute("aria-expanded", "true");
    say("");
    draw();
    load();
    $("views-panel").focus({ preventScroll: true });
  }

  function close(focus) {
    $("views-panel").hidden = true;
    $("views-toggle").setAttribute("aria-expanded", "false");
    if (focus) $("views-toggle").focus();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#views-toggle")) return void (isOpen() ? close(true) : open());
    // What a click has just taken out of the menu was inside of it.
    if (isOpen() && event.target.isConnected && !event.target.closest("#views")) close(false);
  });

  document.addEventListener("focusout", (event) => {
    const to = event.relatedTarget;
    if (isOpen() && to && event.target.closest("#views") && !to.closest("#views")) close(false);
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#views-form")) return;
    event.preventDefault();
    save();
  });

  // First what was begun in a row, then the menu itself.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen() || !event.target.closest("#views")) return;
    const begun = event.target.closest(".view-form")?.querySelector("[data-cancel]");
    if (begun) begun.click();
    else close(true);
  });
})();
