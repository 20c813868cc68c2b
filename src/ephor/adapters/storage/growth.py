"""How the ledger grows: entries in, and out come the rows one commit must write.

Nothing here knows a database. A store gives its rows behind `Rows`, inside a transaction that no other writer can
enter, and reports back whether that transaction committed. Only then does the state in memory move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

from ephor.adapters.keys.provider import SigningKey
from ephor.adapters.keys.ring import SigningRing
from ephor.adapters.storage.vault import ALGORITHM, Sealed
from ephor.kernel.errors import UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import moment, stamp
from ephor.rooms.ledger import checkpoint, frontier, note, proof, rotation, tile
from ephor.rooms.ledger.entry import encode_all, parse
from ephor.rooms.ledger.frontier import Frontier
from ephor.rooms.ledger.tree import leaf_hash, leaf_hashes


class Draft(NamedTuple):
    """An event on its way into the ledger. A tuple, as all that is made at every commit: a dataclass takes twice as long."""

    id: str
    event: Event
    sealed: Sealed | None = None


class HeadRow(NamedTuple):
    """The head as stored: everything needed to go on from here."""

    origin: str
    size: int
    root: bytes
    frontier: bytes
    note: bytes
    key: str
    last_at: str
    """When the newest entry was received."""

    ended: bool = False
    """Whether a later epoch took over: nothing may follow."""


@dataclass(frozen=True, slots=True)
class TileRow:
    """A full tile, with its root so that the level above can be rebuilt without reading every hash below."""

    level: int
    index: int
    hashes: bytes
    root: bytes
    middle: bytes | None = None
    """Its inner hashes, `tile.MIDDLE` of them, so that a proof need not make them; rows of earlier versions have none."""


class Growth(NamedTuple):
    """What one commit adds."""

    first: int
    entries: Sequence[bytes]
    tiles: Sequence[TileRow]
    fresh: Sequence[bytes]
    """The new leaf hashes that lie in an unfinished tile. Kept until it is full: without them a changed entry could be
    noticed, but not named."""

    head: HeadRow


class Rows(Protocol):
    """The tables of one log, inside a transaction that excludes its other writers. Positions count from 0 in each log."""

    def head(self) -> HeadRow | None: ...
    def entries(self, start: int, stop: int) -> Sequence[bytes]: ...
    def fresh(self) -> bytes: ...
    def tile_roots(self, level: int, start: int) -> Sequence[bytes]: ...
    def write(self, growth: Growth) -> None: ...
    def statements(self) -> Sequence[bytes]: ...


class KeySigner(NamedTuple):
    """Signs notes as *name* (C2SP signed-note)."""

    name: str
    key: SigningKey

    @property
    def public_key(self) -> bytes:
        return self.key.public_key

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


class _Row(NamedTuple):
    """The unfinished tile of one level: its hashes, and the perfect subtrees they already make."""

    hashes: tuple[bytes, ...] = ()
    peaks: Frontier = frontier.EMPTY


class _Edge(NamedTuple):
    """The open right edge of the tree, the unfinished tile of each level, the leaves first."""

    tree: Frontier = frontier.EMPTY
    root: bytes = frontier.root(frontier.EMPTY)
    rows: tuple[_Row, ...] = ()
    at: datetime | None = None
    """When the newest entry was received."""

    @property
    def size(self) -> int:
        return self.tree.size


def _tree_of(size: int, rows: Sequence[_Row]) -> Frontier:
    """Return what the unfinished tiles come to: the subtrees of the higher levels are the larger ones."""
    return Frontier(size, tuple(peak for row in reversed(rows) for peak in row.peaks.hashes))


class Grower:
    """Grows one log. Not safe for two threads: the store holds a lock from `grow` to `settle`."""

    def __init__(
        self,
        keys: SigningRing,
        source: str,
        clock: Callable[[], datetime],
        floor: Callable[[int], bytes | None],
        log: int = 0,
    ) -> None:
        self._keys, self._source, self._clock, self._floor = keys, source, clock, floor
        self._log = log
        self._key: SigningKey | None = None
        """The one that signed the head gone on from. Asked for when first needed: a ledger is read without it."""
        self._following: SigningKey | None = None
        self._edge = _Edge()
        self._next: _Edge | None = None
        self._growing: Growth | None = None
        self._doubt: Growth | None = None
        self._n = 0
        self._loaded = False

    def of(self, log: int) -> Grower:
        """Return what grows another log of the same plane."""
        return Grower(self._keys, self._source, self._clock, self._floor, log)

    def found(self, rows: Rows, origin: str, like: str | None = None) -> None:
        """Write the head of a log without entries, signed by the key *like* that signs the plane's other logs."""
        rows.write(Growth(0, (), (), (), _head(origin, _Edge(), self._keys.for_new(like))))

    def check(self, rows: Rows) -> None:
        """Return if this log can go on from the rows.

        Raises:
            VerificationError: the stored head is not one this log can go on from.
        """
        self._load(rows, _stored(rows))
        self._loaded = True

    def signer(self, rows: Rows) -> SigningKey:
        """Return the key that signs this log, after the checks that come before anything is appended."""
        return self._go_on(rows, _stored(rows))

    def grow(self, rows: Rows, drafts: Sequence[Draft], following: SigningKey | None = None) -> Growth:
        """Append *drafts* to the rows and return what was written; `settle` must follow.

        The key *following* signs the head over them, and every one after it.

        Raises:
            UnavailableError: whoever holds the signing key does not answer.
            VerificationError: the stored head is not one this log can go on from.
        """
        self._growing = None
        head = _stored(rows)
        key = self._go_on(rows, head)
        self._following = following or key
        self._resolve(rows)
        # A clock that was set back must not make the ledger's own time run backwards.
        now, last = self._clock(), self._edge.at
        received = now if last is None else max(now, last)
        ids, events, sealed = zip(*drafts, strict=True)
        payloads = [
            None if one is None else {"alg": ALGORITHM, "commitment": one.commitment} for one in sealed
        ]
        entries = encode_all(
            events, ids, payloads, log=head.origin, src=self._source, n=self._n + 1, received_at=received
        )
        growth = self._extend(head, entries, received, self._following)
        self._growing = growth
        rows.write(growth)
        return growth

    def settle(self, growth: Growth | None) -> None:
        """Adopt the growth that committed, or forget the one that did not."""
        if growth is not None and self._next is not None:
            self._edge, self._key = self._next, self._following
            self._n += len(growth.entries)
            if self._key is not None:
                self._key.settled(growth.head.note)
        else:
            self._loaded = False
            self._doubt = self._growing or self._doubt
        self._next = self._growing = None

    def _go_on(self, rows: Rows, head: HeadRow) -> SigningKey:
        """Return the key that signs what follows *head*, if that is where this log stands."""
        if head.ended:
            raise UnavailableError(
                f"the log `{head.origin}` was ended by a new epoch; nothing was recorded, open the plane again",
                log=head.origin,
            )
        key = self._key
        if key is None or not self._loaded or head.size != self._edge.size or head.root != self._edge.root:
            key = self._load(rows, head)
            self._loaded = True
        return key

    def _resolve(self, rows: Rows) -> None:
        """Find out what became of a commit that was reported as failed: an answer can get lost after the deed.

        Entries that are there after all have spent their counters; to count them again would look like a forgery.
        """
        if self._doubt is None:
            return
        first, entries = self._doubt.first, self._doubt.entries
        if [bytes(entry) for entry in rows.entries(first, first + 1)] == list(entries[:1]):
            self._n += len(entries)
        self._doubt = None

    def _extend(self, head: HeadRow, entries: Sequence[bytes], received: datetime, key: SigningKey) -> Growth:
        rows, tiles = _fill(self._edge, leaf_hashes(entries))
        tree = _tree_of(head.size + len(entries), rows)
        self._next = _Edge(tree, frontier.root(tree), rows, received)
        fresh = rows[0].hashes[-len(entries) :] if rows and entries else ()
        return Growth(head.size, entries, tiles, fresh, _head(head.origin, self._next, key))

    def _load(self, rows: Rows, head: HeadRow) -> SigningKey:
        """Rebuild the edge from what is stored, and refuse a head that is not ours or not the newest."""
        key = self._keys.named(head.key)
        verifier = note.key_of(head.origin, key.public_key)
        if str(verifier) != head.key:
            raise VerificationError(
                f"the stored head of `{head.origin[:80]}` names a key of another log; run `ephor ledger fsck`"
            )
        signed = read_checkpoint(head.note, [verifier])
        if (signed.origin, signed.size, signed.root) != (head.origin, head.size, head.root):
            raise VerificationError(
                "the stored head is not the one that was signed; run `ephor ledger fsck`", size=head.size
            )
        self._check_floor(rows, head)
        tree, full = frontier.decode(head.size, head.frontier), _rows(rows, head.size)
        fresh = b"".join(full[0].hashes) if full else b""
        if (frontier.root(tree), tree, rows.fresh()) != (head.root, _tree_of(head.size, full), fresh):
            raise VerificationError(
                "the newest entries do not lead to the signed head; run `ephor ledger fsck`", size=head.size
            )
        _check_time(rows, head)
        self._edge = _Edge(tree, head.root, full, moment(head.last_at) if head.last_at else None)
        self._key = key
        key.settled(head.note)
        return key

    def _check_floor(self, rows: Rows, head: HeadRow) -> None:
        kept = self._floor(self._log)
        if kept is None:
            return
        try:
            # A process that died right after a key was rotated left a head that the old key signed.
            floor = read_checkpoint(kept, _line_of(head.key, rows.statements()))
        except VerificationError as error:
            raise VerificationError(
                f"the head kept beside the keys is none of this log's: {error}; nothing is recorded until that is resolved"
            ) from error
        if head.size < floor.size or (head.size == floor.size and head.root != floor.root):
            raise VerificationError(
                f"this database holds {head.size} entries, but a head over {floor.size} was published: entries are missing, "
                "or an old backup was restored; nothing was recorded, restore the newest one or see `ephor ledger renew`",
                size=head.size,
                published=floor.size,
            )


