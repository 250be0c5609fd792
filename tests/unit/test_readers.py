"""Formats told by content, records with their line numbers, a broken one costing only itself."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.columns import is_known
from ingest.lines import RECORD_BYTES, Broken
from ingest.readers import read, sniff
from ingest.sources import CHUNK, Source, SourceError, find
from queries.errors import UserError

ROWS = [
    {"invocation_id": "a", "start_time": "2026-10-01T08:00:00Z", "error_message": 'one\r\ntwo, "three"\nünï', "n": {"x": [1, "}"]}},
    {"invocation_id": "b", "start_time": "2026-10-01T09:00:00Z", "error_message": None, "n": None},
    {"invocation_id": "c", "start_time": "2026-10-01T10:00:00Z", "error_message": "{[\"", "n": {}},
]  # fmt: skip
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
CSV = (
    "invocation_id,start_time,error_message,n\r\n"
    'a,2026-10-01T08:00:00Z,"one\r\ntwo, ""three""\nünï","{""x"": [1, ""}""]}"\r\n'
    "b,2026-10-01T09:00:00Z,,\r\n"
    'c,2026-10-01T10:00:00Z,"{[""",{}\r\n'
).encode()


class Memory(Source):
    """A source that holds its bytes itself."""

    def __init__(self, pieces: Iterator[bytes] | bytes, name: str = "memory") -> None:
        super().__init__(name, None)
        self._bytes = [pieces] if isinstance(pieces, bytes) else pieces

    def _stored(self) -> Iterator[bytes]:
        return iter(self._bytes)


def items(content: bytes | Iterator[bytes], name: str = "memory") -> list[tuple[int, object]]:
    return [(line, record) for line, record, _ in read(Memory(content, name), is_known)]


def records(content: bytes | Iterator[bytes], name: str = "memory") -> list[object]:
    return [record for _, record in items(content, name)]


def broken(content: bytes) -> list[tuple[int, str]]:
    return [(line, record.code) for line, record in items(content) if isinstance(record, Broken)]


def in_pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


class TestFormats:
    @pytest.mark.parametrize(
        ("content", "lines"),
        [
            (JSONL, [1, 2, 3]),
            (JSONL.replace(b"\n", b"\r\n"), [1, 2, 3]),
            (JSONL.replace(b"\n", b"\n\n\n"), [1, 4, 7]),
            (JSONL.rstrip(), [1, 2, 3]),
            (json.dumps(ROWS).encode(), [1, 1, 1]),
            (json.dumps(ROWS, indent=2).encode(), [2, 13, 19]),
            (b"[\n" + JSONL.strip().replace(b"\n", b",\n") + b"\n]\n", [2, 3, 4]),
            ("\n".join(json.dumps(row, indent=1) for row in ROWS).encode(), [1, 12, 18]),
        ],
    )
    def test_json_in_every_shape(self, content: bytes, lines: list[int]) -> None:
        for start in (b"", b"\xef\xbb\xbf", b"\n  \n"):
            extra = start.count(b"\n")
            assert items(start + content) == [
                (line + extra, row) for line, row in zip(lines, ROWS, strict=True)
            ]

    def test_csv_with_line_breaks_in_fields(self) -> None:
        expected = [(2, ROWS[0]["error_message"]), (5, ""), (6, '{["')]
        for content in (CSV, b"\xef\xbb\xbf" + CSV, CSV.rstrip()):
            assert [(line, record["error_message"]) for line, record in items(content)] == expected  # type: ignore[index]

    @pytest.mark.parametrize("delimiter", [";", "\t"])
    def test_csv_of_other_countries(self, delimiter: str) -> None:
        content = f"id{delimiter}start_time\r\na,b{delimiter}2026\r\n".encode()
        assert records(content) == [{"id": "a,b", "start_time": "2026"}]

    @pytest.mark.parametrize(
        "content", [JSONL, CSV, json.dumps(ROWS).encode(), json.dumps(ROWS, indent=2).encode()]
    )
    def test_any_cut_into_pieces_reads_the_same(self, content: bytes) -> None:
        whole = items(content)
        for size in (1, 2, 3, 7, 64):
            assert items(in_pieces(content, size)) == whole

    @pytest.mark.parametrize("content", [JSONL, CSV, json.dumps(ROWS).encode()])
    def test_gzip_by_content_whatever_the_name(self, content: bytes) -> None:
        packed = gzip.compress(content)
        assert records(packed, "runs.jsonl") == records(content)
        assert items(in_pieces(packed, 5)) == items(content)
        two_members = gzip.compress(content[:50]) + gzip.compress(content[50:]) + b"\0" * 20
        assert records(two_members) == records(content)

    @pytest.mark.parametrize(
        ("head", "name", "form"),
        [
            (b"[", "x.csv", "json"),
            (b'{"a": 1}\n{"a": 2}', "x.csv", "jsonl"),
            (b'{"a": 1}', "x.json", "jsonl"),
            (b'{\n"a": 1}', "x.json", "json"),
            (b'{"a": \n{"a": 2}\n', "x", "jsonl"),
            (b'garbage\n{"a": 2}\n', "x", "jsonl"),
            (b"garbage\n", "x.ndjson.gz", "jsonl"),
            (b"id,start_time\n", "x.json", "csv"),
            (b"id,start_time\n", "x.jsonl", "csv"),
        ],
    )
    def test_sniff(self, head: bytes, name: str, form: str) -> None:
        assert sniff(head, name, is_known) == form

    @pytest.mark.parametrize(
        "content",
        [b"", b"\n\n", b"\xef\xbb\xbf", b"[]", b"[\n]\n", b"id,start_time\r\n", gzip.compress(b"", mtime=0)],
    )
    def test_nothing_is_no_rows(self, content: bytes) -> None:
        assert items(content) == []


