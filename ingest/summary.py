"""What an import did, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.rejects import Rejects

if TYPE_CHECKING:
    from ingest.write import WriteResult

_REASONS = 20
_IDS = 5

COMPLETE, WITH_REJECTS, INTERRUPTED = 0, 1, 130


@dataclass
class ImportSummary:
    """read = inserted + replaced + already_there + differing + rejected (and what an interruption left).

    ``reasons``: (field, code) -> how many; ``problems``: sources that could not be read, or not to their end.
    """

    sources: list[str]
    read: int = 0
    inserted: int = 0
    replaced: int = 0
    already_there: int = 0
    differing: int = 0
    rejected: int = 0
    differing_ids: list[str] = field(default_factory=list)
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    rejects_path: Path | None = None
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False
    seconds: float = 0.0

    def take(self, result: WriteResult) -> None:
        self.inserted += result.inserted
        self.replaced += result.replaced
        self.already_there += result.already_there
        self.differing += result.differing
        self.differing_ids += result.differing_ids[: _IDS - len(self.differing_ids)]

    def take_rejects(self, rejects: Rejects) -> None:
        self.rejected = rejects.count
        self.reasons = dict(rejects.reasons.most_common())
        self.examples = rejects.examples
        self.rejects_path = rejects.path

    def counts(self) -> dict[str, int]:
        names = ("read", "inserted", "replaced", "already_there", "differing", "rejected")
        return {name: getattr(self, name) for name in names}

    @property
    def exit_code(self) -> int:
        """0: all that was read is in; 1: rows were rejected or a source not read to its end; 130: Ctrl-C."""
        if self.interrupted:
            return INTERRUPTED
        return WITH_REJECTS if self.rejected or self.problems else COMPLETE

    def text(self) -> str:
        parts = [*self._table(), *self._rejections(), *self.problems]
        if self.interrupted:
            parts.append("Interrupted. Run the same import again: what is in is skipped.")
        return "\n".join(parts)

    def _table(self) -> list[str]:
        where = self.sources[0] if len(self.sources) == 1 else f"{len(self.sources)} files"
        if not self.read:
            return [] if self.problems else [f"Nothing to import: {where} has no rows."]
        rate = self.read / self.seconds if self.seconds else 0.0
        lines = [f"Read {_rows(self.read)} from {where} in {self.seconds:,.1f} s ({rate:,.0f} rows/s)."]
        notes = {"differing": self._differing_note() if self.differing else ""}
        for name, count in list(self.counts().items())[1:]:
            lines.append(f"  {name.replace('_', ' '):<14}{count:>12,}{notes.get(name, '')}")
        return lines

    def _differing_note(self) -> str:
        more = ", ..." if self.differing > len(self.differing_ids) else ""
        return (
            f"  known runs that came changed, left as they are; --replace takes the new: "
            f"{', '.join(self.differing_ids)}{more}"
        )

    def _rejections(self) -> list[str]:
        if not self.rejected:
            return []
        shown = list(self.reasons.items())[:_REASONS]
        lines = ["Rejected, by reason:"]
        lines += [f"{count:>12,}  {code}: {self.examples[field, code]}" for (field, code), count in shown]
        if len(self.reasons) > len(shown):
            lines.append(f"  {len(shown)} of {len(self.reasons)} reasons are shown.")
        if self.rejects_path:
            lines.append(f"Each is in {self.rejects_path}: mend it there and import that file.")
        return lines


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
