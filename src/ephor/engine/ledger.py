"""Use cases: record what others saw, show what was recorded, and prove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ephor.engine.anchors import anchor, find
from ephor.engine.batches import record
from ephor.engine.judging import Witnesses, judge, judge_plane
from ephor.engine.naming import named_apart
from ephor.engine.ports import MAIN, Head, Ledger, LogName, World
from ephor.engine.proving import fetch, id_of, include, note_text
from ephor.engine.published import Published, publish
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    VerificationError,
)
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId
from ephor.rooms.access.people import Person, PlanePermission, require, require_known
from ephor.rooms.ledger import proof, tile, tree
from ephor.rooms.ledger.entry import encode, parse
from ephor.rooms.ledger.external import read_event, user_is_subject
from ephor.rooms.ledger.sources import (
    Delivery,
    Source,
    counted,
    deliveries,
    is_repeated,
    key_of,
    read_count,
    take,
)

if TYPE_CHECKING:
    from ephor.verifier import Report

_LONGEST_ID = "src_" + "0" * 32
_LAST = 2**53 - 1
_MOST = 1_000
"""Entries on one page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry: where it stands, what it says, its leaf hash, and its payload where that still exists."""

    position: int
    leaf: str
    entry: Mapping[str, Any]
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the entries that fit, newest first."""

    entries: Sequence[Shown]
    next: int | None
    """What to give as ``before`` for those that follow; None where no older one fits."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A log, and how many of its entries can be found."""

    stream: str
    epoch: int
    size: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of events that were handed in."""

    entries: tuple[EntryId, ...]
    already: int = 0
    """How many were recorded before: exactly these were handed in last, and are not recorded again."""
    missing: int = 0
    """How many numbers the sources skipped: events that never arrived."""


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in the tree a checkpoint states: the siblings from the leaf to the root (RFC 9162, 2.1.3)."""

    id: str
    position: int
    size: int
    leaf: str
    root: str
    path: tuple[str, ...]
    checkpoint: str
    entry: str
    """The entry's bytes, which the leaf is the hash of."""


