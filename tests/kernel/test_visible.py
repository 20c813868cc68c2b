"""Control characters are found and written out, and no letter of any script is taken for one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import check_visible, visible

STEERING = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp")]
STEERING += [
    chr(code)
    for code in range(0x110000)
    if unicodedata.bidirectional(chr(code)) in ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
]


@pytest.mark.parametrize("one", STEERING, ids=ascii)
def test_what_unicode_calls_control_or_embedding_is_written_out(one):
    assert visible(f"a{one}b").isprintable()
    assert visible(one, keep=one) == one
    with pytest.raises(InvalidInputError, match="the name holds"):
        check_visible(f"a{one}b", "the name")


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"])))
def test_letters_marks_and_signs_stay_as_they_are(text):
    assert visible(text) == text
    check_visible(text, "it")


@given(st.text())
def test_writing_out_twice_is_writing_out_once(text):
    assert visible(visible(text)) == visible(text)
