"""Keys that follow each other: what was signed and sealed before stays good, and an interruption anywhere is no harm."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.storage.growth import Grower
from ephor.adapters.storage.sql import engines
from ephor.adapters.storage.sql.rotation import SqlKeyRing
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError, VerificationError
from ephor.rooms.ledger.checkpoint import open_checkpoint
from ephor.rooms.ledger.rotation import open_statement
from planes import Made, check_whole, event, numbers

TESTS = Path(__file__).parents[2]


def files(made: Made) -> set[str]:
    return {one.name for one in made.folder.iterdir() if ".key" in one.name}


def judged(made: Made, storage: Any, key: str | None = None, earlier: bytes | None = None) -> Any:
    report = made.ledger(storage).verify(key, earlier)
    return report[0] if isinstance(report, tuple) else report


def seal(storage: Any, number: int) -> str:
    with storage.unit() as unit:
        return str(unit.append(event(1000 + number, subject=f"sub_{number}"), f"payload {number}".encode()))


def entry(storage: Any, position: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(iter(storage.ledger.entries(position, position + 1))))
    return found


def test_old_heads_and_proofs_hold_and_an_auditor_follows_the_keys(plane):
    storage = plane.open()
    storage.append([event(n) for n in range(1, 5)])
    keys, ledger = plane.keys(storage), plane.ledger(storage)
    seen = [ledger.head()]
    proof = ledger.prove("2")
    for number in range(3):
        done = keys.rotate_signing(f"reason {number}", by="ada")
        assert (done.begun, done.moved, done.retired) == (True, 1, 1)
        storage.append([event(10 + number)])
        seen.append(ledger.head())
    assert len({head.key for head in seen}) == 4
    assert seen[-1].key == done.new
    trusted = seen[0].key
    for number, note in enumerate(ledger.head().statements):
        said = open_statement(note, trusted)
        told = entry(storage, said.position)
        assert (told["kind"], told["resource"], told["actor"]) == (
            "key.rotated/1",
            "key:signing",
            "person:ada",
        )
        assert told["metadata"]["statement"] == note.decode()
        assert told["metadata"]["reason"] == f"reason {number}"
        trusted = said.new
    assert trusted == seen[-1].key
    for head in seen:
        assert open_checkpoint(head.note, head.key).size == head.size
        with suppress(VerificationError):
            assert head.key == seen[-1].key or not open_checkpoint(head.note, seen[-1].key)
    assert open_checkpoint(proof.checkpoint.encode(), seen[0].key).root.hex() == proof.root
    for head in seen:
        report = judged(plane, storage, head.key, seen[0].note)
        assert (report.verdict, report.findings) == ("CONSISTENT", ())
    check_whole(storage)


def test_an_export_holds_the_statements_and_verifies_from_the_first_key(make_plane, tmp_path):
    from ephor import verifier  # noqa: PLC0415 - only here
    from ephor.adapters.files import new_folder  # noqa: PLC0415

    plane = make_plane()
    storage = plane.open()
    first = storage.ledger.head().key
    for _ in range(2):
        plane.keys(storage).rotate_signing("x", by="ada")
    plane.ledger(storage).export(new_folder(str(tmp_path / "out")))
    assert [(tmp_path / "out" / "keys" / name).read_bytes() for name in ("1", "2")] == list(
        storage.ledger.head().statements
    )
    assert verifier.verify(tmp_path / "out", first, None).verdict == "CONSISTENT"
    (tmp_path / "out" / "keys" / "1").unlink()
    assert verifier.verify(tmp_path / "out", first, None).verdict != "CONSISTENT"


def test_a_server_that_runs_meanwhile_goes_on_with_the_new_key(plane):
    storage, other = plane.open(), plane.open()
    other.append([event(1)])
    storage.append([event(2)])
    plane.keys(storage).rotate_signing("x", by="ada")
    other.append([event(3)])
    storage.append([event(4)])
    with other.unit() as unit:
        unit.append(event(5))
    plane.keys(other).rotate_signing("y", by="ada")
    storage.append([event(6)])
    assert numbers(storage) == [0, 1, 2, 3, 4, 5, 6]
    check_whole(storage)
    assert files(plane) == {"signing-3.key", "wrapping.key", "pseudonym.key"}


def test_every_stream_has_its_own_statement(plane):
    storage = plane.open()
    with storage.unit() as unit:
        unit.open_log("payments")
        unit.append(event(1))
    storage.logs.append("payments", [event(n) for n in range(3)])
    done = plane.keys(storage).rotate_signing("x", by="ada")
    assert done.moved == 2
    storage.logs.append("payments", [event(3)])
    heads = [storage.logs.of(one.number).head() for one in storage.logs.names()]
    assert [len(head.statements) for head in heads] == [1, 1]
    assert len({head.key.rsplit("+", 1)[1] for head in heads}) == 1
    assert heads[0].statements != heads[1].statements
    with storage.unit() as unit:
        unit.open_log("metrics")
        unit.append(event(2))
    new = storage.logs.of(2).head()
    assert new.key.rsplit("+", 1)[1] == heads[0].key.rsplit("+", 1)[1]
    storage.logs.append("metrics", [event(1)])
    assert plane.keys(storage).rotate_signing("y", by="ada").moved == 3


def test_only_administrators_rotate_and_a_reason_is_recorded(make_plane):
    plane = make_plane()
    storage = plane.open()
    keys, before = plane.keys(storage), files(plane)
    size = storage.ledger.head().size
    for by in ("ola", "ghost"):
        for rotate in (keys.rotate_signing, keys.rotate_wrapping):
            with pytest.raises(NotPermittedError):
                rotate("x", by=by)
    for reason in ("", "  ", "x" * 501, "a\x1bb"):
        with pytest.raises(InvalidInputError):
            keys.rotate_signing(reason, by="ada")
    with pytest.raises(ConflictError, match="cannot be rotated"):
        keys.rotate_pseudonym()
    assert (files(plane), storage.ledger.head().size) == (before, size)


def test_an_old_key_is_put_aside_when_asked_and_signs_nothing_here_any_more(make_plane):
    plane = make_plane()
    storage = plane.open()
    plane.keys(storage).rotate_signing("x", by="ada", keep_old=True)
    assert files(plane) == {"signing-1.key.retired", "signing-2.key", "wrapping.key", "pseudonym.key"}
    plane.close()
    (plane.folder / "signing-2.key").rename(plane.folder / "away")
    (plane.folder / "signing-1.key.retired").rename(plane.folder / "signing.key")
    with pytest.raises(VerificationError, match="signed with another key"):
        plane.open().append([event(1)])


def test_the_list_says_what_is_in_use_and_no_secret(make_plane):
    plane = make_plane()
    storage = plane.open()
    for rotate in (plane.keys(storage).rotate_signing, plane.keys(storage).rotate_wrapping):
        rotate("x", by="ada")
    shown = plane.keys(storage).list()
    assert [one.key.kind for one in shown] == ["signing", "wrapping", "pseudonym"]
    assert [one.key.waiting for one in shown] == [0, 0, 0]
    assert shown[0].key.id == storage.ledger.head().key
    assert all(str(plane.folder) in one.key.provider for one in shown)
    since = [entry(storage, position)["received_at"] for position in (1, 2, 0)]
    assert [one.since for one in shown] == since
    secrets = [(plane.folder / name).read_bytes() for name in ("wrapping-2.key", "pseudonym.key")]
    assert not any(one.hex() in repr(shown) or repr(one) in repr(shown) for one in secrets)


def test_payloads_open_after_the_wrapping_key_changed_and_the_old_one_is_gone(plane, monkeypatch):
    monkeypatch.setattr("ephor.adapters.storage.sql.rotation._PAGE", 3)
    storage, other = plane.open(), plane.open()
    ids = [seal(other if number % 2 else storage, number) for number in range(8)]
    old = (plane.folder / "wrapping.key").read_bytes()
    done = plane.keys(storage).rotate_wrapping("x", by="ada")
    assert (done.begun, done.moved, done.retired) == (True, 8, 1)
    assert files(plane) == {"signing.key", "wrapping-2.key", "pseudonym.key"}
    assert not any(old in one.read_bytes() for one in plane.folder.iterdir())
    # The other server held the old key in its memory; what it wraps now must open where there is only the new one.
    ids += [seal(other, 8), seal(other, 0)]
    expected = [f"payload {number}".encode() for number in (*range(8), 8, 0)]
    fresh = plane.open()
    for one in (storage, other, fresh):
        assert [one.ledger.payload(id) for id in ids] == expected
    with fresh.unit() as unit:
        assert unit.forget("sub_3").keys == 1
        unit.append(event(1, kind="erasure/1", subject="sub_3"))
    assert fresh.ledger.payload(ids[3]) is None
    assert plane.keys(fresh).rotate_wrapping("y", by="ada").moved == 8
    assert [fresh.ledger.payload(id) for id in ids if id != ids[3]] == expected[:3] + expected[4:]
    check_whole(fresh)


def test_a_backup_of_before_does_not_open_any_more(make_plane, tmp_path):
    plane = make_plane()
    storage = plane.open()
    id = seal(storage, 1)
    plane.close()
    shutil.copyfile(plane.file, tmp_path / "backup.db")
    storage = plane.open()
    plane.keys(storage).rotate_wrapping("x", by="ada")
    plane.close()
    backup = Made(f"sqlite:///{tmp_path / 'backup.db'}", plane.folder)
    with pytest.raises(VerificationError, match="does not open under the wrapping key"):
        backup.open().ledger.payload(id)
    backup.close()


def test_somebody_forgotten_while_keys_are_wrapped_anew_stays_forgotten(plane, monkeypatch):
    storage, other = plane.open(), plane.open()
    ids = [seal(storage, number) for number in range(4)]
    rewrap = type(storage._vault).rewrap

    def forget_first(vault: Any, wrapped: Any, subject: str, mark: int) -> Any:
        if subject == "sub_2":
            with other.unit() as unit:
                unit.forget("sub_2")
                unit.append(event(1, kind="erasure/1", subject="sub_2"))
        return rewrap(vault, wrapped, subject, mark)

    monkeypatch.setattr(type(storage._vault), "rewrap", forget_first)
    assert plane.keys(storage).rotate_wrapping("x", by="ada").moved == 3
    assert [storage.ledger.payload(id) is None for id in ids] == [False, False, True, False]


def test_a_wrapped_key_that_was_altered_keeps_the_old_key_from_being_destroyed(make_plane):
    plane = make_plane()
    storage = plane.open()
    ids = [seal(storage, number) for number in range(3)]
    with closing(sqlite3.connect(plane.file)) as connection, connection:
        good = connection.execute("select wrapped from subject_keys where subject = 'sub_1'").fetchone()[0]
        connection.execute("update subject_keys set wrapped = zeroblob(60) where subject = 'sub_1'")
    with pytest.raises(VerificationError, match="`sub_1` does not open"):
        plane.keys(storage).rotate_wrapping("x", by="ada")
    assert {"wrapping.key", "wrapping-2.key"} <= files(plane)
    assert plane.keys(storage).list()[1].key.waiting == 3
    assert storage.ledger.payload(ids[2]) == b"payload 2"
    with closing(sqlite3.connect(plane.file)) as connection, connection:
        connection.execute("update subject_keys set wrapped = ? where subject = 'sub_1'", (good,))
    done = plane.keys(storage).rotate_wrapping("x", by="ada")
    assert (done.begun, done.moved, done.retired) == (False, 3, 1)
    assert storage.ledger.payload(ids[1]) == b"payload 1"


STEPS: list[tuple[Any, str]] = [
    (PrivateFolder, "write_once"),
    (PrivateFolder, "_write"),
    (PrivateFolder, "_sync"),
    (PrivateFolder, "put_aside"),
    (PrivateFolder, "_wipe"),
    (PrivateFolder, "replace"),
    (KeptHeads, "keeping"),
    (Grower, "grow"),
    (Grower, "settle"),
    (SqlKeyRing, "_record"),
    (SqlKeyRing, "_rewrap_all"),
    (os, "fsync"),
    (os, "pwrite"),
    (os, "link"),
    (Path, "unlink"),
    (Path, "replace"),
    (sa.Connection, "commit"),
    (sa.engine.Transaction, "commit"),
]


class Bomb(BaseException):
    """The process ends here."""


def bombed(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Let the *at*-th step fail; return what counts them."""
    count = [0]

    def patch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def step(*arguments: Any, **more: Any) -> Any:
            count[0] += 1
            if count[0] == at:
                raise Bomb
            return real(*arguments, **more)

        monkeypatch.setattr(owner, name, step)

    for owner, name in STEPS:
        patch(owner, name)
    return lambda: count[0]


