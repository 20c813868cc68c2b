"""A stored log as the files that others verify (C2SP tlog-tiles), made as they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ephor.engine.ports import FullTile, Head, Ledger, Logs
from ephor.kernel.errors import NotFoundError, VerificationError
from ephor.rooms.ledger import tile
from ephor.rooms.ledger.tree import HASH_SIZE
from ephor.rooms.ledger.witnesses import vouch

_STATEMENT = re.compile(r"keys/([1-9][0-9]{0,5})")
AHEAD = 4
"""Bundles, and tiles of leaves, that are fetched together when one is read after the other."""
LATEST = 64
"""Cosigned checkpoints that are looked at: a witness that signed none of them has been away for long."""


def publish(logs: Logs, number: int) -> Published:
    """Return one log as it stands, with what its witnesses cosigned."""
    # Before the head is read: what is cosigned meanwhile would lie beyond it.
    cosigned = logs.cosigned.latest(number, LATEST)
    log = logs.of(number)
    return Published(log, log.head(), cosigned)


class Published:
    """One log as the files of a C2SP tlog-tiles log."""

    def __init__(self, ledger: Ledger, head: Head, cosigned: Sequence[bytes] = ()) -> None:
        self.ledger, self.head = ledger, head
        self._vouched = vouch(head.note, cosigned)
        self._ahead: dict[int, list[bytes]] = {}
        self._tiles: dict[int, FullTile] = {}
        self._next = 0
        """The bundle that follows the one read last."""

    @property
    def before(self) -> Sequence[bytes]:
        """The cosigned checkpoints of other sizes."""
        return self._vouched.others

    @property
    def damaged(self) -> int:
        """How many of the cosigned checkpoints that were kept are none any more."""
        return self._vouched.damaged

    def signed(self) -> Head:
        """Return the signed head with the cosignatures that witnesses gave it."""
        return replace(self.head, note=self.whole("checkpoint"))

    def names(self) -> Iterator[str]:
        """Return every file of the log, the checkpoint last: who reads meanwhile finds all it promises."""
        yield from (tile.entries_path(index, width) for index, width in tile.bundles_of(self.head.size))
        yield from (tile.tile_path(*place) for place in tile.tiles_of(self.head.size))
        yield from (f"keys/{number}" for number in range(1, len(self.head.statements) + 1))
        if self.before:
            yield "checkpoint.cosigned"
        yield "checkpoint"

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file; ``None`` where the log of this size has no such file, or the rows are gone."""
        if name == "checkpoint":
            return self._vouched.head
        if name == "checkpoint.cosigned":
            return next(iter(self.before), None)
        if (asked := _STATEMENT.fullmatch(name)) is not None:
            return next(iter(self.head.statements[int(asked[1]) - 1 : int(asked[1])]), None)
        place = tile.parse_path(name)
        if place is None:
            return None
        level, index, width = place
        if level == 0 and index == self.head.size // tile.WIDTH:
            return self.head.partial[
                : width * HASH_SIZE
            ]  # as signed: a changed entry then differs from its own hash
        if level is not None:
            return self._tile(level, index, width)
        entries = self.apart(index, width)
        return tile.encode_bundle(entries) if entries else None

    def _tile(self, level: int, index: int, width: int) -> bytes | None:
        if level == 0:
            if index == self._next and index not in self._tiles:
                self._tiles = dict(self.ledger.tiles(0, index, index + AHEAD))
            if (found := self._tiles.pop(index, None)) is not None:
                return found.hashes[: width * HASH_SIZE]
        try:
            return self.ledger.tile(level, index, width)
        except VerificationError:  # rows it is made of are gone: the verifier is to say so, entry by entry
            return None

    def apart(self, index: int, width: int) -> list[bytes]:
        """Return the entries of a bundle as they are stored, those that are there; whoever reads on finds the next ones fetched."""
        found, start = self._ahead.pop(index, None), index * tile.WIDTH
        if found is None and index == self._next:
            some = list(self.ledger.entries(start, start + AHEAD * tile.WIDTH))
            if (
                len(some) == AHEAD * tile.WIDTH
            ):  # else some are gone, or this is the end: each is fetched by itself
                cut = [some[at : at + tile.WIDTH] for at in range(0, len(some), tile.WIDTH)]
                found, self._ahead = cut[0], dict(enumerate(cut[1:], index + 1))
        self._next = index + 1
        return list(self.ledger.entries(start, start + width)) if found is None else found[:width]

    def whole(self, name: str) -> bytes:
        """Return the bytes of a file that must be there. Raises NotFoundError."""
        data = self.read(name, 0)
        if data is None:
            raise NotFoundError(
                f"`{name}` cannot be written: its entries are gone; run `ephor ledger verify`"
            )
        return data
