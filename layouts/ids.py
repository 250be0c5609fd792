"""Bottom of layouts: every component id, so that layouts, callbacks and tests never spell one twice."""

from __future__ import annotations

# The page's state. FILTERS holds the URL's strings (range, status, model, ..., and the keys of the page),
# `tz`, `path`, and `now`, frozen once per refresh. Every server callback takes it as its input.
URL = "url"
FILTERS = "filters"
PAGES = "pages"  # dcc.Store: path -> what stands there (layouts.pages)
THEME = "theme"  # dcc.Store in localStorage: 'light' | 'dark' | 'system' as chosen; theme.js applies it
BANNER = "banner"  # bad values of the URL are named here
CONTENT = "content"  # holds the page: hidden while the banner stands
NAV = "nav"
NAV_TOGGLE = "nav-toggle"  # opens the navigation on a phone

# KPI cards: one callback fills them all.
CARDS = "cards"

# Charts. Each has a store (figure dict with colour tokens), a graph that paint.js paints, and the parts
# of its card that change with the filters.
CHARTS = (
    "executions",
    "outcomes",
    "success_rate",
    "failures",
    "duration",
    "tokens",
    "cost",
    "llm_calls",
    "tool_calls",
)
TIME_CHARTS = tuple(name for name in CHARTS if name != "outcomes")
# Charts without a time axis, below: how durations and costs are distributed.
DISTRIBUTIONS = ("duration_histogram", "cost_histogram")
MODELS = "models"  # the comparison table: a card like the charts, without a figure


def page(name: str) -> str:
    """What stands in CONTENT: ``page-overview``, ``page-runs``, ..."""
    return f"page-{name}"


def answer(panel: str) -> str:
    """The dcc.Store with what the server answered for a panel (a chart, CARDS, STANDING, ...);
    assets/panels.js shows it."""
    return f"answer-{panel}"


def graph(chart: str) -> str:
    """The dcc.Graph of ``chart``; its figure is written by panels.js only."""
    return f"graph-{chart}"


def chart_card(chart: str) -> str:
    """The whole card (a <section>), labelled by its title."""
    return f"card-{chart}"


def title(chart: str) -> str:
    return f"title-{chart}"


def subtitle(chart: str) -> str:
    """Which runs, in words: children are text."""
    return f"subtitle-{chart}"


def warnings(chart: str) -> str:
    """Warning lines: children are components."""
    return f"warnings-{chart}"


def legend(chart: str) -> str:
    """The HTML legend: children are buttons with data-trace."""
    return f"legend-{chart}"


def plot(chart: str) -> str:
    """The frame around skeleton, graph and states; its class says which one shows."""
    return f"plot-{chart}"


def table(chart: str) -> str:
    """The data table behind ``chart``, built clientside from the figure when it is opened."""
    return f"table-{chart}"


def table_toggle(chart: str) -> str:
    """The "View as table" entry in the card's menu."""
    return f"table-toggle-{chart}"


def body(card: str) -> str:
    """The changing part of a card without a figure (``ids.MODELS``)."""
    return f"body-{card}"


def kpi(metric: str) -> str:
    """The KPI card of ``metric``."""
    return f"kpi-{metric}"


def kpi_value(metric: str) -> str:
    """The large number on that card; its title attribute is the exact value."""
    return f"kpi-value-{metric}"


def help_button(metric: str) -> str:
    return f"help-{metric}"


# What the page asks of its filters without a control: chips, reset, clear buttons, zoom, a click on a
# model write {"set": {parameter: value}}, {"search": "?..."}, {"refresh": true} or
# {"live": true} here.
ASK = "ask"
STANDING = "standing"  # a panel without a card: how the page stands, see callbacks.standing
NAMES = "names"  # dcc.Store: {model, agent, version: [[name, runs], ...], days, state}
KNOWN = "known"  # dcc.Store: the state of these names, for the server to send them only when it changes
NOTICE = "notice"  # empty database, empty result, database away
FRESHNESS = "freshness"
KEPT_NOTE = "kept-note"  # since when single runs are kept, where the period begins before
LIVE = "live"  # the switch of live updates (assets/live.js)
LIVE_STATE = "live-state"  # says when the connection is lost

# The filter bar. "filter-" and the parameter's name: assets/filters.js relies on it.
RANGE = "filter-range"
DATES = "filter-dates"
GRAIN = "filter-grain"
STATUS = "filter-status"
MODEL = "filter-model"
AGENT = "filter-agent"
VERSION = "filter-version"
TZ = "filter-tz"
COMPARE = "filter-compare"
CHIPS = "chips"
ADD_FILTER = "add-filter"  # filters without a dropdown of their own (assets/filter_values.js)
ADD_FILTER_PANEL = "add-filter-panel"
RESET = "reset"
DRAWER = "drawer"  # on a phone: the sheet that holds the controls
DRAWER_BUTTON = "drawer-button"
DRAWER_CLOSE = "drawer-close"
FILTER_COUNT = "filter-count"

