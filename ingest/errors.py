"""What went wrong, for grouping: a category by rules that are data, and the template of the message."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from ingest.error_lines import shortened, telling_line
from ingest.error_templates import template
from queries.errors import UserError, did_you_mean

OTHER = "other"
# The attribute that keeps a category which the source gave and the rules would not.
GIVEN_CATEGORY = "error_category"
FAILED = frozenset({"failure", "error"})
OWN_RULES = Path(__file__).with_name("error_rules.toml")

_MEMO = 50_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_SIGNS = re.compile(r"[\\.^$*+?{}\[\]|()]")
_FORM = "a rule is [[rule]] with category = \"name\" and any = ['pattern', ...], and nothing else"


@dataclass(frozen=True)
class Rule:
    """Messages with one of the ``texts`` (in small letters) or the ``pattern`` are of ``category``."""

    category: str
    texts: tuple[str, ...]
    pattern: re.Pattern[str] | None

    def fits(self, message: str, small: str) -> bool:
        return any(text in small for text in self.texts) or bool(
            self.pattern and self.pattern.search(message)
        )


class ErrorReader:
    """Reads messages by ``rules``, the first one that fits; one is kept for the life of a process."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self.categories = tuple(dict.fromkeys((*(rule.category for rule in rules), OTHER)))
        self._known = frozenset(self.categories)
        # Incidents say the same again and again.
        self.template = lru_cache(_MEMO)(template)
        self._ruled = lru_cache(_MEMO)(self._find)

    def category(self, message: str | None, status: str) -> str | None:
        """The category of a message, or of a run that failed without one; None where neither."""
        if message and not message.isspace():
            return self._ruled(message)
        return OTHER if status in FAILED else None

    def read(
        self, message: str | None, status: str, given: str | None = None
    ) -> tuple[str | None, str | None]:
        """(category, template) of a run; ``given``, the source's own category, goes first if it is known."""
        found = given if isinstance(given, str) and given in self._known else self.category(message, status)
        return found, (self.template(message) or None) if message else None

    def _find(self, message: str) -> str:
        line = telling_line(message)
        found = self._first(line)
        if found is None and len(line) < len(message.strip()):
            found = self._first(shortened(message))
        return found or OTHER

    def _first(self, text: str) -> str | None:
        small = text.lower()
        return next((rule.category for rule in self._rules if rule.fits(text, small)), None)


@cache
def reader(own: Path | None = None) -> ErrorReader:
    """By the rules of the file ``own`` first, then by ours."""
    rules = load_rules(own) if own else []
    return ErrorReader([*rules, *load_rules(OWN_RULES)])


def load_rules(path: Path) -> list[Rule]:
    """The rules of a TOML file; UserError names the file, the rule and what is allowed."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"The error rules in {path} cannot be read: {error}. Correct ERROR_RULES or the file."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"The error rules in {path} are not TOML: {error}. Allowed: {_FORM}.") from error
    rules = found.get("rule")
    if set(found) != {"rule"} or not isinstance(rules, list) or not rules:
        others = ", ".join(sorted(set(found) - {"rule"}))
        raise UserError(f"The error rules in {path} hold {others or 'no list of rules'}. Allowed: {_FORM}.")
    return [_rule(path, number, rule) for number, rule in enumerate(rules, 1)]


def _rule(path: Path, number: int, rule: object) -> Rule:
    where = f"Rule {number} in {path}"
    if not isinstance(rule, Mapping):
        raise UserError(f"{where} is no table. Allowed: {_FORM}.")
    for key in rule:
        if key not in ("category", "any"):
            raise UserError(f"{where} has {key!r}.{did_you_mean(key, ('category', 'any'))} Allowed: {_FORM}.")
    category = rule.get("category")
    if not isinstance(category, str) or not _NAME.fullmatch(category):
        raise UserError(
            f"{where} has the category {category!r}. Allowed are small letters, digits and _, at most 50."
        )
    patterns = rule.get("any")
    if not isinstance(patterns, list) or not patterns or not all(isinstance(one, str) for one in patterns):
        raise UserError(f"{where} ({category}) has no list of patterns under any. Allowed: {_FORM}.")
    for pattern in patterns:
        _check(f"{where} ({category})", pattern)
    return _compiled(category, patterns)


def _compiled(category: str, patterns: Sequence[str]) -> Rule:
    # A plain text is looked for without the machinery of patterns: a tenth of the time.
    plain = [pattern for pattern in patterns if not _SIGNS.search(pattern)]
    others = "|".join(f"(?:{pattern})" for pattern in patterns if _SIGNS.search(pattern))
    compiled = re.compile(others, re.IGNORECASE | re.MULTILINE) if others else None
    return Rule(category, tuple(pattern.lower() for pattern in plain), compiled)


def _check(where: str, pattern: str) -> None:
    try:
        compiled = re.compile(f"(?:{pattern})", re.IGNORECASE)  # as it is joined with others
    except (re.error, RecursionError, OverflowError) as error:
        raise UserError(
            f"{where} has the pattern {pattern!r}, which is no regular expression: {error}. "
            "Allowed is Python's syntax; a backslash before ( ) [ ] . + * ? takes them literally."
        ) from error
    if compiled.groups and re.search(r"\\[1-9]|\(\?P[<=]", pattern):
        raise UserError(
            f"{where} has the pattern {pattern!r}; names of and references to groups are not allowed."
        )
    if compiled.search(""):
        raise UserError(
            f"{where} has the pattern {pattern!r}, which fits every message; it must need a text."
        )
