"""A document as DOCX: well-formed parts, every word there, no text that is markup, the same bytes every time."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from ephor.edges.documents.docx import docx
from sample_document import every_block

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PARTS = {
    "[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/_rels/document.xml.rels", "word/styles.xml",
    "word/footer1.xml", "docProps/core.xml",
}  # fmt: skip


def parts(data: bytes) -> dict[str, ET.Element]:
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: ET.fromstring(archive.read(name)) for name in archive.namelist()}


def tags(data: bytes) -> list[str]:
    return [one.tag for one in parts(data)["word/document.xml"].iter()]


def test_every_part_that_the_package_names_is_there() -> None:
    found = parts(docx(every_block("words")))
    assert set(found) == PARTS
    named = {
        one.attrib["PartName"].lstrip("/") for one in found["[Content_Types].xml"] if "PartName" in one.attrib
    }
    assert named == {name for name in PARTS if name.endswith(".xml") and not name.startswith("[")}
    used = {
        one.attrib[f"{W}val"]
        for one in found["word/document.xml"].iter()
        if one.tag in (f"{W}pStyle", f"{W}tblStyle")
    }
    assert used <= {one.attrib[f"{W}styleId"] for one in found["word/styles.xml"].iter(f"{W}style")}


@pytest.mark.parametrize(
    "text",
    ["<w:p/>", "</w:t></w:r><w:r>", "]]>", "&amp; & \" '", "\x00\x1b\u202e\ufffe\ud800", "{ MERGEFIELD x }"],
)
def test_hostile_text_is_words(text: str) -> None:
    assert tags(docx(every_block(text))) == tags(docx(every_block("words")))


def test_what_is_shown_is_what_was_said_and_lines_stay_lines() -> None:
    body = parts(docx(every_block("a <b> & c\nd")))["word/document.xml"]
    said = [one.text for one in body.iter(f"{W}t")]
    assert "a <b> & c" in said
    assert "d" in said


def test_the_same_document_is_the_same_bytes() -> None:
    assert docx(every_block("words")) == docx(every_block("words"))
    assert docx(every_block("words")) != docx(every_block("other"))
