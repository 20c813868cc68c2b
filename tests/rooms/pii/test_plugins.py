"""Recognizers of one's own: found, masked, and refused with a line where the file is wrong."""

from __future__ import annotations

import pytest

from ephor.adapters import strict_yaml
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.plugins import extended, recognizers
from ephor.rooms.pii.rules import Rule
from ephor.rooms.pii.structure import mask_structure

GOOD = b"""recognizers:
  - type: x_staff
    description: staff number
    pattern: 'EMP-\\d{6}'
  - type: x_loyalty
    pattern: '\\d{10}'
    validator: luhn
    words: [loyalty, Bonuskarte]
    confidence: 90
"""


def read(data: bytes) -> tuple[Rule, ...]:
    return recognizers(strict_yaml.read(data), strict_yaml.lines(data), "own.yaml")


def test_own_types_are_found_with_their_checks_and_words() -> None:
    wanted = extended(None, read(GOOD))
    text = "EMP-123456 has loyalty card 4532015114 and 4532015118; order 4532015114"
    assert [(find.type, find.start) for find in detect(text, wanted)] == [("x_staff", 0), ("x_loyalty", 28)]
    assert mask("EMP-123456", wanted).text == "[x_staff]"
    assert mask_structure({"a": ["EMP-123456"]}, types=wanted)[0] == {"a": ["[x_staff]"]}
    assert detect("EMP-123456") == ()
    assert detect("XEMP-123456 EMP-1234567", wanted) == ()


@pytest.mark.parametrize(
    ("entry", "line", "message"),
    [("type: x_a\n    pattern: '(?<=a)b'", 3, "RE2"), ("type: x_a\n    pattern: '(a)\\1'", 3, "RE2"), ("type: x_a\n    pattern: 'a*'", 3, "matches nothing"),
     ("type: email\n    pattern: 'a'", 2, "`type` must be"), ("type: x_a\n    pattern: 'a'\n    validator: magic", 4, "unknown validator"),
     ("type: x_a\n    patern: 'a'", 3, "unknown key"), ("type: x_a\n    pattern: 'a'\n    words: yes", 4, "list of words"),
     ("type: x_a\n    pattern: 'a'\n    confidence: 101", 4, "1 to 100"), ("type: x_a", 2, "`pattern` is"), ("type: x_a\n    pattern: '(a)b'", 3, "capturing")],
)  # fmt: skip
def test_a_bad_entry_is_refused_with_its_line(entry: str, line: int, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message) as told:
        read(f"recognizers:\n  - {entry}\n".encode())
    assert told.value.facts["line"] == line


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"recognizers: []",
        b"recognizers:\n  - x",
        b"recognizers:\n  - {type: x_a, pattern: a}\n  - {type: x_a, pattern: b}",
    ],
)
def test_a_file_that_is_no_list_of_recognizers_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"own\.yaml"):
        read(data)
