"""Roof: our own scripts and style sheets as one file each, so that a browser asks twice, not fifty times."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from dash import Dash
from flask import Flask, Response

_TYPES = {"js": "text/javascript", "css": "text/css"}
# Each file ends as if it stood alone: a comment or statement that is left open cannot reach the next one.
_ENDS = {"js": b"\n;\n", "css": b"\n"}


def bundle(server: Flask, app: Dash, assets: Path, apart: str) -> None:
    """Joins ``assets/*.js`` and ``*.css`` (not those whose name matches ``apart``) in the order of their
    names, as Dash would link them, and links the two in their place. They are read once: a new release
    is a new start."""
    for kind, register in (("js", app.scripts.append_script), ("css", app.css.append_css)):
        body = _joined(assets, kind, apart)
        path = f"{app.get_asset_url(f'bundle.{kind}')}"
        etag = hashlib.sha256(body).hexdigest()[:16]
        server.add_url_rule(path, f"bundle_{kind}", _view(body, kind, etag))
        register(_linked(f"{path}?m={etag}"))


def _joined(assets: Path, kind: str, apart: str) -> bytes:
    files = sorted(file for file in assets.glob(f"*.{kind}") if not re.search(apart, file.name))
    return _ENDS[kind].join(file.read_bytes() for file in files)


def _linked(url: str) -> Any:
    return {"external_url": url, "external_only": True, "namespace": "dashboard"}


def _view(body: bytes, kind: str, etag: str) -> Any:
    def view() -> Response:
        response = Response(body, mimetype=_TYPES[kind])
        response.set_etag(etag)
        return response

    return view
