"""The witnesses a log asks: who they are, what their answers mean, and what is kept of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from ephor.kernel.errors import ConflictError, InvalidInputError, VerificationError
from ephor.rooms.ledger import checkpoint, note
from ephor.rooms.ledger.checkpoint import MAX_SIZE
from ephor.rooms.ledger.cosignature import (
    Cosignature,
    WitnessKey,
    cosignatures,
    line_of,
    parse_witness_key,
)
from ephor.rooms.ledger.witness import SIZE_TYPE, STATUS, Ruling, Submission, stated

AHEAD = 300
"""Seconds by which a witness's clock may be ahead: a cosignature from the future outranks every honest one."""
_URL = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%/-]*)?")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_REASON = 160


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that this log asks. ``id`` is its name, ``key`` its verifier key as text."""

    id: str
    url: str
    """Its submission prefix: ``/add-checkpoint`` follows."""
    key: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over the wire; nothing in it is believed yet."""

    status: int
    media_type: str
    body: bytes


@unique
class Came(StrEnum):
    """What came of asking one witness."""

    COSIGNED = "cosigned"
    MOVED = "moved"
    """It cosigned another size last: ask again from there."""
    SHRUNK = "shrunk"
    """It cosigned a larger tree: entries were lost here, or an old backup was put back."""
    FORK = "fork"
    """What it cosigned is no longer the beginning of this log."""
    REFUSED = "refused"
    LIED = "lied"
    """Its answer does not hold."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply amounts to."""

    came: Came
    says: str
    size: int | None = None
    """The size that the witness cosigned last, where it names another than was asked from."""
    cosignature: Cosignature | None = None


def read_witness(url: str, key: str, others: Sequence[Witness], log: str) -> Witness:
    """Return the witness at *url* that cosigns with *key*, checked against the *others* and the key of the *log*.

    Raises:
        InvalidInputError: not an address of the web, not a witness's key, or the log's own key: who vouches for
            themselves is no witness.
        ConflictError: a witness of this name or this key is among the others; two names must not be one voice.
    """
    known = parse_witness_key(key)
    if not _URL.fullmatch(url):
        raise InvalidInputError(f"`{url[:80]}` is not the address of a witness; write `https://HOST/PREFIX`")
    if known.public_key == note.parse_key(log).public_key:
        raise InvalidInputError(
            f"the key of `{known.name}` is that of this log; a log is not its own witness"
        )
    for other in others:
        if other.id == known.name:
            raise ConflictError(f"there is a witness `{other.id}` already; remove it first", id=other.id)
        if parse_witness_key(other.key).public_key == known.public_key:
            raise ConflictError(f"`{known.name}` has the key of `{other.id}`; one key is one witness")
    return Witness(known.name, url.rstrip("/"), str(known))


def read_reply(reply: Reply, asked: Submission, key: WitnessKey, now: int) -> Answer:
    """Return what *reply* to *asked* amounts to, *now* being the seconds since 1970.

    Raises:
        VerificationError: the witness lies or talks nonsense: no cosignature of its key, one that does not hold or comes
            from the future, or a size that cannot be.
    """
    size = stated(asked).size
    if reply.status == STATUS[Ruling.COSIGN]:
        made = _cosignature(reply.body, asked, key, now)
        return Answer(Came.COSIGNED, f"cosigned {size} entries", cosignature=made)
    if reply.status == STATUS[Ruling.INCONSISTENT]:
        return Answer(Came.FORK, f"the {asked.old} entries it cosigned are not the beginning of this log")
    if reply.status != STATUS[Ruling.MOVED]:
        return Answer(Came.REFUSED, f"status {reply.status}: {_reason(reply)}")
    if asked.old == size and (reply.media_type != SIZE_TYPE or reply.body == b"%d\n" % size):
        return Answer(Came.FORK, f"it cosigned another root at {size} entries")
    last = _size(reply)
    if last == asked.old:
        raise VerificationError(f"it says that {last} is not its size, and that it is")
    if last > size:
        return Answer(Came.SHRUNK, f"it cosigned {last} entries, this log has {size}", last)
    return Answer(Came.MOVED, f"it cosigned {last} entries last", last)


def add_cosignature(kept: bytes | None, head: bytes, new: Cosignature, key: WitnessKey) -> bytes:
    """Return the signed *head* with the cosignatures *kept* of the same checkpoint and the *new* one of *key*.

    A newer cosignature replaces the older one of the same key; of what is damaged nothing is taken over.

    Raises:
        VerificationError: the head is not a note.
    """
    mine, before = note.parse(head), _read(kept or b"")
    logs = {(one.name, one.key_id) for one in mine.signatures}
    others = [
        line_of(one)
        for one in (before[0].signatures if before and before[0].text == mine.text else ())
        if (one.name, one.key_id) not in {*logs, (key.name, key.key_id)}
    ]
    return head + "".join([*others, new.line]).encode()


@dataclass(frozen=True, slots=True)
class Vouched:
    """A signed head with the cosignatures it has, and the other checkpoints that were cosigned."""

    head: bytes
    others: tuple[bytes, ...]
    """The one by the most witnesses first, and of those the largest."""
    damaged: int
    """How many of those kept are no checkpoints any more."""


def vouch(head: bytes, kept: Sequence[bytes]) -> Vouched:
    """Return the signed *head* with what is *kept* of the same checkpoint, and the others.

    >>> vouch(b"no note", [b"no note"])
    Vouched(head=b'no note', others=(), damaged=1)
    """
    if not kept:
        return Vouched(head, (), 0)
    mine = _read(head)
    logs = {(one.name, one.key_id) for one in mine[0].signatures} if mine else set()
    others: list[tuple[int, int, bytes]] = []
    damaged = 0
    for data in kept:
        found = _read(data)
        if found is None:
            damaged += 1
        elif mine is not None and found[0].text == mine[0].text:
            lines = [line_of(one) for one in found[0].signatures if (one.name, one.key_id) not in logs]
            head += "".join(lines).encode()
        else:
            others.append((len(found[0].signatures), found[1], data))
    return Vouched(head, tuple(one for *_, one in sorted(others, reverse=True)), damaged)


def _read(data: bytes) -> tuple[note.Note, int] | None:
    try:
        found = note.parse(data)
        return found, checkpoint.parse(found.text).size
    except VerificationError:
        return None


def _cosignature(body: bytes, asked: Submission, key: WitnessKey, now: int) -> Cosignature:
    text = note.parse(asked.note).text
    answer = note.parse(text.encode() + b"\n" + body)
    if answer.text != text:  # an empty line in the answer would make it a cosignature of something longer
        raise VerificationError("its answer is more than signature lines")
    found = cosignatures(answer, [key])
    if not found:
        raise VerificationError(f"its answer bears no cosignature of `{key.name}` with the key you gave")
    if found[0].at > now + AHEAD:
        raise VerificationError(
            f"its cosignature is {found[0].at - now} seconds from the future; its clock is wrong"
        )
    return found[0]


def _size(reply: Reply) -> int:
    found = _SIZE.fullmatch(reply.body)
    if reply.media_type != SIZE_TYPE or found is None or int(found[1]) > MAX_SIZE:
        raise VerificationError("it reports a conflict without the size it cosigned last")
    return int(found[1])


def _reason(reply: Reply) -> str:
    said = " ".join(reply.body[:_REASON].decode("utf-8", "replace").split())
    return f"`{said}`" if said else "no reason given"
