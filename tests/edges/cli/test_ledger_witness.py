"""`ephor ledger witness` and `ephor witness`, as two people would use them on two machines: real files, real sockets."""

from __future__ import annotations

import builtins
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ephor import bootstrap, verifier
from ephor.settings import Settings
from sample_witness import LOG, pen
from served_witness import Served, make

STRANGER = str(pen("witness.example/w9", 7).witness)


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def told(self):
        return json.loads(self.out)


@dataclass
class Plane:
    """A plane in a folder, and the command line on it."""

    folder: Path
    run: Callable[..., Answer]

    @property
    def key(self) -> str:
        return (self.folder / "ephor.db.keys" / "signing.pub").read_text().strip()

    def grow(self, name: str) -> None:
        assert self.run("people", "add", name, "--role", "auditor").code == 0

    def back_up(self) -> Path:
        return Path(shutil.copytree(self.folder, self.folder.with_name("backup")))

    def restore(self, backup: Path) -> None:
        """Put an old copy of everything back, as somebody does who holds all of it."""
        shutil.rmtree(self.folder)
        shutil.copytree(backup, self.folder)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A plane as `ephor init` makes it."""
    folder = tmp_path_factory.mktemp("template") / "plane"
    folder.mkdir()
    engine = bootstrap.open_engine(f"sqlite:///{folder / 'ephor.db'}", settings=Settings())
    engine.access.found("ada", "Ada")
    engine.close()
    return folder


@pytest.fixture
def plane(template, tmp_path, monkeypatch, capsysbinary):
    folder = tmp_path / "plane"
    shutil.copytree(template, folder)

    def run(*words: str) -> Answer:
        monkeypatch.setenv("EPHOR_DATABASE", f"sqlite:///{folder / 'ephor.db'}")
        monkeypatch.setenv("EPHOR_PERSON", "ada")
        monkeypatch.delenv("EPHOR_KEYS", raising=False)
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as stop:
            bootstrap.main()
        said = capsysbinary.readouterr()
        return Answer(int(stop.value.code or 0), said.out.decode(), said.err.decode())

    return Plane(folder, run)


@pytest.fixture
def witness(plane, tmp_path) -> Iterator[Served]:
    """A witness of that plane, served by another process."""
    one = make(tmp_path / "witness", log=plane.key)
    one.start()
    yield one
    one.close()


@pytest.fixture
def named(plane, witness):
    pub = str(witness.folder / "witness.pub")
    assert plane.run("ledger", "witness", "add", witness.url, "--key", pub).code == 0
    return plane


def test_from_the_first_key_to_a_witnessed_verdict(named, witness, tmp_path):
    listed = named.run("ledger", "witness", "list", "--json").told
    assert listed == [{"id": "witness.example/w1", "url": witness.url, "key": witness.key}]
    judge = ("ledger", "verify", "--witness", witness.key, "--quorum", "1", "--json")
    before = named.run(*judge)
    assert (before.code, before.told["verdict"]) == (0, "CONSISTENT")
    assert before.told["unwitnessed_tail"] == before.told["size"]

    [asked] = named.run("ledger", "witness", "ask", "--json").told
    assert (asked["witness"], asked["came"], asked["size"]) == (
        "witness.example/w1",
        "cosigned",
        before.told["size"],
    )
    assert asked["at"].endswith("Z")
    after = named.run(*judge)
    assert (after.code, after.told["verdict"], after.told["unwitnessed_tail"]) == (0, "WITNESSED", 0)

    named.grow("bo")
    named.grow("cy")
    tail = named.run(*judge)
    assert (tail.code, tail.told["verdict"], tail.told["unwitnessed_tail"]) == (0, "CONSISTENT", 2)
    assert "the last 2 entries are vouched for by the log's own key alone" in named.run(*judge[:-1]).out


@pytest.mark.parametrize(("grown", "verdict"), [(0, "WITNESSED"), (1, "CONSISTENT")])
def test_a_bundle_is_witnessed_wherever_it_is_judged(named, witness, tmp_path, grown, verdict):
    named.run("ledger", "witness", "ask")
    for number in range(grown):
        named.grow(f"p{number}")
    bundle = str(tmp_path / "bundle")
    assert named.run("ledger", "export", bundle).code == 0
    words = ["--bundle", bundle, "--key", named.key, "--witness", witness.key, "--json"]
    judged = named.run("ledger", "verify", *words)
    told = judged.told
    assert (judged.code, told["verdict"], told["unwitnessed_tail"]) == (0, verdict, grown)
    command = [sys.executable, verifier.__file__, bundle, *words[2:]]
    alone = subprocess.run(command, capture_output=True, check=False)
    assert (alone.returncode, json.loads(alone.stdout)["verdict"]) == (0, verdict)
    other = named.run("ledger", "verify", *words[:-1], "--witness", STRANGER, "--json")
    assert (other.code, other.told["verdict"]) == (0, "CONSISTENT")


def test_a_parquet_archive_carries_the_cosignatures_too(named, witness, tmp_path):
    pytest.importorskip("pyarrow", reason="install the extra `parquet`")
    named.run("ledger", "witness", "ask")
    named.grow("bo")
    archive = str(tmp_path / "archive")
    assert named.run("ledger", "export", archive, "--format", "parquet").code == 0
    words = ["--bundle", archive, "--key", named.key, "--witness", witness.key, "--json"]
    judged = named.run("ledger", "verify", *words)
    assert (judged.code, judged.told["verdict"], judged.told["unwitnessed_tail"]) == (0, "CONSISTENT", 1)


def test_the_checkpoint_that_an_auditor_takes_bears_the_cosignature(named, witness):
    assert "witness.example/w1" not in named.run("ledger", "checkpoint").out
    named.run("ledger", "witness", "ask")
    assert "\n— witness.example/w1 " in named.run("ledger", "checkpoint").out
    assert "\n— witness.example/w1 " in named.run("ledger", "prove", "0", "--json").told["checkpoint"]


def test_a_plane_put_back_from_a_backup_gets_no_cosignature_again(named, witness):
    named.run("ledger", "witness", "ask")
    backup = named.back_up()
    for name in ("bo", "cy"):
        named.grow(name)
    assert named.run("ledger", "witness", "ask").code == 0

    named.restore(backup)
    shrunk = named.run("ledger", "witness", "ask", "--json")
    assert (shrunk.code, shrunk.told[0]["came"]) == (6, "shrunk")
    for name in ("dan", "eli", "fay"):
        named.grow(name)
    fork = named.run("ledger", "witness", "ask", "--json")
    assert (fork.code, fork.told[0]["came"]) == (6, "fork")
    told = named.run("ledger", "witness", "ask")
    assert told.code == 6
    assert "call the people who answer for this plane" in told.out
    judged = named.run("ledger", "verify", "--witness", witness.key, "--json")
    assert (judged.told["verdict"], judged.told["unwitnessed_tail"]) == ("CONSISTENT", 3)


def test_a_history_of_the_same_length_is_a_fork(named):
    named.run("ledger", "witness", "ask")
    backup = named.back_up()
    named.grow("bo")
    named.run("ledger", "witness", "ask")
    named.restore(backup)
    named.grow("cy")
    fork = named.run("ledger", "witness", "ask", "--json")
    assert (fork.code, fork.told[0]["came"]) == (6, "fork")


def test_with_the_witness_away_the_command_says_so_and_works_again_later(named, witness):
    witness.stop()
    away = named.run("ledger", "witness", "ask", "--json")
    assert (away.code, away.told[0]["came"], away.told[0]["at"]) == (7, "unreachable", None)
    witness.start("--port", str(witness.ports[0]))
    assert named.run("ledger", "witness", "ask").code == 0


@pytest.fixture
def liar() -> Iterator[Callable[[bytes], str]]:
    """Serves one wrong answer to whoever asks; returns its URL."""
    doors: list[socket.socket] = []

    def start(answer: bytes) -> str:
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = door.accept()
                    with line:
                        line.recv(65_536)
                        line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{door.getsockname()[1]}"

    yield start
    for door in doors:
        door.shutdown(socket.SHUT_RDWR)
        door.close()


def http_of(status: str, body: bytes, media_type: str = "text/plain") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def test_who_lies_is_told_of_and_the_honest_one_is_still_asked(named, liar):
    lies = {
        "w2": (http_of("200 OK", b"<html>"), "lied"),
        "w3": (http_of("200 OK", "\N{EM DASH} witness.example/w3 AAAAAAAA\n".encode()), "lied"),
        "w4": (http_of("302 Found", b""), "refused"),
        "w5": (http_of("200 OK", b"x" * 200_000), "lied"),
        "w6": (b"SSH-2.0-OpenSSH_9.2\r\n", "unreachable"),
        "w7": (http_of("500 Oh", b"\x1b[2Jgone"), "refused"),
    }
    for seed, (name, (answer, _)) in enumerate(lies.items(), 30):
        key = str(pen(f"witness.example/{name}", seed).witness)
        assert named.run("ledger", "witness", "add", liar(answer), "--key", key).code == 0
    asked = named.run("ledger", "witness", "ask", "--json")
    came = {one["witness"].rpartition("/")[2]: one["came"] for one in asked.told}
    assert came == {"w1": "cosigned", **{name: expected for name, (_, expected) in lies.items()}}
    assert asked.code == 0
    assert "\x1b" not in named.run("ledger", "witness", "ask").out

    assert named.run("ledger", "witness", "remove", "witness.example/w1").code == 0
    assert named.run("ledger", "witness", "ask").code == 7


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ask",), 3, "there is no witness to ask"),
        (("remove", "nobody"), 3, "there is no"),
        (("add", "https://w.example", "--key", "nothing"), 3, "there is no file `nothing`"),
        (("add", "https://w.example", "--key", str(LOG.verifier)), 2, "is not a witness's"),
        (("add", "w.example", "--key", STRANGER), 2, "is not the address of a witness"),
        (
            ("add", "https://w.example", "--key", STRANGER, "--as", "ghost"),
            5,
            "nobody is registered as `ghost`",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(plane, words, code, said):
    answer = plane.run("ledger", "witness", *words)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--witness", STRANGER, "--quorum", "2"), "no quorum of 2 among 1"),
        (("--quorum", "1"), "no quorum of 1 among 0"),
        (("--witness", str(LOG.verifier)), "the key is not a verifier key"),
        (("--witness", STRANGER, "--witness", STRANGER), "one key stands for two witnesses"),
    ],
)
def test_a_question_about_witnesses_that_makes_no_sense_is_refused(plane, words, said):
    answer = plane.run("ledger", "verify", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_the_witnesss_key_is_made_once_and_printed_again(plane, tmp_path):
    folder = str(tmp_path / "w")
    nobody = plane.run("witness", "key", "--keys", folder)
    assert (nobody.code, "ephor witness key --keys" in nobody.err) == (3, True)
    made = plane.run("witness", "key", "--keys", folder, "--name", "w.example/1")
    assert made.out == plane.run("witness", "key", "--keys", folder).out
    assert made.out.startswith("w.example/1+")
    assert plane.run("witness", "key", "--keys", folder, "--json").told == {
        "key": made.out.strip(),
        "folder": folder,
    }
    other = plane.run("witness", "key", "--keys", folder, "--name", "w.example/2")
    assert (other.code, "another one needs another folder" in other.err) == (4, True)


def test_what_a_witness_cannot_serve_is_refused(plane, tmp_path, monkeypatch):
    folder = str(tmp_path / "w")
    plane.run("witness", "key", "--keys", folder, "--name", "w.example/1")
    serve = ("witness", "serve", "--keys", folder)
    assert plane.run("witness", "serve", "--keys", "none", "--log", plane.key).code == 3
    assert plane.run(*serve, "--log", "a+b+c").code == 2
    assert plane.run(*serve).code == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = plane.run(*serve, "--log", plane.key, "--port", str(taken.getsockname()[1]))
    assert (busy.code, "name another with --port" in busy.err) == (7, True)
    there = builtins.__import__

    def without(name, *rest):
        if name.startswith("ephor.edges.witness"):
            raise ModuleNotFoundError("no", name="starlette")
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    bare = plane.run(*serve, "--log", plane.key)
    assert (bare.code, "extra `server`" in bare.err) == (7, True)