@pytest.mark.parametrize("keep", [False, True])
def test_a_signing_rotation_interrupted_anywhere_leaves_a_plane_that_goes_on(make_plane, monkeypatch, keep):
    at, steps = 0, 10**9
    while at < steps:
        at += 3 if keep else 1  # the two differ in a few steps at the end only
        plane = make_plane(f"plane{at}")
        storage = plane.open()
        with storage.unit() as unit:
            unit.open_log("payments")
            unit.append(event(1))
        with monkeypatch.context() as patched:
            count = bombed(patched, at)
            with suppress(Bomb):
                plane.keys(storage).rotate_signing("x", by="ada", keep_old=keep)
                steps = count()
        plane.close()
        storage = plane.open()
        storage.append([event(2)])
        storage.logs.append("payments", [event(3)])
        with storage.unit() as unit:
            unit.append(event(4))
        if any(one.key.waiting for one in plane.keys(storage).list()) or "signing.key" in files(plane):
            plane.keys(storage).rotate_signing("again", by="ada", keep_old=keep)
        heads = [storage.logs.of(number).head() for number in (0, 1)]
        assert [len(head.statements) for head in heads] == [1, 1], at
        aside = {"signing-1.key.retired"} if keep else set()
        left = {name for name in files(plane) if not name.startswith(".")}
        assert left == {"signing-2.key", "wrapping.key", "pseudonym.key"} | aside, at
        storage.append([event(5)])
        assert numbers(storage) == [0, 1, 2, 4, 5]
        check_whole(storage, tiles=False)
        report = judged(plane, storage)
        assert (report.verdict, report.findings) == ("CONSISTENT", ()), at
        plane.close()
        shutil.rmtree(plane.file.parent)
    assert steps > 20


