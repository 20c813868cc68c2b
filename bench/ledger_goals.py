"""What the design demands of the ledger's speed, and whether a run met it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from measure import show


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table of goals: at least *must*, or at most where *most* says so."""

    what: str
    found: float
    must: float
    stretch: float | None
    unit: str
    most: bool = False
    floor: float | None = None
    """What can be reached at all here, by leaving out all that can be left out; found in the same run."""

    def row(self) -> tuple[str, str, str, str, str, str]:
        bound = "≤" if self.most else "≥"
        return (
            self.what,
            f"{self.found:,.2f} {self.unit}",
            f"{bound} {self.must:g}",
            "" if self.stretch is None else f"{bound} {self.stretch:g}",
            "" if self.floor is None else f"{self.floor:,.2f}",
            self._verdict(),
        )

    def _verdict(self) -> str:
        def reaches(bound: float) -> bool:
            return self.found <= bound if self.most else self.found >= bound

        if not reaches(self.must):
            return "missed"
        return "stretch" if self.stretch is not None and reaches(self.stretch) else "met"


def tell(goals: Sequence[Goal]) -> str:
    """Return the table of goals."""
    return show(
        "Goals, all measured in this run",
        [goal.row() for goal in goals],
        ("what", "found", "must", "stretch", "the floor reaches", "verdict"),
    )