class TestBroken:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b'{"id": "a"', "invalid_json"),
            (b"garbage", "invalid_json"),
            (b'{"id": "\xff"}', "invalid_utf8"),
            (b"[1, 2]", "not_an_object"),
            (b"17", "not_an_object"),
            (b"[" * 100_000, "too_deep"),
            (b'{"n": ' + b"9" * 5_000 + b"}", "invalid_json"),
        ],
    )
    def test_a_line_of_jsonl(self, line: bytes, code: str) -> None:
        content = b'{"id": "first"}\n' + line + b'\n{"id": "last"}\n'
        assert broken(content) == [(2, code)]
        assert [record for record in records(content) if not isinstance(record, Broken)] == [
            {"id": "first"},
            {"id": "last"},
        ]

    def test_what_python_writes_but_json_does_not_know_is_read_and_refused_by_field_later(self) -> None:
        content = b'{"cost": NaN}\n{"cost": -Infinity}\n{"cost": 1e999}\n{"id": "\\ud800"}\n'
        assert broken(content) == []
        assert str(records(content)[:3]) == "[{'cost': nan}, {'cost': -inf}, {'cost': inf}]"

    def test_a_line_too_long_is_one_rejection_in_bounded_memory(self) -> None:
        def pieces() -> Iterator[bytes]:
            yield b'{"id": "first"}\n{"id": "'
            for _ in range(40):
                yield b"x" * CHUNK
            yield b'"}\n{"id": "last"}\n'

        tracemalloc.start()
        found = items(pieces())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [line for line, _ in found] == [1, 2, 3]
        assert found[1][1].code == "too_long"  # type: ignore[attr-defined]
        assert found[2][1] == {"id": "last"}
        assert peak < 5 * RECORD_BYTES

    @pytest.mark.parametrize(
        ("element", "code"),
        [
            (b'{"id": "a", }', "invalid_json"),
            (b'{"id": "a"', "invalid_json"),
            (b'{"id": "a}', "invalid_json"),
            (b'{"id": "a", "n": {"x": 1}', "invalid_json"),
            (b'{"id": "\xff"}', "invalid_utf8"),
            (b"17", "not_an_object"),
            (b'"text"', "not_an_object"),
            (b'{"a":' * 300 + b"1" + b"}" * 300, "invalid_json"),
        ],
    )
    def test_an_element_of_an_array(self, element: bytes, code: str) -> None:
        content = b'[\n{"id": "first"},\n' + element + b',\n{"id": "last"},\n{"id": "very last"}\n]'
        assert broken(content) == [(3, code)]
        good = [record for record in records(content) if not isinstance(record, Broken)]
        assert good == [{"id": "first"}, {"id": "last"}, {"id": "very last"}]

    def test_many_elements_that_each_lack_their_end_take_no_long_time(self) -> None:
        content = b"[\n" + b'{"id": "a",\n' * 20_000 + b'{"id": "last"}\n]'
        assert len(broken(content)) == 20_000
        assert records(content)[-1] == {"id": "last"}

    def test_an_array_that_is_cut_short(self) -> None:
        content = b'[{"id": "first"},\n{"id": "se'
        assert records(content)[0] == {"id": "first"}
        assert broken(content) == [(2, "invalid_json")]

    def test_an_element_too_long_is_one_rejection_in_bounded_memory(self) -> None:
        def pieces() -> Iterator[bytes]:
            yield b'[{"id": "first"},\n{"id": "'
            for _ in range(40):
                yield b"x" * CHUNK
            yield b'"},\n{"id": "last"}]'

        tracemalloc.start()
        found = items(pieces())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [(line, getattr(record, "code", "")) for line, record in found] == [
            (1, ""),
            (2, "too_long"),
            (3, ""),
        ]
        assert peak < 8 * RECORD_BYTES

    @pytest.mark.parametrize(
        "row",
        ["x,2026", "x,2026,,extra", 'x,"2026,', 'x,"2026"z,', "x,2026,a\rb"],
        ids=["too few", "too many", "open quote", "text after a quote", "bare return"],
    )
    def test_a_row_of_csv(self, row: str) -> None:
        content = f'id,start_time,note\r\na,1,"x, y"\r\n{row}\r\nb,2,\r\nc,3,"z"\r\n'.encode()
        assert broken(content) == [(3, "invalid_csv")]
        good = [record["id"] for record in records(content) if not isinstance(record, Broken)]  # type: ignore[index]
        assert good == ["a", "b", "c"]

    def test_bytes_that_are_not_utf8_in_a_csv_cost_one_field(self) -> None:
        content = b"id,start_time\r\na\xff,1\r\nb,2\r\n"
        assert records(content) == [{"id": "a\udcff", "start_time": "1"}, {"id": "b", "start_time": "2"}]

    def test_a_row_of_csv_too_long(self) -> None:
        content = b"id,start_time\r\n" + b"x" * (RECORD_BYTES + 2 * CHUNK) + b"\r\nb,2\r\n"
        assert broken(iter(in_pieces(content, CHUNK))) == [(2, "too_long")]  # type: ignore[arg-type]


