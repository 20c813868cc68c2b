"""YAML is read as written, or refused with the place and the remedy."""

from __future__ import annotations

import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ephor.adapters import strict_yaml
from ephor.adapters.strict_yaml import lines, place, read
from ephor.kernel.errors import InvalidInputError

SCALARS = [
    (b"NO", "NO"),
    (b"no", "no"),
    (b"yes", "yes"),
    (b"on", "on"),
    (b"True", "True"),
    (b"true", True),
    (b"false", False),
    (b"null", None),
    (b"~", "~"),
    (b"", None),
    (b"12", 12),
    (b"-3", -3),
    (b"012", "012"),
    (b"0x1F", "0x1F"),
    (b"1_000", "1_000"),
    (b"12:30:45", "12:30:45"),
    (b"1.5", "1.5"),
    (b".inf", ".inf"),
    (b"2026-08-02", "2026-08-02"),
    (b"'12'", "12"),
    (b'"true"', "true"),
    (b"=", "="),
    (b"9007199254740991", 2**53 - 1),
]


@pytest.mark.parametrize(("written", "meant"), SCALARS)
def test_a_value_is_what_was_written(written, meant):
    got = read(b"value: " + written)
    assert got == {"value": meant}
    assert type(got["value"]) is type(meant)


def test_keys_are_always_text():
    assert read(b"on: 1\n1: a\ntrue: b\nNO: c") == {"on": 1, "1": "a", "true": "b", "NO": "c"}


def test_an_empty_document_is_nothing():
    assert read(b"") is None
    assert read(b"# only a remark\n") is None
    assert read(b"---\n...\n") is None


HOSTILE = [
    ("repeated key", b"a: 1\nb: 2\na: 3\n", 3, 1, "repeats the one on line 1"),
    ("repeated key deep down", b"x:\n  - {a: 1, a: 2}\n", 2, 12, "repeats"),
    ("alias", b"a: &x [1]\nb: *x\n", 1, 4, "anchor"),
    ("unknown alias", b"b: *x\n", 1, 4, "alias"),
    ("python object", b"a: !!python/object/apply:os.system [ls]\n", 1, 4, "tag"),
    ("standard tag", b"a: !!str 1\n", 1, 4, "tag"),
    ("local tag", b"a: !secret x\n", 1, 4, "tag"),
    ("bare tag", b"a: ! x\n", 1, 4, "tag"),
    ("merge key", b"a:\n  <<: {b: 1}\n", 2, 3, "merge key"),
    ("second document", b"a: 1\n---\nb: 2\n", 2, 1, "second document"),
    ("list as key", b"? [a, b]\n: 1\n", 1, 3, "a key is itself"),
    ("unclosed bracket", b"a: [1, 2\n", 2, 1, "not readable"),
    ("tab as indent", b"a:\n\tb: 1\n", 2, 1, "not readable"),
    ("large integer", b"a: 9007199254740992\n", 1, 4, "quotes"),
    ("huge integer", b"a: " + b"9" * 5000 + b"\n", 1, 4, "quotes"),
    ("not UTF-8", b"a: 1\nb: \xff\n", 2, 4, "UTF-8"),
    ("UTF-16", "a: 1".encode("utf-16"), 1, 1, "UTF-8"),
    ("NUL", b"a: 1\nb: x\x00y\n", 2, None, "not readable"),
    ("long key", b"? " + b"k" * 300 + b"\n: 1\n", 1, 3, "longer than 256"),
]


@pytest.mark.parametrize(
    ("data", "line", "column", "says"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE]
)
def test_what_needs_a_guess_is_refused_with_its_place(data, line, column, says):
    with pytest.raises(InvalidInputError, match=says) as caught:
        read(data)
    assert caught.value.facts["line"] == line
    if column is not None:
        assert caught.value.facts["column"] == column
        assert f"line {line}, column {column}" in str(caught.value)


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor():
    levels = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)]
    with pytest.raises(InvalidInputError, match="anchor `&a0`"):
        read(b"\n".join(levels))


def test_a_line_of_ten_megabytes_is_refused_unread(monkeypatch):
    monkeypatch.setattr(strict_yaml, "_PARSER", None)
    with pytest.raises(InvalidInputError, match="10485763 bytes"):
        read(b"a: " + b"x" * (10 << 20))


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- "])
def test_depth_ends_where_it_is_announced(opening):
    with pytest.raises(InvalidInputError, match=r"deeper than 32|not readable"):
        read(opening * 100_000)


def test_the_deepest_allowed_nesting_is_read():
    depth = strict_yaml.MAX_DEPTH
    value = read(b"[" * depth + b"x" + b"]" * depth)
    for _ in range(depth):
        (value,) = value
    assert value == "x"
    with pytest.raises(InvalidInputError, match="deeper than 32"):
        read(b"[" * (depth + 1) + b"x" + b"]" * (depth + 1))


def test_width_ends_where_it_is_announced():
    with pytest.raises(InvalidInputError, match="more than 100000 values"):
        read(b"[" + b"x," * 100_001 + b"]")


def test_paths_do_not_multiply_long_keys():
    data = b"".join(b"  " * n + b"k" * 200 + b":\n" for n in range(10))
    data += b"".join(b"                    - x\n" for _ in range(1000))
    assert max(len(path) for path in lines(data)) <= 512


def test_lines_are_those_of_the_keys():
    data = b"# remark\nname: bot\ntools:\n  - name: search\n    effect: read\n  -\n    name: mail\nlast: [a,\n  b]\n"
    found = lines(data)
    assert found == {
        "": 2,
        "name": 2,
        "tools": 3,
        "tools[0]": 4,
        "tools[0].name": 4,
        "tools[0].effect": 5,
        "tools[1]": 7,
        "tools[1].name": 7,
        "last": 8,
        "last[0]": 8,
        "last[1]": 9,
    }


def test_lines_of_nothing_are_the_first():
    assert lines(b"") == {"": 1}


def test_a_place_of_the_whole_is_empty():
    assert place([]) == ""
    assert place([0, "a"]) == "[0].a"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "on", "NO", "1", "<"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(json_values)
def test_json_reads_as_itself(value):
    assert read(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=80))
def test_no_bytes_raise_anything_else(data):
    with contextlib.suppress(InvalidInputError):
        read(data)


def test_the_slow_parser_agrees_with_the_fast_one(monkeypatch):
    samples = [b"value: " + written for written, _ in SCALARS] + [b"a: {b: [1, 'x']}\nc: |\n  text\n"]
    fast = [read(sample) for sample in samples]
    monkeypatch.setattr(strict_yaml, "_PARSER", yaml.SafeLoader)
    assert [read(sample) for sample in samples] == fast
    for _, data, line, _, _ in HOSTILE:
        with pytest.raises(InvalidInputError) as caught:
            read(data)
        assert caught.value.facts["line"] == line
