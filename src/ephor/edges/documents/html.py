"""A document as one HTML page without script: it stands alone, prints on A4, and no text in it is markup."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from html import escape

from ephor.edges.documents.figures import in_words, picture
from ephor.edges.documents.style import sheet
from ephor.edges.documents.words import CONTENTS, GROUNDS, OPEN_POINTS, RESTS_ON, is_open, points
from ephor.kernel.visible import visible
from ephor.rooms.documents.model import (
    Block,
    BlockKind,
    Document,
    Missing,
    Numbered,
    Source,
    Sources,
    gaps,
    numbered,
    references,
)

Numbers = Mapping[Source, int]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def html(document: Document) -> str:
    """Return the document as a page."""
    return "\n".join(_lines(document)) + "\n"


def text_of(text: str) -> str:
    """Return *text* as it may stand anywhere in a page: shown, and nothing else.

    >>> text_of('<script>"')
    '&lt;script&gt;&quot;'
    """
    return escape(visible(text, keep="\n\t"))


def _lines(document: Document) -> Iterator[str]:
    numbers, missing = references(document.sections), gaps(document.sections)
    yield from (
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{text_of(document.title)}: {text_of(document.subtitle)}</title>",
        f"<style>{sheet(visible(document.running))}</style></head><body><main>",
        f'<header><h1>{text_of(document.title)}</h1><p class="sub">{text_of(document.subtitle)}</p>',
    )
    if document.cover:
        rows = "".join(
            f'<tr><th scope="row">{text_of(one.cells[0])}</th><td>{text_of(one.cells[1])}</td></tr>'
            for one in document.cover
        )
        yield f'<table class="cover"><tbody>{rows}</tbody></table>'
    if document.note:
        yield f'<p class="note">{text_of(document.note)}</p>'
    yield "</header>"
    yield from _contents(document)
    yield from _open(missing)
    for one in numbered(document.sections):
        yield _heading(one)
        for block in one.section.blocks:
            yield from _WRITERS[block.kind](block, numbers)
    if numbers:
        yield f'<section id="rests-on"><h2>{RESTS_ON}</h2><ol class="refs">'
        yield from (f'<li id="e{number}">{_source(source)}</li>' for source, number in numbers.items())
        yield "</ol></section>"
    yield "</main></body></html>"


def _contents(document: Document) -> Iterator[str]:
    yield f'<nav aria-label="{CONTENTS}"><h2>{CONTENTS}</h2><ol>'
    for one in numbered(document.sections):
        if one.depth <= 2:
            yield f'<li class="d{one.depth}"><a href="#s{one.number}"><span class="no">{one.number}</span>{text_of(one.section.title)}</a></li>'
    yield "</ol></nav>"


def _open(missing: tuple[Missing, ...]) -> Iterator[str]:
    if missing:
        yield f'<section class="open"><h2>{OPEN_POINTS}</h2><p>{points(len(missing))[:1].upper()}{points(len(missing))[1:]}. Each is marked where it stands, with what closes it.</p><ul>'
        for one in missing:
            yield f'<li><a href="#s{one.number}">{one.number} {text_of(one.title)}</a>: {text_of(one.gap.text)}</li>'
        yield "</ul></section>"


def _heading(one: Numbered) -> str:
    level = min(one.depth + 1, 6)
    cite = f' <span class="cite">{text_of(one.section.cite)}</span>' if one.section.cite else ""
    return f'<h{level} id="s{one.number}"><span class="no">{one.number}</span>{text_of(one.section.title)}{cite}</h{level}>'


def _paragraph(block: Block, numbers: Numbers) -> Iterator[str]:
    parts = [one for one in block.text.split("\n\n") if one.strip()]
    for at, part in enumerate(parts, 1):
        yield f"<p>{text_of(part)}{_marks(block.sources, numbers) if at == len(parts) else ''}</p>"


def _facts(block: Block, numbers: Numbers) -> Iterator[str]:
    yield "<dl>"
    for row in block.rows:
        yield f"<dt>{text_of(row.cells[0])}</dt><dd>{text_of(row.cells[1])}{_marks(row.sources, numbers)}</dd>"
    yield "</dl>"


def _bullets(block: Block, numbers: Numbers) -> Iterator[str]:
    yield "<ul>"
    for row in block.rows:
        yield f"<li>{text_of(row.cells[0])}{_marks(row.sources, numbers)}</li>"
    yield "</ul>"


def _table(block: Block, numbers: Numbers) -> Iterator[str]:
    caption = f"<caption>{text_of(block.title)}</caption>" if block.title else ""
    heads = "".join(f'<th scope="col">{text_of(one)}</th>' for one in block.columns)
    yield f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>"
    for row in block.rows:
        cells = [text_of(one) for one in row.cells]
        cells[-1] += _marks(row.sources, numbers)
        yield f"<tr>{''.join(f'<td>{one}</td>' for one in cells)}</tr>"
    yield "</tbody></table>"


def _gap(block: Block, numbers: Numbers) -> Iterator[str]:
    cite = f" ({text_of(block.cite)})" if block.cite else ""
    how = f'<span class="how">To close it: {text_of(block.remedy)}</span>' if block.remedy else ""
    yield f'<div class="gap"><b>{is_open(block)}.</b> {text_of(block.text)}{cite}{_marks(block.sources, numbers)}{how}</div>'


def _figure(block: Block, numbers: Numbers) -> Iterator[str]:
    data = b64encode(picture(block).encode()).decode()
    yield f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{text_of(in_words(block))}">{_marks(block.sources, numbers)}</figure>'


_WRITERS: Mapping[BlockKind, Callable[[Block, Numbers], Iterator[str]]] = {
    BlockKind.PARAGRAPH: _paragraph,
    BlockKind.FACTS: _facts,
    BlockKind.BULLETS: _bullets,
    BlockKind.TABLE: _table,
    BlockKind.GAP: _gap,
    BlockKind.BARS: _figure,
    BlockKind.HEAT_MAP: _figure,
}


def _marks(sources: Sources, numbers: Numbers) -> str:
    links = (f'<a href="#e{numbers[one]}">{numbers[one]}</a>' for one in dict.fromkeys(sources))
    found = " ".join(links)
    return f"<sup>{found}</sup>" if found else ""


def _source(source: Source) -> str:
    says = f" · {text_of(source.says)}" if source.says else ""
    return f"{GROUNDS[source.ground]} <code>{text_of(source.id)}</code>{says}"
