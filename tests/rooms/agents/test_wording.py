"""Text that people decide by shows what it says."""

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import hidden
from ephor.rooms.agents.wording import LINES, worded


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\x7f", "\x9b", "\r", "\u202e", "\u2066", "\ud800"])
def test_what_hides_text_is_refused(mark):
    with pytest.raises(InvalidInputError, match=r"U\+"):
        worded(f"a{mark}b", "note")


@pytest.mark.parametrize("text", ["Ünïcode — ok", "two\nlines\tand a tab", "عربي", "日本", "🙂"])
def test_every_language_is_text(text):
    assert worded(f"  {text} ", "note") == text
    assert hidden(text, keep=LINES) is None


def test_longest_text():
    assert len(worded("x" * 2000, "note")) == 2000
    with pytest.raises(InvalidInputError, match="2001 characters"):
        worded("x" * 2001, "note")
