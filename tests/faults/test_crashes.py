"""A process that dies, a connection that breaks, an answer that gets lost: what was acknowledged is there, once."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import soak
from ephor.adapters.storage.growth import Draft
from ephor.adapters.storage.sql.commits import GroupCommit
from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.kernel.errors import UnavailableError
from ephor.rooms.ledger.tree import leaf_hash, root_hash
from planes import Made, check_whole, event, numbers, sqlite_plane

ROUNDS = int(os.environ.get("EPHOR_KILLS", "4"))


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """A plane in either database with nothing in it."""
    if request.param == "sqlite":
        folder = tmp_path / "fresh"
        folder.mkdir()
        made = sqlite_plane(folder, request.getfixturevalue("migrated"))
    else:
        made = Made(request.getfixturevalue("postgres_url"), tmp_path / "keys")
    yield made
    made.close()


def test_a_killed_process_loses_nothing_it_acknowledged(fresh, tmp_path):
    """The short form of `python3 dev.py soak`."""
    place = tmp_path / "soak"
    place.mkdir()
    outcome = soak.Campaign(fresh, place, seed=7).run(ROUNDS)
    assert outcome.rounds == ROUNDS
    assert outcome.killed >= ROUNDS
    assert outcome.acknowledged >= ROUNDS
    assert outcome.entries >= outcome.acknowledged
    assert outcome.heads > 1
    assert sorted(one.name for one in fresh.folder.iterdir() if one.name.startswith(".")) == []


def test_a_second_head_of_one_size_ends_a_soak():
    heads = soak.Heads("")
    heads.note(3, bytes(32), "stored")
    heads.note(3, bytes(32), "kept")
    heads.note(4, bytes(32), "stored")
    with pytest.raises(soak.BrokenPromiseError, match="two heads of size 3"):
        heads.note(3, b"\x01" * 32, "kept")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=3), max_size=40))
def test_the_tree_that_a_soak_grows_is_that_of_the_rfc(entries):
    tree = soak.Tree()
    for entry in entries:
        tree.add(entry)
    leaves = [leaf_hash(one) for one in entries]
    assert tree.roots == [root_hash(leaves[:size]) for size in range(len(leaves) + 1)]


def lose_an_entry(campaign: soak.Campaign) -> str:
    campaign.acknowledged.add(999_999_999)
    return "acknowledged and not there"


def repeat_an_entry(campaign: soak.Campaign) -> str:
    campaign.storage.append([event(0)])
    return "the event 0 is there twice"


def split_a_batch(campaign: soak.Campaign) -> str:
    campaign.storage.append([event(6)])
    return "half of a batch is there"


def forget_a_record(campaign: soak.Campaign) -> str:
    campaign.storage.append([event(5)])
    return "an entry is there, and its record is not"


def change_an_entry(campaign: soak.Campaign) -> str:
    file = campaign.made.file
    with closing(sqlite3.connect(file)) as connection, connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {name}")
        connection.execute("update ledger_entries set data = replace(data, 'agent:bot', 'agent:bat')")
    return "is not the tree's"


@pytest.mark.parametrize(
    "harm", [lose_an_entry, repeat_an_entry, split_a_batch, forget_a_record, change_an_entry]
)
def test_a_soak_ends_where_a_promise_was_broken(tmp_path, migrated, harm):
    made = sqlite_plane(tmp_path, migrated)
    campaign = soak.Campaign(made, tmp_path, seed=1)
    words = harm(campaign)
    with pytest.raises(soak.BrokenPromiseError, match=words):
        campaign.run(0)


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """A plane in either database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("plane")
        return
    made = Made(request.getfixturevalue("postgres_url"), tmp_path / "keys")
    made.open().append([event(n) for n in range(5)])
    made.close()
    yield made
    made.close()


