"""Further logs beside the main one: opened, anchored, judged with it; and a new epoch after a loss."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    VerificationError,
)
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.ledger.checkpoint import open_checkpoint
from planes import Made, event

RAW = {"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}


def of(made: Made) -> Engine:
    """Return an engine on a plane, with `ada` who administers and `eve` who does not."""
    engine = Engine(made.world(made.open()))
    engine.access.found("ada", "Ada")
    return engine


@pytest.fixture
def engine(made: Made) -> Engine:
    return of(made)


def entries(engine: Engine, stream: str = "main") -> list[dict[str, Any]]:
    log = engine.ledger.of(stream)
    return [dict(log.show(str(place)).entry) for place in range(log.head().size)]


def test_a_stream_is_a_log_of_its_own_and_the_main_log_says_that_it_began(engine):
    made = engine.streams.open("telemetry", by="ada")
    assert (made.stream, made.epoch, made.origin) == ("telemetry", 1, "test.local/ephor/telemetry")
    assert entries(engine)[-1]["kind"] == "stream.opened/1"
    assert entries(engine)[-1]["resource"] == "log:test.local/ephor/telemetry"
    before = engine.ledger.head().size
    engine.ledger.of("telemetry").append([RAW] * 300, by="ada")
    told = entries(engine, "telemetry")
    assert [one["log"] for one in told] == ["test.local/ephor/telemetry"] * 300
    assert engine.ledger.head().size == before + 1  # the anchor
    head = engine.ledger.of("telemetry").head()
    assert open_checkpoint(head.note, head.key).size == 300
    assert entries(engine)[-1]["metadata"] == {
        "origin": head.origin, "size": 300, "root": base64.b64encode(head.root).decode(),
    }  # fmt: skip
    assert [one.verdict for one in engine.ledger.verify_all(None, None)] == ["CONSISTENT"] * 2


def test_what_grew_since_its_anchor_is_told_and_anchored_once(engine):
    engine.streams.open("telemetry", by="ada")
    engine.world.storage.logs.append("telemetry", [event(n) for n in range(3)])
    assert [(one.log.stream, one.size, one.anchored) for one in engine.streams.list()][1] == (
        "telemetry",
        3,
        0,
    )
    assert engine.ledger.verify_all(None, None)[1].anchored.tail == 3
    assert [one.stream for one in engine.streams.anchor()] == ["telemetry"]
    assert [one.anchored for one in engine.streams.list()] == [None, 3]
    size = engine.ledger.head().size
    assert engine.streams.anchor() == []
    assert engine.ledger.head().size == size


def test_entries_of_streams_are_found_proven_and_exported_there_and_nowhere_else(engine):
    engine.streams.open("telemetry", by="ada")
    done = engine.ledger.of("telemetry").append([RAW] * 3, by="ada")
    log = engine.ledger.of("telemetry")
    assert log.show(done.entries[1]).position == 1
    assert log.prove(done.entries[2]).size == 3
    with pytest.raises(NotFoundError):
        engine.ledger.show(done.entries[1])
    files: dict[str, bytes] = {}
    log.export(files.__setitem__)
    assert b"test.local/ephor/telemetry\n3\n" in files["checkpoint"]


@pytest.mark.parametrize("name", ["", "Main", "a b", "x/y", "../x", "a" * 65])
def test_what_cannot_name_a_stream_is_refused(engine, name):
    with pytest.raises(InvalidInputError):
        engine.streams.open(name, by="ada")
    assert len(engine.streams.list()) == 1


def test_a_stream_is_opened_once_by_somebody_who_may(engine):
    engine.access.add_person("eve", "Eve", [PlaneRole.ENGINEER], by="ada")
    with pytest.raises(NotPermittedError):
        engine.streams.open("telemetry", by="eve")
    engine.streams.open("telemetry", by="ada")
    size = engine.ledger.head().size
    for taken in ("telemetry", "main"):
        with pytest.raises(ConflictError, match="there is a log"):
            engine.streams.open(taken, by="ada")
    assert engine.ledger.head().size == size
    with pytest.raises(NotFoundError, match="`metrics`"):
        engine.ledger.of("metrics")
    with pytest.raises(NotFoundError, match="`metrics`"):
        engine.world.storage.logs.append("metrics", [event()])


def test_a_thread_in_a_unit_cannot_wait_for_itself_in_a_stream(engine):
    engine.streams.open("telemetry", by="ada")
    with pytest.raises(ConflictError, match="unit open already"), engine.world.storage.unit():
        engine.world.storage.logs.append("telemetry", [event()])


def test_streams_outlive_the_process(shared):
    engine = of(shared)
    engine.streams.open("a", by="ada")
    engine.streams.open("b", by="ada")
    for name, count in (("a", 5), ("b", 260), ("a", 7)):
        engine.ledger.of(name).append([RAW] * count, by="ada")
    shared.close()
    again = of(shared)
    again.ledger.of("b").append([RAW], by="ada")
    assert [(one.log.stream, one.size, one.anchored) for one in again.streams.list()][1:] == [
        ("a", 12, 12),
        ("b", 261, 261),
    ]
    assert [one.verdict for one in again.ledger.verify_all(None, None)] == ["CONSISTENT"] * 3


def _cut(storage: Any, sql: str) -> None:
    with storage._engine.begin() as connection:
        if storage._path is not None:
            connection.exec_driver_sql("drop trigger if exists ledger_entries_no_delete")
        else:
            connection.exec_driver_sql("drop trigger if exists ledger_entries_no_delete on ledger_entries")
        connection.exec_driver_sql(sql)


def test_an_entry_taken_out_of_a_stream_is_named(shared):
    engine = of(shared)
    engine.streams.open("a", by="ada")
    engine.ledger.of("a").append([RAW] * 300, by="ada")
    _cut(engine.world.storage, f"delete from ledger_entries where idx = {(1 << 40) + 17}")
    main, stream = engine.ledger.verify_all(None, None)
    assert main.verdict == "CONSISTENT"
    assert stream.verdict in ("INVALID", "INCOMPLETE")
    assert stream.findings[0].position == 17


def test_rows_of_no_log_are_noticed(shared):
    engine = of(shared)
    _cut(engine.world.storage, f"insert into ledger_entries (idx, data) values ({(9 << 40) + 1}, '1')")
    (report,) = engine.ledger.verify_all(None, None)
    assert report.verdict == "INVALID"
    assert "beyond the signed head" in report.findings[-1].problem


Restored = tuple[Engine, Callable[[], Engine]]


@pytest.fixture
def backed_up(tmp_path: Path, migrated: Path) -> Made:
    """A plane whose file was copied at some moment, went on, and was put back."""
    from planes import sqlite_plane  # noqa: PLC0415 - beside the only use

    (tmp_path / "plane").mkdir()
    made = sqlite_plane(tmp_path / "plane", migrated)
    engine = of(made)
    engine.access.add_person("ola", "Ola", [PlaneRole.OPERATOR], by="ada")
    made.close()
    shutil.copyfile(made.file, tmp_path / "backup.db")
    engine = of(made)
    engine.ledger.append([RAW] * 5, by="ada")
    engine.streams.open("late", by="ada")
    engine.ledger.of("late").append([RAW], by="ada")
    made.close()
    for side in ("-wal", "-shm"):
        Path(f"{made.file}{side}").unlink(missing_ok=True)
    shutil.copyfile(tmp_path / "backup.db", made.file)
    return made


def test_a_restored_backup_records_nothing_until_a_new_epoch_says_what_is_missing(backed_up):
    engine = Engine(backed_up.world(backed_up.open()))
    old = engine.ledger.head()
    with pytest.raises(VerificationError, match=r"entries are missing"):
        engine.ledger.append([RAW], by="ada")
    made = engine.streams.renew("main", "disk lost, Monday's backup restored", by="ola")
    assert (made.epoch, made.origin) == (2, "test.local/ephor/main/2")
    first = entries(engine)[0]
    assert (first["kind"], first["actor"], first["log"]) == (
        "epoch.started/1",
        "person:ola",
        "test.local/ephor/main/2",
    )
    assert first["metadata"]["checkpoint"] == old.note.decode()
    published = open_checkpoint(first["metadata"]["published"].encode(), old.key)
    assert published.size == old.size + 7
    assert first["metadata"]["missing"] == 7
    assert len(first["metadata"]["lost"]) == 1
    assert "test.local/ephor/late\n1\n" in first["metadata"]["lost"][0]
    engine.ledger.append([RAW], by="ada")
    assert engine.ledger.head().size == 2
    engine.world.storage.check()
    reports = engine.ledger.verify_all(None, None)
    assert [(one.origin, one.verdict) for one in reports] == [
        ("test.local/ephor/main/2", "CONSISTENT"), ("test.local/ephor/main", "CONSISTENT"),
    ]  # fmt: skip


def test_the_auditors_old_checkpoint_still_shows_the_loss_after_a_new_epoch(backed_up):
    engine = Engine(backed_up.world(backed_up.open()))
    key, lost = engine.ledger.head().key, engine.world.storage.ledger.kept()
    engine.streams.renew("main", "restored", by="ada")
    first, second = engine.ledger.verify_all(key, lost)
    assert (first.origin, first.verdict) == ("test.local/ephor/main", "INVALID")
    assert "7 more entries" in first.findings[0].problem
    assert (second.origin, second.verdict) == ("test.local/ephor/main/2", "CONSISTENT")


def test_a_log_that_lost_nothing_is_not_renewed(shared):
    engine = of(shared)
    with pytest.raises(ConflictError, match="needs no new epoch"):
        engine.streams.renew("main", "because", by="ada")
    with pytest.raises(InvalidInputError, match="reason"):
        engine.streams.renew("main", " ", by="ada")
    with pytest.raises(NotFoundError):
        engine.streams.renew("other", "because", by="ada")
    assert [one.verdict for one in engine.ledger.verify_all(None, None)] == ["CONSISTENT"]


def test_a_backup_that_somebody_changed_is_not_carried_on(backed_up):
    storage = backed_up.open()
    _cut(storage, "delete from ledger_entries where idx = 1")
    engine = Engine(backed_up.world(storage))
    with pytest.raises(VerificationError, match="does not hold"):
        engine.streams.renew("main", "restored", by="ada")
    assert [one.epoch for one in storage.logs.names()] == [1]


def test_a_server_that_did_not_see_the_new_epoch_stops_and_then_follows_by_itself(backed_up):
    storage = backed_up.open()
    other = backed_up.open()
    with pytest.raises(VerificationError, match="entries are missing"):
        other.append([event()])
    engine = Engine(backed_up.world(storage))
    engine.streams.renew("main", "restored", by="ada")
    assert other.ledger.head().origin == "test.local/ephor/main/2"
    assert Engine(backed_up.world(other)).ledger.prove("0").entry.count("epoch.started/1") == 1
    with pytest.raises((UnavailableError, VerificationError)):
        other.append([event()])
    other.append([event()])
    with other.unit() as unit:
        unit.append(event())
    assert engine.ledger.head().size == 3


def test_the_old_epoch_cannot_be_taken_up_again(backed_up):
    storage = backed_up.open()
    Engine(backed_up.world(storage)).streams.renew("main", "restored", by="ada")
    _cut(storage, "delete from ledger_logs where number > 0")
    _cut(storage, "update ledger_logs set ended = 0")
    backed_up.close()
    storage = backed_up.open()
    with pytest.raises(VerificationError):
        storage.append([event()])
    with pytest.raises(VerificationError):
        storage.check()


def test_what_was_recorded_before_the_loss_still_counts(backed_up):
    """The gate and subject requests look through every epoch."""
    from ephor.engine.epochs import main_logs  # noqa: PLC0415 - beside the only use

    engine = Engine(backed_up.world(backed_up.open()))
    engine.streams.renew("main", "restored", by="ada")
    newest, oldest = main_logs(engine.world)
    assert newest.head().origin.endswith("/main/2")
    assert orjson.loads(next(iter(oldest.entries(0, 1))))["actor"] == "ephor"
