"""Masking text: nothing is left to find, nothing of the value shows, and twice is once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.pii.catalogue import KINDS
from ephor.rooms.pii.detect import detect
from ephor.rooms.pii.mask import mask, mask_finds
from ephor.rooms.pii.model import Find
from ephor.rooms.pii.operators import (
    NAMES,
    fixed,
    generalise,
    keep_last,
    keyed_hash,
    operator_named,
    operators_chosen,
    redact,
)
from ephor.rooms.pii.tokens import decrypted
from rooms.pii.samples import POSITIVE

EVERYTHING = frozenset(KINDS)
KEY = b"a key of the tests, not of anyone"
OPERATORS = {name: operator_named(name, key=KEY, this_year=2026) for name in NAMES}
PIECES = st.sampled_from(
    [text for texts in POSITIVE.values() for text in texts] + ["[email]", "********", "phone", "1980"]
)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
DENSE = st.text(st.sampled_from("0123456789-. @:/[]*+()aAbBcNs"), max_size=40)
MIXED = st.lists(st.one_of(PIECES, ANY_TEXT, DENSE), max_size=6).flatmap(
    lambda parts: st.sampled_from(["", " ", "\n", ", "]).map(lambda joint: joint.join(parts))
)


@pytest.mark.parametrize("name", OPERATORS)
@settings(deadline=None)
@given(text=MIXED)
def test_masking_twice_is_masking_once(name: str, text: str) -> None:
    once = mask(text, EVERYTHING, OPERATORS[name])
    twice = mask(once.text, EVERYTHING, OPERATORS[name])
    assert twice.text == once.text
    assert twice.finds == ()


@pytest.mark.parametrize("operator", [redact, fixed, OPERATORS["hash"]])
@settings(deadline=None)
@given(text=MIXED)
def test_no_value_found_survives_masking(operator: object, text: str) -> None:
    masked = mask(text, EVERYTHING, operator)  # type: ignore[arg-type]
    rest = text
    for find in reversed(masked.finds):
        rest = rest[: find.start] + "\n" + rest[find.end :]
    runs = re.findall(r"\d{4,}", rest)
    for run in re.findall(r"\d{4,}", masked.text):
        assert any(run in kept for kept in runs)


@settings(deadline=None)
@given(MIXED)
def test_what_is_reported_covers_what_is_found(text: str) -> None:
    masked = mask(text, EVERYTHING)
    covered = {place for find in masked.finds for place in range(find.start, find.end)}
    assert all(set(range(find.start, find.end)) <= covered for find in detect(text, EVERYTHING))
    edges = [0, *(edge for find in masked.finds for edge in (find.start, find.end)), len(text)]
    assert edges == sorted(edges)


def test_a_mask_tells_nothing_of_the_length() -> None:
    assert (
        mask("a@example.com", None, fixed).text == mask("someone.longer@mail.example.com", None, fixed).text
    )


def test_a_card_shows_its_last_four_digits_at_most() -> None:
    assert mask("card 4111 1111 1111 1111", None, keep_last(4)).text == "card ********1111"
    assert keep_last(4)("card_security_code", "123") == "********"
    assert keep_last(4)("password", "hunter2hunter2") == "********"
    assert keep_last(4)("us_ssn", "12345678") == "********"
    for count in (0, 5, 16):
        with pytest.raises(InvalidInputError, match=r"PCI DSS 3\.4\.1"):
            keep_last(count)


def test_a_keyed_hash_names_the_same_value_alike_and_needs_its_key() -> None:
    hashed = keyed_hash(KEY)
    assert hashed("credit_card", "4111 1111 1111 1111") == hashed("credit_card", "4111-1111-1111-1111")
    assert hashed("credit_card", "4111 1111 1111 1111") != keyed_hash(b"another key of sixteen")(
        "credit_card", "4111111111111111"
    )
    assert hashed("email", "\u0434\u0434@example.com") != hashed("email", "\u0436\u0436@example.com")
    assert not re.search(r"\d", hashed("us_ssn", "123-45-6789"))
    with pytest.raises(InvalidInputError, match="16 bytes"):
        keyed_hash(b"short")
    with pytest.raises(InvalidInputError, match="needs a key"):
        operator_named("hash")


@pytest.mark.parametrize(
    ("type_", "value", "wider"),
    [("date_of_birth", "1980-02-29", "1980"), ("date", "29/02/2024", "2024"), ("date_of_birth", "07-08-65", "[date_of_birth]"),
     ("date_of_birth", "1930-01-01", "[date_of_birth]"), ("us_zip", "90210-1234", "902**"), ("us_zip", "03601", "000**"), ("email", "a@b.example", "[email]")],
)  # fmt: skip
def test_generalising_keeps_the_year_and_the_zip_area(type_: str, value: str, wider: str) -> None:
    assert generalise(2026)(type_, value) == wider


def test_only_given_finds_are_masked_and_they_must_lie_in_the_text() -> None:
    masked = mask_finds("Jane Roe, jane@example.com", [Find(0, 8, "name", 80), Find(5, 8, "name", 60)])
    assert masked.text == "[name], jane@example.com"
    assert masked.finds == (Find(0, 8, "name", 80),)
    with pytest.raises(InvalidInputError, match="outside the text"):
        mask_finds("short", [Find(3, 9, "name", 80)])


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown operator `rot13`"):
        operator_named("rot13")


def test_a_replacement_that_would_be_found_itself_is_masked_wholly() -> None:
    masked = mask("to jane@example.com", None, lambda type_, value: f"{value[0]}@hidden.example")
    assert masked.text == "to ********"
    assert masked.finds == (Find(3, 19, "email", 95),)


def test_digits_that_an_operator_leaves_join_no_later_digits() -> None:
    masked = mask("4111 1111 1111 1111 phone 2125550123", None, lambda type_, value: value[-4:])
    assert detect(masked.text) == ()


def test_a_token_keeps_the_format_and_is_no_find() -> None:
    token = OPERATORS["token"]
    masked = mask("card 4111 1111 1111 1111, SSN 123-45-6789, jane@example.com", EVERYTHING, token)
    assert re.fullmatch(
        r"card \d{4} \d{4} \d{4} \d{4}, SSN \d{3}-\d{2}-\d{4}, [a-z]{4}@[a-z]{7}\.invalid", masked.text
    )
    assert "4111" not in masked.text
    assert (
        token("us_ssn", "123-45-6789")
        == token("us_ssn", "123-45-6789")
        != operator_named("token", key=b"k" * 16)("us_ssn", "123-45-6789")
    )
    assert token("card_security_code", "123") == "********"
    assert mask("account number 123456789", EVERYTHING, token).text == "account number ********"


def test_encryption_is_reversed_by_its_key_and_by_no_other_and_not_when_changed() -> None:
    text = "write to j\u00fcrgen@example.com \ud800, card 4111 1111 1111 1111"
    masked = mask(text, EVERYTHING, OPERATORS["encrypt"]).text
    assert "example.com" not in masked
    assert not re.search(r"\d", masked)
    assert decrypted(masked, KEY) == text
    with pytest.raises(VerificationError, match="does not open"):
        decrypted(masked, b"another key of sixteen")
    with pytest.raises(VerificationError):
        decrypted(masked.replace("[email:", "[phone:"), KEY)
    place = masked.index(":enc:") + 9
    with pytest.raises(VerificationError):
        decrypted(masked[:place] + ("b" if masked[place] == "a" else "a") + masked[place + 1 :], KEY)


def test_encryption_shows_length_in_classes_only() -> None:
    sealed = OPERATORS["encrypt"]
    assert len(sealed("email", "a@b.example")) == len(sealed("email", "someone.quite@example.com"))


def test_each_type_may_have_its_operator() -> None:
    operator = operators_chosen("email=hash,credit_card=keep-bin,mask", key=KEY)
    masked = mask("jane@example.com 4111111111111111 SSN 123-45-6789", EVERYTHING, operator).text
    assert re.fullmatch(r"\[email:[a-p]{20}\] 411111\*{8}1111 SSN \*{8}", masked)
    for wrong, message in (
        ("shoe=mask", "unknown type"),
        ("email=mask,email=hash", "two operators"),
        ("mask,hash", "two operators"),
        ("email=rot13", "unknown operator"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            operators_chosen(wrong, key=KEY)
