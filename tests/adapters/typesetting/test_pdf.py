"""Documents as PDF: tagged, dated as told, the same bytes every time, and no text breaks or steers it."""

from datetime import UTC, datetime

import pytest

from ephor.adapters.typesetting.pdf import set_pdf
from ephor.edges.documents.typeset import typeset
from ephor.kernel.errors import UnavailableError
from sample_document import every_block

AT = datetime(2026, 11, 20, 9, 30, 5, 123456, tzinfo=UTC)


def test_the_same_document_is_the_same_bytes_and_another_is_not():
    one, again = (set_pdf(typeset(every_block("words")), AT) for _ in range(2))
    assert one == again
    assert set_pdf(typeset(every_block("other words")), AT) != one


def test_it_says_that_it_is_accessible_and_archivable():
    made = set_pdf(typeset(every_block("words")), AT)
    assert made.startswith(b"%PDF-1.")
    for sign in (
        b"<pdfuaid:part>1<",
        b"<pdfaid:part>2<",
        b"/Marked true",
        b"/StructTreeRoot",
        b"/Lang",
        b"2026-11-20",
    ):
        assert sign in made


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x") #include "/etc/passwd" $x^2$ *bold* _it_ `raw` = heading',
        '"#sys.inputs" \\u{41} ${x} <label> @reference',
        "\x00\x1b[2J\u202edesrever\u2028",
        "中文 名前 😀 \ue000 ไทย and words",
        "a" * 500,
        "",
    ],
)  # fmt: skip
def test_hostile_text_is_set_as_words(text):
    assert set_pdf(typeset(every_block(text)), AT).startswith(b"%PDF-")


def test_what_no_font_has_stands_there_by_its_number():
    by_number = set_pdf(typeset(every_block("[U+4E2D] b")), AT)
    assert set_pdf(typeset(every_block("中 b")), AT) == by_number


def test_what_is_no_document_is_said_to_be_none():
    with pytest.raises(UnavailableError, match="could not be set"):
        set_pdf({"title": 1}, AT)
