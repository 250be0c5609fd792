"""Files of agents' formats made by hand, and what an import reads from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from ingest.columns import RecordOptions, is_known
from ingest.lines import Broken
from ingest.readers import read
from ingest.record import FIELDS, Canon
from ingest.sources import Source

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def lines(*records: Mapping[str, Any] | str) -> bytes:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in records).encode()


def read_file(path: Path, **options: Any) -> tuple[list[dict[str, Any]], list[tuple[int, Broken]]]:
    """The runs as they would be stored, attributes among them, and what is broken, with its line."""
    record = RecordOptions(**options)
    canon = Canon(record)
    runs, broken = [], []
    for line, item, _ in read(Source(str(path), path, path.stat().st_size), is_known, record.statuses):
        if isinstance(item, Broken):
            broken.append((line, item))
            continue
        row = dict(zip(FIELDS, canon.row(item, NOW), strict=True))
        row |= {f"attr.{name}": value for name, value in orjson.loads(row.pop("attributes")).items()}
        row["tools_used"] = orjson.loads(row["tools_used"]) if row["tools_used"] else None
        runs.append(row)
    return runs, broken


def one_run(path: Path, **options: Any) -> dict[str, Any]:
    runs, broken = read_file(path, **options)
    assert broken == []
    assert len(runs) == 1
    return runs[0]


def has(run: Mapping[str, Any], **wanted: Any) -> None:
    """Dots in the names of attributes are written as two underscores: ``attr__cwd``."""
    named = {name.replace("__", "."): value for name, value in wanted.items()}
    assert {name: run.get(name) for name in named} == named
