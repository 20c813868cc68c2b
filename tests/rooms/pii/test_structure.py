"""Masking structured values: by path, without breaking their shape."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii.catalogue import KINDS, profile
from ephor.rooms.pii.hints import HINTS, hinted
from ephor.rooms.pii.operators import fixed, keep_last, operator_named
from ephor.rooms.pii.structure import MAX_DEPTH, mask_structure
from rooms.pii.samples import CLEAN, POSITIVE

TEXTS = st.one_of(
    st.sampled_from([text for texts in POSITIVE.values() for text in texts]),
    st.text(st.characters(exclude_categories=()), max_size=20),
)
KEYS = st.one_of(TEXTS, st.sampled_from(["email", "ssn", "card_number", "note", "password"]))
LEAVES = st.one_of(TEXTS, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4), st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return [shape(part) for part in value.values()]
    if isinstance(value, list | tuple):
        return (type(value), [shape(part) for part in value])
    return None


@settings(deadline=None)
@given(VALUES)
def test_the_shape_stays_and_masking_twice_is_masking_once(value: object) -> None:
    once, _ = mask_structure(value)
    assert shape(once) == shape(value)
    twice, again = mask_structure(once)
    assert twice == once
    assert again == ()


def test_values_are_masked_where_they_stand() -> None:
    value = {
        "to": ["jane@example.com", None, True, 2.5],
        "n": 4111111111111111,
        "deep": ({"x": "call +44 20 7946 0958"},),
    }
    masked, finds = mask_structure(value)
    assert masked == {
        "to": ["[email]", None, True, 2.5],
        "n": "[credit_card]",
        "deep": ({"x": "call [phone]"},),
    }
    assert [(find.path, find.find.type) for find in finds] == [
        ("/to/0", "email"),
        ("/n", "credit_card"),
        ("/deep/0/x", "phone"),
    ]


def test_a_clean_value_is_returned_itself() -> None:
    value = {"texts": list(CLEAN), "count": 3, "ratio": 0.5, "ok": True, "none": None}
    masked, finds = mask_structure(value)
    assert masked is value
    assert finds == ()


@pytest.mark.parametrize(
    ("name", "value", "type_"),
    [("email", "jane at example 1", "email"), ("Phone-Number", 5550100, "phone"), ("SSN", "123456789", "us_ssn"), ("cardNumber", "4111-11", "credit_card"),
     ("iban", "GB00 1", "iban"), ("password", "correct horse", "password"), ("date_of_birth", "1980-02-29", "date_of_birth"), ("cvv", 123, "card_security_code"),
     ("mrn", "7", "medical_record_number"), ("latitude", 48.85, "gps_coordinates"), ("phones", ["555 0100"], "phone"), ("phone", {"home": "555 0100"}, "phone")],
)  # fmt: skip
def test_a_field_name_forces_its_value_to_be_masked(name: str, value: object, type_: str) -> None:
    masked, finds = mask_structure({name: value})
    assert [find.find.type for find in finds] == [type_]
    assert finds[0].hinted
    assert f"[{type_}]" in str(masked)


@pytest.mark.parametrize(
    "value",
    [{"email": None}, {"email": ""}, {"email": "not given"}, {"email_verified": True}, {"phone": False}, {"max_tokens": 4096}, {"password": "[password]"}, {"ssn": "********"}],
)  # fmt: skip
def test_a_field_name_alone_masks_nothing_that_is_no_value(value: object) -> None:
    assert mask_structure(value) == (value, ())


def test_a_hint_counts_only_for_types_asked_for() -> None:
    value = {"email": "jane@example.com", "card_number": "4111 1111 1111 1111"}
    assert mask_structure(value, types=profile("pci"))[0] == {
        "email": "jane@example.com",
        "card_number": "[credit_card]",
    }


def test_masked_keys_do_not_collide() -> None:
    value = {"jane@example.com": 1, "[email]": 2, "joe@example.com": 3, "plain": 4}
    masked, finds = mask_structure(value)
    assert masked == {"[email]#2": 1, "[email]": 2, "[email]#3": 3, "plain": 4}
    assert all(find.in_key and "@" not in find.path for find in finds)
    assert mask_structure(masked) == (masked, ())


def test_a_number_for_a_key_is_masked_and_other_keys_stay() -> None:
    assert mask_structure({4111111111111111: "a", 7: "b", None: "c"})[0] == {
        "[credit_card]": "a",
        7: "b",
        None: "c",
    }


def test_values_at_a_path_are_masked_whatever_they_hold() -> None:
    value = {"rows": [{"name": "Jane Roe", "n": 1}, {"name": "Joe Roe", "n": 2}], "a/b": {"c": 3}}
    masked, finds = mask_structure(value, paths=["/rows/*/name", "/a~1b"])
    assert masked == {"rows": [{"name": "[field]", "n": 1}, {"name": "[field]", "n": 2}], "a/b": "[field]"}
    assert [find.path for find in finds] == ["/rows/0/name", "/rows/1/name", "/a~1b"]
    assert mask_structure("anything", paths=[""], operator=fixed)[0] == "********"
    with pytest.raises(InvalidInputError, match="JSON Pointer"):
        mask_structure(value, paths=["rows.name"])


def test_other_containers_and_leaves_are_handled() -> None:
    pair = namedtuple("pair", "left right")
    text = "jane@example.com"
    assert mask_structure(pair(text, 1))[0] == pair("[email]", 1)
    assert mask_structure({text, "a"})[0] == {"[email]", "a"}
    assert mask_structure(MappingProxyType({"a": text}))[0] == {"a": "[email]"}
    assert mask_structure(OrderedDict(a=text))[0] == {"a": "[email]"}
    assert mask_structure(b"to jane@example.com \xff")[0] == b"to [email] \xff"
    assert mask_structure(Decimal(4111111111111111))[0] == "[credit_card]"
    day = date(2026, 8, 2)
    assert mask_structure([day, text])[0] == [day, "[email]"]
    assert mask_structure([10**5000, float("nan")])[1] == ()


def test_too_deep_a_value_and_one_that_holds_itself_are_refused() -> None:
    value: list[object] = ["jane@example.com"]
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert "[email]" in str(mask_structure(value)[0])
    with pytest.raises(InvalidInputError, match="64 levels"):
        mask_structure([value])
    circle: dict[str, object] = {}
    circle["self"] = circle
    with pytest.raises(InvalidInputError, match="64 levels"):
        mask_structure(circle)


def test_an_operator_reaches_structured_values() -> None:
    assert mask_structure({"card_number": "4111 1111 1111 1111"}, operator=keep_last(4))[0] == {
        "card_number": "********1111"
    }


def test_every_hint_names_a_known_type() -> None:
    assert set(HINTS.values()) <= set(KINDS)
    assert hinted("x" * 41) is None


def test_what_was_written_into_a_named_field_is_not_written_over_again() -> None:
    value = {"email": "jane@example.com", "zip": ["90210", "03601"], "dob": "1980-02-29"}
    cases = {"token": frozenset({"email"}), "generalise": frozenset({"email", "us_zip", "date_of_birth"})}
    for name, types in cases.items():
        operator = operator_named(name, key=b"sixteen bytes or more", this_year=2026)
        once, _ = mask_structure(value, types=types, operator=operator)
        assert once != value
        assert mask_structure(once, types=types, operator=operator)[0] == once
