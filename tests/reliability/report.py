"""What a fault did: in words, and numbers that must all be 0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """``must_be_zero``: what would be a loss, a wrong total or an answer that nobody should get."""

    fault: str
    seen: str
    must_be_zero: dict[str, int]

    @property
    def held(self) -> bool:
        return not any(self.must_be_zero.values())

    def __str__(self) -> str:
        zeros = ", ".join(f"{name}: {value}" for name, value in self.must_be_zero.items())
        return f"| {self.fault} | {self.seen} | {zeros} | {'held' if self.held else '**broke**'} |"
