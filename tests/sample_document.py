"""A document with every kind of block, and with the same hostile text in every place that holds text."""

from ephor.rooms.documents.model import (
    Document,
    Ground,
    Row,
    Section,
    Source,
    bars,
    bullets,
    fact,
    facts,
    gap,
    heat_map,
    item,
    paragraph,
    table,
)
from ephor.rooms.risk.matrix import MATRIX


def every_block(text: str) -> Document:
    """Return a document in which *text* stands wherever somebody's words may stand."""
    source = Source(Ground.RECORD, text, text)
    entry = Source(Ground.ENTRY, "evt_0198a0f1", "agent.registered/1, 2026-11-20")
    blocks = (
        paragraph(f"{text}\n\n{text}", source, entry),
        facts([fact(text, text, source), fact("Owner", "olivia", entry)]),
        bullets([item(text, source), item("plain")]),
        table(text, (text, "b"), [Row((text, text), (source,)), Row(("1", "2"))]),
        gap(text, text, cite=text, sources=(source,)),
        bars(text, [(text, 0.25, True), ("b", None, None), ("c", 0.1, False)], limit=0.2, limit_says=text),
        heat_map(text, [(text, 4, 5), ("d", 1, 1)], MATRIX),
    )
    return Document(
        title=text,
        subtitle=text,
        sections=(
            Section(text, blocks, (Section(text, (paragraph("deeper"),), cite=text),)),
            Section("Last"),
        ),
        cover=(fact(text, text), fact("Version", "3")),
        running=text,
        note=text,
    )
