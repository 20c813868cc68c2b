"""The witness as a second process: what it has cosigned it never contradicts, whatever happens to it."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading
import time

import pytest

from ephor.adapters.witness.folder import WitnessFolder
from sample_witness import LOG, SampleLog, is_cosigned

TEN = SampleLog().grow(10)
FORK = TEN.forked(2, 10)


def sees(served, log, size, note_of):
    """Check that *note_of* with what was answered is a checkpoint that this witness cosigned."""
    key = (served.folder / "witness.pub").read_text()
    return is_cosigned(log.note(size) + note_of, key)


def test_a_log_is_followed_and_nothing_else_across_a_restart(served):
    served.start()
    first = served.post(TEN.body(0, 4))
    assert (first.status, first.media_type) == (200, "text/plain; charset=utf-8")
    assert sees(served, TEN, 4, first.body)
    assert served.post(FORK.body(4)).status == 422
    assert served.post(FORK.body(4, 4)).status == 409
    assert served.post(TEN.body(4)).status == 200
    shrunk = served.post(TEN.body(0, 4))
    assert (shrunk.status, shrunk.media_type, shrunk.body) == (409, "text/x.tlog.size", b"10\n")
    assert served.post(TEN.body(10, 4)).status == 400
    served.stop()
    served.start()
    assert served.post(FORK.body(0)).body == b"10\n"
    assert served.post(FORK.body(10)).status == 409
    again = served.post(TEN.body(10))
    assert again.status == 200
    assert sees(served, TEN, 10, again.body)
    assert served.stop() in (0, -signal.SIGTERM)


DIES = """
import os, signal, sys
from pathlib import Path
from ephor.adapters.clock import SystemClock
from ephor.adapters.witness.folder import WitnessFolder
from ephor.edges.witness.application import application
from ephor.edges.witness.serve import serve
from ephor.engine.witnessing import Witness
from sample_witness import LOG

folder = WitnessFolder(Path(sys.argv[1]))

class Dying:
    name, public_key = folder.signer().name, folder.signer().public_key
    def sign(self, message):
        os.kill(os.getpid(), signal.SIGKILL)

one = Witness(Dying(), [LOG.verifier], folder, SystemClock())
serve(application(one.answer), "127.0.0.1", 0, lambda url: print('{"url": "%s"\\n}' % url, flush=True))
"""


def test_one_killed_between_writing_and_answering_never_cosigns_the_fork(served):
    served.start(script=DIES)
    with pytest.raises((http.client.HTTPException, OSError)):
        served.post(TEN.body(0, 6))
    assert served.running[-1].wait(timeout=300) == -signal.SIGKILL
    served.start()
    refused = served.post(FORK.body(0, 6))
    assert (refused.status, refused.body) == (409, b"6\n")
    assert served.post(FORK.body(6, 6)).status == 409
    assert served.post(TEN.body(6, 6)).status == 200


def race(served, bodies):
    """Send both bodies eight times in all, at once, to two processes; return which was cosigned, as one must be."""
    answers: list[tuple[int, int]] = []
    gate = threading.Barrier(8)

    def ask(number):
        gate.wait()
        answers.append((number % 2, served.post(bodies[number % 2], which=number // 4).status))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(status for _, status in answers) == [200] + [409] * 7
    return next(which for which, status in answers if status == 200)


def test_of_many_at_once_over_two_processes_one_history_wins(served):
    served.start()
    served.start()
    won = SampleLog()
    for size in (5, 10):
        histories = [SampleLog(list(won.leaves)).grow(5, word) for word in ("left", "right")]
        won = histories[race(served, [log.body(size - 5) for log in histories])]
    kept = WitnessFolder(served.folder).last(LOG.name)
    assert (kept.size, kept.root) == (10, won.root())


HOSTILE = [
    b"",
    b"old 0",
    b"old 0\n\n",
    b"\x00" * 1000,
    b"old 0\n\n" + b"\xff" * 1000,
    b"old 0\n" + b"A\n" * 50_000,
    b"\n" * 100_000,
    b"old 0\n\n" + TEN.note() * 50,
    TEN.body(0).replace(b"old 0", b"old 00"),
    TEN.body(0).replace(b"\n10\n", b"\n11\n"),
    TEN.body(0)[:-1],
]


def test_hostile_bodies_are_refused_and_the_next_is_served(served):
    served.start()
    for body in HOSTILE:
        assert served.post(body).status in (400, 403), body[:40]
    assert served.post(b"x" * 2_000_000).status == 413
    line = http.client.HTTPConnection("127.0.0.1", served.ports[-1], timeout=300)
    for method, path, status in (("GET", "/add-checkpoint", 405), ("POST", "/", 404), ("GET", "/", 404)):
        line.request(method, path)
        answer = line.getresponse()
        answer.read()
        assert answer.status == status
    line.request("POST", "/add-checkpoint", iter([b"old 0\n", b"\n", TEN.note()]), encode_chunked=True,
                 headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert line.getresponse().status == 200
    line.close()
    assert WitnessFolder(served.folder).last(LOG.name).size == 10


IMPATIENT = """
import sys
from pathlib import Path
from ephor.adapters.clock import SystemClock
from ephor.adapters.witness.folder import WitnessFolder
from ephor.edges.witness import serve
from ephor.edges.witness.application import application
from ephor.engine.witnessing import Witness
from sample_witness import LOG

serve.CONNECTION_SECONDS = %(connection)s
folder = WitnessFolder(Path(sys.argv[1]))
one = Witness(folder.signer(), [LOG.verifier], folder, SystemClock())
serve.serve(application(one.answer, body_seconds=%(body)s), "127.0.0.1", 0,
            lambda url: print('{"url": "' + url + '"\\n}', flush=True))
"""


def until_closed(line: socket.socket, drip: bytes, answer: bytes | None = None) -> bytes:
    """Send a byte now and then until the other side has had enough, or said *answer*; return what it said."""
    said, end = b"", time.monotonic() + 300
    line.settimeout(0.05)
    while time.monotonic() < end:
        try:
            with contextlib.suppress(TimeoutError):
                if not (more := line.recv(4096)):
                    return said
                said += more
                if answer is not None and said.startswith(answer):
                    return said
            line.sendall(drip)
        except ConnectionError:
            return said
    raise AssertionError("the connection was never closed")


POST = b"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(("begun", "drip"), [(b"", b""), (POST + b"X: ", b"x")])
def test_who_never_finishes_a_request_is_shown_out(served, begun, drip):
    served.start(script=IMPATIENT % {"connection": 0.3, "body": 300})
    with socket.create_connection(("127.0.0.1", served.ports[-1]), timeout=300) as line:
        line.sendall(begun)
        until_closed(line, drip)


def test_who_never_ends_a_body_is_told_so_and_the_next_is_served(served):
    served.start(script=IMPATIENT % {"connection": 300, "body": 0.1})
    with socket.create_connection(("127.0.0.1", served.ports[-1]), timeout=300) as line:
        line.sendall(POST + b"Content-Length: 9999\r\n\r\n")
        assert until_closed(line, b"o", b"HTTP/1.1 408 ").startswith(b"HTTP/1.1 408 ")
    end = time.monotonic() + 300
    while (status := served.post(TEN.body(0)).status) == 408 and time.monotonic() < end:
        pass  # this machine was too busy to hand the body over in time
    assert status == 200
