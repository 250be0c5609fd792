/* What is laid over the pictures: markers (markers.js) and flags (unusual.js) come with panels of their own, are
laid anew with every drawing, and each explains itself in a card. Loaded before them, by the order of names. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // `take` gets what the panel tells (data-NAME in it), null for nothing; `lay` puts it on a graph.
  function follow(name, take, lay) {
    document.addEventListener("fixer:filled", (event) => {
      if (!event.detail.includes(name)) return;
      const place = $(name), data = place && place.querySelector("[data-" + name + "]");
      take(data ? JSON.parse(data.dataset[name]) : null);
      for (const graph of document.querySelectorAll(".js-plotly-plot")) lay(graph);
    });
    // A graph exists some time after it was painted; from then on every drawing lays them anew.
    document.addEventListener("fixer:painted", (event) => bind("graph-" + event.detail, 100));
    const bound = name + "Laid";

    function bind(id, tries) {
      const graph = $(id) && $(id).querySelector(".js-plotly-plot");
      if (graph && typeof graph.on === "function") {
        if (graph.dataset[bound]) return;
        graph.dataset[bound] = "bound";
        graph.on("plotly_afterplot", () => lay(graph));
        lay(graph);
      } else if (tries) setTimeout(() => bind(id, tries - 1), 50);
    }
  }

  // Under a picture, where each layer has a line.
  function foot(plot) {
    const card = plot.parentElement;
    return card.querySelector(":scope > .notes") || card.appendChild(element("div", "notes"));
  }

  // A card beside what it explains: below it, or above where there is no room.
  function card(id) {
    let box;

    function close() {
      if (box) box.hidden = true;
    }

    function open(target, parts) {
      if (!box) {
        box = document.body.appendChild(element("div", "chart-tooltip " + id));
        box.id = id;
        box.setAttribute("role", "tooltip");
      }
      box.replaceChildren(...parts);
      box.hidden = false;
      const from = target.getBoundingClientRect(), size = box.getBoundingClientRect();
      const x = Math.max(8, Math.min(from.left, document.documentElement.clientWidth - size.width - 8));
      const below = from.bottom + 8 + size.height < window.innerHeight;
      box.style.transform = "translate(" + Math.round(x) + "px," + Math.round(below ? from.bottom + 8 : Math.max(8, from.top - 8 - size.height)) + "px)";
    }

    document.addEventListener("keydown", (event) => event.key === "Escape" && close());
    document.addEventListener("scroll", close, { passive: true, capture: true });
    return { open: open, close: close };
  }

  window.fixer = { ...window.fixer, layers: { element: element, follow: follow, foot: foot, card: card } };
})();
