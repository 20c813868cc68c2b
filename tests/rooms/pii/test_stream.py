"""Text in pieces is masked as text in one piece."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.mask import mask
from ephor.rooms.pii.stream import Stream, mask_pieces
from rooms.pii.samples import CLEAN, POSITIVE

SAMPLES = [text for texts in POSITIVE.values() for text in texts] + list(CLEAN)


def flow(text: str, sizes: list[int], ahead: int) -> tuple[str, tuple[object, ...]]:
    stream, out, finds, at, turn = Stream(ahead=ahead), "", [], 0, 0
    while at < len(text):
        piece = text[at : at + sizes[turn % len(sizes)]]
        masked = stream.push(piece)
        out, at, turn = out + masked.text, at + len(piece), turn + 1
        finds += masked.finds
    masked = stream.finish()
    return out + masked.text, (*finds, *masked.finds)


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 1000), st.lists(st.integers(1, 900), min_size=1, max_size=5))
def test_pieces_give_what_the_whole_gives(seed: int, sizes: list[int]) -> None:
    dice = Random(seed)
    text = "".join(dice.choice(SAMPLES) + dice.choice(["\n", " ", ", ", ". "]) for _ in range(150))
    whole = mask(text)
    assert flow(text, sizes, 600) == (whole.text, whole.finds)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_value_cut_anywhere_is_masked(size: int) -> None:
    text = "x" * 9_000 + " card 4111 1111 1111 1111, mail jane@example.com " + "y " * 9_000
    pieces = (text[at : at + size] for at in range(0, len(text), size))
    assert "".join(masked.text for masked in mask_pieces(pieces)) == mask(text).text


def test_a_value_without_end_is_masked_to_the_end_of_its_line_in_bounded_memory() -> None:
    stream, out = Stream(), ""
    for piece in ["-----BEGIN PRIVATE KEY-----", *(["A" * 1_000] * 300), "\nafter jane@example.com\n"]:
        out += stream.push(piece).text
        assert len(stream._text) < 200_000
    out += stream.finish().text
    assert "AAAA" not in out
    assert "jane" not in out
    assert out.endswith("\n")


def test_positions_count_from_the_beginning_of_the_whole_text() -> None:
    text = ("lorem ipsum " * 2_000 + "jane@example.com ") * 3
    finds = [
        find
        for masked in mask_pieces(text[at : at + 7_000] for at in range(0, len(text), 7_000))
        for find in masked.finds
    ]
    assert [text[find.start : find.end] for find in finds] == ["jane@example.com"] * 3


def test_an_unknown_type_is_refused_at_once() -> None:
    with pytest.raises(InvalidInputError, match="unknown type"):
        Stream(frozenset({"shoe_size"}))
