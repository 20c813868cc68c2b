"""`ephor ledger streams` and `renew`, as somebody types them on a plane in a file."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from ephor import bootstrap

EVENT = '{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}\n'


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.setenv("EPHOR_ORIGIN", "example.com/acme/audit")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)
    (tmp_path / "events").write_text(EVENT * 3)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert call("init")[0] == 0
    return call


def test_a_stream_from_its_opening_to_its_export(run, tmp_path):
    code, out, _ = run("ledger", "streams", "open", "telemetry", "--json")
    assert code == 0
    assert json.loads(out)["origin"] == "example.com/acme/telemetry"
    assert run("ledger", "append", "events", "--stream", "telemetry")[0] == 0
    main, stream = json.loads(run("ledger", "streams", "list", "--json")[1])
    assert (main["stream"], main["anchored"]) == ("main", None)
    assert (stream["stream"], stream["size"], stream["anchored"]) == ("telemetry", 3, 3)
    assert "telemetry" in run("ledger", "streams", "list")[1]
    report = json.loads(run("ledger", "verify", "--json")[1])
    assert [report["origin"], *[one["origin"] for one in report["others"]]] == [
        "example.com/acme/audit", "example.com/acme/telemetry",
    ]  # fmt: skip
    told = json.loads(run("ledger", "checkpoint", "--stream", "telemetry", "--json")[1])
    assert (told["origin"], told["size"]) == ("example.com/acme/telemetry", 3)
    assert (
        json.loads(run("ledger", "show", "2", "--stream", "telemetry", "--json")[1])["entry"]["actor"]
        == "agent:bot"
    )
    assert json.loads(run("ledger", "prove", "1", "--stream", "telemetry", "--json")[1])["size"] == 3
    assert run("ledger", "verify", "--stream", "telemetry")[1].startswith(
        "CONSISTENT  example.com/acme/telemetry  3 entries"
    )
    assert json.loads(run("ledger", "streams", "anchor", "--json")[1]) == {"anchored": []}


def test_what_is_asked_of_streams_that_are_not_there_says_which_there_are(run):
    for words in (
        ["append", "events", "--stream", "metrics"],
        ["verify", "--stream", "metrics"],
        ["show", "0", "--stream", "metrics"],
        ["renew", "--stream", "metrics", "--reason", "x"],
    ):
        code, out, err = run("ledger", *words)
        assert (code, out) == (3, ""), words
        assert "`metrics`" in err
        assert "`main`" in err
    assert run("ledger", "streams", "open", "Big Data")[0] == 2
    assert run("ledger", "streams", "open", "x", "--as", "nobody")[0] == 5
    assert run("ledger", "renew", "--reason", "because")[0] == 4


def test_a_restored_backup_goes_on_only_in_a_new_epoch(run, tmp_path: Path):
    shutil.copyfile(tmp_path / "ephor.db", tmp_path / "backup.db")
    assert run("ledger", "append", "events")[0] == 0
    kept = run("ledger", "checkpoint")[1]
    (tmp_path / "kept").write_text(kept)
    key = json.loads(run("ledger", "checkpoint", "--json")[1])["key"]
    for side in ("-wal", "-shm"):
        (tmp_path / f"ephor.db{side}").unlink(missing_ok=True)
    shutil.copyfile(tmp_path / "backup.db", tmp_path / "ephor.db")
    code, _, err = run("ledger", "append", "events")
    assert code == 6
    assert "ephor ledger renew" in err
    code, out, _ = run("ledger", "renew", "--reason", "disk lost", "--json")
    assert code == 0
    made = json.loads(out)
    assert (made["epoch"], made["origin"]) == (2, "example.com/acme/audit/2")
    assert made["key"].startswith("example.com/acme/audit/2+")
    assert run("ledger", "append", "events")[0] == 0
    assert run("ledger", "verify")[0] == 0
    assert run("ledger", "streams", "list")[1].count("ended") == 1
    code, out, _ = run("ledger", "verify", "--checkpoint", "kept", "--key", key)
    assert code == 1
    assert "3 more entries" in out


def test_a_stream_leaves_as_a_bundle_of_its_own(run, tmp_path):
    assert run("ledger", "streams", "open", "telemetry")[0] == 0
    assert run("ledger", "append", "events", "--stream", "telemetry", "--skip", "1")[0] == 0
    key = json.loads(run("ledger", "export", "tiles", "--stream", "telemetry", "--json")[1])["key"]
    assert run("ledger", "export", "main")[0] == 0
    code, out, _ = run("ledger", "verify", "--bundle", "tiles", "--key", key)
    assert (code, out.split("\n")[0].split("  ")[1:3]) == (0, ["example.com/acme/telemetry", "2 entries"])
    code, out, _ = run("ledger", "verify", "--bundle", "main", "--key", key)
    assert code == 1
    assert (
        "the key is of log `example.com/acme/telemetry`, and this is of log 'example.com/acme/audit'" in out
    )
    code, _, error = run("ledger", "export", "chain", "--stream", "telemetry", "--format", "chain")
    assert (code, "view of the main log" in error) == (2, True)
    code, _, error = run("ledger", "append", "events", "--skip", "4")
    assert (code, "nothing was recorded" in error) == (2, True)


def test_a_copy_that_may_only_be_read_is_checked(run, tmp_path, monkeypatch):
    from ephor.adapters.storage.sql.storage import SqlStorage  # noqa: PLC0415
    from ephor.engine.ports import ReadOnlyError  # noqa: PLC0415

    def refuse(_self):
        raise ReadOnlyError("`ephor.db` is read-only")

    monkeypatch.setattr(SqlStorage, "check", refuse)
    code, out, _ = run("ledger", "fsck")
    assert (code, "everything holds" in out) == (0, True)


def test_the_small_verifier_says_what_it_does_not_read(run, tmp_path):
    from ephor import verifier  # noqa: PLC0415

    key = json.loads(run("ledger", "export", "archive", "--format", "parquet", "--json")[1])["key"]
    with pytest.raises(verifier.UsageError, match="ledger verify --bundle"):
        verifier.verify(tmp_path / "archive", key)
    assert run("ledger", "verify", "--bundle", "archive", "--key", key)[0] == 0
