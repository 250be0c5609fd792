"""A page without a server for our scripts: the style sheet, Plotly, one chart card, a table that sorts."""

from __future__ import annotations

from pathlib import Path

ASSETS = Path(__file__).parents[2] / "assets"
SCRIPTS = (
    "address", "units", "axis", "multiples", "paint", "drill", "layers", "legend", "tooltip", "chart_table", "csv",
    "table_sort", "popover",
)  # fmt: skip

PAGE = """<!doctype html>
<html data-bs-theme="light"><head><meta charset="utf-8"><link rel="stylesheet" href="{assets}/app.css"></head>
<body style="margin:0">
<section class="card chart" style="width:600px">
  <h3 id="title-cost">Cost</h3>
  <details class="menu"><summary>More</summary><div><button data-table-of="cost" aria-pressed="false"><span>View as table</span></button></div></details>
  <div id="plot-cost" class="plot"><div class="skeleton skeleton-bars"></div>
    <div class="picture"><div id="graph-cost" style="height:100%"><div id="inner" style="height:100%"></div></div></div>
    <div id="table-cost" class="data-table" tabindex="0" hidden></div></div>
  <div id="legend-cost" class="legend"></div>
</section>
<div class="table-wrap"><table data-sortable="models">
  <thead><tr><th aria-sort="none"><button data-sort="model">Model</button></th><th aria-sort="descending"><button data-sort="runs">Runs</button></th></tr></thead>
  <tbody><tr><td data-value="b">b</td><td data-value="20.0">20</td></tr><tr><td data-value="c">c</td><td data-value="">–</td></tr><tr><td data-value="a">a</td><td data-value="100.0">100</td></tr></tbody>
</table></div>
<span class="help-wrap"><button id="help">?</button><div class="popover-text">what it is</div></span>
<script src="{assets}/vendor/plotly/plotly-basic.min.js"></script>
{scripts}
<script>
window.dash_clientside.no_update = "no update";
window.dash_clientside.set_props = (id, props) => drawOn(props.figure);
window.drawOn = (figure) => Plotly.react("inner", figure.data, figure.layout, {{displayModeBar: false}});
window.arrive = (figure, legend) => {{
  drawOn(dash_clientside.look.paint(figure, "light", "graph-cost"));
  document.getElementById("legend-cost").replaceChildren(...legend.map((name) => {{
    const button = document.createElement("button");
    Object.assign(button.dataset, {{chart: "cost", trace: name}});
    button.setAttribute("aria-pressed", "true");
    button.textContent = name;
    return button;
  }}));
}};
</script></body></html>"""


def write(folder: Path) -> str:
    """The page's address."""
    scripts = "".join(f'<script src="{ASSETS.as_uri()}/{name}.js"></script>' for name in SCRIPTS)
    path = folder / "sheet.html"
    path.write_text(PAGE.format(assets=ASSETS.as_uri(), scripts=scripts), encoding="utf-8")
    return path.as_uri()
