/* The pages of alerts. A rule's form keeps its state in the URL (data-set), so that the preview follows it; here
it is saved, its channels are ticked, and what is wrong is said beside the field. Channels, digests, snoozing. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const RULES = "/api/alerts/rules";
  const NUMBERS = ["threshold", "resolve", "minRuns"];
  const UNITS = { percent: "percent, from 0 to 100", ms: "milliseconds: 30000 is half a minute", usd: "US dollars", tokens: "tokens", count: "", number: "" };
  const params = () => window.fixerFilters.parse(window.location.search, window.location.pathname);
  const onForm = () => document.documentElement.dataset.page === "/alerts/<id>";

  async function call(method, path, body) {
    try {
      const headers = body ? { "Content-Type": "application/json" } : {};
      const answer = await fetch(path, { method: method, headers: headers, body: body && JSON.stringify(body) });
      const told = await answer.json();
      return answer.ok ? { told: told } : { error: told.error };
    } catch {
      return { error: { message: "The server does not answer.", parameter: null, allowed: "" } };
    }
  }

  const says = (error) => error.message.replace(/\.?$/, ".") + (error.allowed ? " Allowed: " + error.allowed : "");

  /* ---- the form of a rule ------------------------------------------------------------------------------ */

  function complain(key, text) {
    for (const place of document.querySelectorAll("#alert-form .complaint")) {
      const mine = place.id === "complaint-" + key && text;
      place.hidden = !mine;
      place.textContent = mine ? text : "";
      const field = $(place.id.replace("complaint-", "alert-"));
      if (!field) continue;
      field.setAttribute("aria-invalid", mine ? "true" : "false");
      if (mine) field.setAttribute("aria-describedby", place.id);
      else field.removeAttribute("aria-describedby");
    }
    const place = $("complaint-" + key), folded = place && place.closest("details");
    if (folded && text) folded.open = true;
  }

  // What the API takes, out of the URL.
  function body() {
    const asked = params(), found = { name: asked.name || "" };
    for (const key of ["metric", "filters", "comparison", "window", "against", "unit", "basis", "hold", "clear", "noData", "severity", "renotify"]) {
      if (asked[key]) found[key] = asked[key];
    }
    for (const key of NUMBERS) {
      if (!asked[key]) continue;
      const number = Number(asked[key].replace(/ /g, ""));
      if (Number.isNaN(number)) return { wrong: key, text: key + " '" + asked[key] + "' is not allowed. Allowed: a number such as 20 or 0.5" };
      found[key] = number;
    }
    found.channels = (asked.channels || "").split(",").filter(Boolean).map(Number);
    found.tz = asked.zone || asked.tz || window.fixerFilters.browserZone();
    found.enabled = asked.enabled !== "no";
    return { found: found };
  }

  async function save() {
    const { found, wrong, text } = body(), id = window.location.pathname.split("/").pop();
    if (wrong) return complain(wrong, text);
    $("alert-saved").textContent = "Saving";
    const made = id === "new", answer = await call(made ? "POST" : "PUT", made ? RULES : RULES + "/" + id, found);
    $("alert-saved").textContent = "";
    if (answer.told) {
      window.fixer.announce("Rule " + answer.told.name + " saved");
      return window.fixer.go("/alerts");
    }
    const key = answer.error.parameter === "tz" ? "zone" : answer.error.parameter;
    complain(key, says(answer.error));
    if ($("complaint-" + key)) ($("alert-" + key) || $("complaint-" + key)).focus();
    else $("alert-saved").textContent = says(answer.error);
  }

  document.addEventListener("submit", (event) => {
    if (event.target.id === "alert-form") {
      event.preventDefault();
      // Enter in a field: what was written there is in the URL a moment later.
      document.activeElement.blur();
      setTimeout(save, 150);
    }
  });

  // The filters of the bar above, without period and zone, as a rule takes them.
  function takeFilters() {
    const asked = window.fixerFilters.filtersOf(params());
    for (const key of ["range", "grain", "tz", "compare"]) delete asked[key];
    window.fixer.ask({ set: { filters: window.fixerFilters.build(asked).slice(1) } });
  }

  function channels() {
    const place = $("alert-to"), told = document.querySelector("#body-alert-choices [data-channels]");
    if (!place || !told) return;
    const chosen = (params().channels || "").split(",");
    const boxes = JSON.parse(told.dataset.channels).map(([id, name, shown]) => {
      const label = document.createElement("label"), box = document.createElement("input");
      Object.assign(box, { type: "checkbox", value: String(id), checked: chosen.includes(String(id)), className: "form-check-input" });
      label.title = shown;
      label.append(box, name);
      return label;
    });
    const none = document.createElement("span");
    none.className = "quiet";
    none.textContent = "There is no channel yet; one is added on the page of alerts.";
    place.replaceChildren(...(boxes.length ? boxes : [none]));
  }

  function unit() {
    const metric = $("alert-metric"), place = $("alert-unit-help");
    if (!metric || !place || !metric.selectedOptions.length) return;
    const what = $("alert-comparison").value;
    // Only what the comparison asks for: a budget has the month, and only a change is against something.
    const shows = { basis: what === "budget", window: what !== "budget", against: ["rises", "falls"].includes(what) };
    for (const [name, shown] of Object.entries(shows)) $("alert-" + name).closest(".alert-field").hidden = !shown;
    const own = UNITS[metric.selectedOptions[0].dataset.unit];
    const words = { rises: "percent of what was, or points of a share", falls: "percent of what was, or points of a share", unusual: "3 is a good beginning", budget: "percent of MONTHLY_BUDGET" };
    const text = words[what] || own;
    place.textContent = text ? "The threshold is in " + text + ". Exactly the threshold is not beyond it." : "Exactly the threshold is not beyond it.";
    if (what === "unusual") place.textContent = "Standard deviations from what the weeks before let expect; 3 is a good beginning.";
  }

  document.addEventListener("change", (event) => {
    if (event.target.closest("#alert-to")) {
      const chosen = [...document.querySelectorAll("#alert-to input:checked")].map((box) => box.value);
      window.fixer.ask({ set: { channels: chosen.join(",") } });
    }
    if (event.target.closest("#alert-form")) unit();
  });

  document.addEventListener("fixer:filled", (event) => {
    if (event.detail.includes("body-alert-choices")) {
      const to = document.querySelector("#body-alert-choices [data-go]");
      if (to && onForm()) return window.fixer.go(to.dataset.go);
      channels();
    }
    if (event.detail.includes("alert-said")) {
      const wrong = document.querySelector("#alert-said [data-complaint]");
      complain(wrong ? wrong.dataset.complaint : "", wrong ? wrong.textContent : "");
      unit();
    }
    if (event.detail.includes("body-alert-channels")) choices();
  });

  /* ---- channels and digests ------------------------------------------------------------------------------ */

  function choices() {
    const select = $("digest-to"), told = document.querySelector("#body-alert-channels [data-channels]");
    if (!select || !told) return;
    select.replaceChildren(...JSON.parse(told.dataset.channels).map(([id, name]) => new Option(name, id)));
  }

  function refused(form, error) {
    const place = form.querySelector(".complaint");
    place.hidden = !error;
    place.textContent = error ? says(error) : "";
    for (const field of form.querySelectorAll("[data-field]")) field.setAttribute("aria-invalid", String(!!error && field.dataset.field === error.parameter));
  }

  async function add(form) {
    const sent = {};
    for (const field of form.querySelectorAll("[data-field]")) {
      const key = field.dataset.field, value = field.value;
      sent[key] = key === "channels" ? (value ? [Number(value)] : []) : ["weekday", "hour"].includes(key) ? Number(value) : value;
    }
    if (form.dataset.adds.endsWith("digests")) sent.tz = params().tz || window.fixerFilters.browserZone();
    const answer = await call("POST", form.dataset.adds, sent);
    refused(form, answer.error);
    if (answer.error) return;
    for (const field of form.querySelectorAll("input[data-field]")) field.value = "";
    done("Added");
  }

  function done(text) {
    window.fixer.announce(text);
    window.fixer.ask({ refresh: true });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-adds]");
    if (!form) return;
    event.preventDefault();
    add(form);
  });

  async function act(method, path, said, sent) {
    const answer = await call(method, path, sent);
    if (answer.error) return window.fixer.announce(says(answer.error));
    done(said);
  }

  // What became of a test is in the log some moments later.
  async function test(button) {
    const answer = await call("POST", button.dataset.test);
    if (answer.error) return window.fixer.announce(says(answer.error));
    window.fixer.announce("A test is on its way to " + button.dataset.name);
    for (let tries = 0; tries < 20; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const { told } = await call("GET", "/api/alerts/deliveries");
      const found = told && told.items.find((item) => item.deliveryId === answer.told.deliveryId);
      if (!found || found.state === "waiting") continue;
      return done(found.state === "sent" ? "The test was sent to " + button.dataset.name : "The test was not sent: " + found.problem);
    }
  }

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest && event.target.closest(selector);
    const remove = at("[data-delete]"), post = at("[data-post]"), tried = at("[data-test]");
    if (remove && window.confirm("Delete " + remove.dataset.what + "?")) act("DELETE", remove.dataset.delete, "Deleted");
    else if (post) act("POST", post.dataset.post, post.dataset.said, {});
    else if (tried) test(tried);
    else if (at("#take-filters")) takeFilters();
  });

  document.addEventListener("change", (event) => {
    const select = event.target.closest("[data-snooze]");
    if (!select || !select.value) return;
    act("POST", select.dataset.snooze, select.dataset.name + " snoozed", { hours: Number(select.value) });
  });
})();