def test_a_wrapping_rotation_interrupted_anywhere_leaves_everything_readable(make_plane, monkeypatch):
    monkeypatch.setattr("ephor.adapters.storage.sql.rotation._PAGE", 2)
    at, steps = 0, 10**9
    while at < steps:
        at += 1
        plane = make_plane(f"plane{at}")
        storage = plane.open()
        ids = [seal(storage, number) for number in range(5)]
        with monkeypatch.context() as patched:
            count = bombed(patched, at)
            with suppress(Bomb):
                plane.keys(storage).rotate_wrapping("x", by="ada")
                steps = count()
        plane.close()
        storage = plane.open()
        ids.append(seal(storage, 5))
        expected = [f"payload {number}".encode() for number in range(6)]
        assert [storage.ledger.payload(id) for id in ids] == expected, at
        if plane.keys(storage).list()[1].key.waiting or "wrapping.key" in files(plane):
            plane.keys(storage).rotate_wrapping("again", by="ada")
        assert {name for name in files(plane) if not name.startswith(".")} == {
            "signing.key",
            "wrapping-2.key",
            "pseudonym.key",
        }, at
        assert [storage.ledger.payload(id) for id in ids] == expected, at
        check_whole(storage, tiles=False)
        plane.close()
        shutil.rmtree(plane.file.parent)
    assert steps > 20


