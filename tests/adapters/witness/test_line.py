"""The way to a witness, over real sockets, to servers that do everything wrong that a server can."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from ephor.adapters.posting import MAX_ANSWER
from ephor.adapters.witness.line import HttpWitnesses
from ephor.kernel.errors import UnavailableError, VerificationError
from ephor.rooms.ledger.witnesses import Reply

Script = Callable[[socket.socket], None]
STOP = threading.Event()
"""Tells the servers that the test is over."""


@pytest.fixture
def server() -> Iterator[Callable[[Script], str]]:
    """Starts a server that reads one request and does as it is told; returns its URL."""
    STOP.clear()
    listening: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(script: Script) -> str:
        door = socket.create_server(("127.0.0.1", 0))
        listening.append(door)

        def run() -> None:
            with contextlib.suppress(OSError):
                line, _ = door.accept()
                with line:
                    script(line)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"http://127.0.0.1:{door.getsockname()[1]}"

    yield start
    STOP.set()
    for one in listening:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
    for thread in threads:
        thread.join(timeout=300)


def read_request(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65_536)
    return head + b"\r\n\r\n" + body


def says(*parts: bytes) -> Script:
    def script(line: socket.socket) -> None:
        read_request(line)
        for part in parts:
            line.sendall(part)

    return script


def drips(start: bytes, drop: bytes) -> Script:
    """Say *start*, then *drop* for as long as anybody listens."""

    def script(line: socket.socket) -> None:
        read_request(line)
        line.sendall(start)
        while not STOP.wait(0.02):
            line.sendall(drop)

    return script


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"


def test_a_request_goes_out_whole_and_the_answer_comes_back(server):
    seen = []

    def script(line):
        seen.append(read_request(line))
        line.sendall(OK + b"Content-Length: 3\r\n\r\nhey")

    url = server(script)
    assert HttpWitnesses().submit(f"{url}/a/b", b"old 0\n\nnote") == Reply(200, "text/plain", b"hey")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a/b/add-checkpoint HTTP/1.1\r\nHost: 127.0.0.1:")
    assert body == b"old 0\n\nnote"


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (b"HTTP/1.1 409 Conflict\r\nContent-Type: Text/X.Tlog.Size\r\nContent-Length: 2\r\n\r\n6\n",
         Reply(409, "text/x.tlog.size", b"6\n")),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Reply(404, "", b"")),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", Reply(302, "", b"")),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", Reply(200, "text/plain", b"hi")),
        (OK + b"Content-Length: 100\r\n\r\nshort", Reply(200, "text/plain", b"short")),
        (OK + b"Content-Length: 10, 20\r\n\r\nodd", Reply(200, "text/plain", b"odd")),
        (OK + b"\r\nuntil it closes", Reply(200, "text/plain", b"until it closes")),
    ],
)  # fmt: skip
def test_any_status_is_an_answer_and_no_redirect_is_followed(server, answer, reply):
    assert HttpWitnesses().submit(server(says(answer)), b"x") == reply


@pytest.mark.parametrize(
    "script",
    [
        says(b""),
        says(b"garbage\r\n\r\n"),
        says(b"HTTP/1.1 abc\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
        says(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n"),
        says(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    ],
)
def test_what_is_no_http_did_not_answer(server, script):
    with pytest.raises(UnavailableError, match=r"did not answer in HTTP \(\w+\); check the address"):
        HttpWitnesses().submit(server(script), b"x")


@pytest.mark.parametrize(
    "script",
    [
        says(OK + b"\r\n", *[b"x" * 65_536] * 64),
        says(OK + b"Content-Length: 99999999999\r\n\r\n", *[b"x" * 65_536] * 64),
        says(OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * 64),
    ],
)
def test_an_answer_without_end_is_cut_off(server, script):
    with pytest.raises(VerificationError, match=f"longer than {MAX_ANSWER} bytes"):
        HttpWitnesses().submit(server(script), b"x")


@pytest.mark.parametrize(
    "script",
    [
        drips(b"", b""),
        drips(b"H", b"T"),
        drips(OK, b"X: y\r\n"),
        drips(OK + b"X: ", b"y"),
        drips(OK + b"\r\n", b"."),
        drips(OK + b"Content-Length: 1000\r\n\r\n", b"."),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    ],
)
def test_who_answers_drop_by_drop_is_not_waited_for(server, script):
    with pytest.raises(UnavailableError, match=r"did not answer"):
        HttpWitnesses(0.15).submit(server(script), b"x")


def test_who_does_not_read_the_request_is_not_waited_for(server):
    url = server(lambda _line: STOP.wait(300))
    with pytest.raises(UnavailableError, match=r"within 0\.15 seconds"):
        HttpWitnesses(0.15).submit(url, b"x" * 50_000_000)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://127.0.0.1:99999", "http://" + "a" * 300, "http://a..b"]
)
def test_an_address_where_nobody_is_did_not_answer(url):
    with pytest.raises(UnavailableError, match="did not answer"):
        HttpWitnesses(5).submit(url, b"x")


def test_a_witness_that_cannot_show_a_certificate_did_not_answer(server):
    url = server(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\n\r\n"))
    with pytest.raises(UnavailableError, match="did not answer"):
        HttpWitnesses(5).submit(url.replace("http:", "https:"), b"x")
