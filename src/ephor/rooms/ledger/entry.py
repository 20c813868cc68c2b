"""An event as the bytes the ledger stores and hashes, and the way back.

What is stored is what was hashed: nothing is ever written anew to be verified.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import orjson

from ephor.kernel.canonical import MAX_BYTES, Json, canonical
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.ledger.kinds import KINDS, check_known, is_custom, is_kind
from ephor.rooms.ledger.shape import LARGEST, TEXTS, write

VERSION: Final = 1
PAYLOAD_TAG = b"ephor/payload/1"
"""Keeps a payload's commitment from passing as any other hash."""
SALT_SIZE = 32
_texts_of = attrgetter(*TEXTS)
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_COMMITMENT = re.compile(r"sha256:[0-9a-f]{64}")
_REQUIRED = ("v", "log", "kind", "id", "src", "n", "at", "received_at", "actor")


def encode(
    event: Event,
    *,
    log: str,
    id: str,
    src: str,
    n: int,
    received_at: datetime,
    payload: Mapping[str, str] | None = None,
) -> bytes:
    """Return the canonical bytes of *event* as the *n*-th entry (from 1) of the source *src*.

    What is ``None`` or empty is left out. *payload* is ``{"alg": …, "commitment": …}``.

    Raises:
        InvalidInputError: an unknown kind, a wrong type, a value outside the JSON profile, or more than 65,535 bytes;
            the message names the field.
    """
    return encode_all([event], [id], [payload], log=log, src=src, n=n, received_at=received_at)[0]


def encode_all(
    events: Sequence[Event],
    ids: Sequence[str],
    payloads: Sequence[Mapping[str, str] | None],
    *,
    log: str,
    src: str,
    n: int,
    received_at: datetime,
) -> list[bytes]:
    """Return the canonical bytes of *events*, the first as the *n*-th entry (from 1) of *src*; see `encode`.

    Raises:
        InvalidInputError: one of them cannot be an entry; the message names the field.
    """
    received = stamp(received_at)
    if _is_placed(log, src, n, len(events)) and _are_texts(ids) and _are_payloads(payloads):
        written = write(events, ids, payloads, (log, src, n - 1, received), VERSION)
        if written is not None and _are_known(events) and all(map(_is_short, written, events)):
            return written
    if len(events) > 1:  # the unusual one is written the slow way, or named; not the others
        return [
            encode(event, log=log, id=id, src=src, n=number, received_at=received_at, payload=payload)
            for number, (event, id, payload) in enumerate(zip(events, ids, payloads, strict=True), n)
        ]
    place = {"log": log, "id": ids[0], "src": src, "n": n}
    return [_encode_closely(events[0], stamp(events[0].at), received, place, payloads[0])]


def _encode_closely(
    event: Event, at: str, received: str, place: Mapping[str, Any], payload: Mapping[str, str] | None
) -> bytes:
    """Return the same bytes the slow way, or say what is wrong with *event*."""
    check_known(event.kind)
    fields: dict[str, Any] = {
        "v": VERSION, "kind": event.kind, "at": at, "received_at": received, **place,
        **{name: text for name, text in zip(TEXTS, _texts_of(event), strict=True) if text is not None and text != ""},
    }  # fmt: skip
    if event.duration_ms is not None:
        fields["duration_ms"] = event.duration_ms
    more = {
        "reasons": event.reasons,
        "refs": event.refs,
        "metadata": event.metadata,
        "payload": payload,
    }
    fields |= {name: value for name, value in more.items() if value}
    if problem := _problem_of(fields):
        raise InvalidInputError(f"{problem}; correct the event", kind=event.kind)
    return canonical(fields)


def parse(data: bytes) -> Mapping[str, Json]:
    """Return the fields of an entry, if its bytes are the one way to write them.

    Raises:
        VerificationError: not JSON, not canonical, or a field that is unknown, missing or wrong; the message names it.
    """
    try:
        fields = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise VerificationError("the entry is not JSON") from None
    if type(fields) is not dict:
        raise VerificationError("the entry is not a JSON object")
    try:
        same = canonical(fields) == data
    except InvalidInputError as error:
        raise VerificationError(f"the entry is outside the JSON profile: {error}") from None
    if not same:
        raise VerificationError("the entry is not canonical JSON; somebody wrote it anew")
    if problem := _problem_of(fields):
        raise VerificationError(problem)
    return fields