@dataclass(frozen=True, slots=True)
class Ledgers:
    """One log of this plane: the main one, unless `of` chose another."""

    world: World
    name: LogName | None = None

    def of(self, stream: str, epoch: int | None = None) -> Ledgers:
        """Return the same use cases over another stream's log, or over one that a later epoch ended.

        Raises:
            NotFoundError: there is none.
        """
        if stream == MAIN and epoch is None:
            return Ledgers(self.world)
        return Ledgers(self.world, find(self.world.storage.logs.names(), stream, epoch))

    @property
    def stream(self) -> str:
        """Which stream this is."""
        return MAIN if self.name is None else self.name.stream

    @property
    def _log(self) -> Ledger:
        return (
            self.world.storage.ledger if self.name is None else self.world.storage.logs.of(self.name.number)
        )

    def append(self, raw: Sequence[Mapping[str, Any]], *, by: str) -> Appended:
        """Record events that the person *by* hands in; all are read before the first is recorded.

        What goes to a stream is anchored in the main log at the end.

        Events with a ``source`` are counted in the transaction that records them, and whatever else is handed in with
        them is recorded in it as well: all of it, or nothing.

        Raises:
            InvalidInputError: one of them cannot be recorded; the message says which.
            UnavailableError: the database did not take them all; the message says how many are recorded.
            NotPermittedError: nobody is registered as *by*.
            ConflictError: a source counted so far already, or the log was ended; nothing was recorded.
        """
        if self.name is not None and self.name.ended:
            raise ConflictError(
                f"the log `{self.name.origin}` was ended by a new epoch; append to the stream without naming one"
            )
        with self.world.storage.reading() as unit:
            require_known(unit.shelf(Person).find(by), who=by)
        now = self.world.clock.now()
        events, origin = [], self._log.head().origin
        for number, one in enumerate(raw, 1):
            try:
                read, declared = read_event(one, now, by), user_is_subject(one)
                events.append(named_apart(read, self.world.pseudonyms, declared=declared))
                # Written once to nowhere: what no entry can hold must not come to light when others are recorded already.
                encode(events[-1], log=origin, id=_LONGEST_ID, src=_LONGEST_ID, n=_LAST, received_at=now)
            except InvalidInputError as error:
                raise InvalidInputError(
                    f"event {number}: {error}; nothing was recorded", event=number
                ) from error
        if arriving := deliveries(raw):
            if self.stream != MAIN:
                raise InvalidInputError(
                    f"sources are counted in the main log; leave `source` out to append to `{self.stream}`"
                )
            return self._count(raw, events, arriving, by)
        ids = record(self.world.storage.logs, self.stream, events)
        if self.stream != MAIN:
            anchor(self.world)
        return Appended(tuple(ids))

    def _count(
        self, raw: Sequence[Mapping[str, Any]], events: Sequence[Event], arriving: Sequence[Delivery], by: str
    ) -> Appended:
        with self.world.storage.unit() as unit:
            shelf = unit.shelf(Source)
            known = {one.name: shelf.find(key_of(by, one.name)) for one in arriving}
            if all(read_count(one) for one in raw) and all(
                is_repeated(known[one.name], one) for one in arriving
            ):
                return Appended((), already=len(raw))
            missing: dict[tuple[str, int], int] = {}
            for one in arriving:
                old = known[one.name]
                moved, skipped = take(old, one, reporter=by, at=self.world.clock.now())
                shelf.add(moved) if old is None else shelf.replace(old, moved)
                missing.update({(one.name, number): count for number, count in skipped.items()})
            ids = []
            for told, event in zip(raw, events, strict=True):
                count = read_count(told)
                ids.append(
                    unit.append(event if count is None else counted(event, *count, missing.get(count, 0)))
                )
        return Appended(tuple(ids), missing=sum(missing.values()))

    def head(self) -> Head:
        """Return the signed head."""
        return self._log.head()

    def checkpoint(self) -> Head:
        """Return the signed head with the cosignatures that witnesses gave it."""
        return self._published().signed()

    def list(
        self, where: Mapping[str, str], *, before: int | None = None, limit: int = 20
    ) -> Sequence[Shown]:
        """Return entries, newest first, whose fields equal *where*."""
        ledger = self._log
        return [_at(ledger, place) for place in ledger.search(where, before=before, limit=limit)]

    def search(
        self,
        where: Mapping[str, str] | None = None,
        *,
        text: str | None = None,
        since: datetime | timedelta | None = None,
        until: datetime | None = None,
        subject: str | None = None,
        by: str = "",
        before: int | None = None,
        limit: int = 20,
    ) -> Page:
        """Return entries, newest first, whose fields equal *where* and which say every word of *text*.

        They are stated to have happened from *since* on, or so long before the end, and before *until*. A data
        *subject* is named by the identifier your systems know them by, if the person *by* handles personal data;
        everybody may search by ``where={"subject": "sub_…"}``. What was recorded before this is asked is never missed.

        Raises:
            InvalidInputError: a field that cannot be searched, no word in *text*, or times between which nothing lies.
            NotPermittedError: *by* may not look for a person.
        """
        asked = dict(where or {})
        if subject is not None:
            asked["subject"] = self._pseudonym(subject, asked.get("subject"), by)
        if isinstance(since, timedelta):
            since = (until or self.world.clock.now()) - since
        if since is not None and until is not None and since >= until:
            raise InvalidInputError("nothing lies between the two times; let the first be earlier")
        if not 1 <= limit <= _MOST:
            raise InvalidInputError(f"`{limit}` entries are no page; ask for 1 to {_MOST}")
        log = self._log
        found = log.search(asked, before=before, limit=limit + 1, since=since, until=until, text=text)
        page = [_at(log, place) for place in found[:limit]]
        return Page(page, page[-1].position if len(found) > limit else None)

    def reindex(self, advance: Callable[[int], None] = lambda _: None) -> Sequence[Indexed]:
        """Make anew what every log of the plane is searched by, and return the logs.

        It may be interrupted, and the ledger may grow meanwhile: who searches takes in what is missing. *advance* is
        told how many rows were made, two an entry.
        """
        sizes = self.world.storage.logs.reindex(advance)
        names = self.world.storage.logs.names()
        return [Indexed(one.stream, one.epoch, sizes[one.number]) for one in names if one.number in sizes]

    def show(self, which: str) -> Shown:
        """Return one entry by id or position, with its payload in the clear where its subject was not forgotten.

        Raises:
            NotFoundError: there is no such entry.
            VerificationError: it is not the entry whose hash the ledger's tree holds.
        """
        log = self._log
        head = log.head()
        shown = _at(log, _within(self._place(which), which, head.size))
        _compare(log, shown, head)
        payload = log.payload(str(shown.entry["id"])) if "payload" in shown.entry else None
        return Shown(
            shown.position,
            shown.leaf,
            shown.entry,
            payload.decode("utf-8", "replace") if payload is not None else None,
        )

    def prove(self, which: str) -> Proof:
        """Return the proof that an entry is in the ledger as its newest checkpoint states it.

        Raises:
            NotFoundError: there is no such entry.
            VerificationError: what is stored does not lead to the root; run `verify`.
        """
        place = self._place(which)
        with self.world.storage.logs.steady():
            published = self._published()
            head, log = published.signed(), published.ledger
            position = _within(place, which, head.size)
            data = _bytes(log, position)
            leaf = tree.leaf_hash(data)
            path = include(log, leaf, position, head)
        return Proof(
            id_of(data),
            position,
            head.size,
            leaf.hex(),
            head.root.hex(),
            tuple(one.hex() for one in path),
            note_text(head.note),
            data.decode(),
        )

    def consistency(self, old: int) -> Sequence[bytes]:
        """Return the proof that the first *old* entries are still those they were.

        Raises:
            InvalidInputError: the ledger has fewer.
        """
        log = self._log
        return fetch(log, proof.plan_consistency(old, log.head().size))

    def verify(
        self,
        key: str | None,
        earlier: bytes | None,
        *,
        witnesses: Sequence[str] = (),
        quorum: int | None = None,
    ) -> Report:
        """Judge this log with the offline verifier: every entry, every tile, the signed head; see `judging.judge`.

        Raises:
            InvalidInputError: a key is no verifier key, or the quorum cannot be met.
        """
        name = self.name or find(self.world.storage.logs.names(), MAIN)
        return judge(self.world, name, key, earlier, Witnesses(tuple(witnesses), quorum))

    def verify_all(
        self,
        key: str | None,
        earlier: bytes | None,
        *,
        witnesses: Sequence[str] = (),
        quorum: int | None = None,
    ) -> Sequence[Report]:
        """Judge every log of the plane: first the one that *key* is for, the main one unless stated.

        Raises:
            InvalidInputError: a key is no verifier key, or the quorum cannot be met.
        """
        first, others = judge_plane(self.world, key, earlier, Witnesses(tuple(witnesses), quorum))
        return first, *others

    def export(self, write: Callable[[str, bytes], None]) -> Head:
        """Write every file of the log, the checkpoint last, and return the head they are of."""
        log = self._published()
        for name in log.names():  # before anything is written: half an export must not pass for one
            log.whole(name)
        for name in log.names():
            write(name, log.whole(name))
        return log.head

    def _place(self, which: str) -> int:
        return int(which) if which.isascii() and which.isdigit() else self._log.position(which)

    def _pseudonym(self, subject: str, also: str | None, by: str) -> str:
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
        if not subject.strip():
            raise InvalidInputError("no data subject is named; give the identifier your systems know them by")
        name = self.world.pseudonyms.of(subject)
        if also not in (None, name):
            raise InvalidInputError("the subject and the pseudonym are not one person's; name one of them")
        return name

    def _published(self) -> Published:
        name = self.name or find(self.world.storage.logs.names(), MAIN)
        return publish(self.world.storage.logs, name.number)


def _within(position: int, which: str, size: int) -> int:
    if position >= size:
        raise NotFoundError(f"there is no entry `{which}`; the ledger has {size}, from 0 to {size - 1}")
    return position


def _at(log: Ledger, position: int) -> Shown:
    return Shown(position, tree.leaf_hash(data := _bytes(log, position)).hex(), parse(data))


def _bytes(log: Ledger, position: int) -> bytes:
    data = next(iter(log.entries(position, position + 1)), None)
    if data is None:
        raise VerificationError(
            f"entry {position} is gone from the database; run `ephor ledger verify`", position=position
        )
    return data


def _compare(log: Ledger, shown: Shown, head: Head) -> None:
    index, offset = divmod(shown.position, tile.WIDTH)
    place = tile.tile_path(0, index, min(tile.WIDTH, head.size - index * tile.WIDTH))
    hashes = Published(log, head).read(place, 0) or b""
    if hashes[offset * 32 : offset * 32 + 32].hex() != shown.leaf:
        raise VerificationError(
            f"entry {shown.position} is not what was recorded: its hash is not the one the ledger's tree holds; run "
            "`ephor ledger verify`",
            position=shown.position,
        )
