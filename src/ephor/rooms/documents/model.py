"""What any document consists of, whatever it is written out as: sections of blocks, each statement with what it rests on.

Texts are plain text. A renderer shows every character of them and obeys none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique


@unique
class Ground(StrEnum):
    """What kind of thing a statement rests on."""

    ENTRY = "entry"
    """An entry of the ledger, by its id."""
    RECORD = "record"
    """A record that is kept, by its id."""
    DIGEST = "digest"
    """A digest of a file or of what was approved."""
    LAW = "law"
    """A provision, as a pack cites it."""
    PERSON = "person"
    """What a person stated for this document; the digest of their words is in the ledger."""


@dataclass(frozen=True, slots=True)
class Source:
    """One thing a statement rests on: its id, and in a few words what it is."""

    ground: Ground
    id: str
    says: str = ""


Sources = tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, of a list of facts, of bullets or of a chart, with what it rests on."""

    cells: tuple[str, ...]
    sources: Sources = ()


@unique
class BlockKind(StrEnum):
    """What a block is; each has a function below that makes it."""

    PARAGRAPH = "paragraph"
    FACTS = "facts"
    BULLETS = "bullets"
    TABLE = "table"
    GAP = "gap"
    BARS = "bars"
    HEAT_MAP = "heat_map"


@dataclass(frozen=True, slots=True)
class Block:
    """One block. Which fields it uses follows from its kind; make it by one of the functions below."""

    kind: BlockKind
    text: str = ""
    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    sources: Sources = ()
    remedy: str = ""
    cite: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a title; renderers number it. ``cite`` is the provision that asks for it."""

    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. ``cover`` says in labelled facts what it is; ``running`` stands on every page."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    cover: tuple[Row, ...] = ()
    running: str = ""
    note: str = ""
    """One sentence below the cover, such as that this is a draft."""
    at: datetime | None = None
    """When it was written; a PDF states it."""


def paragraph(text: str, *sources: Source) -> Block:
    """Return a paragraph of running text."""
    return Block(BlockKind.PARAGRAPH, text=text, sources=sources)


def fact(label: str, text: str, *sources: Source) -> Row:
    """Return a labelled statement, a row of `facts`."""
    return Row((label, text), sources)


def facts(rows: Iterable[Row]) -> Block:
    """Return labelled statements, one below the other."""
    return Block(BlockKind.FACTS, rows=tuple(rows))


def item(text: str, *sources: Source) -> Row:
    """Return one bullet, a row of `bullets`."""
    return Row((text,), sources)


def bullets(rows: Iterable[Row]) -> Block:
    """Return a list of statements."""
    return Block(BlockKind.BULLETS, rows=tuple(rows))


def table(title: str, columns: Sequence[str], rows: Iterable[Row]) -> Block:
    """Return a table; what a row rests on stands at its end."""
    return Block(BlockKind.TABLE, title=title, columns=tuple(columns), rows=tuple(rows))


def gap(what: str, remedy: str, *, cite: str = "", sources: Sources = ()) -> Block:
    """Return that something is missing, and what closes it."""
    return Block(BlockKind.GAP, text=what, remedy=remedy, cite=cite, sources=sources)


def bars(
    title: str, rows: Iterable[tuple[str, float | None, bool | None]], *, limit: float | None = None,
    limit_says: str = "limit", sources: Sources = (),
) -> Block:  # fmt: skip
    """Return a chart of bars: each with its name, its length (None: not known), and whether it is beyond the limit."""
    cells = (
        Row(
            (name, "" if value is None else f"{value:g}", {True: "beyond", False: "within", None: ""}[beyond])
        )
        for name, value, beyond in rows
    )
    said = "" if limit is None else f"{limit:g}"
    return Block(BlockKind.BARS, text=limit_says, title=title, rows=tuple(cells), sources=sources, limit=said)


def heat_map(
    title: str,
    spots: Iterable[tuple[str, int, int]],
    levels: Sequence[Sequence[str]],
    *,
    sources: Sources = (),
) -> Block:
    """Return a 5 by 5 map of named spots by likelihood and impact; *levels* as for `ephor.edges.charts.heat_map`."""
    rows = tuple(Row((name, str(likelihood), str(impact))) for name, likelihood, impact in spots)
    columns = tuple(level for line in levels for level in line)
    return Block(BlockKind.HEAT_MAP, title=title, columns=columns, rows=rows, sources=sources)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A section with its number: ``2.1``; ``depth`` is 1 for the outermost."""

    number: str
    depth: int
    section: Section


def numbered(sections: Sequence[Section], before: str = "", depth: int = 1) -> Iterator[Numbered]:
    """Return every section in reading order with its number.

    >>> parts = (Section("A", sections=(Section("B"),)), Section("C"))
    >>> [(one.number, one.section.title) for one in numbered(parts)]
    [('1', 'A'), ('1.1', 'B'), ('2', 'C')]
    """
    for at, section in enumerate(sections, 1):
        number = f"{before}{at}"
        yield Numbered(number, depth, section)
        yield from numbered(section.sections, f"{number}.", depth + 1)


@dataclass(frozen=True, slots=True)
class Missing:
    """One gap, and the number and title of the section that it stands in."""

    number: str
    title: str
    gap: Block


def gaps(sections: Sequence[Section]) -> tuple[Missing, ...]:
    """Return every gap in reading order.

    >>> [one.number for one in gaps((Section("A", (gap("nothing is said", "say it"),)),))]
    ['1']
    """
    return tuple(
        Missing(one.number, one.section.title, block)
        for one in numbered(sections)
        for block in one.section.blocks
        if block.kind is BlockKind.GAP
    )


def references(sections: Sequence[Section]) -> dict[Source, int]:
    """Return the number of every source, in the order in which readers meet them, from 1 on."""
    met: dict[Source, int] = {}
    for one in numbered(sections):
        for block in one.section.blocks:
            for source in (*block.sources, *(source for row in block.rows for source in row.sources)):
                met.setdefault(source, len(met) + 1)
    return met