ROTATE = """
import sys; sys.path[:0] = sys.argv[3:]
from pathlib import Path
from planes import Made
plane = Made(sys.argv[1], Path(sys.argv[2]))
storage = plane.open()
keys = plane.keys(storage)
print("ready", flush=True)
while True:
    for rotate in (keys.rotate_signing, keys.rotate_wrapping):
        done = rotate("x", by="ada")
        print(done.new, flush=True)
"""


def test_a_process_killed_while_it_rotates_loses_nothing(plane, monkeypatch):
    monkeypatch.setattr("ephor.adapters.storage.sql.rotation._PAGE", 3)
    storage = plane.open()
    ids = [seal(storage, number) for number in range(10)]
    first = storage.ledger.head().key
    plane.close()
    arguments = [plane.url, str(plane.folder), str(TESTS), str(TESTS.parent / "src")]
    for round in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", ROTATE, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(1 + round % 3):
            assert process.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.003 * round)  # somewhere in the next rotation
        process.send_signal(signal.SIGKILL)
        process.communicate()
        storage = plane.open()
        storage.append([event(round + 1)])
        assert [storage.ledger.payload(id) for id in ids] == [
            f"payload {number}".encode() for number in range(10)
        ]
        ids[round] = seal(storage, round)
        assert judged(plane, storage, first).verdict == "CONSISTENT"
        plane.close()
    storage = plane.open()
    for rotate in (plane.keys(storage).rotate_signing, plane.keys(storage).rotate_wrapping):
        while not rotate("end", by="ada").begun:
            pass
    left = {name for name in files(plane) if not name.startswith(".")}
    assert len(left) == 3, left
    assert [number for number in numbers(storage) if number < 1000] == list(range(5))
    check_whole(storage)


