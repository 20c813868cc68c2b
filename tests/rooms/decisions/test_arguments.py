"""A call's arguments: one byte string for one call, and nothing that two readers could read differently."""

import json
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.decisions.arguments import MAX_BITS, MAX_BYTES, MAX_DEPTH, encode_arguments, read_arguments

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Odd(Enum):
    THING = 1


class Shout(str):
    def __str__(self):
        return "SHOUT"

    __repr__ = __str__


class Sly(str):
    """Two keys for a dictionary, and one once they are written."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def nested(levels):
    value = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def itself():
    value = {}
    value["me"] = value
    return value


def laughs():
    value = "ha"
    for _ in range(40):
        value = [value, value]
    return {"a": value}


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_written_is_what_was_said(arguments):
    copy, encoded = read_arguments(arguments)
    assert json.loads(encoded) == arguments == copy
    assert encoded.isascii()


PLAIN = st.text(st.characters(min_codepoint=0x1F, max_codepoint=0x7F), max_size=6)


@given(
    st.dictionaries(
        PLAIN, PLAIN | st.integers(-(1 << 63) - 1, 1 << 63) | st.booleans() | st.none(), max_size=5
    )
)
def test_the_short_way_writes_what_the_long_way_writes(arguments):
    copy, written = read_arguments(arguments)
    assert read_arguments(MappingProxyType(arguments)) == (arguments, written)
    assert written == json.dumps(arguments, sort_keys=True, separators=(",", ":")).encode()
    assert copy is not arguments


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_order_never_matters(arguments):
    turned = dict(reversed(arguments.items()))
    assert encode_arguments(turned) == encode_arguments(arguments)


@given(JSON, JSON)
def test_what_differs_is_written_differently(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (encode_arguments({"a": one}) == encode_arguments({"a": other})) is same


def test_numbers_truth_and_text_stay_apart():
    assert (
        len({encode_arguments({"a": one}) for one in (1, 1.0, "1", True, None, "true", [1], {"1": 1})}) == 8
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ((1, 2), b"[1,2]"),
        (MappingProxyType({"b": 1}), b'{"b":1}'),
        (Colour.RED, b'"red"'),
        (Level.HIGH, b"3"),
        (Shout("quiet"), b'"quiet"'),
        (2**MAX_BITS - 1, str(2**MAX_BITS - 1).encode()),
        (-0.0, b"-0.0"),
        ("\U0001f600", b'"\\ud83d\\ude00"'),
    ],
)
def test_what_is_written_as_json_is_read_as_it_is_written(value, written):
    assert encode_arguments({"a": value}) == b'{"a":' + written + b"}"


def test_the_copy_is_nobodys_but_ours():
    mine = {"to": ["jane"]}
    copy, encoded = read_arguments(mine)
    mine["to"].append("eve")
    assert (copy, encoded) == ({"to": ["jane"]}, b'{"to":["jane"]}')


@pytest.mark.parametrize(
    "arguments",
    [
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": object()},
        {"a": Odd.THING},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": -float("inf")},
        {"a": 2**MAX_BITS},
        {"a": 10**5000},
        {"a": "\ud800"},
        {"a": "\ud83d\ude00"},  # two lone halves, written like one character
        {"\udfff": 1},
        {1: "a"},
        {"a": {1: "a", "1": "b"}},
        {"a": {None: 1}},
        {"a": {True: 1}},
        {"a": [{("x",): 1}]},
        {Sly("k"): 1, Sly("k"): 2},
        {"a": (one for one in "ab")},
        nested(MAX_DEPTH + 1),
        nested(5000),
        itself(),
        laughs(),
        {"a": "x" * MAX_BYTES},
        {"a": [1] * MAX_BYTES},
        [("a", 1)],
        "a",
        None,
        7,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_json_is_refused_with_what_to_do(arguments):
    with pytest.raises(InvalidInputError) as refused:
        encode_arguments(arguments)
    assert len(str(refused.value)) < 300


def test_the_deepest_and_the_longest_that_fit_are_taken():
    assert encode_arguments(nested(MAX_DEPTH)).count(b"{") == MAX_DEPTH
    assert len(encode_arguments({"a": "x" * (MAX_BYTES - 8)})) == MAX_BYTES
    with pytest.raises(InvalidInputError, match="at most"):
        encode_arguments({"a": "x" * (MAX_BYTES - 7)})


def test_the_message_says_where():
    with pytest.raises(InvalidInputError, match=r"set at \$\.orders\[1\]\.tags"):
        encode_arguments({"orders": [{}, {"tags": {1}}]})
