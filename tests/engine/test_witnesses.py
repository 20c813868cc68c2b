"""Witnesses of a plane: whom it asks, what it keeps, and what it makes of those who refuse, lie or stay away."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from ephor.engine.plane import Engine
from ephor.engine.witnessing import Witness as Server
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    VerificationError,
)
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.ledger import note
from ephor.rooms.ledger.cosignature import cosign
from ephor.rooms.ledger.note import parse_key
from ephor.rooms.ledger.witness import NOTHING_SEEN, SIZE_TYPE, STATUS, Ruling, Seen, parse
from ephor.rooms.ledger.witnesses import Came, Reply
from sample_plane import entries, kinds
from sample_witness import WITNESS, Pen, is_cosigned, pen

SECOND = pen("witness.example/w2", 3)
URLS = {WITNESS.name: "https://one.example", SECOND.name: "https://two.example"}


@dataclass
class Remembering:
    seen: dict[str, Seen] = field(default_factory=dict)

    def last(self, origin: str) -> Seen:
        return self.seen.get(origin, NOTHING_SEEN)

    def advance(self, origin: str, old: Seen, new: Seen, note: bytes) -> bool:
        self.seen[origin] = new
        return True


@dataclass
class Line:
    """Leads to real witnesses in this process, or to whatever a test puts there."""

    engine: Engine
    behind: dict[str, Callable[[bytes], Reply]] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    memories: dict[str, Remembering] = field(default_factory=dict)

    def open(self, *signers: Pen) -> Line:
        for signer in signers:
            memory = self.memories[signer.name] = Remembering()
            key = parse_key(self.engine.ledger.head().key)
            server = Server(signer, [key], memory, self.engine.world.clock)
            self.behind[URLS[signer.name]] = lambda body, server=server: told(server, body)
        return self

    def submit(self, url: str, body: bytes) -> Reply:
        self.asked.append((url, parse(body).old))
        return self.behind[url](body)


def told(server: Server, body: bytes) -> Reply:
    answer = server.answer(body)
    sized = answer.ruling is Ruling.MOVED
    text = f"{answer.text}\n" if sized else answer.text
    return Reply(STATUS[answer.ruling], SIZE_TYPE if sized else "text/plain", text.encode())


@pytest.fixture
def named(engine):
    for one in (WITNESS, SECOND):
        engine.witnesses.add(URLS[one.name], str(one.witness), by="ola")
    return engine


NAMES = itertools.count()


def grow(engine):
    engine.access.add_person(f"p{next(NAMES)}", "", [PlaneRole.AUDITOR], by="ada")


def came(asked):
    return [one.came for one in asked]


def checkpoint(engine):
    return engine.ledger.checkpoint().note


def test_naming_a_witness_and_dropping_it_are_on_record(named):
    assert [one.id for one in named.witnesses.list()] == [WITNESS.name, SECOND.name]
    named.witnesses.remove(WITNESS.name, by="ada")
    assert [one.id for one in named.witnesses.list()] == [SECOND.name]
    assert kinds(named)[-3:] == ["witness.added/1", "witness.added/1", "witness.removed/1"]
    last = entries(named)[-1]
    assert (last["actor"], last["resource"]) == ("person:ada", f"witness:{WITNESS.name}")
    assert last["metadata"] == {"key": str(WITNESS.witness), "url": URLS[WITNESS.name]}


def test_who_may_not_or_names_nonsense_changes_nothing(named):
    before = named.ledger.head().size
    with pytest.raises(NotPermittedError):
        named.witnesses.add("https://three.example", str(pen("w3", 7).witness), by="aud")
    with pytest.raises(NotPermittedError):
        named.witnesses.remove(WITNESS.name, by="eve")
    with pytest.raises(ConflictError):
        named.witnesses.add("https://three.example", str(WITNESS.witness), by="ola")
    with pytest.raises(InvalidInputError):
        named.witnesses.add("three", str(pen("w3", 7).witness), by="ola")
    with pytest.raises(InvalidInputError):
        named.witnesses.add("https://three.example", named.ledger.head().key, by="ola")
    with pytest.raises(NotFoundError):
        named.witnesses.remove("w3", by="ola")
    assert named.ledger.head().size == before
    assert len(named.witnesses.list()) == 2


def test_where_nobody_is_named_nobody_is_asked(engine):
    with pytest.raises(NotFoundError, match="ephor ledger witness add"):
        engine.witnesses.ask(Line(engine))


def test_a_growing_ledger_is_cosigned_again_and_again_and_no_entry_tells_of_it(named):
    line = Line(named).open(WITNESS, SECOND)
    for round in range(4):
        before = named.ledger.head()
        asked = named.witnesses.ask(line)
        assert came(asked) == [Came.COSIGNED, Came.COSIGNED]
        assert {one.size for one in asked} == {before.size}
        assert named.ledger.head() == before
        assert all(is_cosigned(checkpoint(named), str(one.witness)) for one in (WITNESS, SECOND))
        for _ in range(round):
            grow(named)
        assert is_cosigned(checkpoint(named), str(WITNESS.witness)) is (round == 0)
    sizes = sorted({old for _, old in line.asked})
    assert len(line.asked) == 8, "nobody had to be asked twice"
    assert sizes[0] == 0
    assert sizes[-1] > 0


def test_a_witness_that_knows_another_size_is_asked_again_from_there(named):
    line = Line(named).open(WITNESS, SECOND)
    named.witnesses.ask(line)
    kept = named.world.storage.logs.cosigned
    kept._notes.clear()  # as if this plane had forgotten, or another process had asked
    grow(named)
    line.asked.clear()
    assert came(named.witnesses.ask(line)) == [Came.COSIGNED, Came.COSIGNED]
    assert [old > 0 for _, old in line.asked] == [False, True, False, True]


def test_with_one_away_the_other_is_still_asked_and_its_word_is_kept(named):
    line = Line(named).open(SECOND)

    def away(_body):
        raise UnavailableError("`https://one.example` did not answer")

    line.behind[URLS[WITNESS.name]] = away
    first, second = named.witnesses.ask(line)
    assert (first.came, second.came) == (Came.UNREACHABLE, Came.COSIGNED)
    assert "did not answer" in first.says
    assert is_cosigned(checkpoint(named), str(SECOND.witness))
    assert not is_cosigned(checkpoint(named), str(WITNESS.witness))


def text_of(body):
    return note.parse(parse(body).note).text


def fine(body):
    return Reply(200, "text/plain", cosign(text_of(body), WITNESS, 1).line.encode())


LIES = {
    "bad signature": lambda body: replace(fine(body), body=fine(body).body[:-9] + b"AAAAAAA=\n"),
    "other text": lambda body: replace(fine(body), body=cosign("other\n1\nx\n", WITNESS, 1).line.encode()),
    "other key": lambda body: replace(fine(body), body=cosign(text_of(body), pen(WITNESS.name, 5), 1).line.encode()),
    "other name": lambda body: replace(fine(body), body=cosign(text_of(body), SECOND, 1).line.encode()),
    "future": lambda body: replace(fine(body), body=cosign(text_of(body), WITNESS, 2**40).line.encode()),
    "garbage": lambda _body: Reply(200, "text/html", b"<html>"),
    "nothing": lambda _body: Reply(200, "", b""),
    "no size": lambda _body: Reply(409, "text/plain", b"no"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_witness_that_lies_is_told_of_and_nothing_of_it_is_kept(named, lie):
    line = Line(named).open(SECOND)
    line.behind[URLS[WITNESS.name]] = LIES[lie]
    first, second = named.witnesses.ask(line)
    assert (first.came, second.came) == (Came.LIED, Came.COSIGNED)
    assert len(first.says) > 10
    assert note.parse(checkpoint(named)).signatures[-1].name == SECOND.name
    assert len(note.parse(checkpoint(named)).signatures) == 2


def test_an_endless_answer_is_a_lie_too(named):
    def endless(_body):
        raise VerificationError("its answer is longer than 65536 bytes")

    line = Line(named).open(SECOND)
    line.behind[URLS[WITNESS.name]] = endless
    assert came(named.witnesses.ask(line)) == [Came.LIED, Came.COSIGNED]


def test_a_witness_that_names_ever_other_sizes_is_not_asked_for_ever(named):
    for _ in range(9):
        grow(named)
    count = itertools.count(1)
    line = Line(named).open(SECOND)
    line.behind[URLS[WITNESS.name]] = lambda _body: Reply(409, SIZE_TYPE, b"%d\n" % next(count))
    first, second = named.witnesses.ask(line)
    assert (first.came, second.came) == (Came.REFUSED, Came.COSIGNED)
    assert next(count) < 9


def test_another_history_is_told_apart_from_a_shorter_one(named):
    line = Line(named).open(WITNESS, SECOND)
    head = named.ledger.head()
    line.memories[WITNESS.name].seen[head.origin] = Seen(head.size + 3, bytes(32))
    line.memories[SECOND.name].seen[head.origin] = Seen(head.size - 2, bytes(32))
    shrunk, fork = named.witnesses.ask(line)
    assert (shrunk.came, fork.came) == (Came.SHRUNK, Came.FORK)
    assert f"it cosigned {head.size + 3} entries, this log has {head.size}" in shrunk.says
    line.memories[WITNESS.name].seen[head.origin] = Seen(head.size, bytes(32))
    assert named.witnesses.ask(line)[0].came is Came.FORK
    assert named.world.storage.logs.cosigned.latest(0, 9) == []


def test_a_ledger_that_grew_while_it_asked_is_not_called_shrunk(named):
    line = Line(named).open(WITNESS, SECOND)
    real = line.behind[URLS[WITNESS.name]]

    def meanwhile(body):
        line.behind[URLS[WITNESS.name]] = real
        grow(named)
        named.witnesses.ask(line)  # another process was quicker
        return real(body)

    line.behind[URLS[WITNESS.name]] = meanwhile
    assert named.witnesses.ask(line)[0].came is Came.COSIGNED


def test_a_witness_that_does_not_know_this_log_refuses(named):
    line = Line(named).open(SECOND)
    stranger = Server(WITNESS, [], Remembering(), named.world.clock)
    line.behind[URLS[WITNESS.name]] = lambda body: told(stranger, body)
    first, second = named.witnesses.ask(line)
    assert (first.came, second.came) == (Came.REFUSED, Came.COSIGNED)
    assert "status 404: `this witness does not know the log`" in first.says


def test_what_witnesses_vouch_for_is_said_of_the_stored_ledger(named):
    keys = [str(one.witness) for one in (WITNESS, SECOND)]

    def verdict(*witnesses, quorum=None):
        report = named.ledger.verify(None, None, witnesses=witnesses, quorum=quorum)
        return report.verdict, report.unwitnessed_tail

    size = named.ledger.head().size
    assert verdict(*keys) == ("CONSISTENT", size)
    line = Line(named).open(WITNESS, SECOND)
    named.witnesses.ask(line)
    assert verdict(*keys) == ("WITNESSED", 0)
    grow(named)
    assert verdict(*keys) == ("CONSISTENT", 1)
    named.witnesses.remove(SECOND.name, by="ola")
    named.witnesses.ask(line)
    assert verdict(keys[0]) == ("WITNESSED", 0)
    assert verdict(*keys, quorum=1) == ("WITNESSED", 0)
    assert verdict(*keys) == ("CONSISTENT", 2), "the second still vouches for what it saw"
    assert verdict(str(pen("w3", 7).witness)) == ("CONSISTENT", size + 2)
    assert verdict() == ("CONSISTENT", size + 2)


def test_an_export_carries_what_was_cosigned(named):
    line = Line(named).open(WITNESS, SECOND)
    named.witnesses.ask(line)
    files = {}
    named.ledger.export(files.__setitem__)
    assert is_cosigned(files["checkpoint"], str(WITNESS.witness))
    assert "checkpoint.cosigned" not in files
    grow(named)
    named.ledger.export(files.__setitem__)
    assert list(files)[-1] == "checkpoint.cosigned"
    assert is_cosigned(files["checkpoint.cosigned"], str(SECOND.witness))
    assert not is_cosigned(files["checkpoint"], str(WITNESS.witness))


def test_a_proof_carries_the_cosignatures_of_its_checkpoint(named):
    named.witnesses.ask(Line(named).open(WITNESS, SECOND))
    assert is_cosigned(named.ledger.prove("0").checkpoint.encode(), str(WITNESS.witness))


def test_a_damaged_cosigned_checkpoint_is_found_and_does_not_stop_the_asking(named):
    kept = named.world.storage.logs.cosigned
    kept.keep(0, 3, None, b"garbage")
    report = named.ledger.verify(None, None)
    assert (report.verdict, report.findings[-1].problem) == (
        "INVALID",
        "1 of the cosigned checkpoints that are kept are none",
    )
    assert came(named.witnesses.ask(Line(named).open(WITNESS, SECOND))) == [Came.COSIGNED] * 2


def test_a_damaged_row_of_this_very_checkpoint_is_replaced(named):
    kept = named.world.storage.logs.cosigned
    kept.keep(0, named.ledger.head().size, None, b"garbage")
    named.witnesses.ask(Line(named).open(WITNESS, SECOND))
    assert all(is_cosigned(checkpoint(named), str(one.witness)) for one in (WITNESS, SECOND))


def test_what_is_missing_here_is_not_laid_on_the_witness(named):
    line = Line(named).open(WITNESS, SECOND)
    named.witnesses.ask(line)
    grow(named)
    named.world.storage._state.logs[0].entries.pop(1)
    with pytest.raises(VerificationError, match="where the head promises"):
        named.witnesses.ask(line)


def test_two_that_ask_at_once_keep_both_words(named):
    line = Line(named).open(WITNESS, SECOND)
    kept = named.world.storage.logs.cosigned
    real = kept.keep

    def slow(log, size, old, new):
        kept.keep = real
        named.witnesses.ask(line)
        return real(log, size, old, new)

    kept.keep = slow
    named.witnesses.ask(line)
    assert all(is_cosigned(checkpoint(named), str(one.witness)) for one in (WITNESS, SECOND))
    assert len(note.parse(checkpoint(named)).signatures) == 3
