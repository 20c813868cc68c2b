"""What is stored of one log beside what verification reads: derived once more from the entries, and held against the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import orjson
import sqlalchemy as sa

from ephor.adapters.keys.kept import size_of
from ephor.adapters.storage.growth import HeadRow
from ephor.adapters.storage.sql.projection import Projection
from ephor.adapters.storage.sql.rows import SHIFT, SqliteRows
from ephor.adapters.storage.sql.shelf import SqlShelf
from ephor.adapters.storage.sql.tables import SHELF_TABLES
from ephor.engine.ports import Damage
from ephor.kernel.errors import EphorError, InvalidInputError, VerificationError
from ephor.rooms.ledger import checkpoint, frontier, note, proof, tile
from ephor.rooms.ledger.tree import HASH_SIZE, leaf_hash, root_hash

_STRAYS = (
    ("ledger_head", "id - 1", "head"),
    ("ledger_keys", "log", "head"),
    ("ledger_cosigned", "log", "cosignatures"),
    ("ledger_fresh", f"(idx >> {SHIFT})", "tiles"),
)
"""Where the rows of every log lie together: the table, what says of which log they are, and what they belong to."""


class Inspection:
    """Reads one log's rows."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sa.Connection]],
        rows: Callable[[sa.Connection], SqliteRows],
        projection: Projection,
    ) -> None:
        self._reading, self._rows_of, self._projection = reading, rows, projection

    def run(self) -> Iterator[Damage]:
        """Return what does not follow from the entries and the signed head: the first of each kind."""
        with self._reading() as connection:
            rows = self._rows_of(connection)
            head = rows.head()
            if head is None:
                raise VerificationError(
                    "the ledger's signed head is gone from the database; restore it from a backup"
                )
            found = [*_head_damage(rows, head), *_fresh_damage(rows, head), *_beside(rows)]
            if not rows.log:
                found += _shelf_damage(connection)
        yield from found
        yield from self._tile_damage(head.size // tile.WIDTH)
        yield from (Damage("search", place, problem) for place, problem in self._projection.differences())

    def _tile_damage(self, full: int) -> Iterator[Damage]:
        """Make every full tile anew from the entries, level by level as they fill, and stop at the first that differs."""
        waiting: list[list[bytes]] = []
        for index in range(full):
            with self._reading() as connection:
                rows = self._rows_of(connection)
                start = index * tile.WIDTH
                entries = rows.entries(start, start + tile.WIDTH)
                if len(entries) < tile.WIDTH:
                    return  # verification names the entry that is gone; above it nothing can be derived
                hashes = [leaf_hash(bytes(entry)) for entry in entries]
                for level, place, expected in _full_tiles(index, hashes, waiting):
                    problem = _compare(rows, level, place, expected)
                    if problem is not None:
                        yield Damage("tiles", place * tile.WIDTH ** (level + 1), problem)
                        return


def _full_tiles(
    index: int, hashes: list[bytes], waiting: list[list[bytes]]
) -> Iterator[tuple[int, int, list[bytes]]]:
    """Yield the leaf tile and every tile above that it fills; *waiting* holds the roots of those not full yet."""
    level, place = 0, index
    while True:
        yield level, place, hashes
        if level == len(waiting):
            waiting.append([])
        waiting[level].append(root_hash(hashes))
        if len(waiting[level]) < tile.WIDTH:
            return
        hashes, waiting[level] = waiting[level], []
        level, place = level + 1, place // tile.WIDTH


def _compare(rows: SqliteRows, level: int, index: int, expected: Sequence[bytes]) -> str | None:
    stored = rows.tile(level, index)
    if stored is None:
        return f"tile {level}/{index} is gone"
    if bytes(stored) != tile.encode_tile(expected):
        return f"tile {level}/{index} does not hold the hashes of its entries"
    [root] = rows.tile_roots(level, index, index + 1)
    if bytes(root) != root_hash(expected):
        return f"the root beside tile {level}/{index} is not that of its hashes"
    middle = rows.tiles(level, index, index + 1)[index].middle
    if middle is not None and middle != proof.perfect(tile.encode_tile(expected), tile.MIDDLE):
        return f"the hashes kept of the middle of tile {level}/{index} are not those of its hashes"
    return None


def _head_damage(rows: SqliteRows, head: HeadRow) -> Iterator[Damage]:
    try:
        key = note.parse_key(head.key)
        signed = checkpoint.parse(note.verify(head.note, [key]).text)
    except (VerificationError, InvalidInputError) as error:
        yield Damage("head", None, f"the stored head is not signed by the key it names: {error}")
        return
    for name in ("origin", "size", "root"):
        if getattr(signed, name) != getattr(head, name):
            yield Damage("head", None, f"the stored {name} is not the one that was signed")
            return
    try:
        edge = frontier.root(frontier.decode(head.size, head.frontier))
    except EphorError as error:
        yield Damage("head", None, f"the stored frontier is none: {error}")
        return
    if edge != head.root:
        yield Damage("head", None, "the stored frontier does not lead to the signed root")
    elif head.size and (said := _received(rows.entries(head.size - 1, head.size))) not in (
        None,
        head.last_at,
    ):
        yield Damage(
            "head",
            head.size - 1,
            f"the head says the newest entry came at `{head.last_at[:40]}`, it says `{said}`",
        )


def _fresh_damage(rows: SqliteRows, head: HeadRow) -> Iterator[Damage]:
    start = head.size - head.size % tile.WIDTH
    entries = rows.entries(start, head.size)
    expected = b"".join(leaf_hash(bytes(entry)) for entry in entries)
    if len(entries) != head.size - start:
        return  # verification names the entry that is gone
    stored = rows.run(
        "select idx, length(hashes) from ledger_fresh where idx >= ? and idx < ? order by idx",
        rows.base,
        rows.end,
    ).fetchall()
    place = start
    for idx, length in stored:
        if idx - rows.base != place:
            yield Damage(
                "tiles", place, "the hashes kept of the unfinished tile do not lie where their entries do"
            )
            return
        place += int(length or 0) // HASH_SIZE
    if rows.fresh() != expected:
        yield Damage("tiles", start, "the hashes kept of the unfinished tile are not those of its entries")


def _beside(rows: SqliteRows) -> Iterator[Damage]:
    """Tell what lies beside the entries under another place than its own, or under that of no log."""
    given = rows.run("select number from ledger_keys where log = ? order by number", rows.log).fetchall()
    if [row[0] for row in given] != list(range(1, len(given) + 1)):
        yield Damage("head", None, "the statements of its keys are not numbered one after the other")
    cosigned = rows.run("select size, note from ledger_cosigned where log = ?", rows.log).fetchall()
    for size, data in cosigned:
        if _size(data) != size:
            yield Damage(
                "cosignatures",
                None,
                f"a cosigned checkpoint is kept as of {str(size)[:20]} entries and is of others",
            )
            break
    if rows.log:
        return
    for table, column, check in _STRAYS:
        sql = f"select count(*) from {table} where {column} is null or {column} not in (select number from ledger_logs)"  # noqa: S608 - our own names
        if count := int(rows.run(sql).fetchone()[0]):
            yield Damage(check, None, f"{count} rows of `{table}` belong to no log of this plane")


def _shelf_damage(connection: sa.Connection) -> Iterator[Damage]:
    for kind in SHELF_TABLES:
        shelf = SqlShelf(kind, connection)
        if (id := shelf.misfiled()) is not None:
            yield Damage(
                "shelves",
                None,
                f"the row `{id[:80]}` of `{SHELF_TABLES[kind].name}` is damaged, or is another record's",
            )


def _received(entries: Sequence[bytes]) -> str | None:
    try:
        return str(orjson.loads(bytes(entries[0]))["received_at"])
    except (IndexError, KeyError, TypeError, orjson.JSONDecodeError):
        return None  # verification names it


def _size(note: bytes) -> int | None:
    try:
        return size_of(bytes(note))
    except (VerificationError, TypeError):
        return None
