"""What the offline verifier accepts as an entry, against the ledger's own reader and against a slow reading of RFC 8785."""

from __future__ import annotations

import json
import random
import re

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor import verifier
from ephor.kernel.canonical import canonical
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import entry, tile
from sample_bundle import ENTRIES, KEY, export, make_entry, write

FULL = {
    "action": "refund", "actor": "agent:a", "approver": "person:sam", "args_digest": "sha256:1",
    "at": "2026-02-28T23:59:59.999999Z", "confidence": "0.9", "decision": "deny", "duration_ms": 12, "error": "timeout",
    "id": "evt_1", "input_hash": "sha256:2", "kind": "decision.made/1", "log": "a.example/b", "metadata": {"A": 1, "a": [1, None]},
    "n": 7, "on_behalf_of": "person:max", "output_hash": "sha256:3", "parent": "evt_0",
    "payload": {"alg": "aes-256-gcm", "commitment": "sha256:" + "0f" * 32}, "policy_digest": "sha256:4", "reasons": ["x", "y"],
    "received_at": "2026-03-01T00:00:00.000000Z", "refs": {"a": "1", "b": "2"}, "resource": "r", "session": "s", "src": "gw",
    "subject": "sub_1", "tool": "t", "trace": "tr", "v": 1,
}  # fmt: skip
WHOLE = canonical(FULL)


def fast(data):
    try:
        return verifier._parse_entry(data)
    except verifier._BrokenError:
        return None


def long_way(data):
    try:
        fields = verifier._fields_of(data)
    except verifier._BrokenError:
        return None
    return fields["kind"], fields["log"], fields["n"], fields["received_at"], fields["src"]


def by_the_room(data):
    try:
        fields = entry.parse(data)
    except VerificationError:
        return None
    return fields["kind"], fields["log"], fields["n"], fields["received_at"], fields["src"]


def is_canonical(data):
    """Read as slowly and literally as can be: no key twice, nothing but the profile, and the bytes that RFC 8785 gives."""

    def once(pairs):
        assert len({key for key, _ in pairs}) == len(pairs)
        assert all(key.isascii() for key, _ in pairs)
        return dict(pairs)

    def refuse(text):
        raise AssertionError(text)

    def depth(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    try:
        text = data.decode()
        value = json.loads(text, object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
        assert depth(value) <= 8
        return rfc8785.dumps(value) == data  # refuses integers beyond 2^53 - 1 and lone surrogates
    except (AssertionError, ValueError, RecursionError):
        return False


def agree(data):
    told = fast(data)
    assert told == long_way(data) == by_the_room(data), data
    if told is not None:
        assert is_canonical(data)
    return told


def test_the_shape_is_that_of_every_field_there_is():
    assert verifier._SHAPE.fullmatch(WHOLE.decode())
    assert agree(WHOLE) == ("decision.made/1", "a.example/b", 7, "2026-03-01T00:00:00.000000Z", "gw")
    assert list(verifier._FIELDS) == sorted(FULL)
    for name in FULL:
        less = canonical({key: value for key, value in FULL.items() if key != name})
        required = name in (*verifier._REQUIRED, "n", "v")
        assert (agree(less) is None) == required, name
        assert (verifier._SHAPE.fullmatch(less.decode()) is None) == required, name
        assert agree(canonical(FULL | {f"{name}_": "x"})) is None


@pytest.mark.parametrize("value", ["", "x", 0, 1, -1, True, None, [], {}, ["x"], [""], [1], {"a": "b"}, {"": "b"}, {"a": ""},
                                   {"a": 1}, {"alg": "a", "commitment": "sha256:" + "0" * 64}, "2026-02-30T00:00:00.000000Z",
                                   "2024-02-29T00:00:00.000000Z", "0000-01-01T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z",
                                   "2026-01-01T00:60:00.000000Z", "2026-01-01T00:00:60.000000Z", "a/0", "a.b-c/9999", "a/10000",
                                   "A/1", "a" * 79 + "/1", "a" * 78 + "/1", 2**53 - 1, 2**53, 999_999_999_999_999, 10**15])  # fmt: skip
def test_a_field_holds_what_the_format_says_and_nothing_else(value):
    for name in FULL:
        agree(json.dumps(FULL | {name: value}, separators=(",", ":"), sort_keys=True).encode())


METADATA = [
    '{"a":1,"b":2}', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"a":2}', '{"":1}', '{"":1,"":1}', '{}', '[]', '[1]', '1', '"x"', 'null',
    '{"a":-0}', '{"a":-1}', '{"a":01}', '{"a":1.0}', '{"a":1e3}', '{"a":1E400}', '{"a":NaN}', '{"a":-Infinity}', '{"a":+1}',
    '{"a":9007199254740991}', '{"a":9007199254740992}', '{"a":-9007199254740991}', '{"a":-9007199254740992}',
    '{"a": 1}', '{ "a":1}', '{"a":1 }', '{"a" :1}', '{"a":1,\n"b":2}', '{"a":"\t"}', '{"a":"\\t"}', '{"a":"\\u0009"}',
    '{"a":"\\u001f"}', '{"a":"\\u001F"}', '{"a":"\\u007f"}', '{"a":"\x7f"}', '{"\x7f":1}', '{"a":"\\/"}', '{"a":"/"}', '{"a":"\\""}',
    '{"a":"\\\\"}', '{"a":"\\u005c"}', '{"a":"\\b\\f\\n\\r"}', '{"a":"\\u000a"}', '{"a":"é"}', '{"a":"\\u00e9"}', '{"é":1}',
    '{"\\u00e9":1}', '{"\\u0061":1}', '{"a":"\\ud83d\\ude00"}', '{"a":"😀"}', '{"a":"\\ud800"}', '{"a":"\\udc00\\ud800"}',
    '{"a":"\ufeff"}', '{"a":"\ufffe"}', '{"a":"\u2028"}', '{"a":[]}', '{"a":[1,"x",null,true,false]}', '{"a":[1,]}', '{"a":[,1]}',
    '{"a":{}}', '{"a":{"b":1,"c":2}}', '{"a":{"c":1,"b":2}}', '{"a":{"b":1,"b":1}}', '{"a":[{"b":1,"b":1}]}', '{"a":[[[[[[]]]]]]}',
    '{"a":[[[[[[[]]]]]]]}', '{"a":tru}', '{"a":True}', '{"a":"x","b":":"}', '{"a":":","b":1}', '{"b":":","a":1}',
    '{"+":"b",":x":1,"a":2}', '{"a":"b",":x":1}', '{":a":":b",":b":":a"}', '{"a":"\\"","b":1}', '{"a,":1,"a":2}', '{"a":2,"a,":1}',
    '{"A":1,"a":2}', '{"a":1,"A":2}', '{"a":1,"ab":2}', '{"ab":1,"a":2}', '{"a":1}}', '{"a":1},"n":9', '{"a":"x"y"}', "{'a':1}", '{"a":1,}',
]  # fmt: skip


@pytest.mark.parametrize("text", METADATA)
def test_metadata_is_canonical_or_refused(text):
    for name in ("metadata", "refs"):
        whole = re.sub(rf'"{name}":{{[^}}]*}}', lambda _: f'"{name}":{text}', WHOLE.decode())  # noqa: B023
        agree(whole.encode(errors="surrogatepass"))


@pytest.mark.parametrize("tail", [" ", "\n", "\x00", "}", ",", "{}"])
def test_nothing_stands_before_or_after(tail):
    assert agree(WHOLE + tail.encode()) is None
    assert agree(tail.encode() + WHOLE) is None
    assert agree(b"\xef\xbb\xbf" + WHOLE) is None


def test_each_byte_counts():
    odd = b'"\\{}[]:,0-1.eE \t\n\x00\x1f\x7fu/aZ\xff\xc3'
    for at in range(len(WHOLE)):
        for byte in odd:
            agree(WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])
        agree(WHOLE[:at] + WHOLE[at + 1 :])
        agree(WHOLE[:at] + WHOLE[at : at + 1] + WHOLE[at:])


