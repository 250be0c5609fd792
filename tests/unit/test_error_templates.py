"""Templates: what is masked, what is kept, and that the same message always gets the same one."""

from __future__ import annotations

import gzip
import random
import time
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.error_templates import TEMPLATE_CHARS, template
from seed import errors as seed_errors

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Retry after 30 seconds", "Retry after <n> seconds"),
        ("took 1,234.56 ms, 12%, 3e-5 and -7", "took <n> ms, <n>%, <n> and -<n>"),
        ("waited 30s, read 5MB", "waited <n>s, read <n>MB"),
        ("request 123e4567-e89b-12d3-a456-426614174000 failed", "request <id> failed"),
        ("request req_011CQ7xyzABCdef9 failed", "request req_<id> failed"),
        ("org-7f3a22c1b0d4 is gone", "org-<id> is gone"),
        ("commit 7f3a22c is gone", "commit <id> is gone"),
        ("address 0xdeadBEEF0 at deadbeef", "address <id> at <id>"),
        ("id 481230991244 and id 4812309912ab", "id <id> and id <id>"),
        ("cannot open /var/lib/agent/runs/7f/patch.diff", "cannot open <path>"),
        ("cannot open src/billing/invoice.py:17:3", "cannot open <path>"),
        ("cannot open C:\\Users\\björn\\app\\build.gradle.kts", "cannot open <path>"),
        ("cannot open \\\\server\\share\\file", "cannot open <path>"),
        ("cannot open ios/App/Login View.swift", "cannot open <path>"),
        ("see ~/logs/run.txt or ./out", "see <path> or <path>"),
        ("input/output error, and/or TCP/IP", "input/output error, and/or TCP/IP"),
        ("FAILED tests/test_a.py::test_b[1] - assert 3 == 4", "FAILED <path> - assert <n> == <n>"),
        ("connect ECONNREFUSED 10.12.3.7:5432", "connect ECONNREFUSED <host>"),
        ("could not reach api.models.internal:443", "could not reach <host>"),
        ("could not reach fe80:0:0:0:1:2:3:4 or localhost:80", "could not reach <host> or <host>"),
        ("GET https://x.example.com/v1/messages?a=1 failed", "GET <url> failed"),
        ("mail to ada.lovelace@example.com bounced", "mail to <host> bounced"),
        ("at 2026-11-23T05:27:38.123Z it broke", "at <time> it broke"),
        ("at 2026-11-23 05:27:38 UTC it broke", "at <time> it broke"),
        ("at Mon, 23 Nov 2026 05:27:38 GMT it broke", "at <time> it broke"),
        ("at 23.11.2026 05:27 it broke", "at <time> it broke"),
        ("[05:27:38] it broke", "[<time>] it broke"),
        ("No such file: '/etc/a b'", "No such file: '<text>'"),
        ('key "ada" is unknown, `x` too', 'key "<text>" is unknown, `<text>` too'),
        ("Schlüssel „ada“ fehlt, «x» auch", "Schlüssel „<text>“ fehlt, «<text>» auch"),
        ("ファイル「設定」がありません", "ファイル「<text>」がありません"),
        ("can't read it, doesn't exist", "can't read it, doesn't exist"),
        ("in 'a's b' it's", "in '<text>' it's"),
        ("utf8 line12 python3.12", "utf<n> line<n> python<n>.<n>"),
        ("第１２行", "第<n>行"),
        ("レート制限 (429)。12 秒後に", "レート制限 (<n>)。<n> 秒後に"),
        ("a\tb\u00a0 c\x00d", "a b c d"),
        (
            "Error code: 429 - {'error': {'message': 'Limit 30, used 31', 'type': 'tokens', 'param': 'x'}}",
            "Error code: <n> - {'error': {'message': 'Limit <n>, used <n>', 'type': 'tokens', 'param': '<text>'}}",
        ),
        ("x <n> <path> y", "x <n> <path> y"),
        ("at Object.<anonymous>", "at Object.<anonymous>"),
        ("7", "<n>"),
        ("\x01", "<text>"),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_what_is_masked(message: str, expected: str) -> None:
    assert template(message) == expected


PYTHON = """Traceback (most recent call last):
  File "/opt/a.py", line 3, in step
    call()
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/b.py", line 5, in run
    raise Broken(step) from error
fixer.errors.Broken: step 12 of größe
more detail 9
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/opt/a.py", line 3, in run
  | ExceptionGroup: two of them (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/opt/a.py", line 7, in one
    | ValueError: bad 7
    +------------------------------------"""
JAVA = """java.lang.RuntimeException: wrapped 1
\tat a.b.C.run(C.java:12)
Caused by: java.net.ConnectException: refused 10.0.0.1:80
\tat a.b.D.go(D.java:9)
\t... 14 more"""
NODE = """/app/dist/agent.js:12
        throw x

TypeError: Cannot read properties of undefined (reading 'exports')
    at resolve (/app/x.js:1:17)
    at async run (/app/dist/agent.js:3:3)"""
