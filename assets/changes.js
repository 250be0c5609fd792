/* The changes page: a picture as tall as it has rows, and two dates that choose what is compared with. */
(function () {
  "use strict";
  const $ = (id) => document.getElementById(id);

  // Told before it is drawn, so that nothing moves afterwards.
  document.addEventListener("fixer:painted", (event) => {
    const source = window.fixer.charts.figureOf(event.detail), height = source && source.layout.meta.height;
    const plot = $("plot-" + event.detail);
    if (!plot || event.detail !== "changes") return;
    plot.style.height = (height || 60) + "px";
    if (height) makeRoom(source.layout, plot.clientWidth);
  });

  // The figure beside the last bar must fit, however narrow the picture is.
  function makeRoom(layout, width) {
    const [low, high] = layout.meta.ends, names = 8 * Math.max(...layout.yaxis.ticktext.map((name) => name.length));
    const room = Math.max(0.3, 1 - layout.meta.beside / Math.max(1, width - names - 24));
    layout.xaxis.range = [low, low + (high - low) / room];
  }

  // Both dates make a range; a single one asks for nothing yet.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-against]")) return;
    const [from, to] = ["from", "to"].map((end) => document.querySelector("[data-against=" + end + "]").value);
    if (from && to) window.fixer.ask({ set: { against: [from, to].sort().join("..") } });
  });
})();
