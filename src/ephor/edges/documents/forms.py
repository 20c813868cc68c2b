"""The forms that a document leaves in, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson

from ephor.edges.documents.assemble import as_document
from ephor.edges.documents.docx import docx
from ephor.edges.documents.html import html
from ephor.edges.documents.markdown import markdown
from ephor.edges.documents.typeset import typeset
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.documents.record import DocumentVersion

TEXTS = ("markdown", "html", "json")
FORMS = (*TEXTS, "pdf", "docx")
SetPdf = Callable[[Mapping[str, Any], datetime | None], bytes]


def written(kept: DocumentVersion, form: str, set_pdf: SetPdf) -> bytes:
    """Return the version in a form.

    Raises:
        InvalidInputError: there is no such form.
        UnavailableError: PDF is asked for, and its extra is not installed.
    """
    if form == "json":
        return orjson.dumps(msgspec.to_builtins(kept, str_keys=True), option=orjson.OPT_INDENT_2) + b"\n"
    document = as_document(kept)
    if form == "markdown":
        return markdown(document).encode()
    if form == "html":
        return html(document).encode()
    if form == "pdf":
        return set_pdf(typeset(document), document.at)
    if form == "docx":
        return docx(document)
    raise InvalidInputError(f"`{form[:40]}` is no form of a document; use one of: {', '.join(FORMS)}")