def lose_the_answer(monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Let the next commit on the hot connection fail, before or *after* it happened."""
    for kind in (SqliteRows, PostgresRows):

        def run(rows: Any, sql: str, *values: object, _real: Any = kind.run) -> Any:
            if sql != "commit":
                return _real(rows, sql, *values)
            monkeypatch.undo()
            if after:
                _real(rows, sql)
            raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr(kind, "run", run)


@pytest.mark.parametrize("after", [False, True])
def test_an_answer_that_gets_lost_does_not_look_like_a_forgery_later(kept, monkeypatch, after):
    storage = kept.open()
    storage.append([event(5)])
    lose_the_answer(monkeypatch, after=after)
    if after:
        storage.append([event(6), event(7)])  # the answer is looked up
    else:
        with pytest.raises(UnavailableError, match=r"the disk under .* failed; nothing was recorded"):
            storage.append([event(6), event(7)])
    storage.append([event(8)])
    with storage.unit() as unit:
        unit.append(event(9))
    assert numbers(storage) == [*range(6), *([6, 7] if after else []), 8, 9]
    check_whole(storage)
    assert kept.ledger(storage).verify(None, None).findings == ()


def test_a_server_that_drops_its_connections_is_found_again(postgres_url, tmp_path):
    made = Made(postgres_url, tmp_path / "keys")
    storage = made.open()
    storage.append([event(0)])
    assert storage.version() == 0
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    for n in range(1, 3):
        with engine.connect() as connection:
            connection.execute(
                sa.text(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where pid <> pg_backend_pid() and datname = current_database()"
                )
            )
        for ask in (lambda n=n: storage.append([event(n * 10)]), storage.version):
            with pytest.raises(UnavailableError, match=r"did not answer.*try again"):
                ask()
        storage.append([event(n)])
        assert storage.version() == 0
    engine.dispose()
    assert numbers(storage) == [0, 1, 2]
    check_whole(storage)
    made.close()


def test_a_server_whose_log_another_client_holds_says_so(postgres_url, tmp_path, monkeypatch):
    monkeypatch.setattr("ephor.adapters.storage.sql.engines.BUSY_MS", 100)
    made = Made(postgres_url, tmp_path / "keys")
    storage, other = made.open(), made.open()
    with other.unit() as unit:
        with pytest.raises(
            UnavailableError, match=r"another process holds .*nothing was recorded, try again"
        ):
            storage.append([event(1)])
        with pytest.raises(UnavailableError, match="another process holds"), storage.unit():
            pass
        assert storage.ledger.head().size == 0
        unit.append(event(2))
    storage.append([event(3)])
    assert numbers(storage) == [2, 3]
    made.close()


def test_an_interrupt_in_one_thread_is_not_the_others():
    gate, calls = Barrier(2), []

    def commit(drafts: Any) -> None:
        calls.append(len(drafts))
        if len(calls) == 1:
            gate.wait()
            while group.waiting() < 2:  # both others are waiting
                pass
        elif len(calls) == 2:
            raise KeyboardInterrupt

    from threading import RLock  # noqa: PLC0415 - only here

    group = GroupCommit(RLock(), commit)
    draft = Draft("evt_1", event())
    ended: list[str] = []

    def submit() -> None:
        try:
            group.submit([draft])
            ended.append("done")
        except BaseException as error:  # noqa: BLE001 - what it is, is the question
            ended.append(type(error).__name__)

    threads = [Thread(target=submit) for _ in range(3)]
    threads[0].start()
    gate.wait()
    for one in threads[1:]:
        one.start()
    for one in threads:
        one.join(300)
    assert calls == [1, 2]
    assert sorted(ended) == ["KeyboardInterrupt", "UnavailableError", "done"]
    group.submit([draft])
    assert calls == [1, 2, 1]


SECRET = b"Anna Example, 12 Sample Street"


def everything_in(plane: Made) -> bytes:
    folder = plane.file.parent
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_sealed_payload_is_nowhere_in_the_clear_and_its_key_is_gone_when_it_is_forgotten(plane):
    storage = plane.open()
    subject, other = "sub_" + "1" * 32, "sub_" + "2" * 32
    with storage.unit() as unit:
        for n in range(20):
            unit.append(event(100 + n, subject=subject), SECRET + str(n).encode())
        spared = unit.append(event(200, subject=other), SECRET)
    storage.append([event(201)])
    assert SECRET not in everything_in(plane)
    with sqlite3.connect(plane.file) as connection:
        wrapped = dict(connection.execute("select subject, wrapped from subject_keys"))
        boxes = [
            row[0]
            for row in connection.execute("select box from sealed_payloads where subject = ?", (subject,))
        ]
        salts = [
            row[0]
            for row in connection.execute("select salt from sealed_payloads where subject = ?", (subject,))
        ]
    connection.close()
    assert wrapped[subject] in everything_in(plane)
    with storage.unit() as unit:
        unit.forget(subject)
        unit.append(event(202, kind="erasure/1", subject=subject))
    left = everything_in(plane)
    assert wrapped[subject] not in left
    assert not any(one in left for one in (*boxes, *salts))
    assert wrapped[other] in left
    assert storage.ledger.payload(spared) == SECRET
    check_whole(storage)


def test_a_payload_swapped_in_the_database_is_not_shown(plane):
    storage = plane.open()
    with storage.unit() as unit:
        ids = [unit.append(event(n, subject="sub_1"), f"payload {n}".encode()) for n in (100, 101)]
    with sqlite3.connect(plane.file) as connection:
        (salt, box), (other_salt, other_box) = [
            connection.execute("select salt, box from sealed_payloads where entry = ?", (id,)).fetchone()
            for id in ids
        ]
        connection.execute("update sealed_payloads set box = ? where entry = ?", (other_box, ids[0]))
        connection.execute("update sealed_payloads set salt = ? where entry = ?", (salt, ids[1]))
    connection.close()
    assert box != other_box
    assert salt != other_salt
    for id in ids:
        with pytest.raises(Exception, match=r"does not open|not the one the ledger committed to"):
            storage.ledger.payload(id)
