/* What the page writes through the API: POST, PATCH, DELETE as JSON, and what a refusal says. */
(function () {
  "use strict";

  // {answer}, or {problem: words, code} where it is refused or nobody answers.
  async function send(method, path, body) {
    try {
      const headers = body ? { "Content-Type": "application/json" } : {};
      const response = await fetch(path, { method: method, headers: headers, body: body && JSON.stringify(body) });
      const told = await response.json();
      if (response.ok) return { answer: told };
      const { message, allowed, code } = told.error;
      return { problem: message.replace(/\.?$/, ".") + (allowed && code !== "conflict" ? " Allowed: " + allowed : ""), code: code };
    } catch {
      return { problem: "The server does not answer.", code: "away" };
    }
  }

  window.fixer = { ...window.fixer, send: send };
})();
