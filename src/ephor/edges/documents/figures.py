"""A document's charts as pictures, and in words for whoever cannot see them."""

from __future__ import annotations

from collections.abc import Mapping

from ephor.edges.charts import Bar, Spot, bars, heat_map
from ephor.rooms.documents.model import Block, BlockKind

_BEYOND: Mapping[str, bool | None] = {"beyond": True, "within": False, "": None}
_SAYS: Mapping[str, str] = {"beyond": "beyond the limit", "within": "within the limit", "": "not known"}


def is_figure(block: Block) -> bool:
    """Tell whether the block is a chart."""
    return block.kind in (BlockKind.BARS, BlockKind.HEAT_MAP)


def picture(block: Block) -> str:
    """Return the chart as SVG that stands alone."""
    if block.kind is BlockKind.BARS:
        rows = [
            Bar(name, float(value) if value else None, _BEYOND[state])
            for name, value, state in (row.cells for row in block.rows)
        ]
        limit = float(block.limit) if block.limit else None
        return bars(block.title, rows, limit=limit, limit_says=block.text)
    spots = [Spot(row.cells[0], int(row.cells[1]), int(row.cells[2])) for row in block.rows]
    return heat_map(block.title, spots, [block.columns[at : at + 5] for at in range(0, 25, 5)])


def figures(block: Block) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the columns and rows of a table that says what the chart shows."""
    if block.kind is BlockKind.BARS:
        told = tuple((name, value or "not known", _SAYS[state]) for name, value, state in _cells(block))
        return ("", "value", f"{block.text} {block.limit}".strip()), told
    placed = tuple(
        (name, likelihood, impact, block.columns[(int(likelihood) - 1) * 5 + int(impact) - 1])
        for name, likelihood, impact in _cells(block)
    )
    return ("risk", "likelihood", "impact", "level"), placed


def in_words(block: Block) -> str:
    """Return the chart as one sentence: a picture's text for those who hear it read out."""
    _, rows = figures(block)
    said = "; ".join(", ".join(row) for row in rows)
    return f"{block.title}: {said or 'nothing'}"


def _cells(block: Block) -> list[tuple[str, ...]]:
    return [row.cells for row in block.rows]
