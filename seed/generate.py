"""Makes the runs: block by block with numpy, the same for the same arguments, in order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from seed import errors, models, work
from seed.incidents import incidents, strike
from seed.rhythm import hourly_weights, progress, settled
from seed.versions import AGENTS, Releases, choose_agent

Row = tuple[object, ...]

BATCH = 20_000
_BLOCK = 20_000  # rows drawn together; part of what the data is, where BATCH is only how it is handed out
_STATUSES = np.array(["success", "failure", "error", "unknown"], dtype=object)
_SUCCESS, _FAILURE, _ERROR, _UNKNOWN = range(4)
_NAMES = np.array([model.name for model in models.MODELS], dtype=object)
_AGENTS = np.array([agent.name for agent in AGENTS], dtype=object)


def generate(runs: int, days: int, rng_seed: int, until: datetime, batch: int = BATCH) -> Iterator[list[Row]]:
    """``runs`` runs over the ``days`` up to ``until``, in rows of CONTENT_COLUMNS, ``batch`` at a time."""
    if until.tzinfo is None:
        raise ValueError("until needs a time zone")
    waiting: list[Row] = []
    for block in _World(runs, days, rng_seed, until.astimezone(UTC)).blocks():
        waiting += block
        while len(waiting) >= batch:
            yield waiting[:batch]
            waiting = waiting[batch:]
    if waiting:
        yield waiting


class _World:
    """What all runs share: the calendar, releases, incidents and pools."""

    def __init__(self, runs: int, days: int, rng_seed: int, until: datetime) -> None:
        rng = np.random.default_rng([rng_seed, 0])
        self.rng_seed = rng_seed
        self.first_us = round((until - timedelta(days=days)).timestamp() * 1e6)
        self.until_us = round(until.timestamp() * 1e6)
        self.counts = rng.multinomial(runs, hourly_weights(until, days, rng))
        self.incidents = incidents(until, days, rng)
        self.releases = Releases(until)
        self.pools = work.Pools(rng)

    def blocks(self) -> Iterator[list[Row]]:
        """Whole hours with about _BLOCK runs together, each drawn by a generator of its own."""
        last = np.cumsum(self.counts)
        number_of = np.maximum(last - 1, 0) // _BLOCK
        for number in np.unique(number_of).tolist():
            hours = np.flatnonzero(number_of == number)
            rng = np.random.default_rng([self.rng_seed, 1, number])
            yield _Block(self, rng, hours).rows(first=int(last[hours[0]] - self.counts[hours[0]]))


class _Block:
    """Some consecutive runs as arrays. The order of the draws is part of what a seed means."""

    def __init__(self, world: _World, rng: np.random.Generator, hours: np.ndarray) -> None:
        self.world, self.rng = world, rng
        begin = world.first_us + np.repeat(hours, world.counts[hours]) * 3_600_000_000
        self.size = len(begin)
        self.start_us = np.sort(begin + rng.integers(0, 3_600_000_000, self.size))
        self.days_ago = (world.until_us - self.start_us) / 86.4e9
        self.grown = progress(self.days_ago)
        self._choose()
        self._end()
        self._spend()
        self._act()

    def _chance(self, share: float) -> np.ndarray:
        return self.rng.random(self.size) < share

    def _choose(self) -> None:
        dice = self.rng.random((4, self.size))
        self.agent = choose_agent(self.days_ago, dice[0])
        self.release = self.world.releases.choose(self.agent, self.start_us, dice[1])
        self.model = models.choose(self.days_ago, settled(self.grown), dice[2])
        self.repository = work.choose_repository(dice[3])

    def _end(self) -> None:
        """Status, and the incident that caused it."""
        dice = self.rng.random((3, self.size))
        bad = models.column("failures")[self.model] * self.world.releases.failures[self.release]
        status = np.full(self.size, _SUCCESS)
        status[dice[0] < bad] = _FAILURE
        status[dice[0] < bad * 0.32] = _ERROR
        status[dice[1] < 0.004] = _UNKNOWN
        self.struck = strike(self.world.incidents, self.start_us, self.model, dice[2])
        status[self.struck >= 0] = _ERROR
        self.status = status

    def _spend(self) -> None:
        """Time, tokens and money: all grow with the effort a task takes."""
        rng, releases = self.rng, self.world.releases
        effort, time_noise, token_noise, cut = rng.standard_normal((4, self.size))
        broken = np.where(self.status == _ERROR, 0.55 * np.exp(0.35 * cut), 1.0)
        broken = np.where(self.struck >= 0, broken * 0.4, broken)
        failed = np.where(self.status == _FAILURE, 1.2, 1.0)
        seconds = 35.5 * np.exp(0.47 * effort + 0.2 * time_noise) * broken * failed
        seconds *= models.column("speed")[self.model] * releases.duration[self.release]
        seconds = np.maximum(seconds, 5 + 2 * rng.random(self.size))
        seconds *= np.where(self._chance(0.004), rng.uniform(4, 15, self.size), 1.0)  # outliers
        self.duration_us = np.rint(seconds * 1000).astype(np.int64) * 1000 + rng.integers(0, 1000, self.size)
        tokens = 14_000 * np.exp(0.42 * effort + 0.3 * token_noise) * np.minimum(broken, 1.0) * failed
        tokens *= models.column("words")[self.model] * releases.tokens[self.release]
        tokens *= np.array([agent.tokens for agent in AGENTS])[self.agent]
        least, most = 500 + 99 * rng.random(self.size), 50_000 - 3_000 * rng.random(self.size)
        self.tokens = np.clip(tokens, least, most).astype(np.int64)
        share = np.clip(rng.normal(0.12, 0.035, self.size), 0.03, 0.3)
        self.output = np.maximum(1, (self.tokens * share).astype(np.int64))
        self.input = self.tokens - self.output
        self._cache()

    def _cache(self) -> None:
        """Cache reads grow over the months; what is read now was written by a part of what came before."""
        no_reads = np.isnan(models.column("cache_read"))[self.model] | self._chance(0.015)
        no_writes = np.isnan(models.column("cache_write"))[self.model] | no_reads
        hit = (0.08 + 0.35 * settled(self.grown) + 0.14 * self.grown) * np.exp(
            0.22 * self.rng.standard_normal(self.size)
        )
        hit = np.where(self._chance(0.05), 0.0, np.minimum(hit, 0.85))  # a cold cache
        self.read = np.where(no_reads, 0, self.input * hit).astype(np.int64)
        written = self.rng.uniform(0.05, 0.15, self.size)
        self.write = np.where(no_writes, 0, self.input * written).astype(np.int64)
        self.no_reads, self.no_writes = no_reads, no_writes
        uncached = self.input - self.read - self.write
        self.cost = models.cost_nano(self.model, uncached, self.read, self.write, self.output)

    def _act(self) -> None:
        """Calls and files."""
        rng = self.rng
        self.llm_calls = 1 + rng.poisson(self.tokens / 2_400)
        self.tool_calls = np.minimum(rng.poisson(self.llm_calls * 2.5), work.MOST_TOOL_CALLS)
        mean = np.array([2.8, 1.9, 0.3, 1.0])[self.status] * np.array([a.files for a in AGENTS])[self.agent]
        self.files = np.minimum(rng.poisson(mean), work.MOST_FILES)

    def rows(self, first: int) -> list[Row]:
        """As Python values in the order of CONTENT_COLUMNS; the run numbered ``first`` comes first."""
        prefix = f"demo-{self.world.rng_seed}-"
        ids = [f"{prefix}{number:09d}" for number in range(first, first + self.size)]
        nothing = [None] * self.size
        return list(
            zip(
                ids,
                *self._identity(),
                *self._times(),
                *self._money(),
                *self._acts(),
                self._messages(),
                nothing,
                nothing,
                self.world.pools.attributes(self.repository, self.rng.integers(0, 1 << 40, self.size)),
                strict=True,
            )
        )

    def _identity(self) -> Iterator[list]:
        yield _AGENTS[self.agent].tolist()
        yield _without(self.world.releases.version[self.release].tolist(), self._chance(0.01))
        yield _NAMES[self.model].tolist()
        yield _STATUSES[self.status].tolist()

    def _times(self) -> Iterator[list]:
        end_us = self.start_us + self.duration_us
        # Some sources record no end; and what is still going on at ``until`` has none yet.
        endless = self._chance(0.006) | (end_us > self.world.until_us)
        yield _instants(self.start_us)
        yield _without(_instants(end_us), endless)
        thousandths = self.duration_us.tolist()
        yield _without([f"{us // 1000}.{us % 1000:03d}" for us in thousandths], endless)

    def _money(self) -> Iterator[list]:
        # A cost that is not reported is estimated at ingest, unless the tokens are not known either.
        no_cost = self._chance(0.012)
        no_tokens = no_cost | self._chance(0.004)
        estimated = self._chance(0.04) & ~no_tokens
        yield _without(self.input.tolist(), no_tokens)
        yield _without(self.read.tolist(), no_tokens | self.no_reads)
        yield _without(self.write.tolist(), no_tokens | self.no_writes)
        yield _without(self.output.tolist(), no_tokens)
        yield _without(self.tokens.tolist(), no_tokens)
        nano = self.cost.tolist()
        yield _without([f"{n // models.NANO}.{n % models.NANO:09d}" for n in nano], no_cost)
        sources = np.array(["reported", "estimated"], dtype=object)[estimated.astype(np.int64)]
        yield _without(sources.tolist(), no_cost)

    def _acts(self) -> Iterator[list]:
        dice = self.rng.integers(0, 1 << 32, (2, self.size))
        no_calls, no_tools, no_files = self._chance(0.005), self._chance(0.01), self._chance(0.01)
        yield _without(self.llm_calls.tolist(), no_calls)
        yield _without(self.tool_calls.tolist(), no_tools)
        yield _without(self.world.pools.tools(self.tool_calls, dice[0]), no_tools)
        yield _without(self.files.tolist(), no_files)
        yield _without(self.world.pools.files(self.repository, self.files, dice[1]), no_files)

    def _messages(self) -> list[str | None]:
        texts: list[str | None] = [None] * self.size
        for code, status in ((_FAILURE, "failure"), (_ERROR, "error")):
            where = np.flatnonzero(self.status == code)
            kinds = errors.ordinary_kinds(status, self.rng.random(len(where)))
            for place, incident in enumerate(self.struck[where].tolist()):
                if incident >= 0:
                    kinds[place] = self.world.incidents[incident].kind
            for row, text in zip(where.tolist(), errors.messages(kinds, self.rng), strict=True):
                texts[row] = text
        return texts


def _without(values: list, missing: np.ndarray) -> list:
    """The same list with None where a value is not known."""
    for row in np.flatnonzero(missing).tolist():
        values[row] = None
    return values


def _instants(microseconds: np.ndarray) -> list[datetime]:
    return [moment.replace(tzinfo=UTC) for moment in microseconds.astype("datetime64[us]").tolist()]
