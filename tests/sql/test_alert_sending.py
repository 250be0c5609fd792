"""Messages on their way: a real SMTP server, a real HTTP receiver, retries, and networks that are out of reach."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import Engine

from alerts import channels, history, keep, outbox
from alerts.addresses import seal, unseal
from alerts.evaluate import evaluate
from alerts.guard import Allowed, RefusedError, guarded
from alerts.hiding import without_secrets
from alerts.messages import Writer
from alerts.outbox import LEASE, WAITS, Post, deliver
from alerts.send import SendError, harmless, send
from alerts.tell import Message, queue, tell
from dashboard.why import why
from ingest.write import Writer as Runs
from layouts.alert_mail import WHOLE, html
from queries.errors import QueryError, UserError
from queries.store import Store

Run = Callable[..., tuple[Any, ...]]
T = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = Allowed.of("127.0.0.1")
POST = Post("a secret of these tests", HERE)
MESSAGE = Message("A subject\nof two lines", "The text: ünï", "<p>The <b>page</b></p>")


class Mailbox:
    """A real SMTP server; ``mails`` are those it took. ``refuse``: it takes none."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuse = False
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._server = Controller(self, hostname="127.0.0.1", port=self.port)
        self._server.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        if self.refuse:
            return "554 5.7.1 not today"
        self.mails.append((envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?smtp=127.0.0.1&mode=insecure&from=fixer@example.org&to=ann@example.org,bob@example.org"

    def close(self) -> None:
        self._server.stop()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.close()


class Receiver:
    """A real HTTP server; ``bodies`` are what it was sent. ``status``, ``answer``: what it says; ``to``:
    redirects; ``meanwhile``: done before it answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status, self.to, self.answer = 200, "", b""
        self.meanwhile: Callable[[], None] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(json.loads(body))
                receiver.meanwhile()
                self.send_response(receiver.status)
                if receiver.to:
                    self.send_header("Location", receiver.to)
                self.end_headers()
                self.wfile.write(receiver.answer)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook/s3cr3t-token"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_an_email_has_its_text_beside_its_page(mailbox: Mailbox) -> None:
    send(mailbox.address, MESSAGE, HERE)
    ((envelope, mail),) = mailbox.mails
    assert sorted(envelope.rcpt_tos) == ["ann@example.org", "bob@example.org"]
    assert (mail["Subject"], mail["To"]) == ("A subject of two lines", "ann@example.org, bob@example.org")
    assert mail["From"] == "Fixer Metrics <fixer@example.org>"
    assert mail.get_body(("plain",)).get_content().strip() == "The text: ünï"
    assert "<b>page</b>" in mail.get_body(("html",)).get_content()


def test_a_webhook_gets_subject_and_text(receiver: Receiver) -> None:
    send(receiver.address, MESSAGE, HERE)
    (body,) = receiver.bodies
    assert body["message"] == MESSAGE.body
    assert body["title"].split() == MESSAGE.subject.split()


def test_in_a_chat_no_name_calls_anybody() -> None:
    said = harmless("model @everyone <!channel> <@U123> by ann@example.org, 3 < 4 @ noon")
    assert "@everyone" not in said
    assert "<!" not in said
    assert "<@" not in said
    assert said.replace("\u200b", "") == "model @everyone <!channel> <@U123> by ann@example.org, 3 < 4 @ noon"


def test_in_a_chat_no_name_is_a_link_under_another_name() -> None:
    said = harmless("<https://evil.example|All is well> [All is well](https://evil.example) a[1] (2) <n>")
    assert "<https" not in said
    assert "](" not in said
    assert harmless("a[1] (2) <n> 3 < 4") == "a[1] (2) <n> 3 < 4"
    assert harmless("See these runs: https://metrics.example.org/?range=7d") == (
        "See these runs: https://metrics.example.org/?range=7d"
    )


def test_whatever_a_server_says_the_message_is_only_not_sent(receiver: Receiver) -> None:
    receiver.answer = b'{"access_token": 1, "user_id": [], "home_server": [], "room_id": 1}'
    with pytest.raises(SendError) as refused:
        send(f"matrix://user:pa55word@127.0.0.1:{receiver.port}/#room", MESSAGE, HERE)
    assert "pa55word" not in str(refused.value)


def test_why_it_was_not_sent_has_no_secret_in_it(mailbox: Mailbox, receiver: Receiver) -> None:
    receiver.status = 500
    with pytest.raises(SendError) as refused:
        send(receiver.address, MESSAGE, HERE)
    assert "500" in str(refused.value)
    assert "s3cr3t" not in str(refused.value)
    mailbox.refuse = True
    with pytest.raises(SendError):
        send(mailbox.address, MESSAGE, HERE)


HARD = 'p%40ss/w:rd \\"+'  # an encoded character that is meant so, and all that parts an address
WRITTEN = quote(HARD, safe="")


def every_way(secret: str) -> list[str]:
    ways = [secret, quote(secret, safe=""), quote(secret), quote(secret, safe="").lower(), unquote(secret),
            repr(secret.encode())[2:-1], quote(secret, safe="").replace("%3A", ":").replace("%2F", "/"), base64.b64encode(secret.encode()).decode(),
            base64.b64encode(f"\0bot\0{secret}".encode()).decode()]  # fmt: skip
    return [way for way in ways if way != "***"]


def test_a_server_that_says_the_password_again_is_not_quoted() -> None:
    """It got the password; its refusal is told without it, and reads on."""
    seen: list[bytes] = []

    def refuse(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append(data.password)
        return AuthResult(
            success=False, handled=False, message=f"535 5.7.8 no user has {data.password.decode()} here"
        )

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(
        Mailbox, hostname="127.0.0.1", port=port, auth_require_tls=False, authenticator=refuse
    )
    server.start()
    try:
        for login in (f"bot:{WRITTEN}@127.0.0.1:{port}/?", f"127.0.0.1:{port}/?user=bot&pass={WRITTEN}&"):
            with pytest.raises(SendError) as refused:
                send(f"mailto://{login}smtp=127.0.0.1&mode=insecure&from=a@b.org&to=c@d.org", MESSAGE, HERE)
            said = str(refused.value)
            assert "no user has *** here" in said
            assert not [way for way in every_way(HARD) if way in said]
    finally:
        server.stop()
    assert set(seen) == {HARD.encode(), unquote(HARD).encode()}  # Apprise decodes pass= twice


@pytest.mark.parametrize("way", every_way(HARD))
def test_no_spelling_of_a_secret_is_told(way: str) -> None:
    for address in (f"mailto://bot:{WRITTEN}@example.org", f"json://bot:{WRITTEN}@example.org/hook"):
        assert without_secrets(f"at example.org: {way}!", address) == "at example.org: ***!"


def test_a_password_that_smtp_cannot_take_is_said_to_be_one(mailbox: Mailbox) -> None:
    address = mailbox.address.replace("//", f"//bot:{quote('pä55wörd')}@", 1)
    with pytest.raises(SendError, match="ASCII"):
        send(address, MESSAGE, HERE)


def test_what_a_channel_could_not_reach_is_told_without_its_token(engine: Engine) -> None:
    """In the log of deliveries, where a library tells the whole address it could not open."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]  # nobody listens there any more
    put(
        engine,
        add(engine, "hook", f"json://bot:{WRITTEN}@127.0.0.1:{port}/hook/{quote('to/ken=1?')}/{WRITTEN}"),
    )
    assert deliver(engine, POST, T) == (0, 1)
    problem = log(engine)[0].problem
    assert "127.0.0.1" in problem
    for secret in ("to/ken", "ken=1", "to%2Fken", "p%40ss", "p@ss", "p%2540ss", "w:rd"):
        assert secret not in problem, problem


def test_an_address_that_is_not_understood_is_refused_when_it_is_entered(engine: Engine) -> None:
    with pytest.raises(QueryError, match="%2F"):
        add(engine, "mail", "mailto://bot:p%40ss/w:rd@127.0.0.1/?to=a@example.org")


# ---- what may not be reached ---------------------------------------------------------------------------


def test_nothing_is_sent_into_our_own_network(mailbox: Mailbox, receiver: Receiver) -> None:
    for address in (mailbox.address, receiver.address, receiver.address.replace("127.0.0.1", "localhost")):
        with pytest.raises(SendError, match="ALERT_INTERNAL"):
            send(address, MESSAGE, Allowed())
    assert (mailbox.mails, receiver.bodies) == ([], [])


def test_a_redirect_into_our_own_network_is_not_followed(receiver: Receiver) -> None:
    other = Receiver()
    try:
        # 127.0.0.1 may be reached, 127.0.0.2 may not.
        receiver.status, receiver.to = 307, f"http://127.0.0.2:{other.port}/"
        with pytest.raises(SendError):
            send(f"{receiver.address}?redirect=yes", MESSAGE, HERE)
        assert (len(receiver.bodies), other.bodies) == (1, [])
    finally:
        other.close()


def test_a_name_that_resolves_otherwise_the_second_time_reaches_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check and the connection use one and the same answer of the resolver."""
    with guarded(HERE):
        pass  # the guard stands between us and the resolver from here on
    guard, answers = socket.getaddrinfo, iter(["93.184.216.34", "127.0.0.1", "127.0.0.1", "127.0.0.1"])
    seen: list[str] = []

    def rebinding(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host != "rebinding.test":
            return plain(host, port, *more, **named)
        seen.append(next(answers))
        return plain(seen[-1], port, *more, **named)

    plain = guard.__closure__[0].cell_contents  # type: ignore[union-attr]
    monkeypatch.setattr(guard.__closure__[0], "cell_contents", rebinding)  # type: ignore[index]
    with pytest.raises(SendError):
        send(f"json://rebinding.test:{receiver.port}/", MESSAGE, Allowed())
    assert seen[:2] == ["93.184.216.34", "127.0.0.1"]
    assert receiver.bodies == []


@pytest.mark.parametrize(
    ("address", "lets"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True),
        ("127.0.0.1", False), ("10.0.0.1", False), ("172.31.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("ff02::1", False), ("::ffff:127.0.0.1", False), ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False),
        ("fec0::1", False), ("64:ff9b:1::7f00:1", False), ("::127.0.0.1", False), ("5f00::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_of_the_internet(address: str, lets: bool) -> None:
    assert Allowed().lets(address) is lets
    assert Allowed.of("all").lets(address)


def test_a_setting_names_what_may_be_reached() -> None:
    some = Allowed.of("10.1.0.0/16, ::1")
    assert [some.lets(a) for a in ("10.1.2.3", "::ffff:10.1.2.3", "10.2.0.1", "::1")] == [
        True,
        True,
        False,
        True,
    ]
    with pytest.raises(ValueError):
        Allowed.of("mail.example.org")


def test_the_guard_holds_inside_and_nowhere_else() -> None:
    with guarded(Allowed()), pytest.raises(RefusedError):
        socket.getaddrinfo("127.0.0.1", 80)
    assert socket.getaddrinfo("127.0.0.1", 80)


# ---- the outbox ------------------------------------------------------------------------------------------


def add(engine: Engine, name: str, address: str) -> int:
    with engine.begin() as connection:
        return channels.add(connection, name, address, POST, T).channel_id


def put(engine: Engine, channel: int, key: str = "a") -> int:
    with engine.begin() as connection:
        return queue(connection, channel, key, "alert", MESSAGE, T)


def log(engine: Engine) -> list[history.Delivery]:
    with engine.connect() as connection:
        return history.deliveries(connection)[::-1]


def test_what_is_put_in_once_is_sent_once(engine: Engine, receiver: Receiver) -> None:
    channel = add(engine, "hook", receiver.address)
    assert [put(engine, channel), put(engine, channel)] == [1, 0]
    threads = [threading.Thread(target=deliver, args=(engine, POST, T)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.bodies) == 1
    assert [(one.state, one.attempts, one.problem) for one in log(engine)] == [("sent", 1, "")]


def test_what_is_not_taken_is_tried_again_then_given_up_and_told(
    engine: Engine, receiver: Receiver, mailbox: Mailbox
) -> None:
    channel = add(engine, "hook", receiver.address)
    add(engine, "mail", mailbox.address)
    put(engine, channel)
    receiver.status, now = 503, T
    for wait in WAITS:
        assert deliver(engine, POST, now) == (0, 1)
        assert deliver(engine, POST, now + wait - timedelta(seconds=1)) == (0, 0)
        now += wait
    with engine.connect() as connection:
        assert [one.channel for one in history.troubled(connection)] == ["hook"]
    deliver(engine, POST, now)
    assert len(receiver.bodies) == len(WAITS) + 1
    first, second = log(engine)
    assert (first.state, first.attempts) == ("failed", len(WAITS) + 1)
    assert (second.kind, second.channel, second.state) == ("undelivered", "mail", "sent")
    ((_, mail),) = mailbox.mails
    assert mail["Subject"] == "Not delivered to hook: A subject of two lines"
    assert "s3cr3t" not in mail.as_string()


def test_what_a_dead_worker_had_taken_is_sent_by_another(engine: Engine, receiver: Receiver) -> None:
    channel = add(engine, "hook", receiver.address)
    put(engine, channel)
    from alerts.outbox import _take

    with engine.begin() as connection:
        assert _take(connection, T) is not None  # and it dies
    assert deliver(engine, POST, T + LEASE - timedelta(seconds=1)) == (0, 0)
    assert deliver(engine, POST, T + LEASE) == (1, 0)


def test_slow_channels_do_not_eat_up_the_lease_of_those_behind_them(
    engine: Engine, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six minutes pass with the first message: while the second is on its way nobody else may take it."""
    channel = add(engine, "hook", receiver.address)
    for key in "ab":
        put(engine, channel, key)
    clock = [0.0]
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    taken: list[datetime] = []

    def look() -> None:
        clock[0] = 360.0
        taken.append(max(one.next_at for one in log(engine) if one.state == "waiting"))

    receiver.meanwhile = look
    assert deliver(engine, POST, T) == (2, 0)
    assert taken[1] == T + timedelta(minutes=6) + LEASE


def test_with_another_secret_the_address_must_be_entered_again(engine: Engine, receiver: Receiver) -> None:
    channel = add(engine, "hook", receiver.address)
    put(engine, channel)
    assert deliver(engine, Post("another secret", HERE), T) == (0, 1)
    assert "SECRET_KEY" in log(engine)[0].problem
    with pytest.raises(UserError):
        unseal(seal("json://a", "one secret"), "another")


# ---- from runs to a mail -----------------------------------------------------------------------------------


def test_the_whole_way_from_runs_to_a_mail(
    engine: Engine, store: Store, run: Run, mailbox: Mailbox, receiver: Receiver
) -> None:
    both = [add(engine, "mail", mailbox.address), add(engine, "hook", receiver.address)]
    asked = {
        "name": "Agents <fail>",
        "channels": both,
        "filters": "agent=fixer",
        "tz": "Europe/Berlin",
        "threshold": 25,
    }
    with engine.begin() as connection:
        keep.add(connection, asked, T - timedelta(minutes=15))
    with Runs(engine) as writer:
        # 10:00 to 11:00 UTC: 20 successes; 11:00 to 12:00: 10 successes on gpt-4, 10 errors on claude.
        writer.write([run("2026-11-20T10:30+00:00") for _ in range(20)])
        writer.write([run("2026-11-20T11:30+00:00", model=m, status=s)
                      for m, s in (("gpt-4", "success"), ("claude", "error")) for _ in range(10)])  # fmt: skip
    evaluate(engine, store, T)
    tell(engine, Writer(store, why, "https://fixer.example.org", html), T)
    assert deliver(engine, POST, T) == (2, 0)
    ((_, mail),) = mailbox.mails
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Firing: Agents <fail>: Failure rate 50.0 %"
    assert "Failure rate: 50.0\u202f% from 20 runs, 20 Nov 12:00 to 20 Nov 2026 13:00 (Europe/Berlin)" in text
    assert "above 25.0\u202f% over 1 hour (agent fixer)" in text
    assert "Failure rate rose by 50.0\u202fpt (from 0.0\u202f% to 50.0\u202f%)" in text
    assert "claude" in text  # the reason
    assert (
        "https://fixer.example.org/?agent=fixer&grain=auto&range=2026-11-20T11%3A00Z..2026-11-20T12%3A00Z"
        "&tz=Europe%2FBerlin" in text
    )
    assert receiver.bodies[0]["message"].split() == text.split()
    assert text.splitlines()[2] == "Since 20 Nov 2026 13:00 (Europe/Berlin)."


# ---- the page of the mail -----------------------------------------------------------------------------------

HOSTILE = '</td><script>alert("1")</script>&amp;'


class Read(HTMLParser):
    """``tags``, ``links`` and ``words`` of a page; the words without what only an inbox shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.words = ""
        self._link = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._link = (dict(attrs).get("href") or "") if tag == "a" else ""

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"
        if self._link:
            self.links.append((data, self._link))


def told(engine: Engine, store: Store, mailbox: Mailbox, at: datetime) -> tuple[Any, Read, str]:
    """Looks, tells and sends: the newest mail, its page, and its text."""
    evaluate(engine, store, at)
    tell(engine, Writer(store, why, "https://fixer.example.org", html), at)
    deliver(engine, POST, at)
    _, mail = mailbox.mails[-1]
    page = Read(mail.get_body(("html",)).get_content())
    return mail, page, mail.get_body(("plain",)).get_content()


def failing(engine: Engine, channel: int, name: str, **more: Any) -> None:
    """A rule with 12 errors of 20 runs in the hour before T, all on a model with a hostile name."""
    asked = {"name": name, "channels": [channel], "threshold": 25, "severity": "critical"} | more
    with engine.begin() as connection:
        keep.add(connection, asked, T - timedelta(minutes=15))


def put_failures(engine: Engine, run: Run) -> None:
    with Runs(engine) as writer:
        writer.write([run("2026-11-20T10:30+00:00") for _ in range(20)])
        writer.write([run("2026-11-20T11:30+00:00", model=HOSTILE, status="error" if n < 12 else "success")
                      for n in range(20)])  # fmt: skip


def test_the_page_says_what_the_text_says_and_escapes_names(
    engine: Engine, store: Store, run: Run, mailbox: Mailbox
) -> None:
    failing(engine, add(engine, "mail", mailbox.address), HOSTILE)
    put_failures(engine, run)
    mail, page, text = told(engine, store, mailbox, T)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "script" not in page.tags
    plain = page.words.replace("\u00a0", " ")
    for part in ("Firing", "Critical", HOSTILE, "Failure rate", "60.0 %", "above 25.0 %", "from 20 runs",
                 "20 Nov 11:00 to 20 Nov 2026 12:00 (UTC)", "rose by 60.0 pt"):  # fmt: skip
        assert part in plain, part
        assert part.lower() in text.replace("\u202f", " ").lower(), part
    links = dict(page.links)
    assert links["See these runs"] in text  # exactly that view, in both
    assert "range=2026-11-20T11%3A00Z..2026-11-20T12%3A00Z" in links["See these runs"]
    assert all(link.startswith("https://fixer.example.org/") for _, link in page.links)


def test_that_it_is_over_is_told_with_both_times(
    engine: Engine, store: Store, run: Run, mailbox: Mailbox
) -> None:
    failing(engine, add(engine, "mail", mailbox.address), "Agents fail", minRuns=1)
    put_failures(engine, run)
    told(engine, store, mailbox, T)
    with Runs(engine) as writer:
        writer.write([run("2026-11-20T12:05+00:00") for _ in range(60)])
    mail, page, text = told(engine, store, mailbox, T + timedelta(minutes=15))  # 12 of 80
    assert mail["Subject"] == "Resolved: Agents fail: Failure rate 15.0 %"
    assert "Fired 20 Nov 2026 12:00 (UTC), over 20 Nov 2026 12:15 (UTC)." in text
    assert "Resolved" in page.words
    assert "over 20 Nov 2026 12:15 (UTC)" in page.words


def test_many_that_fire_together_are_one_mail_that_stays_short(
    engine: Engine, store: Store, run: Run, mailbox: Mailbox
) -> None:
    channel = add(engine, "mail", mailbox.address)
    for number in range(WHOLE + 3):
        failing(engine, channel, f"rule {number:02}")
    put_failures(engine, run)
    mail, page, text = told(engine, store, mailbox, T)
    assert len(mailbox.mails) == 1
    assert mail["Subject"] == "Alerts: 13 firing: rule 00, rule 01, rule 02 and 10 more"
    assert [label for label, _ in page.links].count("See these runs") == WHOLE
    assert [label for label, _ in page.links].count("runs") == 3
    for number in range(WHOLE + 3):
        assert f"rule {number:02}" in page.words
        assert f": rule {number:02}\n" in text.replace("\r\n", "\n")
    assert len(mail.get_body(("html",)).get_content()) < 100_000  # where Gmail cuts a mail off
