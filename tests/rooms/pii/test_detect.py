"""What is found, what is not, and that nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.catalogue import KINDS, PROFILES
from ephor.rooms.pii.detect import detect, resolve
from ephor.rooms.pii.model import Find
from rooms.pii.samples import CLEAN, NEGATIVE, POSITIVE

EVERYTHING = frozenset(KINDS)
PIECES = st.sampled_from([text for texts in POSITIVE.values() for text in texts])
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
MIXED = st.lists(st.one_of(PIECES, ANY_TEXT), max_size=6).map(" ".join)


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(type_, text) for type_, texts in table.items() for text in texts]


@pytest.mark.parametrize(("type_", "text"), cases(POSITIVE))
def test_a_value_is_found_alone_and_in_a_sentence(type_: str, text: str) -> None:
    for sentence in (text, f"It says {text} here.", f"\n{text}\n", f'{{"note": "{text}"}}'):
        found = detect(sentence, frozenset({type_}))
        assert [find.type for find in found] == [type_], sentence


@pytest.mark.parametrize(("type_", "text"), cases(POSITIVE))
def test_among_all_types_a_value_is_still_found(type_: str, text: str) -> None:
    assert detect(text, EVERYTHING)


@pytest.mark.parametrize(("type_", "text"), cases(NEGATIVE))
def test_what_only_looks_like_a_value_is_not_found(type_: str, text: str) -> None:
    assert detect(text, frozenset({type_})) == ()
    assert detect(f"It says {text} here.", frozenset({type_})) == ()


@pytest.mark.parametrize("text", CLEAN)
def test_ordinary_text_is_clean(text: str) -> None:
    assert detect(text) == ()
    assert detect(f"It says {text} here.") == ()


def test_every_type_has_eight_samples_of_either_kind() -> None:
    assert set(POSITIVE) == set(NEGATIVE) == set(KINDS)
    assert min(map(len, POSITIVE.values())) >= 8
    assert min(map(len, NEGATIVE.values())) >= 8


@pytest.mark.parametrize(
    "text",
    [
        "4111\u200b1111\u200b1111\u200b1111",
        "\uff14\uff11\uff11\uff11 1111 1111 1111",
        "\u0664\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661",
        "4111\x001111\x001111\x001111",
        "4111\ud8001111\udfff11111111",
        "4111\u00a01111\u20091111\u30001111",
        "4111\u20101111\u20111111\u22121111",
        "\U0001d7d2\U0001d7cf\U0001d7cf\U0001d7cf111111111111",
        "4\u03011\u030111111111111111",
        "\u5361\u53f74111111111111111\u3002",
    ],
)
def test_a_disguised_card_does_not_slip_through(text: str) -> None:
    (find,) = detect(text)
    assert find.type == "credit_card"
    assert text[find.end - 1] in "1\u0661"
    assert find.end - find.start >= 16


def test_look_alike_letters_do_not_hide_an_address_or_an_iban() -> None:
    assert [find.type for find in detect("j\u0430ne@ex\u0430mple.com")] == ["email"]
    assert [find.type for find in detect("D\u041589370400440532013000")] == ["iban"]


def test_positions_count_the_characters_of_the_original() -> None:
    text = "\u200bna\u00efve\u200b \U0001f600 jane\u200b@example.com\u200b!"
    (find,) = detect(text)
    assert text[find.start : find.end] == "jane\u200b@example.com"


def test_of_overlapping_finds_the_surest_stays_then_the_longest() -> None:
    assert resolve([Find(0, 5, "phone", 70), Find(4, 9, "iban", 90)]) == [Find(4, 9, "iban", 90)]
    assert resolve([Find(0, 5, "phone", 70), Find(0, 9, "iban", 70)]) == [Find(0, 9, "iban", 70)]
    assert [find.type for find in detect("https://jane:secret@example.com")] == ["url_credentials"]


def test_an_unknown_type_and_no_type_and_no_text_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown type `shoe_size`"):
        detect("x", frozenset({"shoe_size"}))
    with pytest.raises(InvalidInputError, match="no type"):
        detect("x", frozenset())
    with pytest.raises(InvalidInputError, match="give text"):
        detect(b"x")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_names_only_known_types(name: str) -> None:
    assert PROFILES[name] <= EVERYTHING


@pytest.mark.parametrize(
    "unit",
    ["a", "1", "@", "a@", "1-", "1 ", "1.", "1.1.1.", "a:b:", "+1", "4111 ", "GB82 ", "0123 ", "eyJaaaaa.", "://", "\u200b", "\ud800", "\x00",
     "-----BEGIN PRIVATE KEY-----", "password=", "phone ", "call 1 ", "[", "[email]", "*", "2001:", "0x", "\u4f60", "(0"],
)  # fmt: skip
def test_hostile_text_is_read_to_its_end(unit: str) -> None:
    tail = " jane@example.com"
    text = unit * (40_000 // len(unit)) + tail
    last = detect(text)[-1]
    assert last.end == len(text)


@settings(deadline=None)
@given(st.one_of(ANY_TEXT, MIXED))
def test_any_text_gives_ordered_finds_within_it_that_do_not_overlap(text: str) -> None:
    finds = detect(text, EVERYTHING)
    assert finds == detect(text, EVERYTHING)
    edges = [0, *(edge for find in finds for edge in (find.start, find.end)), len(text)]
    assert edges == sorted(edges)
    assert all(find.start < find.end and 0 < find.confidence <= 100 and find.type in KINDS for find in finds)


def test_a_preview_shows_type_and_length_class_only() -> None:
    (find,) = detect("jane@example.com")
    assert find.preview == "email, 13 to 24 characters"
    assert Find(0, 65, "jwt", 97).preview == "jwt, over 64 characters"