def read_checkpoint(data: bytes, keys: Sequence[note.VerifierKey]) -> checkpoint.Checkpoint:
    """Return the checkpoint of a signed note.

    Raises:
        VerificationError: not a note signed with one of *keys*, or not a checkpoint.
    """
    return checkpoint.parse(note.verify(data, keys).text)


def _line_of(key: str, statements: Sequence[bytes]) -> Sequence[note.VerifierKey]:
    """Return *key* and those before it, as far as statements lead back that both keys signed."""
    line = [key]
    for data in reversed(statements):
        said = rotation.parse(note.parse(data).text)
        if said.new == line[-1]:
            line.append(rotation.open_statement(data, said.old).old)
    return [note.parse_key(one) for one in line]


def _head(origin: str, edge: _Edge, key: SigningKey) -> HeadRow:
    stated = checkpoint.encode(checkpoint.Checkpoint(origin, edge.size, edge.root))
    signed = note.sign(stated, KeySigner(origin, key))
    verifier = _name_of(origin, key.public_key)
    at = "" if edge.at is None else stamp(edge.at)
    return HeadRow(origin, edge.size, edge.root, frontier.encode(edge.tree), signed, verifier, at)


@lru_cache(maxsize=64)  # a log signs every commit with one key
def _name_of(origin: str, public_key: bytes) -> str:
    return str(note.key_of(origin, public_key))


