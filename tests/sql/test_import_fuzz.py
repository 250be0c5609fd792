"""No file breaks an import: every record is in, known, or rejected with a reason, and the rollups stay exact."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.importer import ImportOptions, import_paths
from ingest.verify import verify
from queries.errors import UserError

GOOD = b'{"invocation_id": "%d", "model": "m", "status": "success", "start_time": "2026-11-20T10:00:00Z"}'
PIECES = (
    b"\n", b"\r\n", b",", b"[", b"]", b"{", b"}", b"{}", b"null", b'"', b"\\", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b"[" * 2000, b'{"a":' * 500, b"invocation_id,start_time,status\n", b"1,2026-11-20T10:00:00Z,success\n",
    b'"1,2026', b"1e999", b"-0.0", b"NaN", b'{"start_time": "2026-11-20T10:00:00Z", "cost_usd": 1e12}',
    b'{"start_time": "2026-11-20T10:00:00Z", "tools_used": {"a": {"b": []}}}',
    b'{"start_time": "2026-11-20T10:00:00Z", "status": "\\ud800"}', b'{"start_time": 99999999999999999999}',
    b'{"type": "user", "sessionId": "s", "message": {}}', b'{"trajectory": [], "info": {}}',
    b'{"timestamp": "x", "type": "session_meta", "payload": {}}', b'{"trace": {}, "observations": []}',
    b'{"resourceSpans": []}', b"\x1f\x8b\x08\x00broken", "ünïcödé\u2028".encode(),
)  # fmt: skip
CONTENTS = st.lists(
    st.sampled_from(PIECES) | st.binary(max_size=12) | st.integers(0, 5).map(lambda n: GOOD % n + b"\n"),
    max_size=12,
).map(b"".join)


@given(
    content=CONTENTS, packed=st.booleans(), name=st.sampled_from(("runs.jsonl", "runs.csv", "runs.json", "x"))
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_breaks_an_import(
    module_engine: Engine, tmp_path_factory: pytest.TempPathFactory, content: bytes, packed: bool, name: str
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / name
    path.write_bytes(gzip.compress(content) if packed else content)
    try:
        found = import_paths(module_engine, [str(path)], ImportOptions(rejects=folder / "rejected.jsonl"))
    except UserError:
        return  # told in a sentence; nothing else may come
    told = found.inserted + found.replaced + found.already_there + found.differing + found.rejected
    assert told == found.read
    assert found.text()


def test_the_rollups_are_exact_after_all_of_that(module_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "good.jsonl"
    path.write_bytes(GOOD % 77)
    assert import_paths(module_engine, [str(path)]).inserted == 1
    assert not verify(module_engine)
