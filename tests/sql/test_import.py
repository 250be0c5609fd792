"""Files to runs, end to end: what enters, what is refused and how it comes back, what a crash leaves."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest import importer
from ingest.importer import ImportOptions, import_paths, pairs
from ingest.progress import Bar, Progress, for_terminal
from ingest.record import RecordOptions
from ingest.summary import ImportSummary
from queries.errors import UserError

ROOT = Path(__file__).parents[2]
START = "2026-10-01T08:00:00Z"
Count = dict[str, int]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of rejected rows are made where the import runs."""
    monkeypatch.chdir(tmp_path)


def row(number: object, **fields: object) -> dict[str, object]:
    return {"invocation_id": f"r{number}", "start_time": START, "model": "gpt-4", "cost_usd": 1, **fields}


def jsonl(name: str, *rows: dict[str, object] | str) -> str:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in rows)
    Path(name).write_text(text)
    return name


def ids(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT invocation_id FROM agent_execution ORDER BY 1")
        return list(found.scalars())


def cell(engine: Engine, column: str, number: object) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql(
            f"SELECT {column} FROM agent_execution WHERE invocation_id = %s", (f"r{number}",)
        ).scalar_one()


def rejected(summary: ImportSummary) -> list[dict[str, Any]]:
    assert summary.rejects_path
    return [json.loads(line) for line in summary.rejects_path.read_text().splitlines()]


def counts(summary: ImportSummary) -> Count:
    """The counts that are not zero; they must add up."""
    found = summary.counts()
    assert found["read"] == sum(found.values()) - found["read"]
    return {name: count for name, count in found.items() if count}


class TestRejectedRows:
    BAD = (
        row(1, cost_usd=-1),
        '{"invocation_id": "r2", "start_time": "2026-10-01T08:00:00Z", "cost_usd": NaN}',
        row(3, start_time="2026-10-01T08:00:00"),
        '{"invocation_id": "r4", "start_time": "2026-10-01T08:00:00Z"',
        row(5, model="a\0b"),
    )

    def test_cost_the_good_ones_nothing(self, engine: Engine) -> None:
        path = jsonl("runs.jsonl", row("a"), *self.BAD, row("b"))
        summary = import_paths(engine, [path])
        assert ids(engine) == ["ra", "rb"]
        assert counts(summary) == {"read": 7, "inserted": 2, "rejected": 5}
        assert summary.reasons == {
            ("cost_usd", "negative"): 1,
            ("cost_usd", "not_finite"): 1,
            ("start_time", "no_time_zone"): 1,
            ("record", "invalid_json"): 1,
            ("model", "nul_character"): 1,
        }
        assert summary.exit_code == 1

    def test_stand_in_a_file_with_line_field_value_and_reason(self, engine: Engine) -> None:
        summary = import_paths(engine, [jsonl("runs.jsonl", row("a"), *self.BAD)])
        assert summary.rejects_path == Path.cwd() / "runs.rejected.jsonl"
        notes = [line["_rejected"] for line in rejected(summary)]
        assert [(note["source"], note["line"]) for note in notes] == [("runs.jsonl", n) for n in range(2, 7)]
        assert notes[0] == {
            "source": "runs.jsonl",
            "line": 2,
            "field": "cost_usd",
            "value": -1,
            "code": "negative",
            "reason": "is negative; 0 or more is allowed",
        }
        assert rejected(summary)[0] == {"_rejected": notes[0], **row(1, cost_usd=-1)}

    def test_enter_once_they_are_mended(self, engine: Engine) -> None:
        first = import_paths(engine, [jsonl("runs.jsonl", *self.BAD)])
        assert first.rejects_path
        mended = []
        for line in rejected(first):
            text = line["_rejected"].get("text")
            if text:  # a line that was no JSON is mended where it is kept
                line["_rejected"]["text"] = text + "}"
            else:
                line |= {"cost_usd": 1, "start_time": START, "model": "gpt-4"}
            mended.append(json.dumps(line) + "\n")
        first.rejects_path.write_text("".join(mended))
        summary = import_paths(engine, [str(first.rejects_path)])
        assert counts(summary) == {"read": 5, "inserted": 5}
        assert ids(engine) == ["r1", "r2", "r3", "r4", "r5"]
        assert cell(engine, "attributes", 1) == {}

    def test_are_rejected_again_for_the_same_reasons_where_nobody_mended_them(self, engine: Engine) -> None:
        first = import_paths(engine, [jsonl("runs.jsonl", *self.BAD)])
        again = import_paths(engine, [str(first.rejects_path)])
        assert again.reasons == first.reasons
        assert again.rejects_path == Path.cwd() / "runs-2.rejected.jsonl"
        for before, after in zip(rejected(first), rejected(again), strict=True):
            unplaced = {"source": None, "line": None}
            assert str({**before, "_rejected": before["_rejected"] | unplaced}) == str(
                {**after, "_rejected": after["_rejected"] | unplaced}
            )
        assert ids(engine) == []

    def test_of_an_array_are_kept_as_elements_and_can_be_mended_there(self, engine: Engine) -> None:
        good, bad = json.dumps(row(1)), json.dumps(row(2))[:-1]
        Path("runs.json").write_text(f"[\n{bad},\n{good}\n]")
        first = import_paths(engine, ["runs.json"])
        assert ids(engine) == ["r1"]
        (line,) = rejected(first)
        assert (line["_rejected"]["line"], line["_rejected"]["text"]) == (2, bad)
        line["_rejected"]["text"] += "}"
        assert counts(import_paths(engine, [jsonl("mended.jsonl", line)])) == {"read": 1, "inserted": 1}

    def test_of_csv_are_kept_as_lines_and_can_be_mended_there(self, engine: Engine) -> None:
        Path("runs.csv").write_text(f'id;start_time;note\nr1;{START};"a";\nr2;{START};ok\nr3;{START};"b;c"\n')
        first = import_paths(engine, ["runs.csv"])
        assert ids(engine) == ["r2", "r3"]
        (line,) = rejected(first)
        note = line["_rejected"]
        assert (note["line"], note["code"], note["text"]) == (2, "invalid_csv", f'r1;{START};"a";')
        assert note["columns"] == ["id", "start_time", "note"]
        note["text"] = f'r1;{START};"a;b"'
        summary = import_paths(engine, [jsonl("mended.jsonl", line)])
        assert counts(summary) == {"read": 1, "inserted": 1}
        assert cell(engine, "attributes", 1) == {"note": "a;b"}

    def test_of_a_csv_that_is_not_utf8(self, engine: Engine) -> None:
        Path("runs.csv").write_bytes(
            f"id,start_time,note\nr1,{START},caf\xe9\nr2,{START},ok\n".encode("latin-1")
        )
        summary = import_paths(engine, ["runs.csv"])
        assert summary.reasons == {("attributes", "invalid_unicode"): 1}
        assert ids(engine) == ["r2"]
        assert import_paths(engine, [str(summary.rejects_path)]).reasons == summary.reasons

    def test_of_many_reasons_are_told_by_reason_with_an_example(self, engine: Engine) -> None:
        path = jsonl("runs.jsonl", *(row(n, cost_usd=-n) for n in range(1, 1_001)))
        text = import_paths(engine, [path]).text()
        assert "1,000  negative: cost_usd -1 is negative; 0 or more is allowed (runs.jsonl, line 1)" in text
        assert "mend it there and import that file" in text

    def test_go_to_the_file_that_was_asked_for(self, engine: Engine, tmp_path: Path) -> None:
        path = jsonl("runs.jsonl", row(1, cost_usd=-1))
        options = ImportOptions(rejects=tmp_path / "bad.jsonl")
        assert import_paths(engine, [path], options).rejects_path == tmp_path / "bad.jsonl"
        with pytest.raises(UserError, match=r"bad\.jsonl exists already"):
            import_paths(engine, [path], options)
        with pytest.raises(UserError, match="cannot be written to"):
            import_paths(engine, [path], ImportOptions(rejects=tmp_path / "nowhere" / "bad.jsonl"))

    def test_there_is_no_file_where_there_are_none(self, engine: Engine) -> None:
        summary = import_paths(engine, [jsonl("runs.jsonl", row(1))])
        assert (summary.rejects_path, summary.exit_code) == (None, 0)
        assert list(Path.cwd().glob("*.rejected.jsonl")) == []


class TestKnownRuns:
    def test_that_come_again_unchanged_are_skipped(self, engine: Engine) -> None:
        path = jsonl("runs.jsonl", row(1), row(2))
        import_paths(engine, [path])
        assert counts(import_paths(engine, [path])) == {"read": 2, "already_there": 2}

    def test_that_come_changed_are_skipped_and_counted(self, engine: Engine) -> None:
        import_paths(engine, [jsonl("runs.jsonl", row(1), row(2))])
        summary = import_paths(engine, [jsonl("runs.jsonl", row(1), row(2, cost_usd=5))])
        assert counts(summary) == {"read": 2, "already_there": 1, "differing": 1}
        assert summary.exit_code == 0
        assert "left as they are; --replace takes the new: r2" in summary.text()
        assert cell(engine, "cost_usd", 2) == 1

    def test_that_come_changed_replace_the_old_where_asked(self, engine: Engine) -> None:
        import_paths(engine, [jsonl("runs.jsonl", row(1), row(2))])
        path = jsonl("runs.jsonl", row(1), row(2, cost_usd=5))
        summary = import_paths(engine, [path], ImportOptions(replace=True))
        assert counts(summary) == {"read": 2, "already_there": 1, "replaced": 1}
        assert cell(engine, "cost_usd", 2) == 5

    def test_twice_in_one_file_are_one(self, engine: Engine) -> None:
        summary = import_paths(engine, [jsonl("runs.jsonl", row(1), row(1), row(1, cost_usd=2))])
        assert counts(summary) == {"read": 3, "inserted": 1, "already_there": 1, "differing": 1}

    def test_without_an_id_are_known_by_their_content_from_any_format(self, engine: Engine) -> None:
        runs = [{"startTime": START, "durationMs": n, "toolsUsed": {"a": n}, "attempt": n} for n in (1, 2)]
        jsonl("runs.jsonl", *runs)
        Path("runs.json").write_text(json.dumps(runs, indent=2))
        Path("runs.csv").write_text(
            "attempt,start_time,duration_ms,tools_used\n"
            f'1,{START},1,"{{""a"": 1}}"\n2,{START},2.0,"{{""a"":2}}"\n'
        )
        assert counts(import_paths(engine, ["runs.jsonl"])) == {"read": 2, "inserted": 2}
        again = import_paths(engine, ["runs.json", "runs.csv"])
        assert counts(again) == {"read": 4, "already_there": 4}


class TestSources:
    def test_a_folder_with_all_formats(self, engine: Engine) -> None:
        folder = Path("runs/sub")
        folder.mkdir(parents=True)
        jsonl("runs/a.jsonl", row(1))
        (folder / "b.csv.gz").write_bytes(gzip.compress(f"invocationId,startTime\nr2,{START}\n".encode()))
        (folder / "c.json").write_text(json.dumps([row(3), row(4)]))
        (folder / "notes.txt").write_text("not a run")
        summary = import_paths(engine, ["runs"])
        assert counts(summary) == {"read": 4, "inserted": 4}
        assert "from 3 files" in summary.text()

    def test_standard_input(self, engine: Engine, database_url: str) -> None:
        code = "import sys; from ingest.importer import import_paths; print(import_paths(sys.argv[1], ['-']).text())"
        done = subprocess.run(
            [sys.executable, "-c", code, database_url], input=json.dumps([row(1)]), cwd=ROOT, text=True, capture_output=True
        )  # fmt: skip
        assert "Read 1 row from standard input" in done.stdout
        assert ids(engine) == ["r1"]

    def test_a_gzip_cut_short_gives_what_it_has(self, engine: Engine) -> None:
        lines = b"".join(
            json.dumps(row(n, note=os.urandom(50).hex())).encode() + b"\n" for n in range(20_000)
        )
        Path("cut.jsonl.gz").write_bytes(gzip.compress(lines)[:-100_000])
        summary = import_paths(engine, ["cut.jsonl.gz", jsonl("other.jsonl", row("x"))])
        assert 10_000 < summary.inserted < 20_000
        assert "cut.jsonl.gz is cut short" in summary.text()
        assert summary.exit_code == 1
        assert "rx" in ids(engine)

    def test_a_source_that_is_none_does_not_stop_the_others(self, engine: Engine) -> None:
        Path("text.csv").write_text("dear diary\n")
        summary = import_paths(engine, ["text.csv", jsonl("runs.jsonl", row(1))])
        assert (summary.inserted, summary.exit_code) == (1, 1)
        assert "text.csv is not JSONL or JSON" in summary.text()

    @pytest.mark.parametrize("content", ["", "[]", "invocation_id,start_time\n"])
    def test_nothing_to_import_is_said(self, engine: Engine, content: str) -> None:
        Path("empty.csv").write_text(content)
        summary = import_paths(engine, ["empty.csv"])
        assert summary.text() == "Nothing to import: empty.csv has no rows."
        assert summary.exit_code == 0

    def test_a_path_that_is_not_there_is_named_before_anything_is_written(self, engine: Engine) -> None:
        with pytest.raises(UserError, match="nowhere does not exist"):
            import_paths(engine, [jsonl("runs.jsonl", row(1)), "nowhere"])
        assert ids(engine) == []


class TestOptions:
    def test_columns_and_statuses_of_the_source(self, engine: Engine) -> None:
        path = jsonl("runs.jsonl", {"key": "r1", "begun": START, "verdict": "YES", "cost": 1})
        columns = pairs("--map", ["invocation_id=key", "start_time=begun", "status=verdict"])
        options = ImportOptions(RecordOptions(columns, pairs("--map-status", ["yes=success"])))
        assert counts(import_paths(engine, [path], options)) == {"read": 1, "inserted": 1}
        assert cell(engine, "status", 1) == "success"

    def test_a_csv_may_have_mapped_columns_only(self, engine: Engine) -> None:
        Path("runs.csv").write_text(f"key,begun\nr1,{START}\n")
        columns = pairs("--map", ["invocation_id=key", "start_time=begun"])
        import_paths(engine, ["runs.csv"], ImportOptions(RecordOptions(columns)))
        assert ids(engine) == ["r1"]

    @pytest.mark.parametrize("text", ["cost_usd", "cost_usd=", "=price", ""])
    def test_a_pair_that_is_none(self, text: str) -> None:
        with pytest.raises(UserError, match="FIELD=COLUMN, such as cost_usd=price"):
            pairs("--map", [text])


class TestInterrupted:
    """A process that is stopped in the middle; then the same import again."""

    CODE = """
import sys
from ingest import importer
importer.BATCH_ROWS = 100
try:
    summary = importer.import_paths(sys.argv[1], ["-"])
except importer.UserError as error:
    sys.exit(f"said: {error}")
print(summary.text())
sys.exit(summary.exit_code)
"""

    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
    def test_what_was_written_stays_and_the_rest_comes_with_the_next(
        self, engine: Engine, database_url: str, stop: signal.Signals
    ) -> None:
        rows = [json.dumps(row(n)) + "\n" for n in range(1_000)]
        process = self.started(engine, database_url, rows[:950])
        process.send_signal(stop)
        said = process.communicate()[0]
        if stop == signal.SIGINT:
            assert process.returncode == 130
            assert "Interrupted. Run the same import again" in said
        self.import_again(engine, rows)

    def test_a_database_that_goes_away_is_said_in_words(self, engine: Engine, database_url: str) -> None:
        rows = [json.dumps(row(n)) + "\n" for n in range(1_000)]
        process = self.started(engine, database_url, rows[:950])
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        said = process.communicate("".join(rows[950:]))[1]
        assert process.returncode == 1
        assert re.search(
            r"said: the database could not be used: .* runs were inserted before; run the same", said
        )
        self.import_again(engine, rows)

    def started(self, engine: Engine, database_url: str, rows: list[str]) -> subprocess.Popen[str]:
        """A process that has written some of the rows, but not all, and waits for more."""
        process = subprocess.Popen(
            [sys.executable, "-c", self.CODE, database_url],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin
        process.stdin.write("".join(rows))
        process.stdin.flush()
        wait_until(lambda: len(ids(engine)) >= 300)
        return process

    def import_again(self, engine: Engine, rows: list[str]) -> None:
        Path("runs.jsonl").write_text("".join(rows))
        before = len(ids(engine))
        summary = import_paths(engine, ["runs.jsonl"])
        assert counts(summary) == {"read": 1_000, "inserted": 1_000 - before, "already_there": before}
        with engine.connect() as connection:
            in_rollups = "SELECT sum(runs) FROM (SELECT runs FROM rollup_delta UNION ALL SELECT runs FROM rollup_day) r"
            assert connection.exec_driver_sql(in_rollups).scalar_one() == 1_000

    def test_a_database_that_cannot_be_reached_is_said_in_words(self) -> None:
        url = "postgresql://nobody@127.0.0.1:1/none"
        with pytest.raises(UserError, match=r"the database could not be used: .*run the same import again"):
            import_paths(url, [jsonl("runs.jsonl", row(1))])


def wait_until(condition: Any) -> None:
    pause = threading.Event()
    for _ in range(600):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError("it did not come to pass within a minute")


class Terminal:
    """What a bar is drawn on."""

    def __init__(self, is_terminal: bool) -> None:
        self.drawn = ""
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> None:
        self.drawn += text

    def flush(self) -> None:
        pass


class TestProgress:
    def test_only_a_terminal_gets_a_bar(self) -> None:
        assert type(for_terminal(Terminal(False))) is Progress  # type: ignore[arg-type]
        assert type(for_terminal(Terminal(True))) is Bar  # type: ignore[arg-type]

    def test_it_tells_rows_rate_and_time_left(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importer, "_REPORT_EVERY", 50)
        terminal = Terminal(True)
        bar = Bar(terminal, seconds_between=0)  # type: ignore[arg-type]
        import_paths(engine, [jsonl("runs.jsonl", *(row(n) for n in range(100)))], progress=bar)
        drawn = terminal.drawn.split("\r")
        assert any(re.fullmatch(r" *0% \|.*\| 0 rows, 0 rows/s, \? left *", line) for line in drawn)
        assert any(re.fullmatch(r"100% \|.*\| 50 rows, [\d,]+ rows/s, 00:00 left *", line) for line in drawn)

    def test_without_a_known_end_it_tells_rows_and_rate(self) -> None:
        terminal = Terminal(True)
        bar = Bar(terminal, seconds_between=0)  # type: ignore[arg-type]
        bar.begin(None)
        bar.update(1_000, 50_000)
        bar.end()
        assert re.search(r"1,000 rows, [\d,]+ rows/s, 00:0\d so far", terminal.drawn)


def test_each_import_is_noted_with_its_counts(engine: Engine) -> None:
    import_paths(engine, [jsonl("runs.jsonl", row(1), row(2, cost_usd=-1))])
    with engine.connect() as connection:
        noted = connection.exec_driver_sql("SELECT * FROM data_import").mappings().one()
        brought = connection.exec_driver_sql("SELECT import_id FROM agent_execution").scalar_one()
    assert (noted["source"], noted["read"], noted["inserted"], noted["rejected"]) == ("runs.jsonl", 2, 1, 1)
    assert noted["finished_at"] is not None
    assert brought == noted["import_id"]
