"""What a record's digest rests on: what it says, not which version wrote it."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass, replace
from typing import Any

import pytest

from ephor.kernel.canonical import digest_of_record


@dataclass(frozen=True)
class Part:
    name: str
    note: str = ""


@dataclass(frozen=True)
class Record:
    id: str
    parts: tuple[Part, ...] = ()
    score: int | None = None
    open: bool | None = None


def test_a_field_that_comes_later_and_says_nothing_changes_no_digest():
    later = make_dataclass(
        "Record", [("id", str), ("parts", Any, ()), ("more", Any, None), ("text", str, "")]
    )
    part = make_dataclass("Part", [("name", str), ("added", Any, ())])
    assert digest_of_record(Record("a", (Part("b"),))) == digest_of_record(later("a", (part("b"),)))


@pytest.mark.parametrize(
    "change",
    [{"id": "b"}, {"parts": (Part("c"),)}, {"parts": (Part("b", "n"),)}, {"score": 0}, {"open": False}],
)
def test_whatever_a_record_says_changes_its_digest(change):
    record = Record("a", (Part("b"),))
    assert digest_of_record(replace(record, **change)) != digest_of_record(record)
