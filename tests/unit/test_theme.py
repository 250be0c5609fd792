"""The look's tokens: they exist in both themes, and what is written or drawn with them can be seen."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from layouts import theme
from layouts.theme import faded, layout, model_colour

ASSETS = Path(__file__).parents[2] / "assets"
STYLES = {path.name: path.read_text() for path in ASSETS.glob("*.css")}
TOKEN = re.compile(r"(--[a-z0-9-]+):\s*(#[0-9a-f]{6})\b")

# WCAG 2.2: 4.5 for text (1.4.3), 3 for what is drawn and must be told from its ground (1.4.11).
TEXT, DRAWN = 4.5, 3.0
INKS = ("--text", "--muted", "--faint", "--accent", "--good", "--bad", "--warn")
READ = [
    *product(INKS, ("--card", "--page")),
    ("--accent", "--accent-soft"),
    ("--good", "--good-soft"),
    ("--bad", "--bad-soft"),
    ("--warn", "--warn-soft"),
    ("--text", "--line-soft"),
    ("--muted", "--line-soft"),
    ("--on-accent", "--accent"),
    ("--text", "--accent-soft"),
]
SEEN = sorted(
    {*theme.STATUS.values(), *theme.KIND.values(), *theme.TOKEN_KIND.values(), *theme.NAMED, "--accent"}
)


def tokens(name: str) -> dict[str, str]:
    """The colours of one theme; the dark one inherits what it does not set."""
    light = dict(TOKEN.findall(re.search(r":root \{(.*?)\n\}", STYLES["app.css"], re.DOTALL)[1]))
    dark = re.search(r'\[data-bs-theme="dark"\] \{(.*?)\n\}', STYLES["app.css"], re.DOTALL)[1]
    return light if name == "light" else light | dict(TOKEN.findall(dark))


def luminance(colour: str) -> float:
    """The relative luminance of #rrggbb as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), READ)
def test_text_can_be_read(name, ink, ground):
    known = tokens(name)
    assert contrast(known[ink], known[ground]) >= TEXT, (known[ink], known[ground])


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("mark", SEEN)
def test_what_is_drawn_can_be_seen_on_a_card(name, mark):
    known = tokens(name)
    assert contrast(known[mark], known["--card"]) >= DRAWN, known[mark]


def test_both_themes_have_every_colour():
    assert tokens("light").keys() == tokens("dark").keys()


def test_every_variable_that_is_used_is_defined():
    written = "\n".join(STYLES.values())
    defined = set(re.findall(r"(--[A-Za-z0-9-]+)\s*:", written))
    set_by_components = {"--picture", "--colour", "--key", "--dot"}
    used = {
        name for name in re.findall(r"var\((--[A-Za-z0-9-]+)[,)]", written) if not name.startswith("--bs-")
    }
    assert used - defined - set_by_components == set()


def test_nothing_is_smaller_than_twelve_pixels():
    sizes = [
        float(size)
        for text in STYLES.values()
        for size in re.findall(r"font(?:-size)?:[^;]*?([\d.]+)px", text)
    ]
    assert min(sizes) >= 12
    assert layout()["font"]["size"] >= 12
    assert layout()["xaxis"]["tickfont"]["size"] >= 12


def test_nothing_is_fetched_from_another_host():
    for name, text in STYLES.items():
        addresses = re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
        assert [a for a in addresses if not a.startswith(("data:", "vendor/"))] == [], name


def test_colours_of_models_stand_by_their_rank_among_all():
    models = [f"model-{i}" for i in range(14)]
    twelve = [f"--c{i}" for i in range(1, 13)]
    assert [model_colour(model, models) for model in models] == [*twelve, "--unknown", "--unknown"]
    assert model_colour("never seen", models) == "--unknown"


def test_members_keep_their_colour_on_every_chart_and_no_two_on_one_are_alike():
    names = [f"repository-{i:02}" for i in range(30)]
    by_runs, by_cost = names[:6], [names[0], *names[11:16]]
    colours = theme.member_colours(names, [by_runs, by_cost])
    assert [colours[name] for name in by_runs] == [model_colour(name, names) for name in by_runs]
    assert colours[names[11]] == "--c12"
    # Number 12 would have the colour of number 0; 6 is the first that is not shown anywhere.
    assert colours[names[12]] == "--c7"
    assert len({colours[name] for name in by_cost}) == 6
    assert len(set(colours.values())) == len(colours)
    many = [names[i : i + 6] for i in range(0, 30, 6)]  # thirty names, twelve colours
    assert [len({theme.member_colours(names, many)[name] for name in chart}) for chart in many] == [6] * 5
    assert theme.member_colours(names, [["never seen", names[6]]]) == {"never seen": "--c8", names[6]: "--c7"}


def test_faded_keeps_the_token():
    assert faded("--success", 0.16) == "--success/0.16"


def test_a_chart_adds_to_the_shared_layout_without_changing_it():
    mine = layout(margin={"l": 1}, dragmode=False)
    assert mine["margin"] == {"l": 1}
    assert mine["yaxis"]["gridcolor"] == "--line-soft"
    assert layout()["dragmode"] == "zoom"
