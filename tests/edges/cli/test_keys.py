"""`ephor keys`: as somebody types it, in processes of their own where a process is the point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ephor import bootstrap

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    monkeypatch.setenv("EPHOR_DATABASE", f"sqlite:///{tmp_path / 'ephor.db'}")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    for name in [
        one for one in os.environ if one.startswith("EPHOR_") and one[6:] not in ("DATABASE", "PERSON")
    ]:
        monkeypatch.delenv(name)

    def call(*words: str, **settings: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with monkeypatch.context() as more:
            for name, value in settings.items():
                more.setenv(f"EPHOR_{name.upper()}", value)
            with pytest.raises(SystemExit) as stop:
                bootstrap.main()
        out, err = capfdbinary.readouterr()
        return int(stop.value.code or 0), out.decode(), err.decode()

    return call


def test_keys_are_listed_rotated_and_listed_again(run, tmp_path):
    assert run("init")[0] == 0
    code, out, _ = run("keys", "list", "--json")
    before = json.loads(out)
    assert (code, [one["key"]["kind"] for one in before]) == (0, ["signing", "wrapping", "pseudonym"])
    code, out, _ = run("keys", "rotate", "signing", "--reason", "yearly", "--json")
    done = json.loads(out)
    assert (code, done["begun"], done["old"]) == (0, True, before[0]["key"]["id"])
    assert run("keys", "rotate", "wrapping", "--reason", "yearly")[:1] == (0,)
    after = json.loads(run("keys", "list", "--json")[1])
    assert after[0]["key"]["id"] == done["new"]
    assert after[1]["key"]["id"] != before[1]["key"]["id"]
    assert after[2] == before[2]
    said = run("keys", "list")[1]
    assert done["new"] in said
    assert str(tmp_path) in said
    events = json.loads(run("ledger", "list", "--kind", "key.rotated", "--json")[1])["entries"]
    assert [one["entry"]["resource"] for one in events] == ["key:wrapping", "key:signing"]
    assert [one["entry"]["metadata"]["reason"] for one in events] == ["yearly", "yearly"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rotate", "pseudonym", "--reason", "x"), 4, "cannot be rotated"),
        (("rotate", "signing"), 2, "missing option '--reason'"),
        (("rotate", "signing", "--reason", ""), 2, "an empty --reason"),
        (("rotate", "wrapping", "--reason", "x", "--keep-old"), 2, "only an old signing key can be kept"),
        (("rotate", "other", "--reason", "x"), 2, "'other' is not one of"),
        (("rotate", "signing", "--reason", "x", "--as", "ghost"), 5, "nobody is registered as `ghost`"),
        (("serve", "--keys", "k", "--socket", "s", "--mode", "666"), 2, "others are never let in"),
        (("serve", "--keys", "k", "--socket", "x" * 200), 2, "too long for a socket"),
    ],
)
def test_what_cannot_be_is_refused_with_a_word(run, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    run("init")
    answer = run("keys", *words)
    assert (answer[0], answer[1]) == (code, "")
    assert said in answer[2]


def test_two_providers_for_one_key_are_refused_and_no_secret_is_shown(run):
    answer = run("init", signer="unix:/x", signing_key="sEcReT")
    assert answer[0] == 2
    assert "EPHOR_SIGNER and EPHOR_SIGNING_KEY" in answer[2]
    answer = run("init", signing_key="sEcReT")
    assert answer[0] == 7
    assert "sEcReT" not in "".join(answer[1:])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`ephor keys serve` in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="ephor-s-") as short:
        place = Path(short) / "s"
        command = [sys.executable, "-m", "ephor", "keys", "serve", "--keys", str(tmp_path / "held")]
        process = subprocess.Popen(
            [*command, "--socket", str(place), "--mode", "660"], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == f"signing at {place}\n"
        yield process, place
        process.kill()
        process.communicate()


def test_a_plane_is_made_and_used_with_a_signer_of_its_own(run, served, tmp_path):
    process, place = served
    signer = {"signer": f"unix:{place}"}
    assert run("init", **signer)[0] == 0
    assert not (tmp_path / "ephor.db.keys" / "signing.key").exists()
    assert f"signer (unix:{place})" in run("keys", "list", **signer)[1]
    assert run("people", "add", "bob", "--role", "operator", **signer)[0] == 0
    assert run("keys", "rotate", "signing", "--reason", "x", **signer)[0] == 0
    assert run("ledger", "list")[0] == 0  # reading asks nobody
    process.send_signal(signal.SIGTERM)
    process.wait(120)
    code, out, err = run("people", "add", "eve", "--role", "operator", **signer)
    assert (code, out) == (7, "")
    assert "start `ephor keys serve` and try again" in err