GO = """panic: runtime error: index out of range [5] with length 5

goroutine 17 [running]:
main.apply(0x7f3a22)
\t/build/cmd/patch/main.go:5 +0x1d4"""
PYTEST = """_____ test_it _____
    def test_it():
>       assert f() == 3
E       AssertionError: assert 4 == 3
tests/test_x.py:12: AssertionError
"""
GIT = """error: patch failed: src/a.py:7
error: src/a.py: patch does not apply"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (PYTHON, "fixer.errors.Broken: step <n> of größe"),
        (GROUP, "ValueError: bad <n>"),
        (JAVA, "java.net.ConnectException: refused <host>"),
        (NODE, "TypeError: Cannot read properties of undefined (reading '<text>')"),
        (GO, "panic: runtime error: index out of range [<n>] with length <n>"),
        (PYTEST, "AssertionError: assert <n> == <n>"),
        (GIT, "error: <path>: patch does not apply"),
        ("The run stopped.\nNothing more is known.\n", "The run stopped."),
        ('{\n  "error": {\n    "message": "Limit 3"\n  }\n}', '{ "error": { "message": "Limit <n>" } }'),
        ("\x1b[31mError: red 5\x1b[0m\n    at x", "Error: red <n>"),
    ],
    ids=["python", "group", "java", "node", "go", "pytest", "git", "plain", "json", "colours"],
)
def test_many_lines_are_reduced_to_the_one_that_tells(message: str, expected: str) -> None:
    assert template(message) == expected


_SCRAPS = st.sampled_from(
    [
        "'",
        '"',
        "`",
        "“",
        "„",
        "<n>",
        "<",
        ">",
        "/",
        "\\",
        ".",
        ":",
        "-",
        "1",
        "ab",
        "deadbeef",
        "x.py",
        "…",
        "\n",
        "'message': ",
        "2026-11-23",
        "05:27:38",
        "Nov 3 ",
        "@",
        "é",
        "第",
        " ",
        "Caused by: ",
        "KeyError: ",
        "http://",
    ]
)
_MESSAGES = (
    st.text() | st.lists(_SCRAPS, max_size=200).map("".join) | st.from_regex(r"[a-f0-9'\" /:.-]{0,400}")
)


@given(_MESSAGES)
@example("x" * 298 + " deadbeefs")
@example("a" * 296 + " <path> b")
@example("1 " * 400)
def test_a_template_is_its_own_template_short_and_without_digits(message: str) -> None:
    found = template(message)
    assert template(found) == found
    assert len(found) <= TEMPLATE_CHARS
    assert not any(map(str.isdecimal, found))
    assert "\n" not in found
    assert (found == "") == (not message.strip())


@given(_MESSAGES, st.lists(_MESSAGES, max_size=3))
def test_what_came_before_does_not_matter(message: str, before: list[str]) -> None:
    first = template(message)
    for other in before:
        template(other)
    assert template(message) == first


def test_messages_of_one_kind_have_one_template_whatever_their_values() -> None:
    rng = np.random.default_rng(7)
    for kinds in seed_errors.KINDS.values():
        for kind in kinds:
            for pattern in kind.english + kind.others:
                draws = rng.integers(0, 1 << 48, (200, 2)).tolist()
                found = {template(str(seed_errors._message((pattern,), *pair))) for pair in draws}
                assert len(found) == 1, (pattern, found)


def _said(path: Path) -> set[str]:
    with gzip.open(path) as lines:
        records = [orjson.loads(line) for line in lines]
    return {record["error_message"] for record in records if record["error_message"]}


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the folder of real runs beside the project")
def test_real_messages_keep_their_words() -> None:
    found = {template(text) for path in sorted(DATA.glob("*/runs.jsonl.gz")) for text in _said(path)}
    assert "Patch did not apply in evaluation (no_apply)" in found
    assert "empty patch; exit_status=exit_cost" in found
    assert "error_max_turns" in found
    # Of 21 messages none has a value in it: each is its own template.
    assert len(found) == 21


_LONG = 1_000_000
_HOSTILE = [
    "'",
    '"',
    "“",
    "„",
    "/",
    "a/",
    "a.",
    "a-",
    "a@",
    "\\",
    "1:",
    "ab:",
    "1e",
    "'a",
    " 'a",
    "<",
    "\x1b[0",
    "\n",
    "x\n",
]
_HOSTILE += [
    "'message': ",
    '{"a":',
    "Caused by:",
    "Error: ",
    "at \n",
    "Nov 1 ",
    "Mon ",
    "https://",
    "é",
    "Traceback (most recent call last)\n",
]


@pytest.mark.parametrize("scrap", _HOSTILE)
def test_a_hostile_message_takes_no_long_time(scrap: str) -> None:
    message = scrap * (_LONG // len(scrap))
    began = time.process_time()
    template(message)
    assert time.process_time() - began < 0.5


def test_a_hostile_mixture_takes_no_long_time() -> None:
    chance = random.Random(1)
    message = "".join(chance.choice(_HOSTILE) for _ in range(200_000))
    began = time.process_time()
    template(message)
    assert time.process_time() - began < 0.5
