"""A document as DOCX (ECMA-376, WordprocessingML): a package of XML by hand, the same bytes for the same document."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ephor.edges.documents.docx_parts import (
    CONTENT_TYPES,
    DOCUMENT_RELATIONS,
    RELATIONS,
    STYLES,
    core,
    footer,
)
from ephor.edges.documents.figures import figures
from ephor.edges.documents.words import CONTENTS, GROUNDS, OPEN_POINTS, RESTS_ON, is_open, points
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

Numbers = Mapping[Source, int]
_NOT_XML = re.compile("[\ufffe\uffff]")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OLDEST = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP archive can state: files in the package carry no other."""


def docx(document: Document) -> bytes:
    """Return the document as a DOCX file."""
    body = "".join(_body(document))
    section = (
        '<w:sectPr><w:footerReference xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        'w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1247" w:right="1247" w:bottom="1247" w:left="1247" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>'
    )
    main = f'<w:document xmlns:w="{_W}"><w:body>{body}{section}</w:body></w:document>'
    title = f"{document.title}: {document.subtitle}"
    parts = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS,
        "word/document.xml": main,
        "word/_rels/document.xml.rels": DOCUMENT_RELATIONS,
        "word/styles.xml": STYLES,
        "word/footer1.xml": footer(_said(document.running)),
        "docProps/core.xml": core(_said(title), document.at or datetime(*_OLDEST[:3])),  # noqa: DTZ001 - a placeholder's day
    }
    return _zipped(parts)


def _zipped(parts: Mapping[str, str]) -> bytes:
    held = io.BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            info = ZipInfo(name, _OLDEST)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}')
    return held.getvalue()


def _body(document: Document) -> Iterator[str]:
    numbers, missing = references(document.sections), gaps(document.sections)
    yield _p(document.title, "Title")
    yield _p(document.subtitle, "Subtitle")
    if document.cover:
        yield _grid(
            None, [[_run(cell, bold=not at) for at, cell in enumerate(row.cells)] for row in document.cover]
        )
    if document.note:
        yield _p(document.note, "Quiet")
    yield _p(CONTENTS, "Heading1")
    for one in numbered(document.sections):
        if one.depth <= 2:
            yield _p(f"{one.number}  {one.section.title}", "Contents1" if one.depth == 1 else "Contents2")
    if missing:
        told = points(len(missing))
        yield _p(OPEN_POINTS, "Heading1")
        yield _p(f"{told[:1].upper()}{told[1:]}. Each is marked where it stands, with what closes it.")
        yield from (_p(f"{one.number} {one.title}: {one.gap.text}", "ListBullet") for one in missing)
    for one in numbered(document.sections):
        cite = _run(f"  {one.section.cite}", quiet=True) if one.section.cite else ""
        yield _raw(_run(f"{one.number}  {one.section.title}") + cite, f"Heading{min(one.depth, 3)}")
        for block in one.section.blocks:
            yield from _WRITERS[block.kind](block, numbers)
    if numbers:
        yield _p(RESTS_ON, "Heading1")
        for source, number in numbers.items():
            says = f" · {source.says}" if source.says else ""
            yield _p(f"{number}  {GROUNDS[source.ground]} {source.id}{says}", "Quiet")


def _paragraph(block: Block, numbers: Numbers) -> Iterator[str]:
    parts = [one for one in block.text.split("\n\n") if one.strip()]
    for at, part in enumerate(parts, 1):
        yield _raw(_run(part) + (_marks(block.sources, numbers) if at == len(parts) else ""))


def _facts(block: Block, numbers: Numbers) -> Iterator[str]:
    lines = [
        [_run(row.cells[0], bold=True), _run(row.cells[1]) + _marks(row.sources, numbers)]
        for row in block.rows
    ]
    yield _grid(None, lines) if lines else ""


def _bullets(block: Block, numbers: Numbers) -> Iterator[str]:
    yield from (_raw(_run(row.cells[0]) + _marks(row.sources, numbers), "ListBullet") for row in block.rows)


def _table(block: Block, numbers: Numbers) -> Iterator[str]:
    if block.title:
        yield _p(block.title, "Caption")
    yield _grid([_run(one, bold=True) for one in block.columns], [_cells(row, numbers) for row in block.rows])


def _gap(block: Block, numbers: Numbers) -> Iterator[str]:
    cite = f" ({block.cite})" if block.cite else ""
    said = _run(f"{is_open(block)}. ", bold=True) + _run(block.text + cite) + _marks(block.sources, numbers)
    how = f"<w:r><w:br/></w:r>{_run(f'To close it: {block.remedy}', quiet=True)}" if block.remedy else ""
    yield _raw(said + how, "Gap")


def _figure(block: Block, numbers: Numbers) -> Iterator[str]:
    columns, rows = figures(block)
    yield _raw(_run(block.title) + _marks(block.sources, numbers), "Caption")
    yield _grid([_run(one, bold=True) for one in columns], [[_run(cell) for cell in row] for row in rows])


_WRITERS: Mapping[BlockKind, Callable[[Block, Numbers], Iterator[str]]] = {
    BlockKind.PARAGRAPH: _paragraph,
    BlockKind.FACTS: _facts,
    BlockKind.BULLETS: _bullets,
    BlockKind.TABLE: _table,
    BlockKind.GAP: _gap,
    BlockKind.BARS: _figure,
    BlockKind.HEAT_MAP: _figure,
}


def _cells(row: Row, numbers: Numbers) -> list[str]:
    cells = [_run(one) for one in row.cells]
    return [*cells[:-1], cells[-1] + _marks(row.sources, numbers)]


def _grid(head: list[str] | None, rows: list[list[str]]) -> str:
    """*head* None: the first column says what each row is."""
    style = "Grid" if head is not None else "Plain"
    count = len(head) if head is not None else 2
    lines = (
        [] if head is None else [f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{''.join(map(_cell, head))}</w:tr>"]
    )
    lines += [f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(map(_cell, row))}</w:tr>" for row in rows]
    if not lines:
        return ""
    first = "1" if head is not None else "0"
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="5000" w:type="pct"/>'
        f'<w:tblLook w:firstRow="{first}" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/></w:tblPr>'
        f"<w:tblGrid>{'<w:gridCol/>' * count}</w:tblGrid>{''.join(lines)}</w:tbl>{_p('', 'Small')}"
    )


def _cell(runs: str) -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="0" w:type="auto"/></w:tcPr>{_raw(runs, "Cell")}</w:tc>'


def _p(text: str, style: str | None = None) -> str:
    return _raw(_run(text), style)


def _raw(runs: str, style: str | None = None) -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{runs}</w:p>"


def _run(text: str, *, bold: bool = False, quiet: bool = False) -> str:
    """*text* without a style of its own; its lines stay lines."""
    style = ("<w:b/>" if bold else "") + ('<w:color w:val="59636E"/>' if quiet else "")
    properties = f"<w:rPr>{style}</w:rPr>" if style else ""
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{line}</w:t>' for line in _said(text).split("\n"))
    return f"<w:r>{properties}{lines}</w:r>"


def _marks(sources: Sources, numbers: Numbers) -> str:
    found = " ".join(str(numbers[one]) for one in dict.fromkeys(sources))
    return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{found}</w:t></w:r>' if found else ""


def _said(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", visible(text, keep="\n\t")))
