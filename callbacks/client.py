"""What runs in the browser alone: theme, painting, sharing. The code is in assets/."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, State

from layouts import ids, shell


def register(app: Dash) -> None:
    _painting(app)
    app.clientside_callback(
        ClientsideFunction("interact", "chooseTheme"),
        Output(ids.THEME, "data"),
        *(Input(ids.theme_choice(choice), "n_clicks") for choice in shell.THEMES),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("interact", "sharePlain"),
        Input(ids.SHARE_PLAIN, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("interact", "shareFrozen"),
        Input(ids.SHARE_FROZEN, "n_clicks"),
        State(ids.FROZEN, "data"),
        prevent_initial_call=True,
    )


def _painting(app: Dash) -> None:
    """A figure is painted when it comes and when the theme changes, without asking the server again."""
    for name in ids.CHARTS:
        app.clientside_callback(
            ClientsideFunction("look", "paint"),
            Output(ids.graph(name), "figure"),
            Input(ids.figure_data(name), "data"),
            Input(ids.THEME, "data"),
            State(ids.graph(name), "id"),
            prevent_initial_call=True,
        )
