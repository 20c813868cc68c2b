"""An event as the bytes the ledger stores and hashes, and the way back.

What is stored is what was hashed: nothing is ever written anew to be verified.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec
import orjson

from ephor.kernel.canonical import MAX_BYTES, Json, canonical
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
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
_ACTOR = _TEXTS.index("actor")
_TEXT_TYPES = frozenset((str, type(None)))
_FLAT_TYPES = frozenset((str, int, bool, type(None)))
_STAMP_SIZE = 27
_texts_of = attrgetter(*_TEXTS)
_Entry: Any = msgspec.defstruct(
    "_Entry",
    [
        (name, Any, None)
        for name in (*_TEXTS, "at", "duration_ms", "id", "kind", "log", "metadata", "n", "payload", "reasons", "received_at",
                     "refs", "src", "v")
    ],
    omit_defaults=True,
    gc=False,
)  # fmt: skip
"""The fields of an entry as C code writes them: with sorted keys, and without those that are not set."""
_write = msgspec.json.Encoder(order="sorted").encode
"""Equal to RFC 8785 for what `_is_plain` lets through; tests hold it against two other writers."""
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
    check_known(event.kind)
    at, received = stamp(event.at), _receipt(received_at)
    texts = _texts_of(event)
    if _is_plain(event, (*texts, log, id, src), n, at, received) and (not payload or _is_payload(payload)):
        try:
            data = _write(
                _Entry(*texts, at, event.duration_ms, id, event.kind, log, event.metadata or None, n, payload or None,
                       event.reasons or None, received, event.refs or None, src, VERSION)
            )  # fmt: skip
        except (UnicodeEncodeError, TypeError):
            pass  # a lone surrogate, or no JSON: the close look says where
        else:
            if len(data) <= MAX_BYTES:
                return data
    return _encode_closely(event, at, received, {"log": log, "id": id, "src": src, "n": n}, payload)


def _encode_closely(
    event: Event, at: str, received: str, place: Mapping[str, Any], payload: Mapping[str, str] | None
) -> bytes:
    """Return the same bytes the slow way, or say what is wrong with *event*."""
    fields: dict[str, Any] = {
        "v": VERSION, "kind": event.kind, "at": at, "received_at": received, **place,
        **{name: text for name, text in zip(_TEXTS, _texts_of(event), strict=True) if text is not None and text != ""},
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


@lru_cache(maxsize=4)
def _receipt(at: datetime) -> str:
    """A batch shares one moment of receipt, and that is always in UTC: elsewhere a clock set back makes two moments equal."""
    return stamp(at)


def _is_plain(event: Event, texts: Sequence[Any], n: int, at: str, received: str) -> bool:
    """Return whether the fields of an entry are surely right; where this says no, `_problem_of` looks closely.

    Only speed asks for a second way: this is run for each entry. So all texts are looked at together, in C.
    """
    reasons, refs, metadata, duration = event.reasons, event.refs, event.metadata, event.duration_ms
    if not (type(reasons) is tuple and type(refs) is dict and type(metadata) is dict):
        return False
    if reasons or refs:
        more = (*reasons, *refs, *refs.values())
        if None in more:
            return False
        texts = (*texts, *more)
    if not _TEXT_TYPES.issuperset(map(type, texts)) or "" in texts or texts[_ACTOR] is None:
        return False
    if len(at) != _STAMP_SIZE or len(received) != _STAMP_SIZE:
        return False  # a year before 1000
    if type(n) is not int or not 1 <= n <= _LARGEST or not (duration is None or _is_count(duration)):
        return False
    return _has_plain_keys(refs, metadata) and (not metadata or _is_flat(metadata.values()))


def _has_plain_keys(refs: Mapping[Any, Any], metadata: Mapping[Any, Any]) -> bool:
    try:
        return "".join((*refs, *metadata)).isascii()  # nothing but texts can be joined
    except TypeError:
        return False


def _is_flat(values: Collection[Any]) -> bool:
    """Return whether *values* are nothing but texts, truth values, nulls and integers that every reader keeps exact."""
    if not _FLAT_TYPES.issuperset(map(type, values)):
        return False
    return not [one for one in values if type(one) is int and not -_LARGEST <= one <= _LARGEST]


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
