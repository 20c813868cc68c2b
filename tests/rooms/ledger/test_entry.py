"""Entries: one event, one byte string, and no other byte string is taken for it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.canonical import canonical
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.ledger import entry, kinds

AT = datetime(2026, 8, 2, 9, 30, tzinfo=UTC)
PLACE = {"log": "ephor.example/acme/audit", "id": "evt_1", "src": "gateway", "n": 1, "received_at": AT}
BARE = Event("tool.invoked/1", AT, "agent:support")
FULL = Event(
    kind="decision.made/1",
    at=AT,
    actor="agent:support",
    resource="tool:crm.read",
    on_behalf_of="person:ana",
    session="s1",
    trace="t1",
    parent="p1",
    action="tool.invoke",
    tool="crm.read",
    subject="sub_1",
    args_digest="sha256:1",
    input_hash="sha256:2",
    output_hash="sha256:3",
    decision="deny",
    reasons=("policy.denied", "riésgo"),
    policy_digest="sha256:4",
    approver="person:sam",
    confidence="0.93",
    duration_ms=0,
    error="timeout",
    refs={"approval": "apr_1"},
    metadata={"score": 93, "tags": ["a", None, True], "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}}},
)
SEALED = {"alg": "aes-256-gcm", "commitment": "sha256:" + "0" * 64}


def written(event=FULL, **changes):
    return entry.encode(event, **{**PLACE, **changes})


def test_an_entry_reads_back_as_what_was_written():
    found = entry.parse(written(payload=SEALED))
    for one in fields(Event):
        expected = getattr(FULL, one.name)
        expected = (
            stamp(expected) if one.name == "at" else list(expected) if one.name == "reasons" else expected
        )
        assert found[one.name] == expected
    assert {name: found[name] for name in ("v", "log", "id", "src", "n")} == {
        "v": 1, "log": PLACE["log"], "id": "evt_1", "src": "gateway", "n": 1,
    }  # fmt: skip
    assert found["payload"] == SEALED


def test_what_nobody_set_is_left_out():
    assert set(entry.parse(written(BARE))) == {
        "v",
        "log",
        "kind",
        "id",
        "src",
        "n",
        "at",
        "received_at",
        "actor",
    }
    assert written(replace(BARE, session="", reasons=(), refs={}, metadata={}), payload={}) == written(BARE)


def test_entries_are_canonical_json_by_a_second_implementation():
    assert written(payload=SEALED) == rfc8785.dumps(orjson.loads(written(payload=SEALED)))


@given(
    st.text(min_size=1, max_size=30),
    st.lists(st.text(min_size=1, max_size=9), max_size=3),
    st.dictionaries(
        st.text(st.characters(max_codepoint=127), max_size=5),
        st.integers(-(2**53) + 1, 2**53 - 1),
        max_size=4,
    ),
)
def test_any_text_survives_and_stays_canonical(text, reasons, metadata):
    event = replace(BARE, actor=text, error=text, reasons=tuple(reasons), metadata=metadata)
    found = entry.parse(written(event))
    assert found["actor"] == found["error"] == text
    assert written(event) == canonical(dict(found)) == rfc8785.dumps(dict(found))


class Word(str):
    """A text of a type of its own."""


class Colour(StrEnum):
    RED = "red"


class Moment(datetime):
    """A time of a type of its own."""


TEXT = st.one_of(
    st.none(), st.text(max_size=9), st.sampled_from(["", Word("word"), Word(""), Colour.RED, "é", '\\"\x7f'])
)
TIME = st.one_of(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds have no zone
    st.sampled_from(
        [AT, AT.replace(year=7), AT.astimezone(timezone(timedelta(hours=-7))), Moment(2026, 1, 1, tzinfo=UTC)]
    ),
)
KEY = st.text(st.characters(max_codepoint=127), max_size=3)
VALUE = st.one_of(
    st.none(), st.booleans(), st.text(max_size=3), st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from([Word("w"), Colour.RED]),
    st.lists(st.text(max_size=2), max_size=2), st.lists(st.integers(0, 9), max_size=2), st.dictionaries(KEY, st.booleans(), max_size=2),
)  # fmt: skip
OBJECT = st.dictionaries(KEY, VALUE, max_size=3)
EVENT = st.builds(
    Event, kind=st.sampled_from(["tool.invoked/1", "x-pay.run/2"]), at=TIME, actor=st.text(min_size=1, max_size=5), session=TEXT,
    error=TEXT, approver=TEXT, reasons=st.lists(st.text(min_size=1, max_size=3), max_size=2).map(tuple),
    duration_ms=st.one_of(st.none(), st.integers(0, 2**53 - 1)),
    refs=st.dictionaries(KEY.filter(bool), st.text(min_size=1, max_size=3), max_size=2).flatmap(
        lambda refs: st.sampled_from([refs, MappingProxyType(refs)])
    ), metadata=st.one_of(OBJECT, OBJECT.map(MappingProxyType)),
)  # fmt: skip


def told(event, number):
    """Say what an entry must say, by nothing but the standard library and `rfc8785`."""
    said = {one.name: getattr(event, one.name) for one in fields(Event)}
    said["at"] = event.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    said = {name: value for name, value in said.items() if value is not None and value not in ("", (), {})}
    plain = json.loads(json.dumps(said, default=dict))
    place = {"v": 1, "log": PLACE["log"], "src": "gateway", "n": number, "id": f"evt_{number}"}
    return rfc8785.dumps(plain | place | {"received_at": "2026-08-02T09:30:00.000000Z"})


@given(st.lists(EVENT, min_size=1, max_size=4))
def test_a_batch_is_written_as_each_of_its_events_alone_and_as_a_second_writer_does(events):
    ids = [f"evt_{number}" for number, _ in enumerate(events, 7)]
    place = {name: PLACE[name] for name in ("log", "src", "received_at")}
    found = entry.encode_all(events, ids, [None] * len(events), n=7, **place)
    assert found == [
        written(one, id=id, n=number) for number, (one, id) in enumerate(zip(events, ids, strict=True), 7)
    ]
    assert found == [told(one, number) for number, one in enumerate(events, 7)]


def test_one_wrong_event_among_many_is_named():
    events = [BARE, replace(BARE, session="s", metadata={"deep": {"a": [1]}}), replace(BARE, refs={"é": "a"})]
    place = {name: PLACE[name] for name in ("log", "src", "received_at")}
    with pytest.raises(InvalidInputError, match="refs"):
        entry.encode_all(events, ["a", "b", "c"], [None] * 3, n=1, **place)
    for wrong in (replace(BARE, metadata={"é": 1}), replace(BARE, kind="made.up/1")):
        with pytest.raises(InvalidInputError, match=r"é|made\.up"):
            entry.encode_all([BARE, wrong], ["a", "b"], [None] * 2, n=1, **place)
    assert (
        len(entry.encode_all([replace(BARE, error="é")] * 2, ["a", "b"], [None, SEALED], n=1, **place)) == 2
    )


CHANGES = {
    "kind": "tool.failed/1",
    "at": AT + timedelta(microseconds=1),
    "reasons": ("other",),
    "duration_ms": 1,
    "refs": {"approval": "apr_2"},
    "metadata": {"score": 94},
}


@pytest.mark.parametrize("name", [one.name for one in fields(Event)])
def test_every_field_of_an_event_changes_the_bytes(name):
    assert written(replace(FULL, **{name: CHANGES.get(name, "other")})) != written()
    assert written(replace(FULL, **{name: CHANGES.get(name, "other")})) != written(BARE)


@pytest.mark.parametrize(
    "change",
    [
        {"log": "other"},
        {"id": "evt_2"},
        {"src": "b"},
        {"n": 2},
        {"received_at": AT + timedelta(1)},
        {"payload": SEALED},
    ],
)
def test_every_part_of_an_entrys_place_changes_the_bytes(change):
    assert written(**change) != written()


def test_times_are_written_in_utc_whatever_zone_they_came_in():
    there = AT.astimezone(timezone(timedelta(hours=2)))
    assert written(replace(FULL, at=there), received_at=there) == written()


@pytest.mark.parametrize(
    ("changes", "place", "named"),
    [
        ({"kind": "made.up/1"}, {}, "made.up/1"),
        ({"actor": ""}, {}, "actor"),
        ({"actor": None}, {}, "actor"),
        ({"actor": 5}, {}, "actor"),
        ({"session": 5}, {}, "session"),
        ({"session": ["a"]}, {}, "session"),
        ({"session": b"a"}, {}, "session"),
        ({"error": "\ud800"}, {}, "error"),
        ({"reasons": "policy.denied"}, {}, "reasons"),
        ({"reasons": ("",)}, {}, "reasons"),
        ({"reasons": (1,)}, {}, "reasons"),
        ({"duration_ms": -1}, {}, "duration_ms"),
        ({"duration_ms": 1.5}, {}, "duration_ms"),
        ({"duration_ms": True}, {}, "duration_ms"),
        ({"duration_ms": 2**53}, {}, "duration_ms"),
        ({"refs": {"a": 1}}, {}, "refs"),
        ({"refs": {"é": "a"}}, {}, "refs"),
        ({"metadata": {"a": 0.5}}, {}, "metadata"),
        ({"metadata": {"a": AT}}, {}, "metadata"),
        ({"metadata": {"a": 2**53}}, {}, "metadata"),
        ({"metadata": {"é": 1}}, {}, "metadata"),
        ({"metadata": {1: 1}}, {}, "metadata"),
        ({"metadata": ["a"]}, {}, "metadata"),
        ({"metadata": {"a": [[[[[[[1]]]]]]]}}, {}, "metadata"),
        ({"metadata": {"a": "x" * 66_000}}, {}, "bytes long"),
        ({"at": AT.replace(tzinfo=None)}, {}, "zone"),
        ({}, {"n": 0}, "n"),
        ({}, {"n": True}, "n"),
        ({}, {"n": "1"}, "n"),
        ({}, {"n": 2**53}, "n"),
        ({}, {"log": ""}, "log"),
        ({}, {"id": 7}, "id"),
        ({}, {"payload": {"alg": "x"}}, "payload"),
        ({}, {"payload": {**SEALED, "more": "x"}}, "payload"),
        ({}, {"payload": {**SEALED, "commitment": "sha256:0"}}, "payload"),
    ],
)
def test_a_wrong_event_is_refused_and_the_field_named(changes, place, named):
    with pytest.raises(InvalidInputError, match=named):
        written(replace(FULL, **changes), **place)


GOOD = orjson.loads(written(payload=SEALED))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"more": 1}, "more"),
        ({"v": 2}, "`v`"),
        ({"v": True}, "`v`"),
        ({"kind": "Tool/1"}, "kind"),
        ({"n": 0}, "`n`"),
        ({"at": "2026-08-02T09:30:00Z"}, "`at`"),
        ({"at": "2026-13-02T09:30:00.000000Z"}, "`at`"),
        ({"received_at": "2026-08-02T09:30:00.000000+00:00"}, "received_at"),
        ({"actor": ""}, "actor"),
        ({"session": None}, "session"),
        ({"reasons": []}, "reasons"),
        ({"reasons": [1]}, "reasons"),
        ({"refs": {}}, "refs"),
        ({"metadata": {}}, "metadata"),
        ({"duration_ms": "1"}, "duration_ms"),
        ({"payload": {"alg": "x", "commitment": "md5:1"}}, "payload"),
    ],
)
def test_an_entry_with_a_wrong_field_is_refused_and_the_field_named(change, named):
    with pytest.raises(VerificationError, match=named):
        entry.parse(canonical({**GOOD, **change}))


@pytest.mark.parametrize("name", ["v", "log", "kind", "id", "src", "n", "at", "received_at", "actor"])
def test_an_entry_without_a_needed_field_is_refused(name):
    with pytest.raises(VerificationError, match=f"`{name}` is missing"):
        entry.parse(canonical({key: value for key, value in GOOD.items() if key != name}))


BYTES = written(BARE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"\xef\xbb\xbf" + BYTES,
        BYTES + b"\n",
        b" " + BYTES,
        BYTES.replace(b'"n":1', b'"n":1.0'),
        BYTES.replace(b'"n":1', b'"n":-0'),
        BYTES.replace(b'"n":1', b'"n":9007199254740992'),
        BYTES.replace(b'"n":1', b'"n":1,"n":1'),
        BYTES.replace(b'"n":1', b'"n":NaN'),
        BYTES.replace(b"evt_1", b"\\u0065vt_1"),
        BYTES.replace(b"evt_1", b"\\ud800"),
        b"[" * 50_000,
        b'{"a":' * 12_000,
        json.dumps(orjson.loads(BYTES)).encode(),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data):
    with pytest.raises(VerificationError):
        entry.parse(data)


@given(st.integers(0, len(BYTES) - 1), st.integers(1, 255))
def test_a_changed_byte_gives_another_entry_or_none(at, change):
    wrong = BYTES[:at] + bytes([BYTES[at] ^ change]) + BYTES[at + 1 :]
    try:
        found = entry.parse(wrong)
    except VerificationError:
        return
    assert found != orjson.loads(BYTES)


def test_a_reader_outlives_its_list_of_kinds():
    assert "dsr.received/7" not in kinds.KINDS
    assert entry.parse(canonical({**GOOD, "kind": "dsr.received/7"}))["kind"] == "dsr.received/7"


def test_published_canonical_json_inside_the_profile_is_met(vectors):
    met = set()
    for path in sorted((vectors / "jcs" / "testdata" / "input").glob("*.json")):
        expected = (vectors / "jcs" / "testdata" / "output" / path.name).read_bytes()
        try:
            found = canonical(json.loads(path.read_text()))
        except InvalidInputError:
            continue
        assert found == expected.rstrip(b"\n")
        met.add(path.stem)
    assert met == {"arrays", "unicode"}  # the others hold floats or keys beyond ASCII


def test_a_commitment_binds_tag_salt_and_payload():
    salt = bytes(range(32))
    found = entry.commitment(entry.PAYLOAD_TAG, salt, b"text")
    assert found.removeprefix("sha256:").isalnum()
    assert len(found) == 71
    assert found != entry.commitment(entry.PAYLOAD_TAG, salt, b"texts")
    assert found != entry.commitment(entry.PAYLOAD_TAG, salt[::-1], b"text")
    assert found != entry.commitment(b"ephor/payload/10", salt, b"text")
    assert entry.commitment(b"a", b"b" + salt[1:], b"") != entry.commitment(b"ab", salt[1:] + b"\x00", b"")


@pytest.mark.parametrize(
    ("tag", "salt"), [(b"tag", b""), (b"tag", bytes(31)), (b"tag", bytes(33)), (b"t\x00ag", bytes(32))]
)
def test_a_commitment_whose_parts_could_shift_is_refused(tag, salt):
    with pytest.raises(InvalidInputError):
        entry.commitment(tag, salt, b"")
