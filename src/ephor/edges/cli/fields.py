"""How one record is shown to a person, a name and a value to a line; and lists whose ids must stay in one piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ephor.kernel.visible import visible

if TYPE_CHECKING:
    from rich.console import Console


def fields(out: Console, rows: Iterable[tuple[str, object]]) -> None:
    """Print the rows with their values in one column; rows without a value are left out."""
    shown = [(name, str(value)) for name, value in rows if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *rest = visible(value, keep="\n").split("\n")
        out.print(f"{name:<{width}}  {first}")
        for line in rest:
            out.print(f"{'':<{width}}  {line}")


def unfolded(out: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print a table that is never folded to the terminal's width, so that an id can be copied; *empty* without rows."""
    if not rows:
        out.print(empty)
        return
    shown = [[visible(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[index]) for row in shown) for index in range(len(columns))]
    for row in shown:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        out.print("  ".join(cells).rstrip(), soft_wrap=True)


def listed(words: Sequence[object]) -> str:
    """Return the words with commas, or a dash for none."""
    return ", ".join(str(word) for word in words) or "-"


def minute(at: datetime | None) -> str:
    """Return a moment to the minute, in UTC as it is kept, or a dash for none."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "-"
