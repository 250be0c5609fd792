"""Fixtures for what is drawn: filters as a URL asks for them, and frames as the store answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pandas as pd
import pytest

from queries.calendar import buckets, edges
from queries.filters import Filters, parse

NOW = datetime(2026, 11, 22, 13, 32, tzinfo=UTC)  # a Sunday, 14:32 in Berlin


@pytest.fixture
def asked() -> Callable[..., Filters]:
    """``asked(range="7d", status="failed")``: the filters of such a URL, in Berlin, at NOW."""

    def build(**parameters: str) -> Filters:
        extent = (datetime(2026, 5, 1, 12, tzinfo=UTC), NOW)
        return parse(parameters, now=NOW, default_tz="Europe/Berlin", extent=lambda: extent)

    return build


@pytest.fixture
def framed() -> Callable[..., pd.DataFrame]:
    """``framed(filters, metrics, runs=[3, 0, ...])``: a frame by the filters' grain as Store.fetch gives
    it; metrics that are not given are 0 in every bucket."""

    def build(filters: Filters, metrics: tuple[str, ...], **columns: list[float]) -> pd.DataFrame:
        limits = edges(filters.start, filters.end, filters.tz, filters.grain)
        spans = [span for span in buckets(limits, filters.tz) if span[0] <= filters.now]
        data = {
            "start": pd.Series([start for start, _ in spans], dtype=object),
            "end": pd.Series([end for _, end in spans], dtype=object),
            "partial": [filters.partial(start, end) for start, end in spans],
        }
        for name in metrics:
            data[name] = pd.Series(columns.get(name, [0.0] * len(spans)), dtype=float)
            assert len(data[name]) == len(spans), f"{name}: {len(spans)} buckets"
        return pd.DataFrame(data)

    return build


@pytest.fixture
def one_row() -> Callable[..., pd.DataFrame]:
    """``one_row(metrics, runs=12)``: the whole period in one row; what is not given is 0."""

    def build(metrics: tuple[str, ...], **values: float) -> pd.DataFrame:
        return pd.DataFrame([{name: float(values.get(name, 0)) for name in metrics}])

    return build
