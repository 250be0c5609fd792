"""Who may see, with the real programs: what starts, what does not, and what real servers make of headers."""

from __future__ import annotations

import http.client
import sys
from pathlib import Path

import pytest

from tests.runtime.processes import PATIENCE, ROOT, Program, Start, free_port

pytestmark = pytest.mark.processes

GUNICORN = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "dashboard/gunicorn_conf.py")]
APP = "dashboard.wsgi:server"


def ask(program: Program, path: str, headers: dict[str, str], host: str = "127.0.0.1") -> tuple[int, str]:
    connection = http.client.HTTPConnection(host, program.port, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, body


@pytest.fixture(scope="module")
def data(open_folder: Path) -> Path:
    return open_folder / "data"


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        (["-m", "dashboard", "serve"], {"HOST": "0.0.0.0"}),
        (["-m", "dashboard", "demo"], {"HOST": "0.0.0.0"}),
        ([*GUNICORN[1:], APP], {"HOST": "0.0.0.0"}),  # the Procfile
        ([*GUNICORN[1:], "--bind", "0.0.0.0:{port}", APP], {}),
        (["-m", "gunicorn", "--bind", "127.0.0.1:{port}", APP], {"HOST": "0.0.0.0"}),
    ],
    ids=["serve", "demo", "Procfile", "bind", "without our configuration"],
)  # fmt: skip
def test_none_of_the_ways_to_start_publishes_it(
    start: Start, data: Path, command: list[str], settings: dict[str, str]
) -> None:
    port = free_port()
    words = [sys.executable, *(word.format(port=port) for word in command)]
    program = start(command=words, settings=settings | {"PORT": port, "FIXER_METRICS_DATA": data})
    assert program.process.wait(PATIENCE) != 0
    assert "HOST=0.0.0.0 can be reached from other machines, and AUTH is none" in program.said
    assert "--insecure" in program.said


def test_told_insecure_it_serves_and_says_what_that_means(start: Start, data: Path) -> None:
    program = start("serve", "--insecure", settings={"HOST": "0.0.0.0", "FIXER_METRICS_DATA": data})
    program.wait_ready()
    assert "INSECURE: everybody who reaches 0.0.0.0 sees and changes everything" in program.said
    assert ask(program, "/", {})[0] == 200
    assert ask(program, "/", {"X-Forwarded-For": "192.0.2.1"})[0] == 403
    assert program.end() == 0


def test_real_servers_hand_no_header_past_the_gate(start: Start, data: Path) -> None:
    """gunicorn, with a proxy on another address: neither spelling nor doubling makes anybody somebody."""
    settings = {
        "AUTH": "proxy",
        "TRUSTED_PROXY": "127.0.0.2",
        "FIXER_METRICS_DATA": data,
        "FORWARDED_ALLOW_IPS": "*",
    }
    program = start("serve", settings=settings)
    program.wait_ready()
    assert ask(program, "/", {})[0] == 401
    for name in (
        "X-Forwarded-User",
        "x-forwarded-user",
        "X_Forwarded_User",
        "X-Forwarded_User",
        "X-Forwarded-For",
    ):
        status, body = ask(program, "/api/metrics/definitions", {name: "edith"})
        assert status in (401, 403), name
        assert "metrics" not in body.replace("Fixer Metrics", "").replace("fixer-metrics", "").lower(), name
    # What gunicorn itself would believe of a proxy.
    for headers in ({"SCRIPT_NAME": "/healthz"}, {"SCRIPT-NAME": "/api"}, {"PATH_INFO": "/healthz"}):
        assert ask(program, "/api/metrics/definitions", headers)[0] in (400, 401, 403), headers
    for path in (
        "/healthz/../api/metrics/definitions",
        "/./api/metrics/definitions",
        "//api/metrics/definitions",
    ):
        assert ask(program, path, {})[0] in (401, 403), path
    assert program.end() == 0


def test_users_are_made_on_the_command_line_and_served(start: Start, data: Path) -> None:
    add = start(
        command=[
            "sh",
            "-c",
            f"echo many agents at work | {sys.executable} -m dashboard user add ann --role editor",
        ],
        settings={"FIXER_METRICS_DATA": data},
    )
    assert add.process.wait(PATIENCE) == 0, add.said
    program = start("serve", settings={"AUTH": "users", "FIXER_METRICS_DATA": data})
    program.wait_ready()
    assert ask(program, "/", {})[0] == 302
    assert ask(program, "/readyz", {})[0] == 200
    assert ask(program, "/_dash-layout", {})[0] == 401
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=20)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", "name=ann&password=many+agents+at+work&next=%2Fruns", form)
    answer = connection.getresponse()
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    assert (answer.status, answer.getheader("Location")) == (303, "/runs")
    connection.close()
    # Known by every worker.
    assert [ask(program, "/_dash-layout", {"Cookie": cookie})[0] for _ in range(8)] == [200] * 8
    assert program.end() == 0