def _stored(rows: Rows) -> HeadRow:
    head = rows.head()
    if head is None:
        raise VerificationError("the ledger has no head; the database was not set up by `ephor init`")
    return head


def _check_time(rows: Rows, head: HeadRow) -> None:
    """Take the time to go on from only where the newest entry says the same: the head's column is not signed."""
    newest = rows.entries(head.size - 1, head.size) if head.size else ()
    said = "".join(str(parse(bytes(entry))["received_at"]) for entry in newest)
    if said != head.last_at:
        raise VerificationError(
            f"the head says the newest entry was received at `{head.last_at[:40]}`, the entry says `{said}`; run `ephor ledger fsck`"
        )


def _rows(rows: Rows, size: int) -> tuple[_Row, ...]:
    """Return the unfinished tile of each level, made anew from the entries and the roots of the finished ones."""
    finished = size // tile.WIDTH
    found = [[leaf_hash(bytes(entry)) for entry in rows.entries(finished * tile.WIDTH, size)]]
    level = 0
    while finished:
        start = finished // tile.WIDTH * tile.WIDTH
        roots = list(rows.tile_roots(level, start))
        if len(roots) != finished - start:
            raise VerificationError(
                f"tiles of level {level} are missing from `{start}` on; run `ephor ledger fsck`"
            )
        found.append(roots)
        level, finished = level + 1, finished // tile.WIDTH
    return tuple(_Row(tuple(row), frontier.extend(frontier.EMPTY, row)) for row in found)


def _fill(edge: _Edge, leaves: Sequence[bytes]) -> tuple[tuple[_Row, ...], list[TileRow]]:
    """Put *leaves* into the unfinished tiles; return what stays unfinished and the tiles that became full."""
    rows, tiles = list(edge.rows), list[TileRow]()
    size, level, fresh = edge.size, 0, leaves
    while fresh:
        if level == len(rows):
            rows.append(_Row())
        index = (size >> tile.HEIGHT * level) // tile.WIDTH
        rows[level], done = _advance(rows[level], fresh)
        if not done:
            break
        filled = [_tile_row(level, at, hashes) for at, hashes in enumerate(done, index)]
        tiles += filled
        level, fresh = level + 1, [one.root for one in filled]
    return tuple(rows), tiles


def _tile_row(level: int, index: int, hashes: Sequence[bytes]) -> TileRow:
    data = tile.encode_tile(hashes)
    middle = proof.perfect(data, tile.MIDDLE)
    return TileRow(level, index, data, proof.perfect(middle), middle)


def _advance(row: _Row, fresh: Sequence[bytes]) -> tuple[_Row, list[Sequence[bytes]]]:
    """Return what is unfinished after *fresh*, and the hashes of each tile that became full."""
    done: list[Sequence[bytes]] = []
    at = 0
    while (missing := tile.WIDTH - len(row.hashes)) <= len(fresh) - at:
        done.append((*row.hashes, *fresh[at : at + missing]))
        row, at = _Row(), at + missing
    rest = fresh[at:]
    return (_Row((*row.hashes, *rest), frontier.extend(row.peaks, rest)) if rest else row), done
