"""Time stamps: OpenSSL is the authority, on a real port, and judges what Ephor keeps."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ephor import bootstrap

pytest.importorskip("rfc3161_client", reason="install ephor[timestamps]")
if shutil.which("openssl") is None:
    pytest.skip("openssl is not on this machine", allow_module_level=True)

CONFIG = """
[ tsa ]
default_tsa = one
[ one ]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *words], cwd=folder, input=data, capture_output=True, check=True)


def make_authority(folder: Path, name: str) -> Path:
    """Make a root, and under it a certificate that may stamp, as OpenSSL's own manual has it."""
    folder.mkdir()
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
            "-days", "30", "-subj", f"/CN={name} root")  # fmt: skip
    openssl(
        folder,
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "tsa.key",
        "-out",
        "tsa.csr",
        "-subj",
        f"/CN={name}",
    )
    (folder / "ext").write_text(
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
    )
    openssl(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-out", "tsa.pem", "-days", "30", "-extfile", "ext")  # fmt: skip
    return folder


class Authority(BaseHTTPRequestHandler):
    """Answers with `openssl ts -reply`; the path says how it misbehaves."""

    folder: Path
    kept: bytes = b""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        (self.folder / "asked").write_bytes(asked)
        openssl(self.folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked", "-out", "answer")
        answer = (self.folder / "answer").read_bytes()
        if self.path == "/replay":
            answer, type(self).kept = type(self).kept or answer, type(self).kept or answer
        if self.path == "/broken":
            answer = answer[:-40] + bytes(40)
        self.send_response(500 if self.path == "/down" else 200)
        self.send_header(
            "Content-Type", "text/html" if self.path == "/page" else "application/timestamp-reply"
        )
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = make_authority(tmp_path_factory.mktemp("tsa") / "one", "a test authority")
    handler = type("Handler", (Authority,), {"folder": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert call("init")[0] == 0
    return call


def test_a_stamp_is_kept_listed_judged_and_judged_again_by_openssl(run, authority, tmp_path):
    folder, url = authority
    root = str(folder / "root.pem")
    code, out, err = run("ledger", "timestamp", "ask", url, "--root", root, "--json")
    assert (code, err) == (0, ""), err
    made = json.loads(out)
    assert "a test authority" in made["authority"]
    (one,) = json.loads(run("ledger", "timestamp", "list", "--root", root, "--json")[1])
    assert (one["holds"], one["size"]) == (True, made["size"])
    (one,) = json.loads(run("ledger", "timestamp", "list", "--json")[1])
    assert one["holds"] is None
    assert run("ledger", "timestamp", "export", made["id"], "out")[0] == 0
    judged = openssl(
        tmp_path / "out", "ts", "-verify", "-data", "checkpoint", "-in", "answer.tsr", "-CAfile", root
    )
    assert b"Verification: OK" in judged.stdout + judged.stderr
    assert json.loads(run("ledger", "list", "--kind", "checkpoint.stamped", "--json")[1])["entries"]
    assert run("ledger", "verify")[0] == 0


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("/page", 6, "not a time stamp"),
        ("/down", 6, "answered 500"),
        ("/broken", 6, "does not hold"),
    ],
)
def test_an_answer_that_is_no_stamp_is_refused_and_nothing_is_kept(run, authority, path, code, says):
    folder, url = authority
    found, _, err = run("ledger", "timestamp", "ask", url + path, "--root", str(folder / "root.pem"))
    assert found == code
    assert says in err
    assert json.loads(run("ledger", "timestamp", "list", "--json")[1]) == []


def test_an_old_answer_to_another_question_is_refused(run, authority):
    folder, url = authority
    words = ("ledger", "timestamp", "ask", f"{url}/replay", "--root", str(folder / "root.pem"))
    run(*words)
    assert run(*words)[0] == 6


def test_a_stamp_of_somebody_elses_authority_is_refused(run, authority, tmp_path):
    other = make_authority(tmp_path / "other", "another")
    code, _, err = run("ledger", "timestamp", "ask", authority[1], "--root", str(other / "root.pem"))
    assert (code, "does not hold" in err) == (6, True)
    (tmp_path / "no.pem").write_text("no certificate")
    assert run("ledger", "timestamp", "ask", authority[1], "--root", "no.pem")[0] == 2
    assert run("ledger", "timestamp", "ask", "ftp://x", "--root", str(other / "root.pem"))[0] == 2
    assert run("ledger", "timestamp", "ask", "http://127.0.0.1:1/", "--root", str(other / "root.pem"))[0] == 7


def test_a_history_that_was_stamped_cannot_be_another_afterwards(run, authority, tmp_path):
    folder, url = authority
    root = str(folder / "root.pem")
    assert run("ledger", "timestamp", "ask", url, "--root", root)[0] == 0
    with sqlite3.connect(tmp_path / "ephor.db") as database:
        ((id, body),) = database.execute("select id, body from time_stamps").fetchall()
        record = json.loads(body)
        record["at"] = "2020-01-01T00:00:00Z"
        database.execute("update time_stamps set body = ? where id = ?", (json.dumps(record), id))
    database.close()
    code, out, _ = run("ledger", "timestamp", "list", "--root", root, "--json")
    assert (code, json.loads(out)[0]["because"]) == (1, "the record says another time than the stamp")


def test_a_person_without_the_right_may_not_ask(run, authority):
    assert run("people", "add", "eve", "--name", "Eve", "--role", "engineer")[0] == 0
    folder, url = authority
    assert run("ledger", "timestamp", "ask", url, "--root", str(folder / "root.pem"), "--as", "eve")[0] == 5
