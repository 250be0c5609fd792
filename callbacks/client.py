"""What runs in the browser alone: how the page stands, theme, sharing. The code is in assets/."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output

from layouts import ids, shell


def register(app: Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("panels", "standing"),
        Output(ids.NAMES, "data"),
        Output(ids.KNOWN, "data"),
        Input(ids.answer(ids.STANDING), "data"),
        prevent_initial_call=True,
    )
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
