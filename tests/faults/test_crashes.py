"""A process that dies, a connection that breaks, an answer that gets lost: what was acknowledged is there, once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.storage.growth import Draft
from ephor.adapters.storage.sql.commits import GroupCommit
from ephor.adapters.storage.sql.rows import PostgresRows, SqliteRows
from ephor.kernel.errors import UnavailableError
from ephor.rooms.access.people import Person
from planes import Made, check_whole, event, numbers

TESTS = Path(__file__).parents[1]
ROUNDS = int(os.environ.get("EPHOR_KILLS", "12"))
WORKER = """
import os, sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from threading import Thread
from planes import Made, event
from ephor.rooms.access.people import Person

def work(storage, first):
    for n in range(first, first + 100_000, 2):
        if n % 5:
            storage.append([event(n)])
        else:
            with storage.unit() as unit:
                unit.shelf(Person).add(Person(f"p{n}", "P", ()))
                unit.append(event(n, subject=f"sub_{n % 3}"), b"plain text of a person")
                if n % 15 == 0:
                    unit.forget(f"sub_{n % 3}")
        os.write(1, f"{n}\\n".encode())

for line in sys.stdin:
    child = os.fork()
    if not child:
        storage = Made(sys.argv[1], Path(sys.argv[2])).open()
        first = int(line)
        threads = [Thread(target=work, args=(storage, first + offset)) for offset in range(2)]
        [one.start() for one in threads]
        [one.join() for one in threads]
        os._exit(1)
    os.write(1, f"child {child}\\n".encode())
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""


@pytest.fixture
def nursery(plane: Made) -> Iterator[subprocess.Popen[str]]:
    """A process that starts appending children, each as quickly as it can be forked."""
    arguments = [plane.url, str(plane.folder), str(TESTS), str(TESTS.parent / "src")]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", WORKER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate(timeout=30)


def kill_after(process: subprocess.Popen[str], first: int, acknowledgements: int) -> list[int]:
    """Start a child, kill it after so many acknowledgements, and return all that it gave."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{first}\n")
    process.stdin.flush()
    child, said = 0, []
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "dead":
            break
        if word == "child":
            child = int(rest)
        else:
            said.append(int(word))
        if child and len(said) == acknowledgements:
            os.kill(child, signal.SIGKILL)
    assert len(said) >= acknowledgements
    return said


def test_a_killed_process_loses_nothing_it_acknowledged(plane, nursery):
    acknowledged: list[int] = list(range(5))
    for round in range(ROUNDS):
        acknowledged += kill_after(nursery, (round + 1) * 1_000_000, 1 + round * 7 % 40)
        storage = plane.open()
        found = numbers(storage)
        assert sorted(set(acknowledged) - set(found)) == []
        assert len(set(found)) == len(found)
        report = plane.ledger(storage).verify(None, None)
        assert (report.verdict, report.findings) == ("CONSISTENT", ())
        with storage.reading() as unit:  # a record and its event are there together, or neither is
            people = {one.id for one in unit.shelf(Person).all()} - {"ada", "nobody"}
        assert people == {f"p{n}" for n in found if n % 5 == 0 and n >= 1_000_000}
        assert storage.version() == len(people)
        storage.append([event(round + 100)])
        acknowledged.append(round + 100)
        plane.close()
    storage = plane.open()
    check_whole(storage)
    assert sorted(one.name for one in plane.folder.iterdir() if one.name.startswith(".")) in (
        [],
        [".head.new"],
    )


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
    with pytest.raises(UnavailableError, match=r"the disk under .* failed"):
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
            while len(group._queue) < 2:  # both others are waiting
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
        one.join(30)
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
