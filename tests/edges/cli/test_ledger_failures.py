"""What `ephor ledger` says where something fails: how far it came, where, and what to do next."""

from __future__ import annotations

import json
import sqlite3
import sys

import pytest

from ephor import bootstrap
from ephor.rooms.ledger import proof_file

EVENT = '{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}\n'


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.setenv("EPHOR_ORIGIN", "example.com/acme/audit")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)
    (tmp_path / "events").write_text(EVENT * 5)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert call("init")[0] == 0
    return call


def damage(*statements: str) -> None:
    connection = sqlite3.connect("ephor.db")
    for sql in statements:
        connection.execute(sql)
    connection.commit()
    connection.close()


def test_a_proof_in_a_file_holds_for_its_entry_alone(run, tmp_path):
    run("ledger", "append", "events")
    key = json.loads(run("ledger", "checkpoint", "--json")[1])["key"]
    assert run("ledger", "prove", "2", "--tlog-proof", "two.tlog-proof")[0] == 0
    made = proof_file.parse((tmp_path / "two.tlog-proof").read_bytes())
    connection = sqlite3.connect("ephor.db")
    [entry] = connection.execute("select data from ledger_entries where idx = 2").fetchone()
    connection.close()
    assert proof_file.verify(made, entry, key).size > 2
    with pytest.raises(Exception, match=r"proof|root"):
        proof_file.verify(made, entry + b" ", key)


def test_a_link_that_is_not_there_and_an_entry_that_is_gone_are_told_apart(run):
    assert run("ledger", "chain", "--from", "999")[0] == 3
    run("ledger", "append", "events")
    damage("drop trigger ledger_entries_no_delete", "delete from ledger_entries where idx = 2")
    for words in (("show", "2"), ("prove", "2")):
        code, _, err = run("ledger", *words)
        assert (code, "entry 2 is gone" in err) == (6, True)


def test_a_head_that_is_no_text_is_a_failed_verification(run):
    damage("update ledger_head set note = x'fffe00'")
    code, _, err = run("ledger", "prove", "0")
    assert (code, "ephor ledger fsck" in err) == (6, True)
    assert run("ledger", "append", "events")[0] == 6


def test_a_head_that_names_no_key_is_not_blamed_on_who_asks(run):
    key = json.loads(run("ledger", "checkpoint", "--json")[1])["key"]
    damage("update ledger_head set key = 'nonsense'")
    code, _, err = run("ledger", "verify")
    assert (code, "names no key (`nonsense`)" in err, "--key" in err) == (6, True, True)
    assert run("ledger", "verify", "--key", key)[0] == 0


def test_a_plane_without_its_ledger_misses_entries(run):
    damage(
        "drop trigger ledger_entries_no_delete",
        "drop trigger ledger_tiles_no_delete",
        "delete from ledger_entries",
        "delete from ledger_tiles",
        "delete from ledger_head",
    )
    code, _, err = run("ledger", "verify")
    assert (code, "every entry is missing" in err) == (6, True)


def test_a_damaged_head_beside_the_keys_is_named(run, tmp_path):
    [head] = tmp_path.rglob("head")
    head.write_bytes(b"\x01" * 8192)
    code, _, err = run("ledger", "append", "events")
    assert (code, "head`" in err, "restore the file" in err) == (6, True, True)


def test_a_planes_keys_are_no_witness_and_a_witness_has_a_host(run, tmp_path):
    [signing] = tmp_path.rglob("signing.key")
    code, _, err = run("witness", "key", "--keys", str(signing.parent), "--name", "witness.example/w1")
    assert (code, "keys of a plane" in err) == (2, True)
    assert run("witness", "key", "--keys", "w", "--name", "nohost")[0] == 2
    assert run("witness", "key", "--keys", "w", "--name", "witness.example/w1")[0] == 0
