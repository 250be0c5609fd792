"""What runs say when they go wrong: kinds of trouble and messages in several languages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_ENGLISH_SHARE = 0.7
_PATHS = (
    "src/billing/invoice.py",
    "/home/runner/work/storefront/src/lib/price.ts",
    "lib/io/parquet.py",
    "/var/lib/agent/runs/{hex}/patch.diff",
    "C:\\Users\\björn\\repo\\app\\build.gradle.kts",
    "ios/App/Login View.swift",
    "tests/test_währung.py",
)


@dataclass(frozen=True)
class Kind:
    """A kind of trouble as messages.toml has it; one without templates says nothing."""

    name: str
    share: float
    english: tuple[str, ...]
    others: tuple[str, ...]


def _read() -> dict[str, tuple[Kind, ...]]:
    path = Path(__file__).with_name("messages.toml")
    by_status = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        status: tuple(
            Kind(name, kind["share"], _templates(kind["english"]), _templates(kind["others"]))
            for name, kind in kinds.items()
        )
        for status, kinds in by_status.items()
    }


def _templates(texts: list[str]) -> tuple[str, ...]:
    return tuple(text.strip("\n") for text in texts)


KINDS = _read()  # by status
_KIND = {kind.name: kind for kinds in KINDS.values() for kind in kinds}


def ordinary_kinds(status: str, dice: np.ndarray) -> list[str]:
    """What goes wrong on an ordinary day in runs with this status; ``dice`` are uniform."""
    kinds = KINDS[status]
    bounds = np.cumsum([kind.share for kind in kinds])
    chosen = np.searchsorted(bounds[:-1], dice, side="right")
    return [kinds[position].name for position in chosen.tolist()]


def messages(kinds: list[str], rng: np.random.Generator) -> list[str | None]:
    """A message for each kind, with its own numbers, ids and paths."""
    english = (rng.random(len(kinds)) < _ENGLISH_SHARE).tolist()
    draws = rng.integers(0, 1 << 48, (len(kinds), 2)).tolist()
    return [
        _message(_KIND[kind].english if plain else _KIND[kind].others, *pair)
        for kind, plain, pair in zip(kinds, english, draws, strict=True)
    ]


def _message(templates: tuple[str, ...], first: int, second: int) -> str | None:
    if not templates:
        return None
    # The path first: some hold an id. Not str.format: code in tracebacks holds braces of its own.
    return (
        templates[first % len(templates)]
        .replace("{path}", _PATHS[second % len(_PATHS)])
        .replace("{hex}", f"{second:012x}")
        .replace("{n}", str(2 + first % 97))
        .replace("{m}", str(100 + second % 900))
    )
