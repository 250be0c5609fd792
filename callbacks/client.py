"""What runs in the browser alone: theme, painting, sharing. The code is in assets/."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, State

from layouts import ids, shell


def register(app: Dash) -> None:
    _showing(app)
    app.clientside_callback(
        ClientsideFunction("interact", "chooseTheme"),
        Output(ids.THEME, "data"),
        *(Input(ids.theme_choice(choice), "n_clicks") for choice in shell.THEMES),
        prevent_initial_call=True,
    )
    for button in (ids.SHARE_PLAIN, ids.SHARE_FROZEN):
        app.clientside_callback(
            ClientsideFunction("interact", "share"), Input(button, "n_clicks"), prevent_initial_call=True
        )


def _showing(app: Dash) -> None:
    """What the server answers is put into the page; figures are painted in the colours of the theme."""
    for name in ids.CHARTS:
        app.clientside_callback(
            ClientsideFunction("panels", "chart"),
            Output(ids.graph(name), "figure"),
            Input(ids.answer(name), "data"),
            State(ids.graph(name), "id"),
            prevent_initial_call=True,
        )
    for name in (ids.CARDS, ids.MODELS):
        app.clientside_callback(
            ClientsideFunction("panels", "fill"), Input(ids.answer(name), "data"), prevent_initial_call=True
        )
    app.clientside_callback(
        ClientsideFunction("panels", "standing"),
        Output(ids.NAMES, "data"),
        Output(ids.KNOWN, "data"),
        Input(ids.answer(ids.STANDING), "data"),
        prevent_initial_call=True,
    )
