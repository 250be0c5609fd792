"""Categories: the rules that come with it, a team's own, and what is wrong with a bad file."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from ingest.errors import ErrorReader, load_rules, reader
from queries.errors import UserError
from seed import errors as seed_errors

CATEGORIES = (
    "context_length",
    "out_of_memory",
    "rate_limit",
    "authentication",
    "timeout",
    "cancelled",
    "network",
    "test_failure",
    "invalid_output",
    "tool_failure",
    "other",
)


@pytest.fixture
def ours() -> ErrorReader:
    return reader()


def test_the_categories(ours: ErrorReader) -> None:
    assert ours.categories == CATEGORIES


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("openai.RateLimitError: Error code: 429 - {'error': {'message': 'slow down'}}", "rate_limit"),
        ("HTTP 429", "rate_limit"),
        ("HTTP/1.1 503", "network"),
        ("expected 429, got 503", "test_failure"),
        ("Anfragelimit überschritten", "rate_limit"),
        ("ANFRAGELIMIT ÜBERSCHRITTEN", "rate_limit"),
        ("Trop de requêtes", "rate_limit"),
        ("Demasiadas solicitudes", "rate_limit"),
        ("レート制限を超えました", "rate_limit"),
        ("请求过于频繁", "rate_limit"),
        ("Read timed out. (read timeout=600)", "timeout"),
        ("Zeitüberschreitung", "timeout"),
        ("délai d'attente dépassé", "timeout"),
        ("Tiempo de espera agotado", "timeout"),
        ("タイムアウトしました", "timeout"),
        ("操作超时", "timeout"),
        ("This model's maximum context length is 8192 tokens", "context_length"),
        ("Die Eingabe ist zu lang", "context_length"),
        ("la fenêtre de contexte est dépassée", "context_length"),
        ("ventana de contexto superada", "context_length"),
        ("プロンプトが長すぎます", "context_length"),
        ("提示过长", "context_length"),
        ("Invalid API key provided", "authentication"),
        ("Error code: 401", "authentication"),
        ("Zugriff verweigert", "authentication"),
        ("Accès refusé", "authentication"),
        ("Acceso denegado", "authentication"),
        ("認証に失敗しました", "authentication"),
        ("身份验证失败", "authentication"),
        ("Connection reset by peer", "network"),
        ("Verbindung abgelehnt", "network"),
        ("connexion interrompue", "cancelled"),
        ("Service indisponible", "network"),
        ("Error de red", "network"),
        ("ネットワークエラー", "network"),
        ("网络错误", "network"),
        ("Tool bash failed with exit code 2", "tool_failure"),
        ("bash: rg: command not found", "tool_failure"),
        ("Datei nicht gefunden: x", "tool_failure"),
        ("fichier introuvable", "tool_failure"),
        ("archivo no encontrado", "tool_failure"),
        ("ファイルが見つかりません", "tool_failure"),
        ("文件不存在", "tool_failure"),
        ("3 of 12 tests failed", "test_failure"),
        ("2 tests have failed", "test_failure"),
        ("Tests fehlgeschlagen", "test_failure"),
        ("Les tests ont échoué", "test_failure"),
        ("Fallaron 3 de 9 pruebas", "test_failure"),
        ("テストが失敗しました", "test_failure"),
        ("测试失败", "test_failure"),
        ("json.decoder.JSONDecodeError: Expecting value", "invalid_output"),
        ("RAW_PATCH_BUT_UNMATCHED, RAW_PATCH_BUT_UNPARSED", "invalid_output"),
        ("Patch did not apply in evaluation (no_apply)", "invalid_output"),
        ("empty patch; exit_status=submitted", "invalid_output"),
        ("Kein Vorschlag nach 3 Schritten", "invalid_output"),
        ("torch.cuda.OutOfMemoryError: CUDA out of memory", "out_of_memory"),
        ("[Errno 28] No space left on device", "out_of_memory"),
        ("Speicher erschöpft", "out_of_memory"),
        ("mémoire insuffisante", "out_of_memory"),
        ("メモリ不足", "out_of_memory"),
        ("内存不足", "out_of_memory"),
        ("asyncio.exceptions.CancelledError", "cancelled"),
        ("error_max_turns", "cancelled"),
        ("empty patch; exit_status=exit_cost", "cancelled"),
        ("vom Benutzer abgebrochen", "cancelled"),
        ("キャンセルされました", "cancelled"),
        ("用户取消了操作", "cancelled"),
        ("something else", "other"),
        ("success", "other"),
    ],
)
def test_what_is_which(ours: ErrorReader, message: str, category: str) -> None:
    assert ours.category(message, "error") == category


# What each kind of trouble of the demo data may be; a crash is what its message says.
KINDS = {
    "rate_limit": {"rate_limit"},
    "timeout": {"timeout"},
    "overloaded": {"network"},
    "tool_crash": {"tool_failure", "invalid_output", "out_of_memory"},
    "context_length": {"context_length"},
    "network": {"network"},
    "permission": {"authentication"},
    "tests_failed": {"test_failure"},
    "no_patch": {"invalid_output"},
    "patch_conflict": {"invalid_output", "test_failure"},
}


def test_every_message_of_the_demo_data_is_told(ours: ErrorReader) -> None:
    rng = np.random.default_rng(7)
    for kinds in seed_errors.KINDS.values():
        for kind in kinds:
            for pattern in kind.english + kind.others:
                draws = rng.integers(0, 1 << 48, (100, 2)).tolist()
                found = {ours.category(seed_errors._message((pattern,), *pair), "error") for pair in draws}
                assert len(found) == 1, (pattern, found)
                assert found <= KINDS[kind.name], (pattern, found)


def test_the_telling_line_goes_before_the_rest(ours: ErrorReader) -> None:
    message = 'Traceback (most recent call last):\n  File "timeout.py", line 1, in x\nMemoryError'
    assert ours.category(message, "error") == "out_of_memory"
    assert ours.category("Run stopped\nthe tests timed out", "error") == "timeout"


@pytest.mark.parametrize(
    ("message", "status", "given", "expected"),
    [
        (None, "success", None, (None, None)),
        (None, "unknown", None, (None, None)),
        (None, "failure", None, ("other", None)),
        (None, "error", None, ("other", None)),
        ("", "error", None, ("other", None)),
        (" \n", "success", None, (None, None)),
        ("timed out after 3 s", "success", None, ("timeout", "timed out after <n> s")),
        ("timed out after 3 s", "error", "network", ("network", "timed out after <n> s")),
        ("timed out after 3 s", "error", "provider trouble", ("timeout", "timed out after <n> s")),
        (None, "success", "network", ("network", None)),
    ],
)
def test_what_a_run_gets(
    ours: ErrorReader, message: str | None, status: str, given: str | None, expected: object
) -> None:
    assert ours.read(message, status, given) == expected


class TestOwnRules:
    def test_go_first_and_may_name_categories_of_their_own(self, tmp_path: Path) -> None:
        file = tmp_path / "rules.toml"
        file.write_text(
            "[[rule]]\ncategory = \"billing\"\nany = ['card declined', 'E-4\\d\\d\\d']\n"
            "[[rule]]\ncategory = \"timeout\"\nany = ['slow']\n"
        )
        own = reader(file)
        assert own.categories[:2] == ("billing", "timeout")
        assert own.category("Card declined: rate limit", "error") == "billing"
        assert own.category("e-4711", "error") == "billing"
        assert own.category("too slow: out of memory", "error") == "timeout"
        assert own.category("out of memory", "error") == "out_of_memory"
        assert own.read("x", "error", "billing")[0] == "billing"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[[rule]\n", "not TOML"),
            ("", "no list of rules"),
            ("rules = 1", "rules"),
            ("rule = 3", "no list of rules"),
            ("rule = [3]", "Rule 1 in .* no table"),
            ("[[rule]]\ncategory = 'a'\nall = ['x']", "Rule 1 in .*'all'"),
            ("[[rule]]\nany = ['x']", "Rule 1 in .*category None"),
            ("[[rule]]\ncategory = 'Big One'\nany = ['x']", "Rule 1 in .*'Big One'.* small letters"),
            ("[[rule]]\ncategory = 'a'", "Rule 1 in .* no list of patterns"),
            ("[[rule]]\ncategory = 'a'\nany = 'x'", "Rule 1 in .* no list of patterns"),
            ("[[rule]]\ncategory = 'a'\nany = []", "Rule 1 in .* no list of patterns"),
            (
                "[[rule]]\ncategory = 'a'\nany = ['x']\n[[rule]]\ncategory = 'b'\nany = ['(']",
                r"Rule 2 in .*'\('.*no regular expression",
            ),
            ("[[rule]]\ncategory = 'a'\nany = ['x(?i)']", "Rule 1 in .*no regular expression"),
            ("[[rule]]\ncategory = 'a'\nany = ['x*']", "Rule 1 in .*fits every message"),
            ("[[rule]]\ncategory = 'a'\nany = ['']", "Rule 1 in .*fits every message"),
            (r"[[rule]]" + "\ncategory = 'a'\nany = ['(a)\\1']", "Rule 1 in .*references"),
        ],
    )
    def test_a_bad_file_names_file_rule_and_what_is_allowed(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        file = tmp_path / "rules.toml"
        file.write_text(text)
        with pytest.raises(UserError, match=said) as raised:
            load_rules(file)
        assert str(file) in str(raised.value)
        assert "llowed" in str(raised.value) or "must" in str(raised.value)

    def test_a_file_that_is_not_there_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"cannot be read.*ERROR_RULES"):
            load_rules(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "scrap",
    ["a", "1", "/", "tool ", "expected ", "connect to ", "pytest ", "exit ", "a b.", "\n", "5 ", "error "],
)
def test_a_hostile_message_takes_no_long_time(ours: ErrorReader, scrap: str) -> None:
    message = scrap * (1_000_000 // len(scrap)) + "!"
    began = time.process_time()
    ours.category(message, "error")
    assert time.process_time() - began < 0.5
