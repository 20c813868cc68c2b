"""Backups: whole or none, encrypted, tried by the verifier, and never a way round the ledger's head or an erasure."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backup_child import Nursery
from conftest import populate
from databases import postgres_database
from ephor.adapters.backup import folder as folders
from ephor.adapters.backup import restoring, rows
from ephor.adapters.backup.way import DiskBackups
from ephor.adapters.storage.sql import engines, migrate
from ephor.bootstrap import judge_database, open_engine
from ephor.edges.sdk import Plane
from ephor.engine.ports_backup import Given, Wanted
from ephor.kernel.errors import (
    ConflictError,
    EphorError,
    InvalidInputError,
    NotFoundError,
    VerificationError,
)
from ephor.kernel.events import Event
from ephor.rooms.decisions.model import Call
from ephor.settings import Settings
from sample_plane import ID, ready

SECRET = Given(b"\x07" * 32, is_file=True)
KEYS = Given(b"a passphrase for the keys", is_file=False)
KILLS = int(os.environ.get("EPHOR_KILLS", "2"))
JANE, JOE = "jane@example.com", "joe@example.com"
LOOK = Call(ID, "customer_lookup", {"id": 7}, subject=JANE)


@dataclasses.dataclass
class Site:
    """A place for a plane: its database, its keys, and the way to backups of it."""

    url: str
    keys: Path
    backups: DiskBackups

    def open(self, *, create: bool = False) -> Plane:
        return open_engine(self.url, create=create, settings=Settings(keys=str(self.keys)))

    def wanted(self, **more: Any) -> Wanted:
        return Wanted(self.url, str(self.keys), **{"unsafe_erasures_unknown": True, **more})


def site(url: str, keys: Path) -> Site:
    from ephor.adapters.clock import SystemClock  # noqa: PLC0415 - only here

    return Site(url, keys, DiskBackups(url, lambda _url: keys, SystemClock().now, judge_database))


@pytest.fixture
def here(tmp_path: Path) -> Site:
    made = site(f"sqlite:///{tmp_path / 'here.db'}", tmp_path / "keys")
    with_people(made)
    return made


def with_people(made: Site) -> None:
    plane = ready(populate(made.open(create=True)))
    for subject in (JANE, JOE):
        plane.decide(dataclasses.replace(LOOK, subject=subject))
    plane.close()


def recorded(made: Site) -> list[bytes]:
    plane = made.open()
    try:
        return list(plane.world.storage.ledger.entries(0, plane.ledger.head().size))
    finally:
        plane.close()


def record(made: Site, text: str = "more") -> None:
    plane = made.open()
    try:
        plane.world.storage.append([Event("agent.started/1", plane.world.clock.now(), f"agent:{text}")])
    finally:
        plane.close()


def test_a_restored_plane_is_the_one_that_was_backed_up(here: Site, tmp_path: Path) -> None:
    made = here.backups.back_up(None, str(tmp_path / "backup"), SECRET, None)
    before = recorded(here)
    assert (made.size, made.subjects, made.keys) == (len(before), 2, False)
    there = site(f"sqlite:///{tmp_path / 'there.db'}", here.keys)
    done = there.backups.restore(str(tmp_path / "backup"), SECRET, there.wanted())
    assert (done.backup.size, done.erased, done.subjects) == (len(before), 0, 2)
    assert recorded(there) == before
    plane = there.open()
    assert plane.agents.show(ID).id == ID
    assert [one.id for one in plane.access.people()] == [one.id for one in here.open().access.people()]
    assert plane.ledger.verify(None, None).verdict == "CONSISTENT"
    assert plane.ledger.list({"kind": "decision.made/1"}, limit=1)[0].entry["kind"] == "decision.made/1"
    plane.close()
    record(there, "goes-on")
    assert len(recorded(there)) == len(before) + 1


def test_postgres_is_backed_up_and_restored_into_either_database(
    postgres_server: str, tmp_path: Path
) -> None:
    with postgres_database(postgres_server) as url, postgres_database(postgres_server) as other:
        here = site(url, tmp_path / "keys")
        with_people(here)
        before = recorded(here)
        here.backups.back_up(None, str(tmp_path / "backup"), SECRET, None)
        with pytest.raises(ConflictError, match="a plane in this database"):
            here.backups.restore(str(tmp_path / "backup"), SECRET, here.wanted())
        for there in (site(other, here.keys), site(f"sqlite:///{tmp_path / 'there.db'}", here.keys)):
            there.backups.restore(str(tmp_path / "backup"), SECRET, there.wanted())
            assert recorded(there) == before
        record(site(other, here.keys), "goes-on")
        assert judge_database(f"sqlite:///{tmp_path / 'there.db'}") == []


def test_a_plane_of_an_older_schema_is_backed_up_as_it_is(here: Site, tmp_path: Path) -> None:
    before = recorded(here)
    engine = engines.open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(engine, to=migrate.KNOWN[-6])
    with engine.begin() as old:
        old.exec_driver_sql("commit")
        old.exec_driver_sql(f"attach '{here.url.removeprefix('sqlite:///')}' as new")
        old.exec_driver_sql("begin")
        for table in rows.tables(old):
            names = ", ".join(f'"{one.name}"' for one in table.columns)
            old.exec_driver_sql(
                f'insert into main."{table.name}" ({names}) select {names} from new."{table.name}"'
            )
    engine.dispose()
    older = site(f"sqlite:///{tmp_path / 'old.db'}", here.keys)
    older.backups.back_up(None, str(tmp_path / "backup"), SECRET, None)
    with sqlite3.connect(tmp_path / "old.db") as found:
        assert found.execute("select version_num from alembic_version").fetchone() == (migrate.KNOWN[-6],)
    found.close()
    there = site(f"sqlite:///{tmp_path / 'there.db'}", here.keys)
    there.backups.restore(str(tmp_path / "backup"), SECRET, there.wanted())
    assert recorded(there) == before


def test_a_backup_that_is_older_than_the_head_records_nothing_before_a_new_epoch(
    here: Site, tmp_path: Path
) -> None:
    here.backups.back_up(None, str(tmp_path / "backup"), SECRET, None)
    record(here)
    Path(here.url.removeprefix("sqlite:///")).unlink()
    here.backups.restore(str(tmp_path / "backup"), SECRET, here.wanted())
    with pytest.raises(VerificationError, match="was published"):
        record(here)
    plane = here.open()
    plane.streams.renew("main", "the disk was lost", by="ada")
    plane.close()
    record(here)


def test_nothing_is_overwritten_and_no_other_secret_opens_it(here: Site, tmp_path: Path) -> None:
    target = str(tmp_path / "backup")
    with pytest.raises(InvalidInputError, match="32 at least"):
        here.backups.back_up(None, target, Given(b"short", is_file=True), None)
    here.backups.back_up(None, target, SECRET, None)
    kept = {one.name: one.read_bytes() for one in Path(target).iterdir()}
    with pytest.raises(ConflictError, match="whole backup"):
        here.backups.back_up(None, target, SECRET, None)
    with pytest.raises(ConflictError, match="is there already"):
        here.backups.restore(target, SECRET, here.wanted())
    with pytest.raises(InvalidInputError, match="not the one"):
        here.backups.check(target, Given(b"\x08" * 32, is_file=True))
    with pytest.raises(InvalidInputError, match="under a file"):
        here.backups.check(target, KEYS)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(ConflictError, match="other files"):
        here.backups.back_up(None, str(tmp_path / "mine"), SECRET, None)
    assert {one.name: one.read_bytes() for one in Path(target).iterdir()} == kept
    with pytest.raises(NotFoundError, match="no plane"):
        site(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "none").backups.back_up(
            None, str(tmp_path / "of-nothing"), SECRET, None
        )


def test_nothing_in_a_backup_can_be_read_or_changed_without_notice(here: Site, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    here.backups.back_up(None, str(target), SECRET, KEYS)
    signing = (here.keys / "signing.key").read_bytes()
    for one in target.iterdir():
        assert not {ID.encode(), b"ledger_entries", signing} & {
            word for word in (ID.encode(), b"ledger_entries", signing) if word in one.read_bytes()
        }
    there = site(f"sqlite:///{tmp_path / 'there.db'}", tmp_path / "other-keys")
    wanted = there.wanted(keys_given=KEYS, nothing_followed=True)
    chunks = sorted(one.name for one in target.iterdir() if len(one.name) == 40)
    for name in ("header.json", "manifest.bin", "keys.json", *chunks[:2]):
        for spoil in ("flip", "cut", "gone") if name not in chunks else ("flip", "gone"):
            copy = tmp_path / "copy"
            shutil.copytree(target, copy)
            data = (copy / name).read_bytes()
            if spoil == "flip":
                (copy / name).write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
            elif spoil == "cut":
                (copy / name).write_bytes(data[:-1])
            else:
                (copy / name).unlink()
            with pytest.raises(EphorError):
                there.backups.restore(str(copy), SECRET, wanted)
            shutil.rmtree(copy)
    assert not Path(there.url.removeprefix("sqlite:///")).exists()
    assert not there.keys.exists()
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".ephor-restoring")]


def test_a_writer_killed_at_any_step_leaves_no_backup_and_the_next_one_goes_on(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, write = str(tmp_path / "backup"), folders.write_whole
    steps: list[str] = []

    def dying(after: int) -> Callable[..., None]:
        left = [after]

        def one(path: Path, data: bytes, mode: int = 0o600) -> None:
            if left[0] == 0:
                path.with_name(f".{path.name}.part").write_bytes(data[: len(data) // 2])
                raise KeyboardInterrupt
            left[0] -= 1
            steps.append(path.name)
            write(path, data, mode)

        return one

    for after in (0, 1, 2, 5):
        monkeypatch.setattr(folders, "write_whole", dying(after))
        with pytest.raises(KeyboardInterrupt):
            here.backups.back_up(None, target, SECRET, None)
        with pytest.raises(NotFoundError):
            here.backups.check(target, SECRET)
    monkeypatch.setattr(folders, "write_whole", write)
    made = here.backups.back_up(None, target, SECRET, None)
    assert 0 < made.reused <= made.chunks
    assert here.backups.check(target, SECRET).size == made.size
    assert not list(Path(target).glob(".*.part"))


def test_a_restore_killed_before_its_end_leaves_nothing(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.backups.back_up(None, str(tmp_path / "backup"), SECRET, None)
    there = site(f"sqlite:///{tmp_path / 'there.db'}", here.keys)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "_put_database", die)
    with pytest.raises(KeyboardInterrupt):
        there.backups.restore(str(tmp_path / "backup"), SECRET, there.wanted())
    assert not (tmp_path / "there.db").exists()


def test_with_its_keys_a_plane_goes_on_only_where_somebody_knows_what_followed(
    here: Site, tmp_path: Path
) -> None:
    target = str(tmp_path / "backup")
    here.backups.back_up(None, target, SECRET, KEYS)
    record(here)
    plane = here.open()
    later = plane.ledger.checkpoint().note
    plane.close()
    there = site(f"sqlite:///{tmp_path / 'there.db'}", tmp_path / "there.keys")
    with pytest.raises(InvalidInputError, match="followed this backup"):
        there.backups.restore(target, SECRET, there.wanted(keys_given=KEYS))
    with pytest.raises(VerificationError):
        there.backups.restore(target, SECRET, there.wanted(keys_given=KEYS, published=b"not a note"))
    done = there.backups.restore(target, SECRET, there.wanted(keys_given=KEYS, published=later))
    assert done.published == done.backup.size + 1
    assert (there.keys / "signing.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(VerificationError, match="was published"):
        record(there)
    plane = there.open()
    plane.streams.renew("main", "the machine burnt down", by="ada")
    plane.close()
    record(there)
    other = site(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other.keys")
    other.backups.restore(target, SECRET, other.wanted(keys_given=KEYS, nothing_followed=True))
    record(other)


def test_people_erased_after_the_backup_are_erased_again(here: Site, tmp_path: Path) -> None:
    target = str(tmp_path / "backup")
    here.backups.back_up(None, target, SECRET, None)
    plane = here.open()
    name = plane.world.pseudonyms.of(JANE)
    with plane.world.storage.unit() as unit:
        unit.forget(name)
        unit.append(Event("erasure/1", plane.world.clock.now(), "person:dora", subject=name))
    lines: list[bytes] = []
    assert plane.exports.erasures(lines.append) == 1
    assert json.loads(lines[0])["subject"] == name
    plane.close()
    there = site(f"sqlite:///{tmp_path / 'there.db'}", here.keys)
    with pytest.raises(InvalidInputError, match="erased since"):
        there.backups.restore(target, SECRET, there.wanted(unsafe_erasures_unknown=False))
    done = there.backups.restore(
        target, SECRET, there.wanted(unsafe_erasures_unknown=False, erased=[name, name, "sub_nobody"])
    )
    assert (done.erased, done.subjects) == (1, 1)
    assert done.payloads >= 1
    with sqlite3.connect(tmp_path / "there.db") as found:
        assert found.execute(
            "select count(*) from sealed_payloads where subject = ?", (name,)
        ).fetchone() == (0,)
    found.close()
    plane = there.open()
    assert plane.ledger.verify(None, None).verdict in ("CONSISTENT", "INVALID")
    plane.close()


def test_a_ledger_that_does_not_hold_is_not_called_a_good_backup(here: Site, tmp_path: Path) -> None:
    path = here.url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        database.execute("drop trigger ledger_entries_no_update")
        database.execute(
            "update ledger_entries set data = cast(replace(data, 'decision', 'decisiom') as blob) where idx = 20"
        )
    database.close()
    with pytest.raises(VerificationError, match="does not hold"):
        here.backups.back_up(None, str(tmp_path / "backup"), SECRET, None)
    with pytest.raises(NotFoundError, match="never finished"):
        here.backups.check(str(tmp_path / "backup"), SECRET)


@pytest.fixture
def nursery(here: Site) -> Iterator[Nursery]:
    made = Nursery(here.keys)
    yield made
    made.close()


def test_whenever_it_is_killed_it_leaves_no_backup_or_a_whole_one_and_the_next_goes_on(
    here: Site, nursery: Nursery, tmp_path: Path
) -> None:
    chance = random.Random(20261128)  # the moments are the same in every run
    (tmp_path / "secret").write_bytes(SECRET.data)
    secret = ("--key-file", str(tmp_path / "secret"))
    taken: Any = ("backup", str(tmp_path / "whole"), *secret, "--database", here.url)
    status, steps = nursery.run(taken)
    assert status == 0
    assert steps > KILLS
    before = recorded(here)
    for stop in sorted(chance.sample(range(1, steps), KILLS)):
        place = str(tmp_path / f"killed-{stop}")
        again = ("backup", place, *secret, "--database", here.url)
        check = ("restore", place, *secret, "--check")
        assert nursery.run(again, stop)[0] == -signal.SIGKILL
        if (Path(place) / folders.MANIFEST).exists():
            assert nursery.run(check)[0] == 0  # it was finished: then it is whole
        else:
            assert nursery.run(check)[0] in (3, 6)  # never called a backup
            assert nursery.run(again)[0] == 0
    where = tmp_path / "there.db"
    back = ("restore", place, *secret, "--database", f"sqlite:///{where}", "--unsafe-erasures-unknown")
    status, steps = nursery.run(("restore", place, *secret, "--database", f"sqlite:///{tmp_path / 'first.db'}", "--unsafe-erasures-unknown"))  # fmt: skip
    assert status == 0
    for stop in sorted(chance.sample(range(1, steps), KILLS)):
        assert nursery.run(back, stop)[0] == -signal.SIGKILL
        if where.exists():  # the last step was done: what is there is all there
            there = site(f"sqlite:///{where}", here.keys)
            assert recorded(there) == before
            for one in tmp_path.glob("there.db*"):
                one.unlink()
    assert nursery.run(back)[0] == 0
    assert recorded(site(f"sqlite:///{where}", here.keys)) == before
