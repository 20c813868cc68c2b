"""`fsck` names each kind of damage to what is stored, on both databases; somebody with access to the rows does it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.storage.sql import engines
from ephor.engine.fsck import LedgerFsck
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.access.people import Person, PlaneRole
from ephor.rooms.ledger.witnesses import Witness
from planes import Made, event
from sample_bundle import ONE, Pen

SUBJECT, ERASED = "sub_" + "1" * 32, "sub_" + "2" * 32
TABLES = (
    "ledger_entries", "ledger_tiles", "ledger_head", "ledger_fresh", "ledger_logs", "ledger_projection", "ledger_words",
    "ledger_cosigned", "ledger_keys", "plane_state", "people", "witnesses", "sealed_payloads", "subject_keys", "sources",
)  # fmt: skip


@dataclass
class Scene:
    plane: Made
    storage: Any
    connection: sa.Connection

    def run(self, **asked: Any) -> Any:
        return LedgerFsck(self.plane.world(self.storage)).run(**asked)

    @contextmanager
    def damaged(self, *statements: str) -> Iterator[None]:
        """Do this to the rows, and put every row back afterwards."""
        rows = {
            name: self.connection.execute(sa.text(f"select * from {name}")).mappings().all()
            for name in TABLES
        }
        for sql in statements:
            self.connection.execute(sa.text(sql))
        self.connection.commit()
        yield
        for name, kept in rows.items():
            if name in ("ledger_words",):
                continue
            self.connection.execute(sa.text(f"delete from {name}"))
            if kept:
                columns = ", ".join(kept[0])
                values = ", ".join(f":{one}" for one in kept[0])
                self.connection.execute(
                    sa.text(f"insert into {name} ({columns}) values ({values})"), [dict(row) for row in kept]
                )
        self.connection.commit()
        self.storage.logs.reindex()


@pytest.fixture
def scene(shared: Made) -> Iterator[Scene]:
    """A plane of more than one tile, with a stream, a source, payloads of two people of whom one was erased, and a witness."""
    storage = shared.open()
    with storage.unit() as unit:
        unit.shelf(Person).add(Person("ada", "Ada", (PlaneRole.ADMINISTRATOR,)))
        unit.shelf(Witness).add(Witness("witness.example/21", "https://w.example", ONE[0]))
        unit.append(event(0, subject=SUBJECT), b"told in confidence")
        unit.append(event(1, subject=ERASED), b"gone")
        unit.append(event(2, kind="stream.opened/1", resource="log:" + unit.open_log("telemetry").origin))
    storage.append([event(n) for n in range(3, 300)])
    storage.logs.append("telemetry", [event(n) for n in range(20)])
    counted = [
        {"event_type": "tool.invoked", "agent_id": "bot", "source": "gateway", "sequence": number}
        for number in (1, 2, 5)
    ]
    shared.ledger(storage).append(counted, by="ada")
    with storage.unit() as unit:
        unit.forget(ERASED)
        unit.append(event(1, kind="erasure/1", subject=ERASED))
    head = storage.ledger.head()
    storage.logs.cosigned.keep(0, head.size, None, ONE[1](head.note))
    storage.append([event(1_000)])
    storage.logs.reindex()
    engine = engines.open_engine(shared.url)
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        for table in ("ledger_entries", "ledger_tiles"):
            for verb in ("update", "delete"):
                on = "" if sqlite else f" on {table}"
                connection.execute(sa.text(f"drop trigger {table}_no_{verb}{on}"))
        connection.commit()
        yield Scene(shared, storage, connection)
        for table in () if sqlite else ("ledger_entries", "ledger_tiles"):
            for verb in ("update", "delete"):
                connection.execute(
                    sa.text(
                        f"create trigger {table}_no_{verb} before {verb} on {table} "
                        "for each statement execute function ephor_refuse()"
                    )
                )
        connection.commit()
    engine.dispose()


SECOND = 1 << 40
"""Where the rows of the second log begin."""
DAMAGE = {
    ("verify", 5): ["update ledger_entries set data = (select data from ledger_entries where idx = 6) where idx = 5"],
    ("verify", 303): ["delete from ledger_entries where idx = 303"],
    ("verify", 7): [f"update ledger_entries set data = (select data from ledger_entries where idx = 6) where idx = {SECOND + 7}"],
    ("tiles", 0): ["update ledger_tiles set root = (select root from ledger_head where id = 1)"],
    ("tiles", 256): ["update ledger_fresh set hashes = (select root from ledger_head where id = 1) where idx = (select max(idx) from ledger_fresh where idx < 1000)"],
    ("head", None): ["update ledger_head set size = size - 1 where id = 1"],
    ("head", 304): ["update ledger_head set last_at = '2020-01-01T00:00:00.000000Z' where id = 1"],
    ("search", 9): ["delete from ledger_projection where idx = 9"],
    ("search", 11): ["delete from ledger_words where idx = 11"],
    ("search", 3): [f"update ledger_projection set actor = 'agent:other' where idx = {SECOND + 3}"],
    ("sources", None): ["""update sources set body = replace(body, '"last"\\:5', '"last"\\:4')"""],
    ("payloads", 0): ["delete from sealed_payloads"],
    ("cosignatures", None): ["update ledger_cosigned set note = (select note from ledger_head where id = 2)"],
    ("logs", None): [
        "delete from ledger_logs where number = 1", "delete from ledger_head where id = 2",
        f"delete from ledger_entries where idx >= {SECOND}", f"delete from ledger_fresh where idx >= {SECOND}",
    ],
}  # fmt: skip
MORE = {
    "the key of a subject": ("payloads", ["update subject_keys set wrapped = (select root from ledger_head where id = 1)"]),
    "no sources": ("sources", ["delete from sources"]),
    "the middle of a tile": ("tiles", ["update ledger_tiles set middle = root"]),
    "a tile gone": ("tiles", ["delete from ledger_tiles"]),
    "the frontier": ("head", ["update ledger_head set frontier = root where id = 1"]),
    "rows beyond": ("verify", ["insert into ledger_entries (idx, data) select 9000, data from ledger_entries where idx = 3"]),
    "a stranger's row": ("search", ["insert into ledger_projection (idx, id, at) values (-4, '', '')"]),
}  # fmt: skip

BESIDE = (
    "insert into ledger_keys (log, number, note) select 7, 1, note from ledger_head where id = 1",
    "insert into ledger_keys (log, number, note) select 1, 2, note from ledger_head where id = 1",
    "insert into ledger_head select 9, origin, size, root, frontier, note, key, last_at from ledger_head where id = 2",
    "update ledger_cosigned set log = 3",
    "insert into ledger_cosigned (log, size, note) select 0, 7, note from ledger_head where id = 1",
    f"update ledger_fresh set idx = idx + 900 where idx = (select max(idx) from ledger_fresh where idx < {SECOND})",
    "update people set id = 'eve' where id = 'ada'",
    "update witnesses set body = '7'",
)
"""What nothing in the entries speaks of: rows of no log, under another place or name, and records that are none."""
NAMES = {
    "epoch 1, and its head is of": "update ledger_logs set stream = 'other' where number = 1",
    "epoch 2, and its head is of": "update ledger_logs set stream = 'main', epoch = 2 where number = 1",
    "it says it was ended, and nothing": "update ledger_logs set ended = 1 where number = 0",
    "there twice": "update ledger_logs set stream = 'main' where number = 1",
}
STATE = {
    "version": "delete from plane_state where name = 'version'",
    "pseudonym-key": "delete from plane_state where name = 'pseudonym-key'",
    "wrapping-key": "update plane_state set name = 'wrapping' where name = 'wrapping-key'",
}


def test_what_lies_beside_the_entries_and_belongs_nowhere_is_named(scene):
    with scene.damaged(*BESIDE):
        found = scene.run()
    counted = [(one.check, one.log.rpartition("/")[2], 1 + one.more) for one in found.faults]
    assert sorted(counted) == [
        ("cosignatures", "main", 3), ("head", "main", 2), ("head", "telemetry", 1), ("shelves", "main", 2), ("tiles", "main", 1),
        ("verify", "telemetry", 1),
    ], found.faults  # fmt: skip


def test_a_list_of_logs_that_heads_do_not_bear_out_is_not_believed(scene):
    for problem, statement in NAMES.items():
        with scene.damaged(statement):
            found = scene.run()
            stream = "other" if "other" in statement else "main"
            with pytest.raises(VerificationError, match=problem):
                scene.plane.open().logs.append(stream, [event(1)])
        assert any(problem in one.problem for one in found.faults if one.check == "head"), found.faults
    scene.storage.append([event(1)])


def test_a_main_log_that_the_list_of_logs_does_not_name_is_not_gone_on_with(scene):
    with scene.damaged("delete from ledger_logs where number = 0"):
        found = scene.run()
        with pytest.raises(VerificationError, match="the list of logs does not name it"):
            scene.plane.open().append([event(1)])
    assert any("does not name it" in one.problem for one in found.faults), found.faults


def test_a_plane_that_does_not_say_what_it_is_at_is_not_right(scene):
    for name, statement in STATE.items():
        with scene.damaged(statement):
            with pytest.raises(VerificationError, match=f"does not say .*{name.partition('-')[0]}"):
                scene.storage.check()
            if name == "pseudonym-key":
                with pytest.raises(VerificationError, match="which pseudonym key"):
                    scene.storage.pseudonym()
    scene.storage.check()


def test_nothing_is_found_where_nothing_was_done(scene):
    found = scene.run()
    assert (found.holds, found.faults) == (True, ())
    assert [one.verdict for one in found.logs] == ["CONSISTENT"] * 2
    assert found.checked == {
        "plane": 1, "verify": 325, "head": 2, "tiles": 2, "search": 2, "sources": 1, "payloads": 2, "cosignatures": 1, "logs": 2, "shelves": 1,
    }  # fmt: skip


def test_each_kind_of_damage_is_named_with_the_first_entry_it_concerns(scene):
    for (check, place), statements in DAMAGE.items():
        with scene.damaged(*statements):
            found = scene.run()
        named = [(one.check, one.position) for one in found.faults]
        assert (check, place) in named, (statements, found.faults)
        assert not found.holds
        assert all(one.problem and one.means and one.remedy for one in found.faults)
    for what, (check, statements) in MORE.items():
        with scene.damaged(*statements):
            found = scene.run()
        assert check in [one.check for one in found.faults], (what, found.faults)
    found = scene.run()
    assert found.holds, [one.problem for one in found.faults]


def test_a_cosignature_that_does_not_hold_is_named(scene):
    head = scene.storage.ledger.head()
    line = ONE[1](head.note).decode().splitlines()[-1]
    bad = head.note + (line[:-12] + "AAAAAAAAAAA=" + "\n").encode()
    scene.storage.logs.cosigned.keep(0, head.size, None, bad)
    found = scene.run()
    assert "cosignatures" in [one.check for one in found.faults]


def test_the_auditors_key_and_checkpoint_are_held_against_it(scene):
    head = scene.storage.ledger.head()
    assert scene.run(key=head.key, earlier=head.note).holds
    assert not scene.run(key=Pen(7, head.origin).verifier).holds
    with pytest.raises(InvalidInputError):
        scene.run(key="nonsense")


def test_an_erased_payload_without_its_erasure_is_named_and_a_recorded_one_is_lawful(made):
    storage = made.open()
    with storage.unit() as unit:
        unit.append(event(0, subject=SUBJECT), b"x")
    with storage.unit() as unit:
        unit.forget(SUBJECT)
        unit.append(event(1))
    [fault] = LedgerFsck(made.world(storage)).run().faults
    assert (fault.check, fault.position) == ("payloads", 0)
    assert "no later entry says" in fault.problem
    storage.append([event(2, kind="erasure/1", subject=SUBJECT)])
    assert LedgerFsck(made.world(storage)).run().holds


GONE = (
    ("ledger_entries", "data", "idx = 5"), ("ledger_tiles", "hashes", "idx = 0"), ("ledger_tiles", "root", "idx = 0"),
    ("ledger_fresh", "hashes", "idx > 255"), ("ledger_head", "root", "id = 1"), ("ledger_head", "note", "id = 1"),
    ("ledger_cosigned", "note", "log = 0"), ("ledger_words", "words", "idx = 5"), ("sources", "body", "1 = 1"),
    ("ledger_logs", "stream", "number = 0"), ("plane_state", "value", "name = 'wrapping-key'"),
)  # fmt: skip
"""Columns that must hold something, for as long as nobody changes the schema as well."""


def test_what_was_made_nothing_is_named_and_breaks_nothing(made_in):
    made = made_in("sqlite")
    storage = made.open()
    with storage.unit() as unit:
        unit.shelf(Person).add(Person("ada", "Ada", (PlaneRole.ADMINISTRATOR,)))
        unit.append(event(0))
    storage.append([event(n) for n in range(1, 300)])
    counted = {"event_type": "tool.invoked", "agent_id": "bot", "source": "gateway", "sequence": 1}
    made.ledger(storage).append([counted], by="ada")
    storage.logs.cosigned.keep(0, storage.ledger.head().size, None, ONE[1](storage.ledger.head().note))
    storage.logs.reindex()
    made.close()
    whole = made.file.read_bytes()
    for table, column, where in GONE:
        made.file.write_bytes(whole)
        behind = sqlite3.connect(made.file, isolation_level=None)
        for (name,) in behind.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            behind.execute(f"drop trigger {name}")
        behind.execute("pragma writable_schema = on")
        behind.execute("update sqlite_master set sql = replace(sql, 'NOT NULL', '') where name = ?", (table,))
        behind.close()
        behind = sqlite3.connect(made.file, isolation_level=None)
        assert behind.execute(f"update {table} set {column} = null where {where}").rowcount > 0
        behind.execute("pragma wal_checkpoint(truncate)")
        behind.close()
        storage = made.open()
        found = LedgerFsck(made.world(storage)).run()
        assert found.faults, (table, column)
        made.close()


def test_a_number_beside_the_signed_head_makes_nobody_read_so_many_entries(scene):
    whole = scene.storage.ledger.search({}, before=None, limit=10)
    with scene.damaged("update ledger_head set size = 1000000000000 where id = 1"):
        assert scene.storage.ledger.search({}, before=None, limit=10) == whole
        assert not scene.run().holds
        scene.storage.logs.reindex()
    assert scene.run().holds