class TestSources:
    def test_a_gzip_cut_short_gives_what_it_has_and_then_says_so(self) -> None:
        many = b"".join(
            b'{"id": "%d", "x": "%s"}\n' % (n, os.urandom(20).hex().encode()) for n in range(20_000)
        )
        stream = read(Memory(gzip.compress(many)[:-200_000], "cut.gz"), is_known)
        found = []
        with pytest.raises(SourceError, match=r"cut\.gz is cut short"):
            found.extend(record for _, record, _ in stream)
        # extend() keeps what came before the error
        assert len(found) > 5_000
        assert not any(isinstance(record, Broken) for record in found)

    def test_a_damaged_gzip_gives_what_it_has_and_then_says_so(self) -> None:
        packed = bytearray(gzip.compress(JSONL * 50_000))
        packed[len(packed) // 2] ^= 0xFF
        with pytest.raises(SourceError, match="cannot be read further"):
            items(bytes(packed))

    def test_a_gzip_bomb_is_unpacked_piece_by_piece(self) -> None:
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(b" " * CHUNK) for _ in range(200)) + packer.flush()
        tracemalloc.start()
        found = broken(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == [(1, "too_long")]
        assert peak < 5 * RECORD_BYTES

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("id,start_time\n".encode("utf-16"), "UTF-16"),
            (b"PK\x03\x04....", "packed with zip"),
            (b"\x28\xb5\x2f\xfd....", "packed with zstd"),
            (b"just some text\nwithout any sense\n", "names no column of a run: just some text"),
            (b"id,start_time,id\n", "names id more than once"),
        ],
    )
    def test_what_is_no_source_is_named(self, content: bytes, reason: str) -> None:
        with pytest.raises(SourceError, match=reason):
            items(content)

    def test_a_folder_gives_its_known_files_in_order(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        for name in (
            "b.csv",
            "a.jsonl.gz",
            "sub/c.ndjson",
            "d.json",
            "README.md",
            "x.rejected.jsonl",
            ".hidden.json",
        ):
            (tmp_path / name).write_bytes(b"")
        assert [Path(source.name).name for source in find([str(tmp_path)])] == [
            "a.jsonl.gz",
            "b.csv",
            "d.json",
            "c.ndjson",
        ]

    def test_a_rejects_file_is_read_where_it_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "x.rejected.jsonl").write_bytes(b"")
        assert len(find([str(tmp_path / "x.rejected.jsonl")])) == 1

    def test_paths_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="nowhere does not exist; a file, a folder or -"):
            find([str(tmp_path / "nowhere")])
        with pytest.raises(UserError, match=r"no file to import; looked for \.jsonl"):
            find([str(tmp_path)])
        with pytest.raises(UserError, match="only once"):
            find(["-", "-"])

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(CSV))))
        source = find(["-"])[0]
        assert len(list(read(source, is_known))) == 3
        assert source.position == len(gzip.compress(CSV))


