"""Bottom of layouts: aria-* and data-* attributes, which are no Python names."""

from __future__ import annotations

from typing import Any


def attrs(**named: str) -> dict[str, Any]:
    """``**attrs(aria_label="Close", data_ask="{}")`` for ``aria-label`` and ``data-ask``."""
    return {name.replace("_", "-"): value for name, value in named.items()}
