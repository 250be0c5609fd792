"""Settings: where they come from, what is refused and how it is said, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.config import ConfigError, Settings, dotenv_example, in_force, markdown_rows
from dashboard.setting import masked_address
from dashboard.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = Path("/nowhere/.env")


def load(**environ: str) -> Settings:
    return Settings.load(environ, NOWHERE)


def test_defaults_need_no_environment() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8050, None)
    assert settings.data == Path(".data").absolute()
    assert set(settings.sources.values()) == {"default"}
    assert settings.warnings == ()


def test_environment_wins_over_dotenv_and_dotenv_over_default(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# ours\nPORT=9001\nexport HOST='0.0.0.0'\nFIXER_METRICS_CACHE=off\n")
    settings = Settings.load({"PORT": "9002"}, dotenv)
    assert (settings.port, settings.host, settings.cache) == (9002, "0.0.0.0", False)
    assert settings.sources["PORT"] == "environment"
    assert settings.sources["HOST"] == ".env"
    assert settings.sources["WEB_THREADS"] == "default"


def test_a_budget_is_an_amount_of_dollars_however_it_is_written() -> None:
    assert [load(MONTHLY_BUDGET=text).monthly_budget for text in ("2500", "$2,500", "0.50")] == [
        2500,
        2500,
        0.5,
    ]
    assert load().monthly_budget is None


def test_how_far_is_unusual_is_a_number() -> None:
    assert [load().unusual_sigma, load(UNUSUAL_SIGMA="2.5").unusual_sigma] == [2.0, 2.5]


def test_attributes_are_names_with_commas() -> None:
    assert load().attributes == ("repository", "environment", "user", "task")
    assert load(ATTRIBUTES=" team, repository,,team ").attributes == ("team", "repository")


def test_an_empty_value_counts_as_none() -> None:
    assert load(PORT="", DATABASE_URL=" ").port == 8050


WRONG = [
    ("DATABASE_URL", "mysql://u@h/n"),
    ("DATABASE_URL", "postgresql://h:port/n"),
    ("DATABASE_URL", "postgresql://h"),
    ("PORT", "http"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("HOST", "http://localhost"),
    ("WEB_CONCURRENCY", "0"),
    ("WEB_THREADS", "65"),
    ("REDIS_URL", "http://h"),
    ("SECRET_KEY", "short"),
    ("FIXER_METRICS_CACHE", "maybe"),
    ("FIXER_METRICS_STATEMENT_TIMEOUT", "-1"),
    ("FIXER_METRICS_LOG_LEVEL", "loud"),
    ("FIXER_METRICS_LOG_FORMAT", "xml"),
    ("ATTRIBUTES", "x" * 101),
    ("ATTRIBUTES", ",".join(map(str, range(21)))),
    ("MONTHLY_BUDGET", "0"),
    ("MONTHLY_BUDGET", "much"),
    ("MONTHLY_BUDGET", "nan"),
    ("MONTHLY_BUDGET", "inf"),
    ("POST_MAX_MB", "0"),
    ("POST_MAX_RUNS", "many"),
    ("TRACE_UNSET_STATUS", "failure"),
    ("TRACE_KEEP_HOURS", "0"),
    ("TRACES_AT_ONCE", "0"),
    ("IN_FLIGHT_HOURS", "0"),
    ("OVERDUE_MINUTES", "soon"),
    ("UNUSUAL_SIGMA", "0.9"),
    ("PUBLIC_URL", "metrics.example.org"),
    ("PUBLIC_URL", "https:///alerts"),
    ("ALERT_DELAY", "-1"),
    ("ALERT_INTERNAL", "mail.example.org"),
    ("ALERT_INTERNAL", "10.0.0.0/40"),
    ("UNUSUAL_SIGMA", "nan"),
    ("UNUSUAL_SIGMA", "two"),
    ("AUTH", "password"),
    ("INSECURE", "yes"),
    ("TRUSTED_PROXY", "proxy.local"),
    ("TRUSTED_PROXY", "10.0.0.1/8"),
    ("SESSION_HOURS", "0"),
    ("VIEWERS", "ann,group:"),
    ("EDITORS", "@"),
    ("PROXY_USER_HEADER", "X User"),
    ("PROXY_GROUPS_HEADER", "X:Groups"),
    ("OIDC_ISSUER", "http://login.example.org"),
    ("OIDC_ISSUER", "login.example.org"),
    ("OIDC_SCOPES", "email profile"),
    ("RETENTION_DAYS", "0"),
    ("RETENTION_DAYS", "ever"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_named_with_key_value_and_what_is_allowed(name: str, value: str) -> None:
    setting = next(s for s in SETTINGS if s.name == name)
    with pytest.raises(ConfigError) as caught:
        load(**{name: value})
    said = str(caught.value)
    assert said.startswith(f"{name}={'***' if setting.secret else value} (from the environment)")
    assert setting.allowed in said


def test_every_setting_that_can_be_wrong_is_tried() -> None:
    # Paths are judged when they are used, and so are these, by the provider.
    takes_anything = {"FIXER_METRICS_DATA", "ERROR_RULES"}
    takes_anything |= {"OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_GROUPS_CLAIM"}
    assert {name for name, _ in WRONG} == {s.name for s in SETTINGS} - takes_anything


def test_all_wrong_values_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load(PORT="x", WEB_THREADS="y")
    assert len(str(caught.value).splitlines()) == 2


def test_unknown_names_of_ours_are_warned_about_with_a_suggestion(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("DATABSE_URL=postgresql://h/n\nPOSTGRES_USER=other\n")
    warnings = Settings.load({"FIXER_METRICS_DATE": "x", "SOMETHING": "y"}, dotenv).warnings
    assert len(warnings) == 2
    assert "FIXER_METRICS_DATE" in warnings[0]
    assert "Did you mean 'FIXER_METRICS_DATA'?" in warnings[0]
    assert "DATABSE_URL (from .env)" in warnings[1]


def test_a_dotenv_line_that_is_not_understood_is_named_without_its_content(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("PORT=1\nSECRET_KEY 'very secret\n")
    with pytest.raises(ConfigError) as caught:
        Settings.load({}, dotenv)
    assert ".env, line 2" in str(caught.value)
    assert "very secret" not in str(caught.value)


SECRETS = [
    ("postgresql://fixer:hush@host:5432/runs", "postgresql://fixer:***@host:5432/runs"),
    ("postgresql://fixer:hu/sh@hush@host/runs", "postgresql://fixer:***@host/runs"),
    ("postgresql://host/runs?user=a&password=hush&sslmode=require", None),
    ("postgresql+psycopg://fixer:hush@/runs?host=/run/postgresql", None),
    ("redis://:hush@host:6379/0", "redis://:***@host:6379/0"),
    ("postgresql://fixer@host/runs", "postgresql://fixer@host/runs"),
    ("unix:///run/redis.sock", "unix:///run/redis.sock"),
]


@pytest.mark.parametrize(("address", "shown"), SECRETS)
def test_passwords_in_addresses_are_masked(address: str, shown: str | None) -> None:
    masked = masked_address(address)
    assert "hush" not in masked
    assert shown is None or masked == shown


@pytest.mark.parametrize(
    "wrong", ["mysql://u:hush@h/n", "u:hush@h/n", "postgresql://u:hush@h:x/n", "//u:hush@h"]
)
def test_a_wrong_address_does_not_give_its_password_away(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(DATABASE_URL=wrong)
    assert "hush" not in str(caught.value)


def test_what_is_in_force_shows_no_secret() -> None:
    key = "0123456789abcdefgh"
    shown = in_force(load(SECRET_KEY=key, DATABASE_URL="postgresql://u:hush@h/n", FIXER_METRICS_CACHE="off"))
    text = str(shown)
    assert key not in text
    assert "hush" not in text
    assert ("FIXER_METRICS_CACHE", "off", "environment") in shown
    assert [name for name, _, _ in shown] == [s.name for s in SETTINGS]


def test_dotenv_example_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text() == dotenv_example()


def test_each_setting_has_a_row_for_the_readme_and_a_field() -> None:
    rows = markdown_rows()
    assert len(rows) == len(SETTINGS)
    for setting, row in zip(SETTINGS, rows, strict=True):
        assert f"`{setting.name}`" in row
        assert setting.help in row
        assert hasattr(load(), setting.attribute)


def test_each_default_is_allowed() -> None:
    for setting in SETTINGS:
        assert setting.default is None or setting.parse(setting.default) is not None
        assert (setting.default is None) == bool(setting.without)
