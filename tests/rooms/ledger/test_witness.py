"""The rule by which a witness cosigns: a table of answers, and a naive witness as a second opinion on whole histories."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.ledger import note
from ephor.rooms.ledger.witness import (
    MAX_BYTES,
    MAX_PROOF,
    NOTHING_SEEN,
    STATUS,
    Ruling,
    Seen,
    Submission,
    encode,
    judge,
    parse,
    stated,
)
from sample_witness import LOG, ORIGIN, SampleLog, noise, pen

TRUST = [LOG.verifier]
SIX = SampleLog().grow(6)
FORK = SIX.forked(2, 6)
STRANGER = SampleLog(SIX.leaves, pen(ORIGIN, 5))
OTHER = SampleLog(SIX.leaves, pen("other.example/log", 1))


def seen(log: SampleLog, size: int) -> Seen:
    return Seen(size, log.root(size))


@pytest.mark.parametrize(
    ("asked", "last", "ruling", "status"),
    [
        (SIX.ask(0, 0), NOTHING_SEEN, Ruling.COSIGN, 200),
        (SIX.ask(0), NOTHING_SEEN, Ruling.COSIGN, 200),
        (SIX.ask(3), seen(SIX, 3), Ruling.COSIGN, 200),
        (SIX.ask(4), seen(SIX, 4), Ruling.COSIGN, 200),
        (SIX.ask(6), seen(SIX, 6), Ruling.COSIGN, 200),
        (SIX.ask(2), seen(FORK, 2), Ruling.COSIGN, 200),
        (Submission(0, (), b""), NOTHING_SEEN, Ruling.MALFORMED, 400),
        (Submission(0, (), b"text\n\n\xe2\x80\x94 a AAAAAAAA\n"), NOTHING_SEEN, Ruling.MALFORMED, 400),
        (Submission(0, (), note.sign("no checkpoint\n", LOG)), NOTHING_SEEN, Ruling.MALFORMED, 400),
        (SIX.ask(7), NOTHING_SEEN, Ruling.MALFORMED, 400),
        (SIX.ask(7), seen(SIX, 6), Ruling.MALFORMED, 400),
        (SIX.ask(6, 3), seen(SIX, 6), Ruling.MALFORMED, 400),
        (OTHER.ask(0), NOTHING_SEEN, Ruling.UNKNOWN_LOG, 404),
        (OTHER.ask(9), NOTHING_SEEN, Ruling.UNKNOWN_LOG, 404),
        (STRANGER.ask(0), NOTHING_SEEN, Ruling.UNSIGNED, 403),
        (STRANGER.ask(9), seen(SIX, 3), Ruling.UNSIGNED, 403),
        (SIX.ask(0), seen(SIX, 3), Ruling.MOVED, 409),
        (SIX.ask(3), NOTHING_SEEN, Ruling.MOVED, 409),
        (SIX.ask(4), seen(SIX, 3), Ruling.MOVED, 409),
        (SIX.ask(2, 3), seen(SIX, 6), Ruling.MOVED, 409),
        (FORK.ask(6), seen(SIX, 6), Ruling.FORK, 409),
        (FORK.ask(3), seen(SIX, 3), Ruling.INCONSISTENT, 422),
        (FORK.ask(4), seen(SIX, 4), Ruling.INCONSISTENT, 422),
        (Submission(3, (), SIX.note()), seen(SIX, 3), Ruling.INCONSISTENT, 422),
        (Submission(3, SIX.proof(3)[:-1], SIX.note()), seen(SIX, 3), Ruling.INCONSISTENT, 422),
        (Submission(3, (*SIX.proof(3), *noise("a")), SIX.note()), seen(SIX, 3), Ruling.INCONSISTENT, 422),
        (Submission(0, tuple(noise("a")), SIX.note()), NOTHING_SEEN, Ruling.INCONSISTENT, 422),
        (Submission(6, tuple(noise("a")), SIX.note()), seen(SIX, 6), Ruling.INCONSISTENT, 422),
        (Submission(3, tuple(noise("a", 63)), SIX.note()), seen(SIX, 3), Ruling.INCONSISTENT, 422),
    ],
)
def test_every_rule_of_the_specification(asked, last, ruling, status):
    assert judge(asked, TRUST, last) is ruling
    assert STATUS[ruling] == status


def test_who_trusts_nobody_knows_no_log():
    assert judge(SIX.ask(0), [], NOTHING_SEEN) is Ruling.UNKNOWN_LOG


def test_any_of_several_keys_of_one_log_will_do():
    both = [pen(ORIGIN, 5).verifier, LOG.verifier]
    assert judge(SIX.ask(0), both, NOTHING_SEEN) is Ruling.COSIGN
    assert judge(STRANGER.ask(0), both, NOTHING_SEEN) is Ruling.COSIGN


def test_a_key_of_another_log_does_not_sign_for_this_one():
    signed = note.sign(SIX.text(), pen("other.example/log", 1))
    trust = [LOG.verifier, pen("other.example/log", 1).verifier]
    assert judge(Submission(0, (), signed), trust, NOTHING_SEEN) is Ruling.UNSIGNED


def test_unknown_signatures_beside_the_logs_own_do_not_matter():
    line = note.sign(SIX.text(), pen("somebody.example", 7)).rpartition(b"\n\n")[2]
    asked = Submission(0, (), SIX.note() + line)
    assert judge(asked, TRUST, NOTHING_SEEN) is Ruling.COSIGN


def test_a_wrong_signature_under_the_logs_own_name_is_refused():
    name, _, rest = SIX.note().rpartition(b" ")
    assert judge(Submission(0, (), name + b" " + rest[:20] + b"A" + rest[21:]), TRUST, NOTHING_SEEN) in (
        Ruling.UNSIGNED,
        Ruling.MALFORMED,
    )


def test_a_request_survives_writing_and_reading():
    for old in range(7):
        asked = SIX.ask(old)
        assert parse(encode(asked)) == asked
        assert stated(asked).size == 6
    longest = Submission(0, tuple(noise("h", MAX_PROOF)), SIX.note())
    assert parse(encode(longest)) == longest


def test_a_request_is_written_as_the_specification_shows_it():
    assert encode(Submission(2, (bytes(32),), b"note")) == b"old 2\n" + b"A" * 43 + b"=\n\nnote"
    assert encode(Submission(0, (), b"note")) == b"old 0\n\nnote"


HASH = b"A" * 43 + b"="


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"old\n\nnote",
        b"old \n\nnote",
        b"old 01\n\nnote",
        b"old -1\n\nnote",
        b"old +1\n\nnote",
        b"old 1 \n\nnote",
        b"old 1\r\n\r\nnote",
        b" old 1\n\nnote",
        b"Old 1\n\nnote",
        b"old 9223372036854775808\n\nnote",
        b"old 1\n" + HASH,
        b"old 1\n" + HASH + b"\nnote",
        b"old 1\n" + HASH[:-1] + b"\n\nnote",
        b"old 1\n" + HASH + b" \n\nnote",
        b"old 1\n" + b"A" * 42 + b"B=\n\nnote",
        b"old 1\n" + b"A" * 44 + b"\n\nnote",
        b"old 1\nAAAA\n\nnote",
        "old \N{ARABIC-INDIC DIGIT ONE}\n\nnote".encode(),
        b"old 1\n" + (HASH + b"\n") * 64 + b"\nnote",
        b"old 1\n\n" + b"x" * MAX_BYTES,
    ],
)
def test_what_is_no_request_is_refused(data):
    with pytest.raises(InvalidInputError):
        parse(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    try:
        asked = parse(data)
    except InvalidInputError:
        return
    assert encode(asked) == data
    assert judge(asked, TRUST, NOTHING_SEEN) is Ruling.MALFORMED


@pytest.mark.parametrize(
    "asked",
    [
        Submission(-1, (), b""),
        Submission(2**63, (), b""),
        Submission(0, (b"short",), b""),
        Submission(0, tuple(noise("h", 64)), b""),
    ],
)
def test_what_nobody_may_send_is_not_written(asked):
    with pytest.raises(InvalidInputError):
        encode(asked)


@dataclass
class Naive:
    """A witness that remembers every leaf it was ever shown to be there, and compares lists."""

    leaves: list[bytes] = field(default_factory=list)

    def answer(self, history: list[bytes], old: int, size: int) -> Ruling:
        """Cosign a checkpoint over the first *size* of *history*, asked from *old* with an honest proof."""
        if old > size:
            return Ruling.MALFORMED
        if old != len(self.leaves):
            return Ruling.MOVED
        if size == old:
            return Ruling.COSIGN if history[:size] == self.leaves else Ruling.FORK
        if old and history[:old] != self.leaves:
            return Ruling.INCONSISTENT
        self.leaves = history[:size]
        return Ruling.COSIGN


_MOVES = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 12), st.integers(0, 12)), max_size=12)


@settings(deadline=None)
@given(_MOVES, st.integers(0, 11), st.integers(0, 11))
def test_over_any_history_the_rule_answers_as_a_witness_that_remembers_everything(moves, first, second):
    honest = SampleLog().grow(12)
    histories = [honest, honest.forked(first, 12), honest.forked(second, 12)]
    naive, last = Naive(), NOTHING_SEEN
    for which, asked_from, size in moves:
        log, old = histories[which], last.size if asked_from < 0 else asked_from
        ruling = judge(log.ask(old, size), TRUST, last)
        assert ruling is naive.answer(log.leaves, old, size)
        if ruling is Ruling.COSIGN:
            last = Seen(size, log.root(size))
        assert last == Seen(len(naive.leaves), SampleLog(naive.leaves).root())
