"""What decisions left behind is cleared with an entry, what may still count stays, and what processes remember goes with it."""

import dataclasses
from datetime import timedelta

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.engine import decisions as module
from ephor.kernel.errors import InvalidInputError, NotPermittedError
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.policies.limits import Usage
from ephor.rooms.policies.sequences import Session
from sample_plane import ID, entries, kinds, ready

LOOK = Call(ID, "customer_lookup", {"id": 7}, session="old")
AFTER = {"id": "no-refund", "after": "tool:customer_lookup", "tool": "refund"}
LIMITS = [
    {"id": "daily", "measure": "calls", "most": 3, "window": "day", "tool": "customer_lookup"},
    {"id": "in-all", "measure": "calls", "most": 9, "window": "ever", "tool": "customer_lookup"},
]
PAST = timedelta(days=100)


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def kept(plane, kind):
    with plane.world.storage.reading() as unit:
        return len(unit.shelf(kind).all())


def test_only_what_is_old_and_counts_no_more_is_cleared_with_one_entry(plane, clock):
    plane.limits.load(LIMITS, by="ada")
    plane.decide(LOOK)
    clock.advance(PAST)
    plane.decide(dataclasses.replace(LOOK, session="new"))
    clock.advance(timedelta(days=40))
    plane.agents.suspend(ID, "a while", by="ola")
    before = len(entries(plane))
    dry = plane.housekeeping.clear(timedelta(days=90), by="ada", dry_run=True)
    assert (dry.sessions, dry.counters, len(entries(plane))) == (1, 0, before)
    done = plane.housekeeping.clear(timedelta(days=90), by="ada")
    assert (done.sessions, done.counters) == (1, 0)
    assert (kept(plane, Session), kept(plane, Usage)) == (1, 2)
    assert plane.housekeeping.clear(timedelta(days=32), by="ada").counters == 1
    assert (kept(plane, Session), kept(plane, Usage)) == (0, 1)
    assert kinds(plane).count("housekeeping.cleared/1") == 2
    assert plane.housekeeping.clear(timedelta(days=32), by="ada").sessions == 0
    assert kinds(plane).count("housekeeping.cleared/1") == 2
    plane.limits.remove("in-all", by="ada")
    clock.advance(timedelta(days=20_000))
    assert plane.housekeeping.clear(timedelta(days=32), by="ada").counters == 1


def test_no_process_answers_from_what_it_remembers_of_a_session_that_was_cleared(plane, clock):
    plane.sequences.load([AFTER], by="ada")
    plane.decide(LOOK)
    plane.sequences.remove("no-refund", by="ada")
    plane.decide(LOOK)
    clock.advance(PAST)
    plane.housekeeping.clear(timedelta(days=90), by="ada")
    assert plane.decisions.session("old") == ()
    plane.agents.suspend(ID, "a while", by="ola")
    plane.agents.resume(ID, "on", by="ola")
    assert plane.decide(LOOK).outcome is Outcome.ALLOW
    assert "tool:customer_lookup" in plane.decisions.session("old")


def test_it_takes_somebody_who_may_and_a_time_that_no_window_reaches(plane):
    with pytest.raises(NotPermittedError):
        plane.housekeeping.clear(PAST, by="eve")
    with pytest.raises(InvalidInputError, match="32d or more"):
        plane.housekeeping.clear(timedelta(days=31), by="ada")


def test_what_a_process_keeps_in_memory_is_bounded(plane, monkeypatch):
    monkeypatch.setattr(module, "_KEPT", 3)
    held: dict[str, int] = {}
    for number in range(10):
        module.hold(held, str(number), number, module._KEPT)
        module.hold(held, "0", 0, module._KEPT)
    assert list(held) == ["8", "9", "0"]
