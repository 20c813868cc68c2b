"""A document as data for a typesetter's template: words stay words, whatever is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ephor.edges.documents.figures import in_words, is_figure, picture
from ephor.edges.documents.words import CONTENTS, GROUNDS, OPEN_POINTS, RESTS_ON, is_open, points
from ephor.kernel.visible import visible
from ephor.rooms.documents.model import (
    Block,
    BlockKind,
    Document,
    Source,
    Sources,
    gaps,
    numbered,
    references,
)

_FONT = re.compile(r'font-family="[^"]*"')
_MAP = 70
"""How wide a heat map is, in hundredths of the text."""


def typeset(document: Document) -> dict[str, Any]:
    """Return what the template is given, as JSON values."""
    numbers, missing = references(document.sections), gaps(document.sections)
    told = points(len(missing))
    return {
        "title": _said(document.title),
        "subtitle": _said(document.subtitle),
        "running": _said(document.running),
        "note": _said(document.note),
        "cover": [{"cells": [_said(cell) for cell in row.cells]} for row in document.cover],
        "words": {
            "contents": CONTENTS, "open": OPEN_POINTS, "rests-on": RESTS_ON,
            "points": f"{told[:1].upper()}{told[1:]}. Each is marked where it stands, with what closes it.",
        },
        "open": [
            {"number": one.number, "title": _said(one.title), "text": _said(one.gap.text)} for one in missing
        ],
        "sections": [
            {
                "number": one.number, "depth": one.depth, "title": _said(one.section.title),
                "cite": _said(one.section.cite), "blocks": [_block(block, numbers) for block in one.section.blocks],
            }
            for one in numbered(document.sections)
        ],
        "sources": [
            {
                "number": number, "ground": GROUNDS[source.ground], "id": _said(source.id),
                "says": _said(source.says),
            }
            for source, number in numbers.items()
        ],
    }  # fmt: skip


def _block(block: Block, numbers: Mapping[Source, int]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": block.kind.value,
        "label": is_open(block),
        "text": _said(block.text),
        "title": _said(block.title),
        "columns": [_said(one) for one in block.columns],
        "rows": [
            {"cells": [_said(cell) for cell in row.cells], "marks": _marks(row.sources, numbers)}
            for row in block.rows
        ],
        "marks": _marks(block.sources, numbers),
        "remedy": _said(block.remedy),
        "cite": _said(block.cite),
    }
    if is_figure(block):
        svg = _FONT.sub('font-family="Libertinus Serif, DejaVu Sans Mono"', _said(picture(block)))
        found |= {
            "svg": svg,
            "text": _said(in_words(block)),
            "width": _MAP if block.kind is BlockKind.HEAT_MAP else 100,
        }
    return found


def _marks(sources: Sources, numbers: Mapping[Source, int]) -> list[int]:
    return [numbers[one] for one in dict.fromkeys(sources)]


def _said(text: str) -> str:
    return visible(text, keep="\n\t")