PIECES = [b'"', b"\\", b"\\u0041", b"\\n", b'"a":1,', b',"a":1', b" ", b"{", b"}", b"[", b"]", b",", b":", b"-", b"0", b"1.5", b"1e9",
          b"9007199254740992", "é".encode(), "\u2028".encode(), b"\xed\xa0\x80", b"\xff", b"null", b"true", b'"metadata":{"a":{}},']  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_is_done_to_an_entry_is_judged_as_by_the_slow_readers(seed):
    dice = random.Random(seed)
    data = bytearray(dice.choice([WHOLE, ENTRIES[3], make_entry(9, src="a\tb")]))
    for _ in range(dice.randint(1, 3)):
        at, length = dice.randrange(len(data)), dice.randint(1, 30)
        match dice.randrange(4):
            case 0:
                data[at:at] = dice.choice(PIECES)
            case 1:
                del data[at : at + length]
            case 2:
                data[at : at + dice.randint(0, 3)] = dice.choice(PIECES)
            case 3:
                other = dice.randrange(len(data))
                data[at:at] = data[other : other + length]
    agree(bytes(data))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**54), 2**54)
    | st.text(max_size=6)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.booleans())
def test_any_metadata_at_all_is_judged_as_by_the_slow_readers(metadata, ordered):
    text = json.dumps(
        FULL | {"metadata": metadata}, separators=(",", ":"), sort_keys=ordered, ensure_ascii=False
    )
    agree(text.encode(errors="surrogatepass"))


def test_what_others_wrote_well_passes_by_the_short_way():
    for data in (WHOLE, *ENTRIES[:20]):
        assert verifier._SHAPE.fullmatch(data.decode())


@pytest.mark.parametrize("size", [12, 256, 300])
@pytest.mark.parametrize("gone", [(5,), (0,), (5, 6, 9), (1, 3)])
def test_what_was_taken_out_is_named_and_not_what_stood_behind_it(tmp_path, size, gone):
    kept = [one for at, one in enumerate(ENTRIES[:size]) if at not in gone]
    export(tmp_path, ENTRIES[:size])
    width = min(size, 256)
    write(tmp_path, tile.entries_path(0, width), tile.encode_bundle(kept[: width - len(gone)]))
    report = verifier.verify(tmp_path, KEY)
    named = {one.position for one in report.findings if "gone" in one.problem}
    first = {at for at in gone if at - 1 not in gone}
    assert (report.verdict, named) == ("INVALID", first)
    assert {one.position for one in report.findings} == first
