"""Reads a Parquet archive as the files of the log it holds, and notes where its columns say otherwise than the bytes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ephor.adapters.parquet.columns import ENTRIES, FLAT, flatten
from ephor.adapters.parquet.findings import ALTERED, DAMAGED, Findings
from ephor.adapters.parquet.hashes import Hashes
from ephor.adapters.parquet.names import names_in
from ephor.adapters.parquet.pages import MalformedError
from ephor.adapters.parquet.tables import Table, open_inside
from ephor.rooms.ledger import tile
from ephor.verifier import Report

_NAME = re.compile(r"entries-[0-9]{12}\.parquet")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class _Group:
    """A row group of entries, and the positions it has beyond those before it."""

    name: str
    number: int
    first: int
    last: int


class Archive:
    """The files of a log (`verifier.Files`), out of the tables of an archive.

    What is wrong with the tables themselves is no file's fault: it is noted, and `settle` adds it to the report.
    Memory is that of one row group and of a line for each of the others.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._findings = root.resolve(), Findings()
        self._table: Table | None = None
        self._groups: list[_Group] = []
        self._checked: set[_Group] = set()
        self._loaded: tuple[_Group | None, dict[int, bytes]] = (None, {})
        self._beyond = self._first_beyond = 0
        self._scan()
        self._hashes = Hashes(self._root, self._findings)

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file of the log; ``None`` if the archive has none, or it cannot be read."""
        place = tile.parse_path(name)
        if place is None:
            data = self._plain(name, limit)
        elif place[0] is None:
            data = self._bundle(place[1], place[2])
        else:
            data = self._hashes.find(place[0], place[1])
        if data is not None and len(data) > limit:
            self._findings.add(None, f"`{name}` is longer than {limit} bytes", DAMAGED)
            return None
        return data

    def settle(self, report: Report) -> Report:
        """Return *report* with what was found in the tables; a log whose columns lie is invalid. Closes the files."""
        if report.root:  # else nothing vouches for any size
            end = self._groups[-1].last + 1 if self._groups else 0
            if end > report.size:
                problem = f"there are rows up to position {end - 1}, beyond the {report.size} entries that were signed"
                self._findings.add(report.size, problem, "nothing vouches for them")
            self._hashes.check_reach(report.size)
        self.close()
        return self._findings.join(report)

    def close(self) -> None:
        """Close the files."""
        self._hashes.close()
        if self._table is not None:
            self._table.close()
            self._table = None

    def _scan(self) -> None:
        """Find out which row group holds which positions."""
        end = 0
        for name in self._names():
            try:
                table = self._open(name)
                for number in range(len(table.groups)):
                    end = self._scan_group(name, number, table.column(number, "position"), end)
            except MalformedError as error:
                self._findings.add(end, str(error), DAMAGED)

    def _names(self) -> Iterator[str]:
        for name in sorted(names_in(self._root)):
            if _NAME.fullmatch(name):
                yield name
            elif name.startswith("entries-") and name.endswith(".parquet"):
                problem = f"`{name[:_SHOWN]}` is no file of an archive, but bears such a name"
                self._findings.add(
                    None, problem, "whoever asks all of `entries-*.parquet` is told what nothing vouches for"
                )

    def _scan_group(self, name: str, number: int, positions: Sequence[int], end: int) -> int:
        """Note what is wrong with the positions of a row group; return where the next should begin."""
        if number == 0 and positions and name != f"entries-{positions[0]:012d}.parquet":
            self._findings.add(
                _named(positions[0], end), f"`{name}` begins with position {positions[0]}", ALTERED
            )
        taken = _rising(positions, end)
        if len(taken) < len(positions):
            at = next(
                (at for at, two in enumerate(zip(positions, taken, strict=False)) if two[0] != two[1]),
                len(taken),
            )
            last = taken[at - 1] if at else end - 1
            problem = f"`{name}` says position {positions[at]} after {last}"
            self._findings.add(_named(positions[at], end), problem, "rows were repeated, moved or renumbered")
        if not taken:
            return end
        self._groups.append(_Group(name, number, taken[0], taken[-1]))
        return taken[-1] + 1

    def _bundle(self, index: int, width: int) -> bytes | None:
        """Return the entries of a bundle up to the first that is missing."""
        start = index * tile.WIDTH
        entries: list[bytes] = []
        for position in range(start, start + width):
            entry = self._entry(position)
            if entry is None:
                break
            entries.append(entry)
        return tile.encode_bundle(entries) if entries else None

    def _entry(self, position: int) -> bytes | None:
        group = self._loaded[0]
        if group is None or not group.first <= position <= group.last:
            at = bisect_left(self._groups, position, key=lambda one: one.last)
            if at == len(self._groups) or self._groups[at].first > position:
                return None
            self._loaded = self._groups[at], self._load(self._groups[at])
        return self._loaded[1].get(position)

    def _load(self, group: _Group) -> dict[int, bytes]:
        """Return the entries of a row group by position, after holding its columns against them."""
        try:
            table = self._open(group.name)
            positions = table.column(group.number, "position")
            entries = table.column(group.number, "entry")
        except MalformedError as error:
            self._findings.add(group.first, str(error), DAMAGED)
            return {}
        if group not in self._checked:
            self._checked.add(group)
            self._check_columns(table, group.number, positions, entries)
        found: dict[int, bytes] = {}
        for position, entry in zip(positions, entries, strict=True):
            if len(entry) <= tile.MAX_ENTRY:
                found.setdefault(position, entry)
            else:
                problem = f"its entry is {len(entry)} bytes long; at most {tile.MAX_ENTRY} fit"
                self._findings.add(position, problem, DAMAGED)
        return found

    def _check_columns(
        self, table: Table, number: int, positions: Sequence[int], entries: Sequence[bytes]
    ) -> None:
        expected = flatten(entries)
        for name in ("leaf", *FLAT):
            try:
                told = table.column(number, name)
            except MalformedError as error:
                self._findings.add(positions[0], str(error), DAMAGED)
                continue
            if told == expected[name]:
                continue
            for position, says, means, entry in zip(
                positions, told, expected[name], expected["id"], strict=True
            ):
                if says != means:
                    problem = f"its column `{name}` says {_shown(says)}, its bytes say {_shown(means)}"
                    self._findings.add(position, problem, ALTERED, entry and entry[:80])

    def _open(self, name: str) -> Table:
        if self._table is None or self._table.name != name:
            if self._table is not None:
                self._table.close()
            self._table = None
            self._table = Table(self._root, name, ENTRIES)
        return self._table

    def _plain(self, name: str, limit: int) -> bytes | None:
        try:
            file = open_inside(self._root, name)
            if file is None:
                return None
            with file:
                return file.read(limit + 1)
        except (MalformedError, OSError) as error:
            self._findings.add(None, str(error), DAMAGED)
            return None


def _rising(positions: Sequence[int], floor: int) -> Sequence[int]:
    """Return *positions* without those that are not beyond all before them, nor below *floor*."""
    first, count = (positions[0], len(positions)) if positions else (floor, 0)
    if first >= floor and positions == list(range(first, first + count)):
        return positions
    taken: list[int] = []
    for position in positions:
        if position >= floor:
            taken.append(position)
            floor = position + 1
    return taken


def _named(position: int, end: int) -> int:
    """Return which entry a wrong position speaks of: its own, if there can be one."""
    return position if position >= 0 else end


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value.hex() if isinstance(value, bytes) else str(value)
    return f"`{text[:_SHOWN]}`"
