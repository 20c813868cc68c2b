"""What subject requests need from data stores, said in the engine's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.store import Find, Key, Row, Table, Tally, Value


@dataclass(frozen=True, slots=True)
class Hands:
    """A store that only a named person reaches: paper, a service without an interface. It is never asked anything."""

    person: str

    def tables(self) -> Mapping[str, Table]:
        return {}

    def find(self, ask: Find) -> Sequence[Row]:
        raise _by_hand(self.person)

    def tally(self, ask: Tally) -> Mapping[Key, int]:
        raise _by_hand(self.person)

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        raise _by_hand(self.person)

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        raise _by_hand(self.person)

    def sample(self, table: str, rows: int) -> Mapping[str, Sequence[object]]:
        raise _by_hand(self.person)

    def scrub(self, tables: Sequence[str]) -> str:
        raise _by_hand(self.person)

    def close(self) -> None:
        """Nothing is open."""


def _by_hand(person: str) -> InvalidInputError:
    return InvalidInputError(f"what `{person}` does by hand is not read from here; give them a task")


class DataStore(Protocol):
    """One database that holds personal data. Each call is its own transaction."""

    def tables(self) -> Mapping[str, Table]:
        """Return every table, as the database describes it now."""
        ...

    def find(self, ask: Find) -> Sequence[Row]:
        """Return the rows asked for, ordered by their first column."""
        ...

    def tally(self, ask: Tally) -> Mapping[Key, int]:
        """Return how many rows hold each combination; one that no row holds is left out."""
        ...

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        """Delete rows by their primary key, all or none; those gone already do not matter. Return how many went.

        Raises:
            ConflictError: a foreign key of the database forbids it.
        """
        ...

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        """Set *values* in rows by their primary key, all or none. Return how many there were."""
        ...

    def sample(self, table: str, rows: int) -> Mapping[str, Sequence[object]]:
        """Return at most so many rows by column, from both ends of the table."""
        ...

    def scrub(self, tables: Sequence[str]) -> str:
        """Remove what deleting from *tables* left behind in the files, as far as this database lets it; return what was done.

        Raises:
            UnavailableError: others hold the database; deleted bytes may still be there.
        """
        ...

    def close(self) -> None: ...
