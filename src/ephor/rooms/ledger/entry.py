"""An event as the bytes the ledger stores and hashes, and the way back.

What is stored is what was hashed: nothing is ever written anew to be verified.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import orjson

from ephor.kernel import time
from ephor.kernel.canonical import MAX_BYTES, Json, canonical
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.rooms.ledger.kinds import check_known, is_kind

VERSION: Final = 1
PAYLOAD_TAG = b"ephor/payload/1"
"""Keeps a payload's commitment from passing as any other hash."""
SALT_SIZE = 32
_LARGEST = 2**53 - 1
_TEXTS = (  # text fields of an event that go into the entry as they are
    "actor",
    "resource",
    "on_behalf_of",
    "session",
    "trace",
    "parent",
    "action",
    "tool",
    "subject",
    "args_digest",
    "input_hash",
    "output_hash",
    "decision",
    "policy_digest",
    "approver",
    "confidence",
    "error",
)
_STAMP_SIZE = 27
_texts_of = attrgetter(*_TEXTS)
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_COMMITMENT = re.compile(r"sha256:[0-9a-f]{64}")
_REQUIRED = ("v", "log", "kind", "id", "src", "n", "at", "received_at", "actor")
_utc_stamp = lru_cache(maxsize=64)(time.stamp)  # a batch shares one moment of receipt


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
    check_known(event.kind)
    fields: dict[str, Any] = {
        name: text
        for name, text in zip(_TEXTS, _texts_of(event), strict=True)
        if text is not None and text != ""
    }
    fields["log"], fields["kind"], fields["id"], fields["src"] = log, event.kind, id, src
    fields["at"], fields["received_at"] = _stamp(event.at), _stamp(received_at)
    plain = _are_texts(fields.values())
    fields["v"], fields["n"] = VERSION, n
    if event.duration_ms is not None:
        fields["duration_ms"] = event.duration_ms
    if event.reasons:
        fields["reasons"] = event.reasons
    if event.refs:
        fields["refs"] = event.refs
    if event.metadata:
        fields["metadata"] = event.metadata
    if payload:
        fields["payload"] = payload
    if not (plain and _is_plain(fields)) and (problem := _problem_of(fields)):
        raise InvalidInputError(f"{problem}; correct the event", kind=event.kind)
    return _write(fields)


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


def _stamp(at: datetime) -> str:
    # Only in UTC are two equal times surely one moment: elsewhere a clock set back makes two of one.
    return _utc_stamp(at) if at.tzinfo is UTC else time.stamp(at)


def _are_texts(values: Iterable[Any]) -> bool:
    try:
        "".join(values)  # nothing but texts can be joined; quicker than asking each
    except TypeError:
        return False
    return True


def _is_plain(fields: Mapping[str, Any]) -> bool:
    """Return whether fields whose texts are texts are surely right; where this says no, `_problem_of` looks closely.

    Only speed asks for a second way: this is run for each entry.
    """
    if not (fields["log"] and fields["id"] and fields["src"] and "actor" in fields):
        return False
    if type(fields["n"]) is not int or fields["n"] < 1:
        return False
    if len(fields["at"]) != _STAMP_SIZE or len(fields["received_at"]) != _STAMP_SIZE:
        return False  # a year before 1000
    return all(check(fields[name]) for name, check in _CLOSE_LOOKS if name in fields)


def _write(fields: Mapping[str, Any]) -> bytes:
    """Return what `canonical` returns for *fields*, walking only what is not flat: the metadata."""
    if "metadata" in fields:
        canonical({"metadata": fields["metadata"]})
    try:
        data = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except (TypeError, ValueError):
        return canonical(fields)  # says where
    return data if len(data) <= MAX_BYTES else canonical(fields)


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
    return type(value) is int and 0 <= value <= _LARGEST


def _is_ordinal(value: object) -> bool:
    return type(value) is int and 1 <= value <= _LARGEST


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
    **dict.fromkeys((*_TEXTS, "log", "id", "src"), _is_text),
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
_CLOSE_LOOKS = tuple(
    (name, _CHECKS[name]) for name in ("duration_ms", "reasons", "refs", "metadata", "payload")
)
