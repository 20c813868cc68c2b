"""Setting a document as PDF: tagged (PDF/UA-1), archivable (PDF/A-2a), and the same bytes for the same document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from ephor.kernel.errors import UnavailableError

try:
    import typst
except ModuleNotFoundError as error:
    raise UnavailableError(
        "PDF needs `typst`, which is not installed; install Ephor with its extra `pdf`, or export as html"
    ) from error

_UNSHOWN = re.compile(r'the (?:text|PDF contains the codepoint) `"(.*?)"`', re.DOTALL)
_CODEPOINT = re.compile(r'codepoint `"(.*?)"`', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_TRIES = 50


def set_pdf(document: Mapping[str, Any], at: datetime | None) -> bytes:
    """Return the PDF of what `ephor.edges.documents.typeset` made, dated *at*.

    Only the fonts within Typst are used, so that every machine sets the same bytes. A character that none of them
    has stands there by its number, as ``[U+4E2D]``.

    Raises:
        UnavailableError: it could not be set.
    """
    text = json.dumps(document, ensure_ascii=False)
    for _ in range(_TRIES):
        try:
            return _compiled(text, at)
        except typst.TypstError as error:
            unshown = set(_unshown(f"{error.message}\n{error.diagnostic}"))
            if not unshown & set(text):
                raise UnavailableError(f"the PDF could not be set: {error.message}") from error
            text = _numbered(text, unshown)
    return _compiled(_numbered(text, {one for one in text if ord(one) > 0xFF}), at)


def _compiled(text: str, at: datetime | None) -> bytes:
    template = (files("ephor.adapters.typesetting") / "document.typ").read_bytes()
    done = typst.compile(
        template,
        sys_inputs={"document": text},
        ignore_system_fonts=True,
        pdf_standards=["a-2a", "ua-1"],
        timestamp=(at or datetime(1970, 1, 1, tzinfo=UTC)).replace(microsecond=0),
        format="pdf",
    )
    if not isinstance(done, bytes):
        raise UnavailableError("the PDF could not be set: Typst returned nothing")
    return done


def _unshown(said: str) -> Iterator[str]:
    for pattern in (_UNSHOWN, _CODEPOINT):
        for found in pattern.findall(said):
            for one in _ESCAPED.sub(lambda code: chr(int(code[1], 16)), found):
                if ord(one) > 0x7F:
                    yield one


def _numbered(text: str, unshown: set[str]) -> str:
    return "".join(f"[U+{ord(one):04X}]" if one in unshown else one for one in text)
