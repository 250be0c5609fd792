"""What a run touched: tools, files, repository, people; drawn once into pools that runs pick from."""

from __future__ import annotations

import json

import numpy as np

MOST_TOOL_CALLS = 80
MOST_FILES = 12
_VARIANTS = 48

_TOOLS = {
    "read_file": 0.34, "search_code": 0.19, "edit_file": 0.16, "run_tests": 0.11,
    "bash": 0.10, "list_files": 0.06, "git_diff": 0.03, "fetch_url": 0.01,
}  # fmt: skip
_REPOSITORIES = {
    "platform/billing-service": (
        "src/billing/invoice.py", "src/billing/tax/eu_rates.py", "tests/test_invoice.py",
        "src/billing/api/routes.py", "src/billing/models.py", "pyproject.toml",
        "src/billing/währung.py", "docs/rechnungen.md", "src/billing/export/csv_writer.py",
        "tests/test_tax.py", "Makefile", "src/billing/jobs.py",
    ),
    "web/storefront": (
        "src/components/Cart.tsx", "src/pages/checkout.tsx", "src/lib/price.ts", "package.json",
        "src/styles/base.css", "src/components/Header.tsx", "e2e/checkout.spec.ts",
        "src/i18n/fr.json", "src/i18n/ja.json", "src/hooks/useCart.ts", "src/api/client.ts",
        "vite.config.ts",
    ),
    "data/pipelines": (
        "dags/daily_orders.py", "dags/backfill.py", "sql/orders_daily.sql", "lib/io/parquet.py",
        "lib/schema.py", "tests/test_parquet.py", "config/prod.yaml", "dags/retention.py",
        "sql/sessions.sql", "lib/dates.py", "README.md", "setup.cfg",
    ),
    "mobile/app": (
        "app/src/main/kotlin/Main.kt", "app/src/main/kotlin/Sync.kt", "ios/App/Session.swift",
        "ios/App/Login View.swift", "shared/api.json", "app/build.gradle.kts", "ios/App/Info.plist",
        "shared/strings/de.xml", "app/src/test/kotlin/SyncTest.kt", "fastlane/Fastfile",
        "shared/icons.svg", "CHANGELOG.md",
    ),
    "infra/clusters": (
        "terraform/eu/main.tf", "terraform/us/main.tf", "charts/api/values.yaml",
        "charts/api/Chart.yaml", "scripts/drain.sh", "terraform/modules/db/main.tf",
        "alerts/latency.yaml", "runbooks/failover.md", "charts/worker/values.yaml",
        ".github/workflows/plan.yml", "scripts/rotate.py", "terraform/eu/dns.tf",
    ),
}  # fmt: skip
_REPOSITORY_SHARE = (0.30, 0.27, 0.19, 0.14, 0.10)
_ENVIRONMENTS = ("ci", "ci", "ci", "production", "production", "staging", "dev")
_USERS = (
    "ana.souza", "björn.lindqvist", "chen.wei", "dana.levi", "emre.yıldız", "fatima.zahra", "giulia.rossi",
    "haruto.satō", "ingrid.møller", "jan.novák", "ci-bot", "nightly",
)  # fmt: skip


class Pools:
    """Ready-made values, so that a run costs one look-up where it would cost a dozen random numbers."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._tools = _tools(rng)
        self._files = _files(rng)
        self._attributes = _attributes()

    def tools(self, count: np.ndarray, dice: np.ndarray) -> list[str]:
        """JSON of name -> count whose counts add up to ``count``."""
        return self._tools[count, dice % _VARIANTS].tolist()

    def files(self, repository: np.ndarray, count: np.ndarray, dice: np.ndarray) -> list[list[str]]:
        """That many different paths of the run's repository."""
        return self._files[repository, count, dice % _VARIANTS].tolist()

    def attributes(self, repository: np.ndarray, dice: np.ndarray) -> list[str]:
        """JSON of environment, repository, task and user."""
        heads = self._attributes[repository, dice % self._attributes.shape[1]].tolist()
        return [f'{head}{task}"}}' for head, task in zip(heads, (dice % 9_973).tolist(), strict=True)]


def choose_repository(dice: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.cumsum(_REPOSITORY_SHARE)[:-1], dice, side="right")


def _tools(rng: np.random.Generator) -> np.ndarray:
    counts = np.repeat(np.arange(MOST_TOOL_CALLS + 1), _VARIANTS)
    draws = rng.multinomial(counts, np.array(list(_TOOLS.values())) / sum(_TOOLS.values()))
    texts = [
        json.dumps({name: times for name, times in zip(_TOOLS, draw, strict=True) if times})
        for draw in draws.tolist()
    ]
    return np.array(texts, dtype=object).reshape(MOST_TOOL_CALLS + 1, _VARIANTS)


def _files(rng: np.random.Generator) -> np.ndarray:
    pool = np.empty((len(_REPOSITORIES), MOST_FILES + 1, _VARIANTS), dtype=object)
    for repository, paths in enumerate(_REPOSITORIES.values()):
        for count in range(MOST_FILES + 1):
            for variant in range(_VARIANTS):
                chosen = rng.choice(len(paths), count, replace=False)
                pool[repository, count, variant] = [paths[path] for path in sorted(chosen.tolist())]
    return pool


def _attributes() -> np.ndarray:
    """All but the task's number and the closing quote and brace."""
    rows = [
        [
            json.dumps(
                {"environment": environment, "repository": repository, "user": user, "task": "FIX-"},
                ensure_ascii=False,
            )[:-2]
            for environment in _ENVIRONMENTS
            for user in _USERS
        ]
        for repository in _REPOSITORIES
    ]
    return np.array(rows, dtype=object)
