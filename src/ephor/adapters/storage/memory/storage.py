"""A whole plane in memory: the same rules, nothing kept when the process ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock, get_ident
from typing import Any

from ephor.adapters.storage.catalogue import plan_of
from ephor.adapters.storage.edge import TileRow
from ephor.adapters.storage.growth import Draft, Grower, Growth, HeadRow
from ephor.adapters.storage.memory.cosigned import MemoryCosigned
from ephor.adapters.storage.memory.shelf import MemoryShelf
from ephor.adapters.storage.search import ask, summary
from ephor.adapters.storage.vault import Sealed, Vault, Wrapped, committed
from ephor.engine.ports import MAIN, Damage, Ended, Forgotten, FullTile, Head, Ids, LogName, R, StaleError
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.ids import EntryId
from ephor.rooms.ledger import frontier, tile
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.tree import leaf_hash


@dataclass(slots=True)
class _Log:
    """One log, and what grows it."""

    stream: str
    grower: Grower
    entries: list[bytes] = field(default_factory=list)
    tiles: dict[tuple[int, int], TileRow] = field(default_factory=dict)
    fresh: bytes = b""
    head: HeadRow | None = None


@dataclass(slots=True)
class _State:
    """Everything a database would hold."""

    shelves: dict[type[Any], dict[str, Any]] = field(default_factory=dict)
    logs: list[_Log] = field(default_factory=list)
    sealed: dict[str, Sealed] = field(default_factory=dict)
    keys: dict[str, Wrapped] = field(default_factory=dict)
    version: int = 0


class _Rows:
    """The rows of a `_Log`."""

    def __init__(self, log: _Log) -> None:
        self._log = log

    def head(self) -> HeadRow | None:
        return self._log.head

    def entries(self, start: int, stop: int) -> Sequence[bytes]:
        return self._log.entries[start:stop]

    def fresh(self) -> bytes:
        return self._log.fresh

    def statements(self) -> Sequence[bytes]:
        return ()  # keys in memory do not rotate

    def tile_roots(self, level: int, start: int, stop: int | None = None) -> Sequence[bytes]:
        found = sorted(
            (at, place)
            for at, place in self._log.tiles
            if at == level and start <= place and (stop is None or place < stop)
        )
        return [self._log.tiles[key].root for key in found]

    def write(self, growth: Growth) -> None:
        self._log.entries.extend(growth.entries)
        self._log.tiles.update({(row.level, row.index): row for row in growth.tiles})
        self._log.fresh = (b"" if growth.tiles else self._log.fresh) + b"".join(growth.fresh)
        self._log.head = growth.head


class MemoryUnit:
    """One transaction on the state in memory: copies of what it touches, swapped in when it commits."""

    def __init__(self, state: _State, vault: Vault, ids: Ids) -> None:
        self._vault, self._ids = vault, ids
        self._kept, self._logs = state.shelves, state.logs
        self.opened: list[_Log] = []
        self.shelves: dict[type[Any], MemoryShelf[Any]] = {}
        self.copies: dict[type[Any], dict[str, Any]] = {}
        self.drafts: list[Draft] = []
        self.keys, self.sealed = dict(state.keys), dict(state.sealed)
        self._moved_on = False
        self.forgot = False

    def shelf(self, of: type[R]) -> MemoryShelf[R]:
        if of not in self.shelves:
            self.copies[of] = dict(self._kept.get(of, {}))
            self.shelves[of] = MemoryShelf(of, self.copies[of])
        return self.shelves[of]

    def append(self, event: Event, payload: bytes | None = None) -> EntryId:
        id = self._ids.new("evt")
        sealed = self._seal(id, event.subject, payload) if payload is not None else None
        if sealed is not None:
            self.sealed[id] = sealed
        self.drafts.append(Draft(id, event, sealed))
        return EntryId(id)

    def forget(self, subject: str) -> Forgotten:
        self.forgot = True
        kept = {id: one for id, one in self.sealed.items() if one.subject != subject}
        payloads, self.sealed = len(self.sealed) - len(kept), kept
        return Forgotten(int(self.keys.pop(subject, None) is not None), payloads)

    def sealed_subjects(self, after: str, limit: int) -> Sequence[tuple[str, str]]:
        newest = {one.subject: id for id, one in sorted(self.sealed.items()) if one.subject > after}
        return sorted(newest.items())[:limit]

    def open_log(self, stream: str) -> LogName:
        main, number = self._logs[0], len(self._logs) + len(self.opened)
        origin = f"{_origin(main).rpartition('/')[0]}/{stream}"
        if origin in map(_origin, (*self._logs, *self.opened)):
            raise ConflictError(f"there is a log `{origin}` already; name another stream")
        log = _Log(stream, main.grower.of(number))
        log.grower.found(_Rows(log), origin)
        self.opened.append(log)
        return LogName(number, stream, 1, origin)

    def changed(self) -> bool:
        return any(shelf.touched and not plan_of(kind).derived for kind, shelf in self.shelves.items())

    def move_on(self) -> None:
        self._moved_on = True

    def governed(self) -> bool:
        return self._moved_on or any(
            shelf.touched and plan_of(kind).governs for kind, shelf in self.shelves.items()
        )

    def _seal(self, id: str, subject: str | None, payload: bytes) -> Sealed:
        if subject is None:
            raise InvalidInputError("a sealed payload needs the pseudonym of its subject")
        if subject not in self.keys:
            self.keys[subject] = self._vault.new_key(subject)
        return self._vault.seal(self.keys[subject], entry=id, subject=subject, payload=payload)


class MemoryLedger:
    """A log in memory, for reading."""

    def __init__(self, state: _State, number: int, vault: Vault) -> None:
        self._state, self._number, self._vault = state, number, vault

    @property
    def _log(self) -> _Log:
        return self._state.logs[self._number]

    def head(self) -> Head:
        row = self._log.head
        if row is None:
            raise NotFoundError("there is no ledger here yet; run `ephor init`")
        return Head(
            row.origin,
            row.size,
            row.root,
            row.note,
            row.key,
            self._log.fresh,
            edge=frontier.split(row.frontier),
        )

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        yield from self._log.entries[start:stop]

    def tiles(self, level: int, start: int, stop: int) -> Mapping[int, FullTile]:
        rows = {at: self._log.tiles.get((level, at)) for at in range(start, stop)}
        return {at: FullTile(row.hashes, row.middle) for at, row in rows.items() if row is not None}

    def tile(self, level: int, index: int, width: int) -> bytes:
        if row := self._log.tiles.get((level, index)):
            return row.hashes[: width * 32]
        start = index * tile.WIDTH
        if level == 0:
            found = [leaf_hash(one) for one in self._log.entries[start : start + width]]
        else:
            found = list(_Rows(self._log).tile_roots(level - 1, start)[:width])
        if len(found) != width:
            raise VerificationError(
                f"tile {level}/{index} has {len(found)} hashes where the head promises {width}"
            )
        return b"".join(found)

    def beyond(self) -> int:
        return 0  # nothing reaches this state but the ledger itself

    def position(self, id: str) -> int:
        for index, data in enumerate(self._log.entries):
            if summary(data)["id"] == id:
                return index
        raise NotFoundError(f"there is no entry `{id}`; see `ephor ledger list`", id=id)

    def search(
        self,
        where: Mapping[str, str],
        *,
        before: int | None,
        limit: int,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
    ) -> Sequence[int]:
        asked = ask(where, since, until, text)
        stop = len(self._log.entries) if before is None else min(before, len(self._log.entries))
        found = (index for index in range(stop - 1, -1, -1) if asked.fits(self._log.entries[index]))
        return [index for index, _ in zip(found, range(limit), strict=False)]

    def kept(self) -> bytes | None:
        """Nothing is kept outside: there is no outside."""
        return None

    def payload(self, id: str) -> bytes | None:
        entry = parse(self._log.entries[self.position(id)])
        sealed = self._state.sealed.get(id)
        wrapped = self._state.keys.get(sealed.subject) if sealed else None
        if sealed is None or wrapped is None:
            return None
        return self._vault.open(wrapped, replace(sealed, commitment=committed(entry)))


class MemoryLogs:
    """The logs of a plane in memory. Nothing is ever restored here, so none ends."""

    def __init__(
        self, state: _State, append: Callable[[_Log, Sequence[Event]], Sequence[EntryId]], vault: Vault
    ) -> None:
        self._state, self._append, self._vault = state, append, vault
        self.cosigned = MemoryCosigned()

    def names(self) -> Sequence[LogName]:
        return [LogName(at, log.stream, 1, _origin(log)) for at, log in enumerate(self._state.logs)]

    def of(self, number: int) -> MemoryLedger:
        return MemoryLedger(self._state, number, self._vault)

    def steady(self) -> AbstractContextManager[None]:
        return nullcontext()

    def append(self, stream: str, events: Sequence[Event]) -> Sequence[EntryId]:
        for log in self._state.logs:
            if log.stream == stream:
                return self._append(log, events)
        known = ", ".join(f"`{log.stream}`" for log in self._state.logs)
        raise NotFoundError(f"there is no stream `{stream[:60]}`; open it first, or name one of {known}")

    def inspect(self, number: int) -> Iterator[Damage]:
        """Nothing reaches this state but the ledger itself."""
        return iter(())

    def reindex(self, advance: Callable[[int], None] = lambda _: None) -> Mapping[int, int]:
        """Nothing is derived here: the entries themselves are searched."""
        return {at: len(log.entries) for at, log in enumerate(self._state.logs)}

    def renew(self, stream: str, tell: Callable[[Ended], Event]) -> LogName:
        raise ConflictError(f"nothing of `{stream}` is missing: it goes on as it is, and needs no new epoch")


def _origin(log: _Log) -> str:
    return "" if log.head is None else log.head.origin


class MemoryStorage:
    """A `Storage` without a disk."""

    def __init__(self, grower: Grower, vault: Vault, ids: Ids, origin: str) -> None:
        self._lock = RLock()
        self._writes_in: int | None = None
        self._state = _State()
        self._vault, self._ids = vault, ids
        main = _Log(MAIN, grower)
        grower.found(_Rows(main), origin)
        self._state.logs.append(main)
        self.logs = MemoryLogs(self._state, self._append, vault)
        self.ledger = self.logs.of(0)

    @contextmanager
    def unit(self) -> Iterator[MemoryUnit]:
        with self._alone():
            unit = MemoryUnit(self._state, self._vault, self._ids)
            yield unit
            if (unit.changed() or unit.forgot) and not unit.drafts:
                raise ConflictError("a unit changed what is kept and recorded nothing; append an event")
            self._grow(self._state.logs[0], unit.drafts)
            self._adopt(unit)

    @contextmanager
    def reading(self) -> Iterator[MemoryUnit]:
        unit = MemoryUnit(self._state, self._vault, self._ids)
        yield unit
        if unit.changed() or unit.forgot or unit.drafts:
            raise ConflictError("a reading unit cannot write; open a unit")

    def append(self, events: Sequence[Event], *, version: int | None = None) -> Sequence[EntryId]:
        return self._append(self._state.logs[0], events, version)

    def version(self) -> int:
        return self._state.version

    def check(self) -> None:
        with self._alone():
            main = self._state.logs[0]
            main.grower.check(_Rows(main))

    def close(self) -> None:
        """Nothing to release."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writes_in == get_ident():
            raise ConflictError("this thread has a unit open already; record through it, or leave it first")
        with self._lock:
            self._writes_in = get_ident()
            try:
                yield
            finally:
                self._writes_in = None

    def _append(self, log: _Log, events: Sequence[Event], version: int | None = None) -> Sequence[EntryId]:
        with self._alone():
            if version not in (None, self._state.version):
                raise StaleError("governance moved on while this was decided; nothing was recorded")
            drafts = [Draft(self._ids.new("evt"), event) for event in events]
            self._grow(log, drafts)
            return [EntryId(draft.id) for draft in drafts]

    def _grow(self, log: _Log, drafts: Sequence[Draft]) -> None:
        if not drafts:
            return
        growth = None
        try:
            growth = log.grower.grow(_Rows(log), drafts)
        finally:
            log.grower.settle(growth)

    def _adopt(self, unit: MemoryUnit) -> None:
        state = self._state
        state.shelves = {
            **state.shelves,
            **unit.copies,
        }  # replaced, not changed: whoever reads meanwhile sees one moment
        state.logs.extend(unit.opened)
        state.keys, state.sealed = unit.keys, unit.sealed
        state.version += unit.governed()
