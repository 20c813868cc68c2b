"""A database that is no database, is damaged, is not there, or is somebody else's."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from planes import check_whole, numbers


def test_a_text_file_is_no_database_and_stays_as_it_is(ephor, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, today I was not a database\n")
    for command in (["init"], ["ledger", "verify"], ["people", "list"]):
        ephor(*command, database=f"sqlite:///{path}").fails(2, f"`{path}` is not a database", "another file")
    assert path.read_text().startswith("dear diary")
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith("notes")) == ["notes.txt"]


@pytest.mark.parametrize("size", [16, 99, 100, 200])
def test_a_file_that_begins_like_a_database_and_ends_there_is_refused(ephor, plane, tmp_path, size):
    path = tmp_path / "stump.db"
    path.write_bytes(plane.file.read_bytes()[:size])
    for command in (["init"], ["ledger", "verify"]):
        answer = ephor(*command, database=f"sqlite:///{path}")
        answer.fails(7 if "damaged" in answer.err else 2, f"{path}")
    assert path.stat().st_size == size


def test_an_empty_file_is_a_place_for_a_new_plane(ephor, tmp_path):
    path = tmp_path / "new.db"
    path.touch()
    ephor("ledger", "list", database=f"sqlite:///{path}").fails(3, "no plane", "`ephor init`")
    assert path.stat().st_size == 0
    assert ephor("init", database=f"sqlite:///{path}").code == 0
    assert ephor("ledger", "verify", database=f"sqlite:///{path}").code == 0


def test_a_folder_is_no_file(ephor, tmp_path):
    ephor("init", database=f"sqlite:///{tmp_path}").fails(2, f"`{tmp_path}` is a folder", "name a file")


def test_a_folder_that_is_not_there_is_named(ephor, tmp_path):
    path = tmp_path / "no" / "ephor.db"
    ephor("init", database=f"sqlite:///{path}").fails(3, f"no folder `{path.parent}`", "make it first")


def test_a_database_that_is_not_there_is_not_made_by_looking(ephor, tmp_path):
    path = tmp_path / "none.db"
    ephor("ledger", "verify", database=f"sqlite:///{path}").fails(3, f"no database `{path}`", "`ephor init`")
    assert not path.exists()


def test_a_name_too_long_for_a_file_is_refused(ephor, tmp_path):
    ephor("init", database=f"sqlite:///{tmp_path / ('x' * 300)}").fails(7, "cannot read", "name another")


def test_a_pipe_is_no_file_and_nobody_waits_for_it(ephor, tmp_path):
    os.mkfifo(tmp_path / "pipe.db")
    ephor("init", database=f"sqlite:///{tmp_path / 'pipe.db'}").fails(2, "no ordinary file")


def test_somebody_elses_database_is_refused(ephor, tmp_path):
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("create table customers (id integer primary key)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    for command in (["init"], ["people", "list"]):
        ephor(*command, database=f"sqlite:///{path}").fails(2, "`customers`", "not Ephor's", "name another")
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_by_every_command(ephor, plane):
    with sqlite3.connect(plane.file) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    for command in (["init"], ["ledger", "verify"], ["people", "list"]):
        ephor(*command).fails(4, "`9999`", "newer Ephor", "upgrade Ephor")


@pytest.mark.parametrize("left", [300, 4_096, 0.3, 0.6, 0.9, -4_096])
def test_a_truncated_database_is_never_taken_for_a_whole_one(ephor, plane, events, tmp_path, left):
    whole = tmp_path / "whole.db"
    shutil.copyfile(plane.file, whole)
    size = whole.stat().st_size
    keep = int(size * left) if isinstance(left, float) else left if left > 0 else size + left
    os.truncate(plane.file, keep)
    for command in (["ledger", "verify"], ["ledger", "append", events], ["people", "list"]):
        answer = ephor(*command)
        answer.fails(7 if answer.code == 7 else 2, "ephor.db")
    shutil.copyfile(whole, plane.file)
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


@pytest.mark.parametrize("page", range(1, 75, 6))
def test_a_database_with_a_page_of_rubbish_is_never_a_traceback(ephor, plane, events, page):
    data = bytearray(plane.file.read_bytes())
    if page * 4_096 + 4_096 > len(data):
        pytest.skip("the file has fewer pages")
    data[page * 4_096 : (page + 1) * 4_096] = bytes((37 * n + page) % 251 for n in range(4_096))
    plane.file.write_bytes(bytes(data))
    for command in (["ledger", "verify"], ["ledger", "list"], ["ledger", "append", events]):
        answer = ephor(*command)
        if answer.code > 1:
            answer.fails(answer.code)
        assert "Traceback" not in answer.err


def test_an_older_copy_put_back_is_noticed_by_whoever_appends_and_by_whoever_verifies(
    ephor, plane, events, tmp_path
):
    older = tmp_path / "older.db"
    shutil.copyfile(plane.file, older)
    assert ephor("ledger", "append", events).code == 0
    newer = plane.file.read_bytes()
    shutil.copyfile(older, plane.file)
    ephor("ledger", "append", events).fails(
        6, "holds 5 entries, but a head over 6 was published", "old backup"
    )
    report = ephor("ledger", "verify")
    assert report.code == 1
    assert "an earlier checkpoint counts 1 more entries" in report.out
    assert "entry 5" in report.out
    storage = plane.open()
    assert numbers(storage) == list(range(5))
    plane.close()
    plane.file.write_bytes(newer)
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify").code == 0


def test_an_old_checkpoint_does_not_excuse_a_copy_put_back(ephor, plane, events, tmp_path):
    """What an auditor kept holds for the copy, too; the head kept beside the keys still does not."""
    kept = tmp_path / "kept-long-ago"
    kept.write_bytes(plane.open().ledger.head().note)
    plane.close()
    older = plane.file.read_bytes()
    assert ephor("ledger", "append", events).code == 0
    assert ephor("ledger", "verify", "--checkpoint", str(kept)).code == 0
    plane.file.write_bytes(older)
    report = ephor("ledger", "verify", "--checkpoint", str(kept))
    assert report.code == 1
    assert "an earlier checkpoint counts 1 more entries" in report.out


def test_a_deleted_database_does_not_come_back_empty_under_the_same_keys(ephor, plane):
    good = plane.file.read_bytes()
    plane.file.unlink()
    ephor("init").fails(6, "signed a ledger of 5 entries", "restore that database, or move the keys away")
    plane.file.write_bytes(good)
    assert ephor("ledger", "verify").code == 0


def test_a_plane_whose_head_was_removed_is_no_new_plane(ephor, plane, events):
    with sqlite3.connect(plane.file) as connection:
        connection.execute("delete from ledger_head")
    connection.close()
    for command in (["ledger", "verify"], ["ledger", "append", events]):
        ephor(*command).fails(6, "head")
    assert ephor("init").code == 6


def test_a_search_index_that_was_tampered_with_does_not_lie(plane):
    storage = plane.open()
    ids = [one.entry["id"] for one in plane.ledger(storage).list({"actor": "agent:bot"})]
    with sqlite3.connect(plane.file) as connection:
        connection.execute("update ledger_projection set idx = -idx - 1")
        connection.execute("update ledger_projection set idx = 5 + idx, actor = 'agent:mallory'")
    connection.close()
    assert storage.ledger.search({"actor": "agent:mallory"}, before=None, limit=9) == []
    assert [storage.ledger.position(id) for id in ids] == [4, 3, 2, 1, 0]


def test_a_search_index_that_is_gone_is_made_anew(plane):
    storage = plane.open()
    assert storage.ledger.search({"actor": "agent:bot"}, before=None, limit=2) == [4, 3]
    with sqlite3.connect(plane.file) as connection:
        connection.execute("delete from ledger_projection")
    connection.close()
    assert storage.ledger.search({"actor": "agent:bot"}, before=None, limit=2) == [4, 3]
    check_whole(storage)


def test_a_damaged_record_is_named_and_not_a_traceback(ephor, plane):
    for body in ("{", '{"id": "ada"}', '{"id": "ada", "name": 5, "roles": []}'):
        with sqlite3.connect(plane.file) as connection:
            connection.execute("insert or replace into people (id, body) values ('ada', ?)", (body,))
        connection.close()
        ephor("people", "list").fails(6, "shelf `people` is damaged", "restore")


def test_a_copy_made_with_vacuum_into_serves_as_well(ephor, plane, events, tmp_path):
    copy = tmp_path / "copy.db"
    with sqlite3.connect(plane.file) as connection:
        connection.execute("vacuum into ?", (str(copy),))
    connection.close()
    shutil.copytree(plane.folder, Path(f"{copy}.keys"))
    assert ephor("ledger", "append", events, database=f"sqlite:///{copy}").code == 0
    assert ephor("ledger", "verify", database=f"sqlite:///{copy}").code == 0
