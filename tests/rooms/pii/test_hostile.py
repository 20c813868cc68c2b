"""Text made to stall, to hide or to grow: read to its end, at the places it has, in memory that does not grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.rooms.pii import folding
from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.reading import read_csv, read_json, read_json_lines, read_text

HIDING = [
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200f",
    "\u202e",
    "\x00",
    "\x07",
    "\ud800",
    "\U000e0041",
    "\u0301",
]
MEGABYTE = 1 << 20
PIECE = "word " * (MEGABYTE // 20)
FEW = st.sampled_from("ab1 .@é\u2019\u201c\u200b\u200d\ud800\x00\u0663\uff11\u4f60\ud55c")
WILD = st.text(st.characters(), max_size=60) | st.text(FEW, max_size=60)


@pytest.mark.parametrize("mark", HIDING, ids=lambda mark: f"U+{ord(mark):04X}")
def test_a_mark_that_does_not_show_hides_nothing_and_places_stay_true(mark: str) -> None:
    for value in ("4111111111111111", "jane@example.com"):
        hidden = f"say {mark}{mark.join(value)}{mark} now"
        (find,) = detect(hidden)
        assert hidden[find.start : find.end].replace(mark, "") == value
        shown = mask(hidden).text
        assert value not in shown.replace(mark, "")
        assert mask(shown).text == shown


def test_digits_of_other_scripts_and_full_width_hide_nothing() -> None:
    for zero in ("\uff10", "\u0660", "\u0966", "\U0001d7ce"):
        card = "".join(chr(ord(zero) + int(one)) for one in "4111111111111111")
        (find,) = detect(f"card {card}.")
        assert (find.type, find.start, find.end) == ("credit_card", 5, 21)


@pytest.mark.parametrize(
    "unit", ["a@", "1.", "1-", "4111 1111 1111 1112 ", "\u200b", "1\u200b", "\ud800", "\x00", "\uff08\uff11", "eyJa.", "password=", "\u202e1"]
)  # fmt: skip
def test_a_megabyte_made_to_stall_is_read_to_its_end(unit: str) -> None:
    text = unit * (MEGABYTE // len(unit)) + "\n jane@example.com"
    last = detect(text)[-1]
    assert (last.type, last.end) == ("email", len(text))


@settings(deadline=None, max_examples=300)
@given(WILD)
def test_folding_by_replacing_is_folding_by_looking_up(text: str) -> None:
    naive = text.translate(folding._table()).encode("latin-1")
    assert folding._bytes(text) == naive
    assert folding.fold(text).full == naive


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([1, 2, 3, 4095, 4096, 4097, 9000]), max_size=6), st.booleans())
def test_places_among_dropped_bytes_are_those_of_counting(runs: list[int], dropped: bool) -> None:
    full = b"".join((b"\xfd" if (at % 2 == 0) is dropped else b"x") * run for at, run in enumerate(runs))
    kept = [at for at, code in enumerate(full) if code != 0xFD]
    places = folding._Places(full)
    asked = sorted({0, len(kept) // 2, len(kept) - 1}) if kept else []
    assert [places.of(at) for at in asked] == [kept[at] for at in asked]


@pytest.mark.parametrize("read", [read_text, read_json_lines, read_csv])
def test_a_line_without_end_takes_no_more_memory_the_longer_it_is(read: object) -> None:
    def peak(pieces: int) -> int:
        tracemalloc.start()
        length = sum(len(one.text) for one in read(line(pieces)))  # type: ignore[operator]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert length == pieces * len(PIECE)
        return most

    def line(pieces: int) -> Iterator[str]:
        for _ in range(pieces):
            yield PIECE

    assert peak(40) < peak(16) + MEGABYTE


def test_json_of_any_depth_is_read_and_masked() -> None:
    deep = "[" * 50_000 + '"jane@example.com"' + "]" * 50_000
    text = "".join(one.text for one in read_json([deep]))
    assert "jane" not in text
    assert "[email]" in text
