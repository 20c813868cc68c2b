"""The hash tiles of an archive: `tiles.parquet`, by level and index."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

from ephor.adapters.parquet.columns import TILES
from ephor.adapters.parquet.findings import ALTERED, DAMAGED, Findings
from ephor.adapters.parquet.pages import MalformedError
from ephor.adapters.parquet.tables import Table
from ephor.rooms.ledger import tile

FILE = "tiles.parquet"


class Hashes:
    """Finds tiles in memory that does not grow with the log but by a line for each 1,024 of them."""

    def __init__(self, root: Path, findings: Findings) -> None:
        self._findings = findings
        self._table: Table | None = None
        self._starts: list[tuple[int, int]] = []
        self._reach: dict[int, int] = {}
        self._loaded: tuple[int, Mapping[tuple[int, int], bytes]] = (-1, {})
        try:
            self._table = Table(root, FILE, TILES)
            self._scan(self._table)
        except MalformedError as error:
            findings.add(None, str(error), f"{DAMAGED}; without hashes no altered entry can be named")

    def close(self) -> None:
        """Close the file."""
        if self._table is not None:
            self._table.close()
            self._table = None

    def find(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a tile; ``None`` where there is none."""
        number = bisect_right(self._starts, (level, index)) - 1
        if number < 0 or self._table is None:
            return None
        if self._loaded[0] != number:
            self._loaded = number, self._load(self._table, number)
        return self._loaded[1].get((level, index))

    def check_reach(self, size: int) -> None:
        """Note the tiles that a log of *size* does not have."""
        last = _lasts(size)
        for level, index in sorted(self._reach.items()):
            if index > last.get(level, -1):
                self._findings.add(None, f"`{FILE}` has a tile {level}/{index} that nobody signed", ALTERED)

    def _scan(self, table: Table) -> None:
        last = (-1, -1)
        for number in range(len(table.groups)):
            places = list(zip(table.column(number, "level"), table.column(number, "index"), strict=True))
            for place in places:
                if place <= last or not 0 <= place[0] <= 63 or place[1] < 0:
                    raise MalformedError(
                        f"`{FILE}` says tile {place[0]}/{place[1]} after {last[0]}/{last[1]}"
                    )
                last = place
                self._reach[place[0]] = place[1]
            self._starts.append(places[0] if places else last)

    def _load(self, table: Table, number: int) -> Mapping[tuple[int, int], bytes]:
        try:
            places = zip(table.column(number, "level"), table.column(number, "index"), strict=True)
            return dict(zip(places, table.column(number, "hashes"), strict=True))
        except MalformedError as error:
            self._findings.add(None, str(error), DAMAGED)
            return {}


def _lasts(size: int) -> dict[int, int]:
    """Return the index of the last tile of each level of a tree of *size*.

    >>> _lasts(65_536), _lasts(0)
    ({0: 255, 1: 0, 2: 0}, {})
    """
    lasts: dict[int, int] = {}
    level, count = 0, size
    while count:
        lasts[level] = (count - 1) // tile.WIDTH
        level, count = level + 1, count // tile.WIDTH
    return lasts