@pytest.mark.parametrize("form", ["jsonl", "array", "csv"])
def test_memory_does_not_grow_with_the_source(form: str) -> None:
    """60 MB are read with the memory of a few pieces."""
    rows = {
        "jsonl": b'{"id": "%d", "start_time": "2026-10-01T08:00:00Z", "note": "' + b"x" * 900 + b'"}\n',
        "array": b'{"id": "%d", "start_time": "2026-10-01T08:00:00Z", "note": "' + b"x" * 900 + b'"},\n',
        "csv": b"%d,2026-10-01T08:00:00Z," + b"x" * 900 + b"\r\n",
    }
    head = {"jsonl": b"", "array": b"[", "csv": b"id,start_time,note\r\n"}[form]

    def pieces() -> Iterator[bytes]:
        yield head
        for start in range(0, 60_000, 1_000):
            yield b"".join(rows[form] % number for number in range(start, start + 1_000))

    tracemalloc.start()
    count = sum(not isinstance(record, Broken) for _, record, _ in read(Memory(pieces()), is_known))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 25 * CHUNK


_PIECES = st.sampled_from(
    [
        b'{"id": "a"}',
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\r",
        b"\\",
        b" ",
        b"id,start_time",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"a;b",
        b'{"x": [{"y": 1}]}',
        b"17",
        b"null",
        b'{"_rejected": {"text": "{"}}',
    ]
)


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=30).map(b"".join), st.integers(1, 9))
def test_any_bytes_are_read_to_their_end_and_alike_in_any_pieces(content: bytes, size: int) -> None:
    def outcome(stream: bytes | Iterator[bytes]) -> object:
        try:
            return items(stream)
        except SourceError as error:
            return str(error)

    whole = outcome(content)
    assert outcome(in_pieces(content, size)) == whole
    if isinstance(whole, list):
        assert [line for line, _ in whole] == sorted(line for line, _ in whole)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([b"", b'"', b"{", b"}", b",", b"\n", b"\xff", b"\0"]))
def test_damage_in_one_place_costs_at_most_the_rows_around_it(place: int, damage: bytes) -> None:
    rows = [json.dumps({"id": f"r{n}", "start_time": "2026", "note": {"a": [n]}}) for n in range(100)]
    for content in ("\n".join(rows), "[\n" + ",\n".join(rows) + "\n]"):
        raw = content.encode()
        at = 5 + place % (len(raw) - 10)
        found = records(raw[:at] + damage + raw[at + 1 :], "runs.jsonl")
        whole = [record for record in found if isinstance(record, dict) and record.get("note")]
        assert len(whole) >= 98
