"""What somebody types into the database by hand, and that every command says so instead of failing on it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from planes import event


def tamper(path: Path, *statements: str) -> None:
    """Run statements as an administrator would, the triggers dropped first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {name}")
        for one in statements:
            connection.execute(one)


EDIT = "update ledger_entries set data = replace(data, 'agent:bot', 'agent:sly') where idx = 2"


def test_an_entry_rewritten_as_text_is_named_and_the_other_entries_are_still_read(
    ephor, plane, events, tmp_path
):
    tamper(plane.file, EDIT)
    with closing(sqlite3.connect(plane.file)) as connection:
        assert connection.execute("select typeof(data) from ledger_entries where idx = 2").fetchone() == (
            "text",
        )
    report = ephor("ledger", "verify", "--json")
    assert (report.code, report.err) == (1, "")
    told = json.loads(report.out)
    assert told["verdict"] == "INVALID"
    assert told["findings"][0]["position"] == 2
    assert ephor("ledger", "list").code == 0
    assert ephor("ledger", "show", "1").code == 0
    ephor("ledger", "show", "2").fails(6, "entry 2 is not what was recorded", "`ephor ledger verify`")
    ephor("ledger", "prove", "2").fails(6)
    ephor("ledger", "append", events).fails(6, "`ephor ledger fsck`")
    assert ephor("ledger", "export", str(tmp_path / "bundle")).code == 0
    judged = ephor("ledger", "verify", "--bundle", str(tmp_path / "bundle"), "--key", told_key(plane.file))
    assert judged.code == 1
    assert "entry 2" in judged.out


def told_key(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("select key from ledger_head").fetchone()[0])


def test_an_entry_that_is_text_with_no_word_changed_is_the_entry(ephor, plane, events):
    tamper(plane.file, "update ledger_entries set data = cast(data as text)")
    assert ephor("ledger", "verify").code == 0
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


@pytest.mark.parametrize("value", ["'text'", "7", "1.5", "x''", "cast(x'ff00fe' as text)"])
@pytest.mark.parametrize("column", ["origin", "size", "root", "frontier", "note", "key", "last_at", "hashes"])
def test_a_head_of_another_type_is_an_error_of_the_family(ephor, plane, events, column, value):
    table = "ledger_fresh" if column == "hashes" else "ledger_head"
    tamper(plane.file, f"update {table} set {column} = {value}")
    for command in (["verify"], ["list"], ["show", "2"], ["append", events]):
        answer = ephor("ledger", *command)
        if answer.code > 1:
            answer.fails(answer.code)
    assert ephor("ledger", "verify").code or ephor("ledger", "append", events).code


@pytest.mark.parametrize("column", ["hashes", "root"])
def test_a_tile_that_is_text_is_no_traceback(ephor, plane, column):
    storage = plane.open()
    storage.append([event(n) for n in range(300)])
    plane.close()
    tamper(plane.file, f"update ledger_tiles set {column} = cast({column} as text)")
    for command in (["verify"], ["show", "2"], ["prove", "2"]):
        assert ephor("ledger", *command).code == 0, command  # the bytes are those that were there
    tamper(plane.file, f"update ledger_tiles set {column} = 'x' || {column}")
    verdict, shown = ephor("ledger", "verify"), ephor("ledger", "show", "2")
    assert verdict.code == 1
    assert shown.code == (6 if column == "hashes" else 0)


def test_a_row_beyond_the_signed_head_is_found_and_stops_the_recording(ephor, plane, events):
    tamper(
        plane.file,
        "insert into ledger_entries select (select max(idx) + 1 from ledger_entries), data from ledger_entries where idx = 1",
    )
    report = ephor("ledger", "verify")
    assert report.code == 1
    assert report.out.startswith("INVALID")
    assert "entry 5: 1 rows lie beyond the signed head" in report.out
    ephor("ledger", "append", events).fails(6, "beyond the ledger's signed head", "`ephor ledger fsck`")
    ephor("people", "add", "eve", "--role", "administrator").fails(6, "beyond the ledger's signed head")
    ephor("init").fails(6, "beyond its signed head")
    tamper(plane.file, "delete from ledger_entries where idx = 5")
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


def test_a_tile_beyond_the_signed_head_is_found(ephor, plane):
    tamper(plane.file, "insert into ledger_tiles (level, idx, hashes, root) values (0, 0, x'00', x'00')")
    report = ephor("ledger", "verify")
    assert report.code == 1
    assert "beyond the signed head" in report.out


def test_an_entry_far_beyond_the_head_is_found(ephor, plane):
    tamper(
        plane.file,
        "insert into ledger_entries values (1000000, x'00')",
        "insert into ledger_entries values (-1, x'00')",
    )
    assert "2 rows lie beyond the signed head" in ephor("ledger", "verify").out


def test_an_export_that_cannot_be_made_leaves_nothing_behind(ephor, plane, tmp_path):
    tamper(plane.file, "delete from ledger_entries")
    ephor("ledger", "export", str(tmp_path / "bundle")).fails(3, "`ephor ledger verify`")
    assert not (tmp_path / "bundle").exists()


def test_init_refuses_a_database_without_its_keys(ephor, plane):
    shutil.rmtree(plane.folder)
    ephor("init").fails(7, str(plane.folder), "restore the key folder")
    assert not plane.folder.exists()


def test_init_says_ready_of_a_plane_that_is(ephor, plane):
    answer = ephor("init")
    assert (answer.code, answer.err) == (0, "")
    assert "plane ready" in answer.out


def test_init_refuses_an_old_backup_under_newer_keys(ephor, plane, events, tmp_path):
    shutil.copyfile(plane.file, tmp_path / "backup.db")
    assert ephor("ledger", "append", events).code == 0
    shutil.copyfile(tmp_path / "backup.db", plane.file)
    ephor("init").fails(6, "holds 5 entries, but a head over 6 was published", "old backup")


@pytest.mark.parametrize("table", ["agents", "people", "plane_state", "ledger_projection", "ledger_tiles"])
def test_a_missing_table_is_damage_and_nothing_to_try_again(ephor, plane, table):
    tamper(plane.file, f"drop table {table}")
    ephor("init").fails(6, "damaged", "restore it from a backup")


def test_a_missing_shelf_is_damage_to_whoever_reads_it(ephor, plane):
    tamper(plane.file, "drop table people")
    ephor("people", "list").fails(6, "damaged: a table or column is gone", "restore it from a backup")


def test_nobody_becomes_administrator_of_a_plane_whose_people_were_removed(ephor, plane):
    tamper(plane.file, "delete from people")
    ephor("init", "--administrator", "mallory").fails(6, "nobody", "5 entries", "restore")
    assert json.loads(ephor("people", "list", "--json").out) == []


def test_a_database_whose_beginning_was_overwritten_is_damaged_where_its_keys_are(ephor, plane):
    data = plane.file.read_bytes()
    plane.file.write_bytes(bytes(64) + data[64:])
    for command in (["init"], ["ledger", "verify"]):
        ephor(*command).fails(7, "is damaged", "restore it from a backup")
    shutil.rmtree(plane.folder)
    ephor("init").fails(2, "is not a database", "move it away to start anew")
