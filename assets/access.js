/* Who may see and change: a session that is over leads to log-in and back; what changes anything
   (data-edits) cannot be used by those who only look, and says why. */
(function () {
  "use strict";
  const LOGIN_HEADER = "X-Log-In"; // dashboard/access/refusals.py
  const fetchBefore = window.fetch;
  let leaving = false;

  window.fetch = async function (...asked) {
    const answer = await fetchBefore.apply(window, asked);
    const login = answer.status === 401 && answer.headers.get(LOGIN_HEADER);
    if (login && !leaving) {
      leaving = true;
      const here = window.location;
      here.assign(login + "?next=" + encodeURIComponent(here.pathname + here.search));
    }
    return answer;
  };

  // A page that the browser kept from before a log-out is asked for again.
  window.addEventListener("pageshow", (event) => {
    leaving = false;
    if (event.persisted && document.getElementById("who-menu")) window.location.reload();
  });

  const CONTROLS = "button, input, select, textarea";

  function still(role) {
    const why = "; your role is " + role + ".";
    for (const note of document.querySelectorAll("[data-looks-note]")) {
      if (note.hidden) Object.assign(note, { hidden: false, textContent: "Only editors can change what is here" + why });
    }
    for (const part of document.querySelectorAll("[data-edits]")) {
      part.title = "Only editors can do this" + why;
      for (const control of part.matches(CONTROLS) ? [part] : part.querySelectorAll(CONTROLS)) {
        if (!control.disabled) control.disabled = true;
      }
    }
  }

  function watch() {
    const page = document.querySelector("[data-looks-only]");
    if (!page) return;
    this.disconnect();
    const again = () => still(page.dataset.looksOnly);
    // Other scripts let their buttons be used again when they are done.
    const seen = { childList: true, subtree: true, attributeFilter: ["disabled"] };
    new MutationObserver(again).observe(document.body, seen);
    again();
  }

  new MutationObserver(function () { if (document.getElementById("content")) watch.call(this); })
    .observe(document.documentElement, { childList: true, subtree: true });
})();
