/* The changes page: a picture as tall as it has rows, two dates that choose what is compared with, and a
click on a contributor that opens its runs. */
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

  document.addEventListener("pointerover", (event) => {
    const graph = event.target.closest && event.target.closest("#graph-changes .js-plotly-plot");
    if (!graph || graph.dataset.opens || typeof graph.on !== "function") return;
    graph.dataset.opens = "bound";
    graph.on("plotly_click", (click) => {
      const point = click.points[0], links = graph.layout.meta.links || [];
      if (links[point.y]) window.fixer.go(links[point.y]);
    });
  });
})();
