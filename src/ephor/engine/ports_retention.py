"""What retention needs from data stores and archives, said in the engine's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from ephor.rooms.dsr.store import Table
from ephor.rooms.retention.disposal import Archived
from ephor.rooms.retention.schedule import Unit, Value

RawRow: TypeAlias = "tuple[object, ...]"
"""A row as the database's driver gives it."""
RawKey: TypeAlias = "tuple[object, ...]"


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one table that are past their time, but for those of *spared* subjects."""

    table: str
    trigger: str
    unit: Unit
    cutoff: datetime
    only: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    subject: str | None = None
    spared: frozenset[str] = frozenset()
    change: tuple[tuple[str, Value], ...] = ()
    """What the columns are overwritten with; empty: the rows are deleted."""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """How many rows of a selection there are, and how many stay for which reason."""

    due: int
    spared: int
    referenced: int
    unreadable: int

    @property
    def act(self) -> int:
        return self.due - self.spared - self.referenced


@dataclass(frozen=True, slots=True)
class Done:
    """What one batch came to; ``last`` is the key to go on after, None at the end."""

    rows: int
    last: RawKey | None


Keep: TypeAlias = "Callable[[Sequence[str], Sequence[RawRow]], None]"
"""Takes the columns and rows of a batch, and returns when they are archived and the archive is verified."""


class RetentionStore(Protocol):
    """One database whose data is disposed of in sets."""

    def tables(self) -> Mapping[str, Table]:
        """Return every table, as the database describes it now."""
        ...

    def check(self, selection: Selection) -> None:
        """Return if the selection can be carried out exactly. Raises InvalidInputError, ConflictError."""
        ...

    def appraise(self, selection: Selection, going: Sequence[Selection]) -> Appraisal:
        """Count the rows; *going* are the selections of the same run, whose rows keep nothing back."""
        ...

    def subjects(self, selection: Selection) -> Iterator[str]:
        """Return each distinct subject of the rows past their time."""
        ...

    def batch(self, selection: Selection, after: RawKey | None, size: int, keep: Keep | None) -> Done:
        """Work on at most *size* rows in one transaction: read them, hand them to *keep*, then delete exactly those.

        Raises:
            VerificationError: the database deleted other rows than it was read; nothing was changed.
        """
        ...

    def settle(self, selection: Selection, columns: Sequence[str], rows: Sequence[RawRow]) -> int:
        """Delete those of *rows*, archived before, that are still there unchanged. Return how many went."""
        ...

    def scrub(self, tables: Sequence[str]) -> str:
        """Remove what deleting left behind in the files. Raises UnavailableError."""
        ...

    def close(self) -> None: ...


class RowArchive(Protocol):
    """The archive of one run: files of rows by collection, each whole or not there."""

    @property
    def place(self) -> str: ...

    def last(self, collection: str) -> tuple[Sequence[str], Sequence[RawRow]] | None:
        """Return the newest file's columns and rows; None where there is none."""
        ...

    def keep(self, collection: str, columns: Sequence[str], rows: Sequence[RawRow]) -> None:
        """Write one more file, read it again, and compare. Raises VerificationError."""
        ...

    def sum_up(self, collection: str) -> Archived:
        """Count what is there, from the files themselves."""
        ...


OpenArchive: TypeAlias = "Callable[[str], AbstractContextManager[RowArchive]]"
"""Opens the archive of the run with this id, for one process at a time. Raises ConflictError."""
RetentionStores: TypeAlias = "Mapping[str, RetentionStore]"
