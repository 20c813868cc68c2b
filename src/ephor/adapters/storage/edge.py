"""The open right edge of a log: the unfinished tile of each level, to which the next entries are put."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ephor.rooms.ledger import frontier, proof, tile
from ephor.rooms.ledger.frontier import Frontier


@dataclass(frozen=True, slots=True)
class TileRow:
    """A full tile, with its root so that the level above can be rebuilt without reading every hash below."""

    level: int
    index: int
    hashes: bytes
    root: bytes
    middle: bytes | None = None
    """Its inner hashes, `tile.MIDDLE` of them, so that a proof need not make them; rows of earlier versions have none."""


class Row(NamedTuple):
    """The unfinished tile of one level: its hashes, and the perfect subtrees they already make."""

    hashes: tuple[bytes, ...] = ()
    peaks: Frontier = frontier.EMPTY


class Edge(NamedTuple):
    """The open right edge of a tree: the unfinished tile of each level, the leaves first, and what they come to."""

    tree: Frontier = frontier.EMPTY
    root: bytes = frontier.root(frontier.EMPTY)
    rows: tuple[Row, ...] = ()
    at: datetime | None = None
    """When the newest entry was received."""

    @property
    def size(self) -> int:
        return self.tree.size

    @property
    def leaves(self) -> tuple[bytes, ...]:
        """The leaf hashes of the unfinished tile."""
        return self.rows[0].hashes if self.rows else ()

    def extend(self, leaves: Sequence[bytes], at: datetime | None) -> tuple[Edge, list[TileRow]]:
        """Return the edge after *leaves*, the newest received *at* that time, and the tiles that became full."""
        rows, tiles = list(self.rows), list[TileRow]()
        level, fresh = 0, leaves
        while fresh:
            if level == len(rows):
                rows.append(Row())
            index = (self.size >> tile.HEIGHT * level) // tile.WIDTH
            rows[level], done = _advance(rows[level], fresh)
            if not done:
                break
            filled = [_tile_row(level, place, hashes) for place, hashes in enumerate(done, index)]
            tiles += filled
            level, fresh = level + 1, [one.root for one in filled]
        return _edge(self.size + len(leaves), tuple(rows), at), tiles


def edge_of(size: int, hashes: Sequence[Sequence[bytes]]) -> Edge:
    """Return the edge of a tree of *size* leaves, given what the unfinished tile of each level holds."""
    rows = tuple(Row(tuple(row), frontier.extend(frontier.EMPTY, row)) for row in hashes)
    return _edge(size, rows)


def _edge(size: int, rows: tuple[Row, ...], at: datetime | None = None) -> Edge:
    """Put the levels together: the subtrees of the higher ones are the larger ones."""
    tree = Frontier(size, tuple(peak for row in reversed(rows) for peak in row.peaks.hashes))
    return Edge(tree, frontier.root(tree), rows, at)


def _tile_row(level: int, index: int, hashes: Sequence[bytes]) -> TileRow:
    data = tile.encode_tile(hashes)
    middle = proof.perfect(data, tile.MIDDLE)
    return TileRow(level, index, data, proof.perfect(middle), middle)


def _advance(row: Row, fresh: Sequence[bytes]) -> tuple[Row, list[Sequence[bytes]]]:
    """Return what is unfinished after *fresh*, and the hashes of each tile that became full."""
    done: list[Sequence[bytes]] = []
    at = 0
    while (missing := tile.WIDTH - len(row.hashes)) <= len(fresh) - at:
        done.append((*row.hashes, *fresh[at : at + missing]))
        row, at = Row(), at + missing
    rest = fresh[at:]
    return (Row((*row.hashes, *rest), frontier.extend(row.peaks, rest)) if rest else row), done
