"""A witness's folder: private, made once, and useless without its memory."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from contextlib import closing

import pytest

from ephor.adapters.witness.folder import WitnessFolder
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)
from ephor.rooms.ledger.cosignature import parse_witness_key
from ephor.rooms.ledger.witness import NOTHING_SEEN, Seen
from sample_witness import ORIGIN, SampleLog

NAME = "witness.example/w1"
SIX = SampleLog().grow(6)


@pytest.fixture
def folder(tmp_path):
    made = WitnessFolder(tmp_path / "w")
    made.create(NAME)
    return made


def seen(log=SIX, size=6):
    return Seen(size, log.root(size))


def test_a_witness_is_made_once_and_is_its_owners_alone(folder):
    key = folder.create(NAME)
    assert parse_witness_key((folder.path / "witness.pub").read_text().strip()) == key
    assert (folder.signer().name, folder.signer().public_key) == (NAME, key.public_key)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.path.iterdir()}
    assert modes["witness.key"] == modes["witness.db"] == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_two_that_make_it_at_once_get_one_key(tmp_path):
    keys = []
    threads = [
        threading.Thread(target=lambda: keys.append(WitnessFolder(tmp_path / "w").create(NAME)))
        for _ in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(keys) == 6
    assert len({str(key) for key in keys}) == 1


def test_a_name_that_cannot_be_or_is_anothers_is_refused(folder, tmp_path):
    with pytest.raises(InvalidInputError, match="cannot name a key"):
        WitnessFolder(tmp_path / "x").create("a b")
    assert not (tmp_path / "x").exists()
    with pytest.raises(ConflictError, match=r"is the witness `witness\.example/w1`"):
        folder.create("witness.example/w2")


def test_where_there_is_none_it_says_how_to_make_one(tmp_path):
    with pytest.raises(NotFoundError, match="ephor witness key --keys"):
        WitnessFolder(tmp_path / "none").signer()


def test_what_was_cosigned_last_is_kept_and_changed_only_from_what_it_is(folder):
    assert folder.last(ORIGIN) == NOTHING_SEEN
    assert folder.advance(ORIGIN, NOTHING_SEEN, seen(size=3), SIX.note(3))
    assert not folder.advance(ORIGIN, NOTHING_SEEN, seen(), SIX.note())
    assert WitnessFolder(folder.path).last(ORIGIN) == seen(size=3)
    assert folder.advance(ORIGIN, seen(size=3), seen(size=3), SIX.note(3))
    assert folder.advance(ORIGIN, seen(size=3), seen(), SIX.note())
    assert folder.last(ORIGIN) == seen()
    assert folder.last("other.example/log") == NOTHING_SEEN


def test_a_witness_without_its_memory_does_not_sign(folder):
    (folder.path / "witness.db").unlink()
    for ask in (folder.signer, lambda: folder.create(NAME)):
        with pytest.raises(VerificationError, match=r"is gone: it would cosign a fork; make a new witness"):
            ask()
    with pytest.raises(UnavailableError, match="nothing was cosigned"):
        folder.last(ORIGIN)
    assert not (folder.path / "witness.db").exists(), "asking must not make an empty one"


def test_a_memory_of_another_key_is_refused(folder, tmp_path):
    other = WitnessFolder(tmp_path / "o")
    other.create(NAME)
    shutil.copy(other.path / "witness.db", folder.path / "witness.db")
    with pytest.raises(VerificationError, match="is not that of the key beside it"):
        folder.signer()


def test_a_memory_whose_key_is_gone_is_kept_if_it_cosigned_and_replaced_if_it_never_did(folder):
    before = str(folder.create(NAME))
    (folder.path / "witness.key").unlink()
    assert str(folder.create(NAME)) != before
    folder.advance(ORIGIN, NOTHING_SEEN, seen(), SIX.note())
    (folder.path / "witness.key").unlink()
    with pytest.raises(UnavailableError, match="restore the key"):
        folder.create(NAME)
    assert folder.last(ORIGIN) == seen()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(folder, mode):
    (folder.path / "witness.key").chmod(mode)
    with pytest.raises(UnavailableError, match="chmod 600"):
        folder.signer()


@pytest.mark.parametrize(
    "data", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none_is_refused(folder, data):
    (folder.path / "witness.key").write_bytes(data)
    with pytest.raises(UnavailableError, match="is not a private key"):
        folder.signer()


@pytest.mark.parametrize(
    "change",
    [
        "update logs set size = 3",
        "update logs set root = zeroblob(32)",
        "update logs set root = 'text'",
        "update logs set note = zeroblob(9)",
        "update logs set note = 'text'",
        "update logs set size = 'many'",
        "update logs set origin = 'other.example/log'",
        "drop table logs",
    ],
)
def test_a_damaged_memory_is_not_believed(folder, change):
    folder.advance(ORIGIN, NOTHING_SEEN, seen(), SIX.note())
    with closing(sqlite3.connect(folder.path / "witness.db")) as connection, connection:
        connection.execute(change)
    origin = "other.example/log" if "origin" in change else ORIGIN
    with pytest.raises(VerificationError):
        folder.last(origin)
    with pytest.raises(VerificationError):
        folder.advance(origin, NOTHING_SEEN, seen(), SIX.note())


def test_a_file_that_is_no_database_is_not_believed(folder):
    (folder.path / "witness.db").write_bytes(b"x" * 4096)
    with pytest.raises(VerificationError, match="nothing was cosigned"):
        folder.signer()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path):
    (tmp_path / "w").mkdir(mode=0o500)
    with pytest.raises(UnavailableError, match="make it writable"):
        WitnessFolder(tmp_path / "w").create(NAME)


def test_a_file_where_the_folder_should_be_is_unavailable(tmp_path):
    (tmp_path / "w").write_text("")
    with pytest.raises(UnavailableError, match="name another folder"):
        WitnessFolder(tmp_path / "w").create(NAME)
