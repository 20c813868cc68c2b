"""What a search for personal data needs from files and databases, said in the engine's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Source(Protocol):
    """One file or one table."""

    @property
    def name(self) -> str:
        """What it is called in a report."""
        ...

    @property
    def form(self) -> str:
        """`text`, `json`, `jsonl` or `csv`, which come in `pieces`; or `table`, which comes in `batches`."""
        ...

    def pieces(self) -> Iterator[str]:
        """Yield the text, a bounded piece at a time; bytes that are no UTF-8 as lone surrogates.

        Raises:
            InvalidInputError: it cannot be read, or unpacks to more than is read.
        """
        ...

    def batches(self) -> Iterator[Mapping[str, Sequence[object]]]:
        """Yield the rows by column, a bounded number at a time."""
        ...


class Refused(Protocol):
    """Something that is there and is not read; a report says so."""

    @property
    def name(self) -> str: ...

    @property
    def because(self) -> str: ...