def test_a_newest_head_that_the_old_key_signed_is_still_the_floor(make_plane, monkeypatch):
    """A process died between the commit and the note beside the keys; the note is what notices a restored backup."""
    plane = make_plane()
    storage = plane.open()
    storage.append([event(1)])
    kept = (plane.folder / "head").read_bytes()
    plane.keys(storage).rotate_signing("x", by="ada")
    plane.close()
    (plane.folder / "head").write_bytes(kept)
    storage = plane.open()
    storage.append([event(2)])
    plane.close()
    stranger = make_plane("stranger")
    stranger.open().append([event(1)])
    stranger.close()
    (plane.folder / "head").write_bytes((stranger.folder / "head").read_bytes())
    with pytest.raises(VerificationError, match="none of this log's"):
        plane.open().append([event(3)])


def test_a_statement_put_into_the_database_leads_nowhere(make_plane):
    plane, stranger = make_plane(), make_plane("stranger")
    storage, other = plane.open(), stranger.open()
    stranger.keys(other).rotate_signing("x", by="ada")
    [forged] = other.ledger.head().statements
    with closing(sqlite3.connect(plane.file)) as connection, connection:
        connection.execute("insert into ledger_keys (log, number, note) values (0, 1, ?)", (forged,))
    assert judged(plane, storage).verdict == "INVALID"
    (plane.folder / "head").unlink()
    storage.append([event(1)])
    assert storage.ledger.head().key != other.ledger.head().key


def test_keys_wrapped_before_the_migration_carry_the_mark_of_the_one_key_there_was(
    tmp_path, request, monkeypatch
):
    from alembic import command  # noqa: PLC0415 - only here
    from alembic.config import Config  # noqa: PLC0415

    from ephor.adapters.storage.sql import migrate  # noqa: PLC0415

    for url in (f"sqlite:///{tmp_path / 'old.db'}", request.getfixturevalue("postgres_url")):
        engine = engines.open_engine(url)
        with engine.connect() as connection, connection.begin():
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(migrate.MIGRATIONS))
            command.upgrade(config, "0003")
            connection.execute(sa.text("insert into plane_state (name, value) values ('wrapping-key', 255)"))
            connection.execute(sa.text("insert into subject_keys (subject, wrapped) values ('s', 'w')"))
        migrate.upgrade(engine)
        with engine.connect() as connection:
            assert connection.execute(sa.text("select subject, kek from subject_keys")).all() == [
                ("s", "000000000000ff")
            ]
        engine.dispose()


def test_a_backup_of_before_a_rotation_goes_on_in_a_new_epoch_under_the_new_key(make_plane, tmp_path):
    """The old signing key is destroyed: nothing could sign the log where the backup ends."""
    plane = make_plane()
    storage = plane.open()
    storage.append([event(1)])
    plane.close()
    backup = plane.file.read_bytes()
    storage = plane.open()
    plane.keys(storage).rotate_signing("x", by="ada")
    new = storage.ledger.head().key
    plane.close()
    plane.file.write_bytes(backup)
    storage = plane.open()
    with pytest.raises(VerificationError, match="signed with another key"):
        storage.append([event(2)])
    storage.logs.renew("main", lambda _: event(3))
    storage.append([event(4)])
    head = storage.ledger.head()
    assert (head.origin, head.size) == ("test.local/ephor/main/2", 2)
    assert head.key.rsplit("+", 1)[1] == new.rsplit("+", 1)[1]
