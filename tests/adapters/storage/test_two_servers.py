"""Two servers on one log while something goes wrong: a backup put back, another history, an answer that is lost."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.adapters.storage.sql.tables import metadata
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, UnavailableError, VerificationError
from planes import Made, check_whole, event, numbers

LEDGER = ("ledger_logs", "ledger_head", "ledger_entries", "ledger_tiles", "ledger_fresh", "ledger_keys")
OTHER_HISTORY = "another history: its first 300 entries"


def copied(made: Made) -> dict[str, list[Any]]:
    """Return the rows of the ledger's tables."""
    engine = sa.create_engine(made.url)
    with engine.connect() as connection:
        found = {name: connection.execute(metadata.tables[name].select()).all() for name in LEDGER}
    engine.dispose()
    return found


def put_back(made: Made, rows: dict[str, list[Any]]) -> None:
    """Put rows in the place of what there is, as a restored dump does, while servers run."""
    engine = sa.create_engine(made.url)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            asked = sa.text(
                "select name from sqlite_master where type = 'trigger' and tbl_name like 'ledger_%'"
            )
            for name in connection.execute(asked).scalars().all():
                connection.execute(sa.text(f"drop trigger {name}"))
        else:
            connection.execute(sa.text("set local session_replication_role = replica"))
        for name, those in rows.items():
            connection.execute(metadata.tables[name].delete())
            if those:
                connection.execute(metadata.tables[name].insert(), [one._asdict() for one in those])
    engine.dispose()


class Fork:
    """A plane of 300 published entries, and two histories that part at 255 and are longer than that."""

    def __init__(self, made: Made, elsewhere: Path) -> None:
        self.made, self.running = made, made.open()
        self.running.append([event(n) for n in range(255)])
        self.backup = copied(made)
        shutil.copytree(made.folder, elsewhere)
        self.running.append([event(n) for n in range(255, 300)])
        self.newest = copied(made)
        put_back(made, self.backup)
        double = Made(made.url, elsewhere, made.clock)
        double.open().append([event(n) for n in range(1_000, 1_100)])
        double.close()


@pytest.fixture
def fork(shared, tmp_path) -> Fork:
    return Fork(shared, tmp_path / "elsewhere")


def test_a_running_server_does_not_go_on_from_another_history(fork):
    for _ in range(2):
        with pytest.raises(VerificationError, match=OTHER_HISTORY):
            fork.running.append([event(1)])
        with pytest.raises(VerificationError, match=OTHER_HISTORY), fork.running.unit() as unit:
            unit.append(event(1))
    assert fork.running.ledger.head().size == 355
    assert [one.verdict for one in fork.made.ledger(fork.running).verify_all(None, None)] == ["INVALID"]
    put_back(fork.made, fork.newest)
    fork.running.append([event(300)])
    assert numbers(fork.running) == list(range(301))
    check_whole(fork.running)


def test_a_word_in_the_list_of_logs_does_not_excuse_an_older_copy(fork):
    put_back(fork.made, fork.backup)
    engine = sa.create_engine(fork.made.url)
    with engine.begin() as connection:
        connection.execute(metadata.tables["ledger_logs"].update().values(ended=1))
    engine.dispose()
    [report] = fork.made.ledger(fork.running).verify_all(None, None)
    assert (report.verdict, report.findings[0].position) == ("INVALID", 255)
    assert "45 more entries" in report.findings[0].problem
    with pytest.raises(VerificationError, match="it says it was ended, and nothing goes on from it"):
        fork.made.open().append([event(1)])


def test_what_a_running_server_knows_is_enough_where_the_kept_head_was_taken_away(fork):
    (fork.made.folder / "head").unlink()
    with pytest.raises(VerificationError, match=OTHER_HISTORY):
        fork.running.append([event(1)])


def test_a_server_that_starts_does_not_go_on_from_another_history(fork):
    storage = fork.made.open()
    with pytest.raises(VerificationError, match=OTHER_HISTORY):
        storage.check()
    with pytest.raises(VerificationError, match=OTHER_HISTORY):
        storage.append([event(1)])


def test_another_history_is_ended_by_a_new_epoch_that_keeps_the_head_published(fork):
    engine = Engine(fork.made.world(fork.running))
    engine_founded(fork)
    made = engine.streams.renew("main", "the wrong backup was put back", by="ada")
    assert made.epoch == 2
    fork.running.append([event(1)])
    first = engine.ledger.show("0").entry["metadata"]
    assert first["published"].split("\n")[1] == "300"


