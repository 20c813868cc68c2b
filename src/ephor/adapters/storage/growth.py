"""How the ledger grows: entries in, and out come the rows one commit must write.

Nothing here knows a database. A store gives its rows behind `Rows`, inside a transaction that no other writer can
enter, and reports back whether that transaction committed. Only then does the state in memory move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ephor.adapters.storage.vault import ALGORITHM, Sealed
from ephor.kernel.errors import VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import moment, stamp
from ephor.rooms.ledger import checkpoint, frontier, note, tile
from ephor.rooms.ledger.entry import encode, parse
from ephor.rooms.ledger.frontier import Frontier
from ephor.rooms.ledger.tree import leaf_hash, root_hash


@dataclass(frozen=True, slots=True)
class Draft:
    """An event on its way into the ledger."""

    id: str
    event: Event
    sealed: Sealed | None = None


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The head as stored: everything needed to go on from here."""

    origin: str
    size: int
    root: bytes
    frontier: bytes
    note: bytes
    key: str
    last_at: str
    """When the newest entry was received."""

    partial: bytes
    """The leaf hashes of the unfinished tile. Without them a changed entry in it could be noticed, but not named."""


@dataclass(frozen=True, slots=True)
class TileRow:
    """A full tile, with its root so that the level above can be rebuilt without reading every hash below."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class Growth:
    """What one commit adds."""

    first: int
    entries: Sequence[bytes]
    tiles: Sequence[TileRow]
    head: HeadRow


class Rows(Protocol):
    """The ledger's tables, inside a transaction that excludes other writers."""

    def head(self) -> HeadRow | None: ...
    def entries(self, start: int, stop: int) -> Sequence[bytes]: ...
    def tile_roots(self, level: int, start: int) -> Sequence[bytes]: ...
    def write(self, growth: Growth) -> None: ...


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs notes as *name* (C2SP signed-note) with a key held in this process."""

    name: str
    public_key: bytes
    key: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass(slots=True)
class _Edge:
    """The open right edge of the tree: the frontier and the hashes of the unfinished tile of each level."""

    tree: Frontier = frontier.EMPTY
    root: bytes = frontier.root(frontier.EMPTY)
    partial: list[list[bytes]] = field(default_factory=lambda: [[]])
    last_at: str = ""


class Grower:
    """Grows one log. Not safe for two threads: the store holds a lock from `grow` to `settle`."""

    def __init__(
        self,
        key: Callable[[], Ed25519PrivateKey],
        source: str,
        clock: Callable[[], datetime],
        floor: Callable[[], bytes | None],
    ) -> None:
        self._load_key, self._source, self._clock, self._floor = key, source, clock, floor
        self._edge = _Edge()
        self._next: _Edge | None = None
        self._growing: Growth | None = None
        self._doubt: Growth | None = None
        self._n = 0
        self._loaded = False

    def found(self, rows: Rows, origin: str) -> None:
        """Write the head of a log without entries."""
        rows.write(Growth(0, (), (), self._head(origin, _Edge())))

    def check(self, rows: Rows) -> None:
        """Return if this log can go on from the rows.

        Raises:
            VerificationError: the stored head is not one this log can go on from.
        """
        self._edge, self._loaded = self._load(rows, _stored(rows)), True

    def grow(self, rows: Rows, drafts: Sequence[Draft]) -> Growth:
        """Append *drafts* to the rows and return what was written; `settle` must follow.

        Raises:
            VerificationError: the stored head is not one this log can go on from.
        """
        self._growing = None
        head = _stored(rows)
        if not self._loaded or head.size != self._edge.tree.size or head.root != self._edge.root:
            self._edge = self._load(rows, head)
            self._loaded = True
        self._resolve(rows)
        # A clock that was set back must not make the ledger's own time run backwards.
        received = max(self._clock(), moment(self._edge.last_at)) if self._edge.last_at else self._clock()
        entries = [
            encode(draft.event, log=head.origin, id=draft.id, src=self._source, n=self._n + offset, received_at=received,
                   payload={"alg": ALGORITHM, "commitment": draft.sealed.commitment} if draft.sealed else None)
            for offset, draft in enumerate(drafts, 1)
        ]  # fmt: skip
        growth = self._extend(head, entries, received)
        self._growing = growth
        rows.write(growth)
        return growth

    def settle(self, growth: Growth | None) -> None:
        """Adopt the growth that committed, or forget the one that did not."""
        if growth is not None and self._next is not None:
            self._edge = self._next
            self._n += len(growth.entries)
        else:
            self._loaded = False
            self._doubt = self._growing or self._doubt
        self._next = self._growing = None

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

    def _extend(self, head: HeadRow, entries: Sequence[bytes], received: datetime) -> Growth:
        leaves = [leaf_hash(entry) for entry in entries]
        grown = frontier.extend(self._edge.tree, leaves)
        root = frontier.root(grown)
        at = stamp(received)
        partial, tiles = _fill(self._edge, leaves)
        self._next = _Edge(grown, root, partial, at)
        return Growth(head.size, entries, tiles, self._head(head.origin, self._next))

    def _head(self, origin: str, edge: _Edge) -> HeadRow:
        size, hashes = edge.tree.size, b"".join(edge.partial[0])
        stated = checkpoint.encode(checkpoint.Checkpoint(origin, size, edge.root))
        signed = note.sign(stated, KeySigner(origin, self._public, self._key))
        key = str(self._verifier(origin))
        return HeadRow(origin, size, edge.root, frontier.encode(edge.tree), signed, key, edge.last_at, hashes)

    def _verifier(self, origin: str) -> note.VerifierKey:
        return note.key_of(origin, self._public)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        """Read when first needed: a ledger can be read and verified where its signing key is not."""
        return self._load_key()

    @cached_property
    def _public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def _load(self, rows: Rows, head: HeadRow) -> _Edge:
        """Rebuild the edge from what is stored, and refuse a head that is not ours or not the newest."""
        if head.key != (mine := str(self._verifier(head.origin))):
            raise VerificationError(
                "the ledger is signed with another key than the signing key at hand; restore its own key folder or point "
                "EPHOR_KEYS at it",
                stored=head.key,
                mine=mine,
            )
        signed = read_checkpoint(head.note, self._verifier(head.origin))
        if (signed.origin, signed.size, signed.root) != (head.origin, head.size, head.root):
            raise VerificationError(
                "the stored head is not the one that was signed; run `ephor ledger verify`", size=head.size
            )
        self._check_floor(head)
        edge, partial = frontier.decode(head.size, head.frontier), _partials(rows, head.size)
        hashes = b"".join(partial[0])
        if (frontier.root(edge), edge.hashes, head.partial) != (head.root, _peaks(partial), hashes):
            raise VerificationError(
                "the newest entries do not lead to the signed head; run `ephor ledger verify`", size=head.size
            )
        _check_time(rows, head)
        return _Edge(edge, head.root, partial, head.last_at)

    def _check_floor(self, head: HeadRow) -> None:
        kept = self._floor()
        if kept is None:
            return
        try:
            floor = read_checkpoint(kept, self._verifier(head.origin))
        except VerificationError as error:
            raise VerificationError(
                f"the head kept beside the keys is none of this log's: {error}; nothing is recorded until that is resolved"
            ) from error
        if head.size < floor.size or (head.size == floor.size and head.root != floor.root):
            raise VerificationError(
                f"this database holds {head.size} entries, but a head over {floor.size} was published: entries are missing, "
                "or an old backup was restored; nothing is recorded until that is resolved",
                size=head.size,
                published=floor.size,
            )


def size_of(data: bytes) -> int:
    """Return the size a kept head states, without asking who signed it."""
    size = data.split(b"\n", 2)[1:2]  # the second line (C2SP tlog-checkpoint); this is asked at every commit
    if not size or not size[0].isdigit() or len(size[0]) > 19:
        raise VerificationError(
            "the head kept beside the keys is none; nothing is recorded until that is resolved"
        )
    return int(size[0])


def read_checkpoint(data: bytes, key: note.VerifierKey) -> checkpoint.Checkpoint:
    """Return the checkpoint of a signed note.

    Raises:
        VerificationError: not a note signed with *key*, or not a checkpoint.
    """
    return checkpoint.parse(note.verify(data, [key]).text)


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
            f"the head says the newest entry was received at `{head.last_at[:40]}`, the entry says `{said}`; run `ephor ledger verify`"
        )


def _peaks(partial: Sequence[Sequence[bytes]]) -> tuple[bytes, ...]:
    """Return the roots of the perfect subtrees that unfinished tiles hold, the largest first."""
    return tuple(peak for row in reversed(partial) for peak in frontier.extend(frontier.EMPTY, row).hashes)


def _partials(rows: Rows, size: int) -> list[list[bytes]]:
    finished = size // tile.WIDTH
    partial = [[leaf_hash(entry) for entry in rows.entries(finished * tile.WIDTH, size)]]
    level = 0
    while finished:
        start = finished // tile.WIDTH * tile.WIDTH
        roots = list(rows.tile_roots(level, start))
        if len(roots) != finished - start:
            raise VerificationError(
                f"tiles of level {level} are missing from `{start}` on; run `ephor ledger verify`"
            )
        partial.append(roots)
        level, finished = level + 1, finished // tile.WIDTH
    return partial


def _fill(edge: _Edge, leaves: Sequence[bytes]) -> tuple[list[list[bytes]], list[TileRow]]:
    """Put *leaves* into the unfinished tiles; return what stays unfinished and the tiles that became full."""
    partial = [list(hashes) for hashes in edge.partial]
    tiles: list[TileRow] = []
    size, level, fresh = edge.tree.size, 0, list(leaves)
    while fresh:
        if level == len(partial):
            partial.append([])
        index, hashes, above = (size >> tile.HEIGHT * level) // tile.WIDTH, partial[level] + fresh, []
        while len(hashes) >= tile.WIDTH:
            full, hashes = hashes[: tile.WIDTH], hashes[tile.WIDTH :]
            top = root_hash(full)
            tiles.append(TileRow(level, index, tile.encode_tile(full), top))
            above.append(top)
            index += 1
        partial[level], fresh, level = hashes, above, level + 1
    return partial, tiles
