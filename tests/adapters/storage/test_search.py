"""Search on every storage: what it finds, that it misses nothing, and that what it runs on can be lost and made anew."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ephor.adapters.storage.sql import engines
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.kernel.events import Event
from planes import event

DAY = datetime(2026, 8, 2, tzinfo=UTC)
WORDS = [
    "refund late",
    "Größe XL",
    "refunded twice",
    "日本語 test",
    "x" * 70 + "y",
    "x" * 70 + "z",
    "customer_lookup",
]


def find(storage, where=None, **asked):
    return list(storage.ledger.search(where or {}, before=asked.pop("before", None), limit=50, **asked))


@contextmanager
def behind(made):
    """Give a connection to the rows, as an administrator has one."""
    engine = engines.open_engine(made.url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def derived(made):
    """Return every row that the ledger is searched by."""
    with behind(made) as connection:
        return [
            [tuple(row) for row in connection.execute(sa.text(f"select * from {table} order by idx"))]
            for table in ("ledger_projection", "ledger_words")
        ]


def fill(storage):
    with storage.unit() as unit:
        unit.open_log("telemetry")
        unit.append(event(99, kind="stream.opened/1"))
    storage.append([event(n, metadata={"note": text, "order": 4700 + n}) for n, text in enumerate(WORDS)])
    storage.logs.append("telemetry", [event(n, tool="probe", session=f"s{n % 2}") for n in range(5)])


ANSWERS = {
    "refund": [1],
    "refund*": [3, 1],
    "REFUND Late": [1],
    "refund twice": [],
    "grösse": [2],
    "GRÖSSE xl": [2],
    "日本語": [4],
    "x" * 70 + "y": [5],
    "x" * 70 + "*": [6, 5],
    "x" * 64: [],
    "lookup": [7],
    "customer_lookup": [7],
    "4702": [3],
    "und": [],
    "refund' | 'late\" OR *": [],
}


def test_words_are_found_whole_or_by_their_beginning(storage):
    fill(storage)
    assert {text: find(storage, text=text) for text in ANSWERS} == ANSWERS


def test_words_fields_and_times_go_together_and_pages_follow_each_other(storage):
    storage.append(
        [
            Event("tool.invoked/1", DAY + timedelta(hours=n), "agent:bot", tool=f"t{n % 2}", session=f"s{n % 3}",
                  metadata={"note": "even" if n % 2 == 0 else "odd"})
            for n in range(48)
        ]
    )  # fmt: skip
    hours = {"since": DAY + timedelta(hours=10), "until": DAY + timedelta(hours=20)}
    assert find(storage, **hours) == list(range(19, 9, -1))
    assert find(storage, {"tool": "t0"}, **hours) == [18, 16, 14, 12, 10]
    assert find(storage, {"session": "s0"}, text="even", **hours) == [18, 12]
    assert find(storage, since=DAY + timedelta(days=1), text="odd", before=30) == [29, 27, 25]
    assert find(storage, until=DAY + timedelta(microseconds=1)) == [0]
    assert find(storage, since=DAY + timedelta(days=9)) == []
    pages, before = [], None
    while page := storage.ledger.search({"tool": "t1"}, before=before, limit=7, text="odd"):
        pages += page
        before = page[-1]
    assert pages == list(range(47, 0, -2))


@pytest.mark.parametrize("text", ["", "!!!", "*", "_", "\udcff", " ".join(f"w{n}" for n in range(33))])
def test_a_question_without_words_is_refused(storage, text):
    with pytest.raises(InvalidInputError):
        find(storage, text=text)


def test_what_was_acknowledged_before_a_search_is_found_by_it(shared):
    writer, reader = shared.open(), shared.open()
    for n in range(5):
        writer.append([event(n, tool="t", metadata={"note": f"fresh{n}"})])
        assert find(reader, text=f"fresh{n}") == [n]
        assert find(reader, {"tool": "t"}) == list(range(n, -1, -1))


def test_what_is_sealed_is_not_indexed(shared):
    storage = shared.open()
    with storage.unit() as unit:
        unit.append(event(0, subject="sub_" + "1" * 32), b"Mary Quitecontrary lives here")
    assert find(storage, text="quitecontrary") == []
    assert find(storage, text="sub") == [0]
    assert "quitecontrary" not in str(derived(shared)).lower()


DAMAGE = {
    "a row taken out": "delete from {table} where idx = 3",
    "rows taken from the end": "delete from {table} where idx > 2 and idx < 1099511627776",
    "all rows taken out": "delete from {table}",
    "the table gone": "drop table {table}",
    "rows moved": "update {table} set idx = -idx - 1 where idx < 4",
    "a row beyond": "insert into {table} select idx + 7000000 as idx, {rest} from {table} where idx = 1",
}
REST = {
    "ledger_projection": "id, at, kind, actor, resource, subject, tool, decision, session",
    "ledger_words": "words",
}


@pytest.mark.parametrize("table", sorted(REST))
def test_what_is_dropped_or_damaged_is_made_anew_row_for_row(shared, table):
    storage = shared.open()
    fill(storage)
    other = storage.logs.of(1)
    asked = [({"tool": "probe"}, {}), ({"session": "s1"}, {"text": "probe"})]
    assert storage.logs.reindex() == {0: 8, 1: 5}
    before = derived(shared)
    answers = [list(other.search(where, before=None, limit=9, **more)) for where, more in asked]
    assert answers == [[4, 3, 2, 1, 0], [3, 1]]
    assert [len(rows) for rows in before] == [13, 13]
    for sql in DAMAGE.values():
        with behind(shared) as connection:
            connection.execute(sa.text(sql.format(table=table, rest=REST[table])))
        told: list[int] = []
        assert storage.logs.reindex(told.append) == {0: 8, 1: 5}
        assert sum(told) == 26
        assert derived(shared) == before, sql
        assert [list(other.search(where, before=None, limit=9, **more)) for where, more in asked] == answers
        assert find(storage, text="refund*") == [3, 1]
        assert not list(storage.ledger.projection.differences())


@pytest.mark.parametrize("table", sorted(REST))
def test_damage_to_what_is_searched_is_named(shared, table):
    storage = shared.open()
    fill(storage)
    storage.logs.reindex()
    expected = {
        "delete from {table} where idx = 3": 3,
        "update {table} set idx = -idx - 1 where idx < 4": -4,
        "insert into {table} select idx + 7000000 as idx, {rest} from {table} where idx = 1": 7_000_001,
        "update {table} set {change} where idx = 2": 2,
    }
    change = {
        "ledger_projection": "actor = 'agent:other'",
        "ledger_words": "words = (select words from ledger_words where idx = 1)",
    }[table]
    for sql, place in expected.items():
        with behind(shared) as connection:
            connection.execute(sa.text(sql.format(table=table, rest=REST[table], change=change)))
        found = [at for at, _ in storage.ledger.projection.differences() if at is not None]
        assert found == [place], sql
        storage.logs.reindex()


def test_entries_after_one_that_is_gone_are_found_where_they_are(shared):
    storage = shared.open()
    storage.append([event(n, tool=f"t{n}") for n in range(6)])
    with behind(shared) as connection:
        names = ("ledger_entries_no_delete",)
        for name in names:
            on = "" if connection.dialect.name == "sqlite" else " on ledger_entries"
            connection.execute(sa.text(f"drop trigger if exists {name}{on}"))
        connection.execute(sa.text("delete from ledger_entries where idx = 2"))
    try:
        assert find(storage, {"tool": "t4"}) == [4]
        assert find(storage, {"tool": "t2"}) == []
        assert find(storage, text="t5") == [5]
    finally:
        with behind(shared) as connection:
            if connection.dialect.name != "sqlite":
                connection.execute(
                    sa.text(
                        "create or replace trigger ledger_entries_no_delete before delete on ledger_entries "
                        "for each statement execute function ephor_refuse()"
                    )
                )


def test_appends_and_searches_go_on_while_the_index_is_made_anew(shared):
    storage, other = shared.open(), shared.open()
    storage.append([event(n, metadata={"note": "old"}) for n in range(1_500)])
    stop, missed, problems = threading.Event(), [], []

    def write() -> None:
        n = 0
        try:
            while not stop.is_set() and n < 400:
                other.append([event(n, tool="late", metadata={"note": f"late{n}"})])
                size = other.ledger.head().size
                if other.ledger.search({}, before=None, limit=1, text=f"late{n}") != [size - 1]:
                    missed.append(n)
                n += 1
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            problems.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    for _ in range(3):
        storage.logs.reindex()
    stop.set()
    thread.join()
    assert (missed, problems) == ([], [])
    size = storage.ledger.head().size
    assert size > 1_500
    assert len(storage.ledger.search({"tool": "late"}, before=None, limit=1_000)) == size - 1_500
    assert not list(storage.ledger.projection.differences())


def test_the_index_over_words_is_made_anew_where_it_is_gone_and_named_where_it_lies(made_in):
    made = made_in("sqlite")
    storage = made.open()
    fill(storage)
    assert find(storage, text="refund*") == [3, 1]
    with behind(made) as connection:
        connection.execute(sa.text("drop table ledger_text"))
    assert find(storage, text="refund*") == [3, 1]
    with behind(made) as connection:
        connection.execute(sa.text("insert into ledger_text (rowid, words) values (5, 'refund')"))
    assert find(storage, text="refund*") == [3, 1]
    [(place, problem)] = storage.ledger.projection.differences()
    assert place is None
    assert "index over the words" in problem


def test_a_database_that_cannot_be_written_is_searched_through_its_entries(made_in, monkeypatch):
    storage = made_in("sqlite").open()
    fill(storage)

    def refuse() -> None:
        raise UnavailableError("read-only")

    monkeypatch.setattr(storage.ledger.projection, "_writing", refuse)
    assert find(storage, text="refund*") == [3, 1]
    assert find(storage, {"tool": "probe"}) == []
