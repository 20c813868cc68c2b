r"""A document as Markdown (CommonMark with tables and footnotes): every text is shown and none obeyed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ephor.edges.documents.figures import figures
from ephor.edges.documents.words import GROUNDS, OPEN_POINTS, RESTS_ON, is_open
from ephor.kernel.visible import visible
from ephor.rooms.documents.model import (
    Block,
    BlockKind,
    Document,
    Row,
    Source,
    Sources,
    gaps,
    numbered,
    references,
)

_SPECIAL = re.compile(r"([\\`*_\[\]<>|&~$])")
_AT_START = re.compile(r"^(?:([#+=-])|(\d{1,9})([.)]))")
_LINKS = re.compile(r"(?i)(://|www\.|@)")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@ ()§,+-]*")

Numbers = Mapping[Source, int]


def escaped(text: str) -> str:
    r"""Return *text* on one line as Markdown that shows it and does nothing else.

    >>> escaped("[a](b) <script>"), escaped("# no title"), escaped("1. no list")
    ('\\[a\\](b) \\<script\\>', '\\# no title', '1\\. no list')
    >>> escaped("https://x.example"), escaped("a|b\n\n---")
    ('https\\://x.example', 'a\\|b ---')
    """
    line = _SPECIAL.sub(r"\\\1", " ".join(visible(text, keep="\n\t").split()))
    line = _LINKS.sub(lambda found: _unlinked(found[0]), line)
    return _AT_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", line)


def markdown(document: Document) -> str:
    """Return the document as Markdown; what statements rest on stands in numbered footnotes."""
    return "\n".join(_lines(document)).rstrip("\n") + "\n"


def _unlinked(text: str) -> str:
    return {"://": "\\://", "@": "\\@"}.get(text, text[:-1] + "\\.")


def _lines(document: Document) -> Iterator[str]:
    numbers = references(document.sections)
    yield from (f"# {escaped(document.title)}", "", f"**{escaped(document.subtitle)}**", "")
    if document.cover:
        yield from _grid(("", ""), [row.cells for row in document.cover])
    if document.note:
        yield from (f"*{escaped(document.note)}*", "")
    yield from ("## Contents", "")
    for one in numbered(document.sections):
        yield f"{'  ' * (one.depth - 1)}- {one.number} {escaped(one.section.title)}"
    yield ""
    if missing := gaps(document.sections):
        yield from (f"## {OPEN_POINTS}", "")
        yield from (f"- {one.number} {escaped(one.title)}: {escaped(one.gap.text)}" for one in missing)
        yield ""
    for one in numbered(document.sections):
        cite = f" ({escaped(one.section.cite)})" if one.section.cite else ""
        yield from (f"{'#' * min(one.depth + 1, 6)} {one.number} {escaped(one.section.title)}{cite}", "")
        for block in one.section.blocks:
            yield from _WRITERS[block.kind](block, numbers)
    if numbers:
        yield from (f"## {RESTS_ON}", "")
        yield from (f"[^{number}]: {_source(source)}" for source, number in numbers.items())


def _paragraph(block: Block, numbers: Numbers) -> Iterator[str]:
    parts = [one for one in block.text.split("\n\n") if one.strip()]
    for at, part in enumerate(parts, 1):
        yield from (escaped(part) + (_marks(block.sources, numbers) if at == len(parts) else ""), "")


def _facts(block: Block, numbers: Numbers) -> Iterator[str]:
    for row in block.rows:
        yield f"- **{escaped(row.cells[0])}:** {escaped(row.cells[1])}{_marks(row.sources, numbers)}"
    yield ""


def _bullets(block: Block, numbers: Numbers) -> Iterator[str]:
    yield from (f"- {escaped(row.cells[0])}{_marks(row.sources, numbers)}" for row in block.rows)
    yield ""


def _table(block: Block, numbers: Numbers) -> Iterator[str]:
    if block.title:
        yield from (f"**{escaped(block.title)}**", "")
    yield from _grid(block.columns, [_with_marks(row, numbers) for row in block.rows], raw=True)


def _gap(block: Block, numbers: Numbers) -> Iterator[str]:
    cite = f" ({escaped(block.cite)})" if block.cite else ""
    yield f"> **{is_open(block)}:** {escaped(block.text)}{cite}{_marks(block.sources, numbers)}"
    if block.remedy:
        yield f"> To close it: {escaped(block.remedy)}"
    yield ""


def _figure(block: Block, numbers: Numbers) -> Iterator[str]:
    columns, rows = figures(block)
    yield from (f"**{escaped(block.title)}**{_marks(block.sources, numbers)}", "")
    yield from _grid(columns, rows)


_WRITERS: Mapping[BlockKind, Callable[[Block, Numbers], Iterator[str]]] = {
    BlockKind.PARAGRAPH: _paragraph,
    BlockKind.FACTS: _facts,
    BlockKind.BULLETS: _bullets,
    BlockKind.TABLE: _table,
    BlockKind.GAP: _gap,
    BlockKind.BARS: _figure,
    BlockKind.HEAT_MAP: _figure,
}


def _grid(columns: Iterable[str], rows: Iterable[Iterable[str]], *, raw: bool = False) -> Iterator[str]:
    """*raw*: the cells are Markdown already."""
    heads = [escaped(one) for one in columns]
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join(' --- ' for _ in heads)}|"
    for row in rows:
        yield f"| {' | '.join(one if raw else escaped(one) for one in row)} |"
    yield ""


def _with_marks(row: Row, numbers: Numbers) -> list[str]:
    cells = [escaped(one) for one in row.cells]
    return [*cells[:-1], cells[-1] + _marks(row.sources, numbers)]


def _marks(sources: Sources, numbers: Numbers) -> str:
    return "".join(f"[^{numbers[one]}]" for one in dict.fromkeys(sources))


def _source(source: Source) -> str:
    id = f"`{source.id}`" if _IDENTIFIER.fullmatch(source.id) else escaped(source.id)
    says = f" · {escaped(source.says)}" if source.says else ""
    return f"{GROUNDS[source.ground]} {id}{says}"
