"""Use cases: record what others saw, show what was recorded, and prove it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ephor.engine.ports import Head, Ledger, World
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.ids import EntryId
from ephor.rooms.access.people import Person, require_known
from ephor.rooms.ledger import proof, tile, tree
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.external import read_event

if TYPE_CHECKING:
    from ephor.verifier import Report

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry: where it stands, what it says, its leaf hash, and its payload where that still exists."""

    position: int
    leaf: str
    entry: Mapping[str, Any]
    payload: str | None = None


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


class Published:
    """The ledger as the files of a C2SP tlog-tiles log, made as they are read."""

    def __init__(self, ledger: Ledger, head: Head) -> None:
        self._ledger, self.head = ledger, head

    def names(self) -> Iterator[str]:
        """Return every file of the log, the checkpoint last: who reads meanwhile finds all it promises."""
        yield from (tile.entries_path(index, width) for index, width in tile.bundles_of(self.head.size))
        yield from (tile.tile_path(*place) for place in tile.tiles_of(self.head.size))
        yield "checkpoint"

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file; ``None`` where the log of this size has no such file, or the rows are gone."""
        if name == "checkpoint":
            return self.head.note
        place = tile.parse_path(name)
        if place is None:
            return None
        level, index, width = place
        if level == 0 and index == self.head.size // tile.WIDTH:
            return self.head.partial[
                : width * 32
            ]  # as signed: a changed entry then differs from its own hash
        if level is not None:
            try:
                return self._ledger.tile(level, index, width)
            except (
                VerificationError
            ):  # rows it is made of are gone: the verifier is to say so, entry by entry
                return None
        start = index * tile.WIDTH
        entries = list(self._ledger.entries(start, start + width))
        return tile.encode_bundle(entries) if entries else None


@dataclass(frozen=True, slots=True)
class Ledgers:
    """The ledger of this plane."""

    world: World

    def append(self, raw: Sequence[Mapping[str, Any]], *, by: str) -> Sequence[EntryId]:
        """Record events that the person *by* hands in; all are read before the first is recorded.

        Raises:
            InvalidInputError: one of them cannot be recorded; the message says which.
            NotPermittedError: nobody is registered as *by*.
        """
        with self.world.storage.reading() as unit:
            require_known(unit.shelf(Person).find(by), who=by)
        now = self.world.clock.now()
        events = []
        for number, one in enumerate(raw, 1):
            try:
                events.append(read_event(one, now, by))
            except InvalidInputError as error:
                raise InvalidInputError(
                    f"event {number}: {error}; nothing was recorded", event=number
                ) from error
        ids: list[EntryId] = []
        for start in range(0, len(events), _BATCH):
            ids += self.world.storage.append(events[start : start + _BATCH])
        return ids

    def head(self) -> Head:
        """Return the signed head."""
        return self.world.storage.ledger.head()

    def list(
        self, where: Mapping[str, str], *, before: int | None = None, limit: int = 20
    ) -> Sequence[Shown]:
        """Return entries, newest first, whose fields equal *where*."""
        ledger = self.world.storage.ledger
        return [self._at(place) for place in ledger.search(where, before=before, limit=limit)]

    def show(self, which: str) -> Shown:
        """Return one entry by id or position, with its payload in the clear where its subject was not forgotten.

        Raises:
            NotFoundError: there is no such entry.
            VerificationError: it is not the entry whose hash the ledger's tree holds.
        """
        head = self.head()
        shown = self._at(self._position(which, head.size))
        self._compare(shown, head)
        payload = (
            self.world.storage.ledger.payload(str(shown.entry["id"])) if "payload" in shown.entry else None
        )
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
        head = self.head()
        position = self._position(which, head.size)
        shown = self._at(position)
        path = self._assemble(proof.plan_inclusion(position, head.size))
        leaf = bytes.fromhex(shown.leaf)
        tree.verify_inclusion(leaf, position, head.size, path, head.root)
        return Proof(
            str(shown.entry["id"]),
            position,
            head.size,
            shown.leaf,
            head.root.hex(),
            tuple(one.hex() for one in path),
            head.note.decode(),
        )

    def consistency(self, old: int) -> Sequence[bytes]:
        """Return the proof that the first *old* entries are still those they were.

        Raises:
            InvalidInputError: the ledger has fewer.
        """
        return self._assemble(proof.plan_consistency(old, self.head().size))

    def verify(self, key: str | None, earlier: bytes | None) -> Report:
        """Judge the stored ledger with the offline verifier: every entry, every tile, the signed head.

        Without *key* the one the database names is used: that finds damage, and proves nothing against whoever can
        write to the database. The head kept beside the keys is always held against it, *earlier* as well where given.

        Raises:
            InvalidInputError: *key* is no verifier key.
        """
        from ephor import verifier  # noqa: PLC0415 - so that `python -m ephor.verifier` finds it not yet loaded

        head, kept = self.head(), self.world.storage.ledger.kept()
        log = Published(self.world.storage.ledger, head)
        try:
            report = verifier.judge(log, key or head.key, earlier or kept)
            if earlier is not None and kept is not None:
                # An auditor's old checkpoint must not excuse what the head kept beside the keys would show.
                report = _joined(report, verifier.judge(log, key or head.key, kept, content=False))
        except verifier.UsageError as error:
            raise InvalidInputError(str(error)) from error
        extra = self.world.storage.ledger.beyond()
        if not extra:
            return report
        finding = verifier.Finding(
            report.size,
            None,
            f"{extra} rows lie beyond the signed head",
            "somebody put them into the database; nothing vouches for them, and nothing can be recorded over them",
        )
        return replace(report, verdict=verifier.INVALID, findings=(*report.findings, finding))

    def export(self, write: Callable[[str, bytes], None]) -> Head:
        """Write every file of the log, the checkpoint last, and return the head they are of."""
        head = self.head()
        log = Published(self.world.storage.ledger, head)
        for name in log.names():  # before anything is written: half an export must not pass for one
            _whole(log, name)
        for name in log.names():
            write(name, _whole(log, name))
        return head

    def _compare(self, shown: Shown, head: Head) -> None:
        index, offset = divmod(shown.position, tile.WIDTH)
        place = tile.tile_path(0, index, min(tile.WIDTH, head.size - index * tile.WIDTH))
        hashes = Published(self.world.storage.ledger, head).read(place, 0) or b""
        if hashes[offset * 32 : offset * 32 + 32].hex() != shown.leaf:
            raise VerificationError(
                f"entry {shown.position} is not what was recorded: its hash is not the one the ledger's tree holds; run "
                "`ephor ledger verify`",
                position=shown.position,
            )

    def _position(self, which: str, size: int | None = None) -> int:
        size = self.head().size if size is None else size
        position = (
            int(which) if which.isascii() and which.isdigit() else self.world.storage.ledger.position(which)
        )
        if position >= size:
            raise NotFoundError(f"there is no entry `{which}`; the ledger has {size}, from 0 to {size - 1}")
        return position

    def _at(self, position: int) -> Shown:
        data = next(iter(self.world.storage.ledger.entries(position, position + 1)), None)
        if data is None:
            raise NotFoundError(
                f"entry {position} is gone from the database; run `ephor ledger verify`", position=position
            )
        return Shown(position, tree.leaf_hash(data).hex(), parse(data))

    def _assemble(self, plan: proof.Plan) -> Sequence[bytes]:
        hashes: dict[proof.Node, bytes] = {}
        for node in {node for step in plan for node in step}:
            span = proof.locate(node)
            data = self.world.storage.ledger.tile(span.level, span.index, span.stop)
            parts = [data[at : at + 32] for at in range(span.start * 32, span.stop * 32, 32)]
            hashes[node] = tree.root_hash(parts)
        return proof.assemble(plan, hashes)


def _whole(log: Published, name: str) -> bytes:
    data = log.read(name, 0)
    if data is None:
        raise NotFoundError(f"`{name}` cannot be written: its entries are gone; run `ephor ledger verify`")
    return data


def _joined(report: Report, other: Report) -> Report:
    """Return *report* with whatever *other* found besides, and the worse verdict of the two."""
    more = tuple(one for one in other.findings if one not in report.findings)
    worst = next(
        (one for one in ("INVALID", "INCOMPLETE") if one in (report.verdict, other.verdict)), report.verdict
    )
    return replace(report, verdict=worst, findings=(*report.findings, *more))