def commitment(tag: bytes, salt: bytes, payload: bytes) -> str:
    """Return what an entry says of a payload it does not hold: SHA-256 over *tag*, a zero byte, *salt* and *payload*.

    >>> commitment(PAYLOAD_TAG, bytes(32), b"{}")[:23]
    'sha256:bb23097532e812f0'

    Raises:
        InvalidInputError: a salt of another length than 32 bytes, or a tag with a zero byte in it: either would let
            bytes move from one part to the next.
    """
    if len(salt) != SALT_SIZE:
        raise InvalidInputError(f"the salt is {len(salt)} bytes long; use {SALT_SIZE}", bytes=len(salt))
    if b"\x00" in tag:
        raise InvalidInputError(f"the tag `{tag!r}` holds the zero byte that ends it; choose another")
    return "sha256:" + hashlib.sha256(tag + b"\x00" + salt + payload).hexdigest()


def _is_placed(log: str, src: str, n: int, count: int) -> bool:
    """Return whether the fields are surely right that a batch shares; where this says no, `_problem_of` looks closely."""
    return (
        type(log) is type(src) is str
        and log != ""
        and src != ""
        and type(n) is int
        and 1 <= n <= LARGEST - count
    )


def _are_texts(ids: Sequence[str]) -> bool:
    return set(map(type, ids)) == {str} and "" not in ids


def _are_payloads(payloads: Sequence[Mapping[str, str] | None]) -> bool:
    return all(payload is None or _is_payload(payload) for payload in payloads)


def _are_known(events: Sequence[Event]) -> bool:
    """Return whether all kinds are listed or custom; told apart first, as a batch has few of them."""
    return all(kind in KINDS or is_custom(kind) for kind in {event.kind for event in events})


def _is_short(data: bytes, event: Event) -> bool:
    """Return whether *data* fits, and no key in it is beyond ASCII."""
    return len(data) <= MAX_BYTES and (data.isascii() or "".join((*event.refs, *event.metadata)).isascii())


def _problem_of(fields: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the fields of an entry, or ``None``."""
    for name in _REQUIRED:
        if name not in fields:
            return f"`{name}` is missing"
    for name, value in fields.items():
        check = _CHECKS.get(name)
        if check is None:
            return f"`{name[:40]}` is not a field of an entry"
        if not check(value):
            return f"`{name}` is not what it must be: {_EXPECTED[check]}"
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_ordinal(value: object) -> bool:
    return type(value) is int and 1 <= value <= LARGEST


def _is_version(value: object) -> bool:
    return type(value) is int and value == VERSION


def _is_kind(value: object) -> bool:
    return isinstance(value, str) and is_kind(value)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or not _STAMP.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(map(_is_text, value))


def _is_text_map(value: object) -> bool:
    if not isinstance(value, Mapping) or not value:
        return False
    return all(map(_is_text, value)) and all(map(_is_text, value.values())) and "".join(value).isascii()


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping) and len(value) > 0


def _is_payload(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and value.keys() == {"alg", "commitment"}
        and _is_text(value["alg"])
        and isinstance(value["commitment"], str)
        and _COMMITMENT.fullmatch(value["commitment"]) is not None
    )


_EXPECTED: Mapping[Callable[[object], bool], str] = {
    _is_text: "text that is not empty",
    _is_count: "an integer from 0 to 2^53 - 1",
    _is_ordinal: "an integer from 1 to 2^53 - 1",
    _is_version: f"the version {VERSION}",
    _is_kind: "`room.happened/version`",
    _is_moment: "a time like 2026-08-02T09:30:00.000000Z",
    _is_texts: "a list of texts, none empty",
    _is_text_map: "an object of texts, none empty, its keys in ASCII",
    _is_object: "an object that is not empty",
    _is_payload: "an `alg` and a `commitment` like sha256:…",
}
_CHECKS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys((*TEXTS, "log", "id", "src"), _is_text),
    "v": _is_version,
    "kind": _is_kind,
    "n": _is_ordinal,
    "at": _is_moment,
    "received_at": _is_moment,
    "duration_ms": _is_count,
    "reasons": _is_texts,
    "refs": _is_text_map,
    "metadata": _is_object,
    "payload": _is_payload,
}