def engine_founded(fork: Fork) -> None:
    """Register ada in the database alone: nothing can be recorded in its log."""
    from ephor.adapters.storage.sql.shelf import SqlShelf  # noqa: PLC0415 - behind the ledger's back, here only
    from ephor.rooms.access.people import Person, PlaneRole  # noqa: PLC0415 - the same

    with fork.running._writer() as connection:
        SqlShelf(Person, connection).add(Person("ada", "Ada", (PlaneRole.ADMINISTRATOR,)))


def test_a_kept_head_that_lags_is_caught_up_and_needs_no_new_epoch(shared):
    storage = shared.open()
    storage.append([event(n) for n in range(300)])
    old = (shared.folder / "head").read_bytes()
    storage.append([event(n) for n in range(300, 600)])
    shared.close()
    (shared.folder / "head").write_bytes(old)  # killed between the commit and the head
    storage = shared.open()
    storage.check()
    with pytest.raises(ConflictError, match="needs no new epoch"):
        storage.logs.renew("main", lambda _: event())
    storage.append([event(600)])
    assert numbers(storage) == list(range(601))
    check_whole(storage)


def lost_answer(monkeypatch: pytest.MonkeyPatch, of: Any, between: Any) -> None:
    """Let the next commit of a writer happen, its answer be lost, and *between* happen before anybody looks."""
    hot = of.logs.writer(0)._hot
    kind, run, enter = type(hot), type(hot).run, type(hot).enter

    def commit(rows: SqliteRows, sql: str, *values: object) -> Any:
        if sql != "commit" or rows is not hot:
            return run(rows, sql, *values)
        run(rows, sql)
        monkeypatch.setattr(kind, "enter", look)
        if kind is PostgresRows:
            import psycopg  # noqa: PLC0415 - an extra

            raise psycopg.OperationalError("the answer is lost")
        raise sqlite3.OperationalError("disk I/O error")

    def look(rows: SqliteRows, since: int | None = None) -> None:
        monkeypatch.setattr(kind, "enter", enter)
        between()
        enter(rows, since)

    monkeypatch.setattr(kind, "run", commit)


def test_who_looks_what_became_of_a_commit_does_not_keep_the_others_out(shared, monkeypatch):
    one, two = shared.open(), shared.open()
    one.append([event(0)])
    two.append([event(1)])
    one.append([event(2)])

    def another() -> None:
        with (shared.folder / "head").open(
            "rb+"
        ) as file:  # else the other, who has the log, would wait for it forever
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(file, fcntl.LOCK_UN)
        two.append([event(4)])

    lost_answer(monkeypatch, one, another)
    one.append([event(3)])
    monkeypatch.undo()
    assert one.ledger.kept() == one.ledger.head().note
    one.append([event(5)])
    two.append([event(6)])
    assert numbers(one) == list(range(7))
    check_whole(one)
    assert shared.ledger(two).verify(None, None).findings == ()


def test_the_head_of_a_commit_whose_answer_was_lost_is_kept(shared, monkeypatch):
    one = shared.open()
    one.append([event(0)])
    lost_answer(monkeypatch, one, lambda: None)
    one.append([event(1)])
    monkeypatch.undo()
    assert one.ledger.kept() == one.ledger.head().note
    assert numbers(one) == [0, 1]


@pytest.mark.parametrize("loss", ["deleted", "moved", "replaced"])
def test_nothing_is_acknowledged_that_goes_to_a_file_which_lost_its_place(made_in, tmp_path, loss):
    made = made_in("sqlite")
    running = made.open()
    running.append([event(0)])
    with running.unit() as unit:
        unit.append(event(1))
    if loss == "replaced":
        shutil.copyfile(made.file, tmp_path / "backup")
        (tmp_path / "backup").replace(made.file)
    elif loss == "moved":
        made.file.rename(tmp_path / "elsewhere")
    else:
        made.file.unlink()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="was deleted, moved away or replaced while it was open"):
            running.append([event(2)])
        with (
            pytest.raises(UnavailableError, match="was deleted, moved away or replaced"),
            running.unit() as unit,
        ):
            unit.append(event(2))
    if loss == "moved":  # back where it belongs, it is the same file
        (tmp_path / "elsewhere").rename(made.file)
        running.append([event(2)])
        assert numbers(running) == [0, 1, 2]
        check_whole(running)
