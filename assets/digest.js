/* The preview of a weekly digest: the mail as it would be sent now, in a frame that may run nothing, send nothing
and lead nowhere but into new tabs, and its plain text. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  let chosen; // the button that was clicked last

  function fill(subject, html, text, problem) {
    $("digest-subject").textContent = subject;
    $("digest-problem").textContent = problem;
    // Its links lead out of the frame, which the server would not be shown in.
    $("digest-mail").srcdoc = html.replace("<head>", '<head><base target="_blank">');
    $("digest-text").textContent = text;
    for (const id of ["digest-mail", "digest-plain"]) $(id).hidden = !html;
  }

  async function show(button) {
    chosen = button;
    const tz = button.dataset.preview || window.fixerFilters.parse(window.location.search, window.location.pathname).tz || window.fixerFilters.browserZone();
    fill("Working it out", "", "", "");
    if (!$("digest-preview").open) $("digest-preview").showModal();
    const { answer, problem } = await window.fixer.send("GET", "/api/alerts/digest?tz=" + encodeURIComponent(tz));
    if (chosen !== button) return;
    if (problem) fill("There is no preview", "", "", problem);
    else fill(answer.subject, answer.html, answer.text, "");
  }

  // As high as the mail: two things to scroll, one in the other, are one too many.
  const fit = () => {
    const mail = $("digest-mail");
    if (mail && !mail.hidden && mail.contentDocument.body) mail.style.height = mail.contentDocument.body.scrollHeight + 2 + "px";
  };
  document.addEventListener("load", (event) => event.target.id === "digest-mail" && fit(), true);
  window.addEventListener("resize", fit);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-preview], #digest-close");
    if (!button) return;
    if (button.id === "digest-close") $("digest-preview").close();
    else show(button);
  });
})();