THEME_MENU = "theme-menu"
SHARE_MENU = "share-menu"
WHO_MENU = "who-menu"
SHARE_PLAIN = "share-plain"
SHARE_FROZEN = "share-frozen"
VIEWS = "views"  # the menu of saved views (assets/views.js)
VIEWS_TOGGLE = "views-toggle"
VIEWS_PANEL = "views-panel"
VIEWS_FORM = "views-form"
VIEWS_NAME = "views-name"
VIEWS_LIST = "views-list"
VIEWS_EMPTY = "views-empty"
VIEWS_PROBLEM = "views-problem"
ANNOUNCER = "announcer"  # says to everybody, screen readers included, what just happened


def theme_choice(choice: str) -> str:
    """The menu entry that chooses the theme ``light``, ``dark`` or ``system``."""
    return f"theme-{choice}"


def label(control: str) -> str:
    """The visible label of a control of the filter bar."""
    return f"label-{control}"


# The money page: panels of words and tables, and BUDGET, a chart.
BUDGET = "budget"
SPEND = "spend"
WASTE = "waste"
WASTE_FILES = "waste-files"
WASTE_RAW = "waste-raw"
SAVINGS = "savings"

# The data page: panels, and the comparison of rollups and runs (assets/data.js).
FRESH = "fresh"
ROLLUPS = "rollups"
LACKING = "lacking"
CLOCKS = "clocks"
COSTS = "costs"
LIST_PRICES = "list-prices"
IMPORTS = "imports"
WORKER = "worker"
DATA_PANELS = (FRESH, ROLLUPS, LACKING, CLOCKS, COSTS, LIST_PRICES, IMPORTS, WORKER)
VERIFY = "verify"
VERIFIED = "verified"


# What changed (layouts.changes_page) and markers on time charts (layouts.markers).
CHANGES = "changes"
CHANGED_BY = "changed-by"  # the list of dimensions
SENTENCE = "changes-sentence"
AGAINST = "changes-against"  # the dates of the period that is compared with
ATTRIBUTES = "changes-attributes"  # the attributes among the dimensions to choose from
MARKED = "marked"  # the list of markers, with the form for own ones
MARKERS = "markers"  # unseen: what assets/markers.js draws on the time charts of the page
MARKER_FORM = "marker-form"

# The errors page.
ERRORS = "errors"

# What the time charts of the overview are split by (layouts.split_bar).
SPLIT = "split"

# The tools page.
TOOLS = "tools"


# Compare (layouts.compare_page): COMPARED is a panel of controls and a table, the others are charts.
COMPARED = "compared"
SIDES = "compare-sides"  # the controls that choose A and B
COMPARE_DURATION = "compare_duration"
COMPARE_COST = "compare_cost"

# What is unusual: the strip at the head of the overview, which also carries what the charts mark.
UNUSUAL = "unusual"

# The runs (/runs): the panel, and what it fills beside its body and subtitle.
FLYING = "flying"  # dcc.Store: the moment at which the runs in flight alone are asked for again
IN_FLIGHT = "in-flight"  # the line of the overview
IN_FLIGHT_RUNS = "in-flight-runs"  # the list of the runs page
IN_FLIGHT_PROBLEM = "in-flight-problem"
RUNS = "runs"
RUNS_COUNT = "runs-count"  # holds RUNS_TOTAL
RUNS_TOTAL = "runs-total"  # how many, in words; data-value is the number, data-more whether there are more
RUNS_MENUS = "runs-menus"
RUNS_NEW = "runs-new"  # how many have come in since the table was drawn: its rows stay where they are
RUNS_PAGES = "runs-pages"

# One run (/runs/<id>): its panels, and the places they fill.
RUN = "run"
RUN_HEAD = "run-head"
RUN_BODY = "run-body"
RUN_PEERS = "run-peers"
RUN_AROUND = "run-around"

# Alerts (/alerts): panels, and of the page of one rule (/alerts/<id>) its form and preview.
ALERT_RULES = "alert-rules"
ALERT_CHANNELS = "alert-channels"
ALERT_DIGESTS = "alert-digests"
ALERT_EPISODES = "alert-episodes"
ALERT_DELIVERIES = "alert-deliveries"
ALERT_PANELS = (ALERT_RULES, ALERT_CHANNELS, ALERT_DIGESTS, ALERT_EPISODES, ALERT_DELIVERIES)
ALERT_CHOICES = "alert-choices"  # unseen: what the form needs of the server
ALERT_PREVIEW = "alert_preview"
ALERT_FORM = "alert-form"
ALERT_UNIT = "alert-unit-help"
ALERT_TO = "alert-to"
ALERT_SAVED = "alert-saved"
SAID = "alert-said"
