"""What a witness's answer means, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError, VerificationError
from ephor.rooms.ledger import note
from ephor.rooms.ledger.cosignature import cosign, cosignatures
from ephor.rooms.ledger.witness import SIZE_TYPE
from ephor.rooms.ledger.witnesses import (
    AHEAD,
    Came,
    Reply,
    Vouched,
    Witness,
    add_cosignature,
    read_reply,
    read_witness,
    vouch,
)
from sample_witness import LOG, WITNESS, SampleLog, is_cosigned, pen

SIX = SampleLog().grow(6)
NOW = 1_800_000_000
SECOND = pen("witness.example/w2", 3)


def line(text=None, signer=WITNESS, at=NOW) -> str:
    return cosign(text or SIX.text(), signer, at).line


def size(text: str) -> Reply:
    return Reply(409, SIZE_TYPE, text.encode())


def read(reply: Reply, old: int = 3):
    return read_reply(reply, SIX.ask(old), WITNESS.witness, NOW)


def test_a_cosignature_is_taken_and_strangers_beside_it_are_not():
    body = (line(signer=SECOND) + line()).encode()
    answer = read(Reply(200, "text/plain", body))
    assert answer.came is Came.COSIGNED
    assert answer.cosignature.line == line()


@pytest.mark.parametrize(
    ("reply", "old", "came", "told"),
    [
        (size("0\n"), 3, Came.MOVED, 0),
        (size("5\n"), 3, Came.MOVED, 5),
        (size("6\n"), 3, Came.MOVED, 6),
        (size("2\n"), 6, Came.MOVED, 2),
        (size("7\n"), 3, Came.SHRUNK, 7),
        (size("9223372036854775807\n"), 6, Came.SHRUNK, 9223372036854775807),
        (size("6\n"), 6, Came.FORK, None),
        (Reply(409, "text/plain", b"other root"), 6, Came.FORK, None),
        (Reply(422, "text/plain", b""), 3, Came.FORK, None),
        (Reply(400, "text/plain", b"no"), 3, Came.REFUSED, None),
        (Reply(403, "text/plain", b"no"), 3, Came.REFUSED, None),
        (Reply(404, "text/plain", b"no"), 3, Came.REFUSED, None),
        (Reply(301, "text/plain", b"over there"), 3, Came.REFUSED, None),
        (Reply(500, "text/html", b"<h1>oh\x1b[2J"), 3, Came.REFUSED, None),
    ],
)
def test_what_a_refusal_means(reply, old, came, told):
    answer = read(reply, old)
    assert (answer.came, answer.size, answer.cosignature) == (came, told, None)


WRONG_TEXT = SampleLog().grow(5).text()
LONGER = SIX.text() + "\nmore\n"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "has no signature|no blank line"),
        (b"\n", "signature"),
        (b"OK\n", "is not a signature line"),
        (b"{}", "newline"),
        (b"\xff\xfe\n", "UTF-8"),
        (line(signer=SECOND).encode(), "no cosignature of `witness.example/w1`"),
        (line(signer=pen(WITNESS.name, 4)).encode(), "no cosignature of `witness.example/w1`"),
        (line(WRONG_TEXT).encode(), "does not hold"),
        (line(SIX.forked(1, 6).text()).encode(), "does not hold"),
        (note.sign(SIX.text(), WITNESS).rpartition(b"\n\n")[2], "no cosignature"),
        ((line() + line(at=NOW - 1)).encode(), "twice"),
        (b"more\n\n" + line(LONGER).encode(), "more than signature lines"),
        (line(at=NOW + AHEAD + 1).encode(), "from the future"),
        (line().encode()[:-1], "newline"),
        (line().encode() * 101, "signatures"),
    ],
)
def test_a_witness_that_lies_is_not_believed(body, complaint):
    with pytest.raises(VerificationError, match=complaint):
        read(Reply(200, "text/plain", body))


@pytest.mark.parametrize(
    "reply",
    [
        size(""),
        size("5"),
        size("05\n"),
        size("-5\n"),
        size("5\n\n"),
        size("9223372036854775808\n"),
        size("3\n"),
        Reply(409, "text/plain", b"5\n"),
        Reply(409, SIZE_TYPE, b"5\r\n"),
    ],
)
def test_a_conflict_without_a_size_that_can_be_is_not_believed(reply):
    with pytest.raises(VerificationError):
        read(reply)


@given(st.sampled_from([200, 400, 409, 422, 500]), st.binary(max_size=120), st.booleans())
def test_no_answer_breaks_the_reader(status, body, sized):
    try:
        answer = read(Reply(status, SIZE_TYPE if sized else "text/plain", body))
    except VerificationError:
        return
    assert answer.came is not Came.COSIGNED


def test_a_clock_a_little_ahead_is_forgiven():
    assert read(Reply(200, "", line(at=NOW + AHEAD).encode())).came is Came.COSIGNED


def made(signer=WITNESS, at=NOW, text=None):
    return cosign(text or SIX.text(), signer, at)


def test_cosignatures_gather_under_one_head_and_newer_ones_replace_older():
    first = add_cosignature(None, SIX.note(), made(), WITNESS.witness)
    both = add_cosignature(first, SIX.note(), made(SECOND), SECOND.witness)
    newer = add_cosignature(both, SIX.note(), made(at=NOW + 9), WITNESS.witness)
    found = cosignatures(note.parse(newer), [WITNESS.witness, SECOND.witness])
    assert {one.witness: one.at for one in found} == {WITNESS.name: NOW + 9, SECOND.name: NOW}
    keys = [str(WITNESS.witness), str(SECOND.witness)]
    assert all(is_cosigned(newer, key) for key in keys)
    assert newer.startswith(SIX.note())


def test_what_was_kept_of_another_checkpoint_is_not_mixed_in():
    other = SIX.forked(1, 6)
    kept = add_cosignature(None, other.note(), made(text=other.text()), WITNESS.witness)
    fresh = add_cosignature(kept, SIX.note(), made(SECOND), SECOND.witness)
    assert fresh == SIX.note() + made(SECOND).line.encode()


def test_the_head_takes_the_cosignatures_of_its_own_checkpoint_only():
    kept = add_cosignature(None, SIX.note(), made(), WITNESS.witness)
    assert vouch(SIX.note(), [kept]) == Vouched(kept, (), 0)
    assert vouch(SIX.note(), []) == Vouched(SIX.note(), (), 0)
    fork, longer = SIX.forked(1, 6).note(), SampleLog().grow(7).note()
    assert vouch(SIX.note(), [longer, fork]) == Vouched(SIX.note(), (longer, fork), 0)
    assert vouch(SIX.note(), [b"", b"garbage", kept]) == Vouched(kept, (), 2)
    assert vouch(b"garbage", [kept]) == Vouched(b"garbage", (kept,), 0)


def test_of_the_others_the_one_by_the_most_witnesses_comes_first_then_the_largest():
    notes = {}
    for size, signers in ((3, (WITNESS, SECOND)), (4, (WITNESS, SECOND)), (5, (WITNESS,)), (2, ())):
        notes[size] = SIX.note(size)
        for signer in signers:
            new = made(signer, text=SIX.text(size))
            notes[size] = add_cosignature(notes[size], SIX.note(size), new, signer.witness)
    given = [notes[size] for size in (5, 4, 3, 2)]
    assert vouch(SIX.note(), given).others == tuple(notes[size] for size in (4, 3, 5, 2))


def test_a_witness_is_read_with_its_name_from_its_key():
    read = read_witness("https://witness.example/w/", str(WITNESS.witness), [], str(LOG.verifier))
    assert read == Witness("witness.example/w1", "https://witness.example/w", str(WITNESS.witness))


@pytest.mark.parametrize(
    "url",
    ["", "witness.example", "ftp://w.example", "https://", "https://u:p@w.example", "https://w.example/a?b",
     "https://w.example/#a", "https://w.example/a b", "file:///etc/passwd", "https://w.example\n", "HTTPS://w"],
)  # fmt: skip
def test_what_is_no_address_of_a_witness_is_refused(url):
    with pytest.raises(InvalidInputError, match="not the address of a witness"):
        read_witness(url, str(WITNESS.witness), [], str(LOG.verifier))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://[::1]:80/w", "https://w.example/a/b~c"])
def test_an_address_with_a_port_or_a_path_is_one(url):
    assert read_witness(url, str(WITNESS.witness), [], str(LOG.verifier)).url == url


def test_one_voice_is_not_counted_twice_and_not_ones_own():
    known = [Witness(WITNESS.name, "https://a.example", str(WITNESS.witness))]
    url, log = "https://b.example", str(LOG.verifier)
    with pytest.raises(ConflictError, match="remove it first"):
        read_witness(url, str(pen(WITNESS.name, 7).witness), known, log)
    with pytest.raises(ConflictError, match="one key is one witness"):
        read_witness(url, str(pen("another.example", 9).witness), known, log)
    with pytest.raises(InvalidInputError, match="not its own witness"):
        read_witness(url, str(pen("w.example", 1).witness), [], log)
