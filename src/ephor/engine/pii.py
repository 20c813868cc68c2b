"""Use case: personal data searched for in files and databases, and files masked. A report never holds a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from ephor.engine.ports_texts import Refused, Source
from ephor.kernel.errors import EphorError
from ephor.rooms.pii.columns import ColumnCount, count_columns, joined
from ephor.rooms.pii.model import Located
from ephor.rooms.pii.operators import Operator, redact
from ephor.rooms.pii.reading import LONGEST_LINE, READERS, Read, parsed

MOST_FINDS = 100_000
"""Finds that a report lists; all are counted."""
_MOST_JSON = 64 << 20


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What one file or table holds."""

    name: str
    form: str
    finds: tuple[Located, ...]
    counts: dict[str, int]
    columns: tuple[ColumnCount, ...] = ()
    left_out: int = 0
    """Finds that are counted and not listed."""


@dataclass(slots=True)
class Search:
    """A search over several sources, and what could not be read."""

    types: frozenset[str] | None
    most: int = MOST_FINDS
    not_read: list[Refused] = field(default_factory=list)

    def each(
        self,
        sources: Iterable[Source | Refused],
        told: Callable[[str, int], None],
        refuse: Callable[[EphorError, str], Refused] | None,
    ) -> Iterator[SourceReport]:
        """Yield a report for each source that can be read; *refuse* turns an error into a line of the report, None lets it end the search."""
        for source in sources:
            if not isinstance(source, Source):
                self.not_read.append(source)
                continue
            try:
                yield self.one(source, told)
            except EphorError as error:
                if refuse is None:
                    raise
                self.not_read.append(refuse(error, source.name))

    def one(self, source: Source, told: Callable[[str, int], None]) -> SourceReport:
        """Return what *source* holds; *told* hears of every bounded step, with the number of finds so far."""
        return self._table(source, told) if source.form == "table" else self._file(source, told)

    def _table(self, source: Source, told: Callable[[str, int], None]) -> SourceReport:
        columns: tuple[ColumnCount, ...] = ()
        for batch in source.batches():
            columns = joined((*columns, *count_columns(source.name, batch, self.types)))
            told(source.name, sum(one.finds for one in columns))
        counts: Counter[str] = Counter()
        for one in columns:
            counts[one.type] += one.finds
        return SourceReport(source.name, "table", (), dict(sorted(counts.items())), columns)

    def _file(self, source: Source, told: Callable[[str, int], None]) -> SourceReport:
        form, reads = masked(source, self.types)
        counts: Counter[str] = Counter()
        finds: list[Located] = []
        for read in reads:
            counts.update(find.type for find in read.finds)
            finds += read.finds[: max(0, self.most - len(finds))]
            told(source.name, counts.total())
        self.most -= len(finds)
        return SourceReport(
            source.name, form, tuple(finds), dict(sorted(counts.items())), (), counts.total() - len(finds)
        )


def masked(
    source: Source, types: frozenset[str] | None, operator: Operator = redact
) -> tuple[str, Iterator[Read]]:
    """Return how *source* is read, and its masked pieces with what was found in each."""
    form, pieces = (source.form, source.pieces()) if source.form != "auto" else _recognised(source.pieces())
    return ("text" if form == "text" else form), READERS[form](pieces, types, operator)


def _recognised(pieces: Iterator[str]) -> tuple[str, Iterator[str]]:
    """Return what a text without a telling name is, judged by how it begins."""
    first = next(pieces, "")
    if first.lstrip()[:1] not in {"{", "["}:
        return "text", chain([first], pieces)
    line, end, rest = first.lstrip().partition("\n")
    if end and len(line) < LONGEST_LINE and parsed(line) is not None and rest.lstrip()[:1] in {"{", "["}:
        return "jsonl", chain([first], pieces)
    held, size = [first], len(first)
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > _MOST_JSON:
            return "text", chain(held, pieces)
    whole = "".join(held)
    return ("json" if parsed(whole) is not None else "text"), iter([whole])
