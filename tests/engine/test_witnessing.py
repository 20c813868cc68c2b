"""Being a witness: one of two at once is told to ask again, and a memory that fails cosigns nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ephor.engine.witnessing import Witness
from ephor.kernel.errors import UnavailableError
from ephor.rooms.ledger import note
from ephor.rooms.ledger.cosignature import cosignatures
from ephor.rooms.ledger.witness import NOTHING_SEEN, Ruling, Seen
from ephor.testing import FrozenClock
from sample_witness import LOG, ORIGIN, WITNESS, SampleLog

SIX = SampleLog().grow(6)
FORK = SIX.forked(2, 6)


@dataclass
class Held:
    """A memory that another request gets to first, once."""

    seen: dict[str, Seen] = field(default_factory=dict)
    first: Seen | None = None
    broken: bool = False

    def last(self, origin: str) -> Seen:
        return self.seen.get(origin, NOTHING_SEEN)

    def advance(self, origin: str, old: Seen, new: Seen, note: bytes) -> bool:
        if self.broken:
            raise UnavailableError("the disk is full")
        if self.first is not None:
            self.seen[origin], self.first = self.first, None
        if self.last(origin) != old:
            return False
        self.seen[origin] = new
        return True


def witness(memory: Held) -> Witness:
    return Witness(WITNESS, [LOG.verifier], memory, FrozenClock())


def test_what_is_cosigned_is_remembered_and_timed_by_the_clock():
    memory = Held()
    told = witness(memory).answer(SIX.body(0))
    [made] = cosignatures(note.parse(SIX.note() + told.text.encode()), [WITNESS.witness])
    assert (told.ruling, made.at) == (Ruling.COSIGN, int(FrozenClock().now().timestamp()))
    assert memory.seen == {ORIGIN: Seen(6, SIX.root())}


def test_who_comes_second_is_told_the_size_to_ask_from():
    memory = Held(first=Seen(3, SIX.root(3)))
    told = witness(memory).answer(SIX.body(0))
    assert (told.ruling, told.text) == (Ruling.MOVED, "3")


def test_a_fork_that_comes_second_at_the_same_size_is_refused():
    memory = Held(seen={ORIGIN: Seen(6, SIX.root())})
    assert witness(memory).answer(FORK.body(6)).ruling is Ruling.FORK
    assert memory.last(ORIGIN).root == SIX.root()


def test_nothing_is_cosigned_that_could_not_be_remembered():
    with pytest.raises(UnavailableError):
        witness(Held(broken=True)).answer(SIX.body(0))


@pytest.mark.parametrize("body", [b"", b"old 0\n\nnothing", SIX.body(7)])
def test_what_is_no_request_is_told_so_in_words(body):
    told = witness(Held()).answer(body)
    assert told.ruling is Ruling.MALFORMED
    assert len(told.text) > 10


def test_who_runs_the_witness_is_told_of_a_fork_and_of_a_shorter_log():
    held = Held(seen={ORIGIN: Seen(6, SIX.root())})
    assert f"`{ORIGIN}` at 6 entries, 6 cosigned before" in witness(held).answer(FORK.body(6)).alarm
    longer = Held(seen={ORIGIN: Seen(7, SIX.root())})
    assert "it signed 6 entries, and 7 were cosigned before" in witness(longer).answer(SIX.body(0)).alarm
    assert witness(held).answer(SIX.body(0)).alarm == ""
