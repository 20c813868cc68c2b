"""Planes for tests of storage: how to make one, what to put in, and a second opinion on what is in it."""

from __future__ import annotations

import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from ephor.adapters.clock import FreshIds
from ephor.adapters.keys.files import FileSigning
from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.keys.keyset import key_set
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.keys.provider import SigningKey
from ephor.adapters.keys.pseudonyms import KeyedPseudonyms
from ephor.adapters.keys.ring import SigningRing, WrappingRing
from ephor.adapters.packs import BundledPacks
from ephor.adapters.storage.growth import Grower
from ephor.adapters.storage.memory.storage import MemoryStorage
from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.storage import SqlStorage
from ephor.adapters.storage.sql.tables import metadata
from ephor.adapters.storage.vault import Vault
from ephor.engine.keys import Keys
from ephor.engine.ledger import Ledgers
from ephor.engine.ports import World
from ephor.kernel.events import Event
from ephor.rooms.ledger import tile
from ephor.rooms.ledger.checkpoint import open_checkpoint
from ephor.rooms.ledger.tree import leaf_hash, root_hash
from ephor.settings import Settings
from ephor.testing import FrozenClock

ORIGIN = "test.local/ephor/main"
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@dataclass
class Made:
    """A plane, and all that is needed to open it once more."""

    url: str
    folder: Path
    clock: FrozenClock = field(default_factory=FrozenClock)
    settings: Settings = field(default_factory=Settings)
    """Where its keys come from."""
    opened: list[Any] = field(default_factory=list)

    def open(self) -> Any:
        """Return a storage of its own on this plane, as another process would have."""
        keys, ids = key_set(self.folder, self.settings), FreshIds()
        source = ids.new("src")
        vault = Vault(WrappingRing(keys.wrapping))
        if self.url == "memory:":
            keys.create()
            storage: Any = MemoryStorage(
                Grower(SigningRing(keys.signing), source, self.clock.now, lambda _log: None),
                vault,
                ids,
                ORIGIN,
            )
        else:
            heads = KeptHeads(self.folder)
            grower = Grower(SigningRing(keys.signing), source, self.clock.now, heads.head)
            storage = SqlStorage(self.url, keys, heads, grower, vault, ids)
        self.opened.append(storage)
        if self.url != "memory:":
            storage.set_up(ORIGIN)
        return storage

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    @property
    def file(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def world(self, storage: Any) -> World:
        read = (
            key_set(self.folder, self.settings).pseudonym.read if self.url == "memory:" else storage.pseudonym
        )
        return World(storage, self.clock, FreshIds(), KeyedPseudonyms(read), BundledPacks())

    def keys(self, storage: Any) -> Keys:
        return Keys(self.world(storage), storage.keyring)

    def ledger(self, storage: Any) -> Ledgers:
        return Ledgers(self.world(storage))


def signing_key(folder: Path) -> SigningKey:
    """Return the signing key in a key folder, as who steals it would have it."""
    return FileSigning(PrivateFolder(folder)).at_hand()[0]


def migrate_file(path: Path) -> Path:
    """Make a SQLite file with the schema and nothing in it."""
    engine = engines.open_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        engines.use_wal(connection.connection.driver_connection)
    migrate.upgrade(engine)
    engine.dispose()
    return path


def emptied(url: str) -> str:
    """Empty every table that holds something; cheaper than a new database, and no less new to a plane."""
    engine = engines.open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))  # the triggers refuse it
        each = (f"select '{name}' where exists (select from {name})" for name in sorted(metadata.tables))
        if used := connection.execute(sa.text(" union all ".join(each))).scalars().all():
            connection.execute(sa.text(f"truncate {', '.join(used)} cascade"))
    engine.dispose()
    return url


def sqlite_plane(folder: Path, migrated: Path | None = None) -> Made:
    """Return a plane in a file; *migrated* is an empty one to start from, which saves the migration."""
    if migrated is not None:
        shutil.copyfile(migrated, folder / "ephor.db")
    return Made(f"sqlite:///{folder / 'ephor.db'}", folder / "ephor.db.keys")


def event(n: int = 0, **more: Any) -> Event:
    """Return the cheapest event there is, with a number in it."""
    fields: dict[str, Any] = {
        "kind": "tool.invoked/1",
        "at": AT,
        "actor": "agent:bot",
        "metadata": {"number": n},
    }
    return Event(**(fields | more))


def numbers(storage: Any) -> list[int]:
    """Return the numbers of the events recorded, in order."""
    found = (orjson.loads(entry) for entry in storage.ledger.entries(0, storage.ledger.head().size))
    return [one["metadata"]["number"] for one in found if "number" in one.get("metadata", {})]


def check_whole(storage: Any, *, tiles: bool = True) -> None:
    """Check everything that must hold of a ledger, against the tree as RFC 9162 writes it."""
    head = storage.ledger.head()
    entries = list(storage.ledger.entries(0, head.size + 10))
    leaves = [leaf_hash(entry) for entry in entries]
    assert len(entries) == head.size
    assert head.root == root_hash(leaves)
    stated = open_checkpoint(head.note, head.key)
    assert (stated.origin, stated.size, stated.root) == (head.origin, head.size, head.root)
    parsed = [orjson.loads(entry) for entry in entries]
    assert len({one["id"] for one in parsed}) == len(parsed)
    counted: dict[str, list[int]] = defaultdict(list)
    for one in parsed:
        counted[one["src"]].append(one["n"])
    assert all(found == list(range(1, len(found) + 1)) for found in counted.values())
    received = [one["received_at"] for one in parsed]
    assert received == sorted(received)
    if tiles:
        check_tiles(storage, leaves)


def check_tiles(storage: Any, leaves: list[bytes]) -> None:
    """Check every hash tile against hashes made one level after the other."""
    row = leaves
    expected: dict[int, list[bytes]] = {}
    for level, index, width in tile.tiles_of(len(leaves)):
        if level not in expected:
            expected[level] = row
            row = [root_hash(row[at : at + 256]) for at in range(0, len(row) - len(row) % 256, 256)]
        start = index * 256
        assert storage.ledger.tile(level, index, width) == b"".join(expected[level][start : start + width]), (
            level,
            index,
            width,
        )
    for level, hashes in expected.items():
        full = {at: hashes[at * 256 : at * 256 + 256] for at in range(len(hashes) // 256)}
        found = storage.ledger.tiles(level, 0, len(full) + 1)
        assert {at: one.hashes for at, one in found.items()} == {
            at: b"".join(one) for at, one in full.items()
        }
        for at, one in found.items():
            middle = [root_hash(full[at][start : start + 16]) for start in range(0, 256, 16)]
            assert one.middle in (None, b"".join(middle)), (level, at)
        assert storage.ledger.tiles(level, 1, 3) == {at: found[at] for at in (1, 2) if at in found}
