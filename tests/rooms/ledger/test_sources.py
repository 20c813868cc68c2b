"""Counters of sources: nothing comes twice, nothing is skipped in silence, and silence is told."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from ephor.rooms.ledger.sources import (
    KEPT,
    Delivery,
    Source,
    deliveries,
    expect,
    heartbeats,
    is_repeated,
    overdue_by,
    read_count,
    release,
    take,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def delivered(*sequences, source="gw"):
    [delivery] = deliveries([{"source": source, "sequence": one} for one in sequences])
    return delivery


def taken(source, *sequences):
    return take(source, delivered(*sequences), reporter="ola", at=NOW)


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=8), max_size=12))
def test_what_is_kept_of_a_counter_is_what_the_numbers_say(handed_in):
    source, arrived, jumps = None, [], 0
    for sequences in handed_in:
        rising = [*arrived[-1:], *sequences]
        if all(one < after for one, after in itertools.pairwise(rising)):
            before = arrived[-1] if arrived else 0
            source, missing = taken(source, *sequences)
            for one in sequences:
                assert missing.get(one, 0) == one - before - 1
                jumps += one > before + 1
                before = one
            arrived += sequences
        else:
            with pytest.raises(ConflictError, match="nothing was recorded"):
                taken(source, *sequences)
    if source is not None:
        assert (source.last, source.jumps) == (arrived[-1], jumps)
        assert source.missing == arrived[-1] - len(arrived)
        assert len(source.gaps) == min(jumps, KEPT)
        skipped = {one for gap in source.gaps for one in range(gap.first, gap.last + 1)}
        assert skipped <= set(range(1, arrived[-1])) - set(arrived)


def test_a_source_of_one_person_is_not_that_of_another():
    mine, _ = take(None, delivered(1), reporter="ola", at=NOW)
    theirs, _ = take(None, delivered(1), reporter="eve", at=NOW)
    assert (mine.id, theirs.id) == ("ola/gw", "eve/gw")


def test_only_exactly_what_came_last_is_a_repetition():
    events = [{"source": "gw", "sequence": n, "metadata": {"score": 0.5, "text": "ß"}} for n in (1, 2)]
    [first] = deliveries(events)
    source, _ = take(None, first, reporter="ola", at=NOW)
    assert is_repeated(source, deliveries([dict(reversed(one.items())) for one in events])[0])
    for other in (events[:1], events[::-1], [{**events[0], "tool": "t"}, events[1]]):
        assert not is_repeated(source, deliveries(other)[0])
    assert not is_repeated(None, first)
    later, _ = taken(source, 3)
    assert not is_repeated(later, first)


def test_each_source_is_delivered_by_itself_and_what_has_none_is_left_out():
    found = deliveries(
        [{"source": "b", "sequence": 4}, {}, {"source": "a", "sequence": 1}, {"source": "b", "sequence": 5}]
    )
    assert [(one.name, one.sequences) for one in found] == [("a", (1,)), ("b", (4, 5))]
    assert deliveries([{}]) == ()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"source": "gw"}, "go together"),
        ({"sequence": 1}, "go together"),
        ({"source": "gw", "sequence": 0}, "an integer from 1"),
        ({"source": "gw", "sequence": True}, "an integer from 1"),
        ({"source": "gw", "sequence": "7"}, "an integer from 1"),
        ({"source": "gw", "sequence": 1.0}, "an integer from 1"),
        ({"source": "gw", "sequence": 2**53}, "an integer from 1"),
        ({"source": "ola/gw", "sequence": 1}, "cannot name a source"),
        ({"source": "", "sequence": 1}, "cannot name a source"),
        ({"source": 7, "sequence": 1}, "cannot name a source"),
    ],
)
def test_a_count_that_is_none_is_refused(raw, said):
    with pytest.raises(InvalidInputError, match=said):
        read_count(raw)


def test_an_event_of_a_source_that_is_not_json_is_refused():
    with pytest.raises(InvalidInputError, match="not JSON"):
        deliveries([{"source": "gw", "sequence": 1, "metadata": {"at": object()}}])


FIVE = timedelta(minutes=5)


def expected(source=None, at=NOW):
    return expect(source, named="gw", reporter="ola", every=FIVE, by="ada", at=at)


@pytest.mark.parametrize(
    ("after", "late"),
    [
        (timedelta(0), timedelta(0)),
        (FIVE, timedelta(0)),
        (FIVE + timedelta(seconds=1), timedelta(seconds=1)),
        (timedelta(hours=1), timedelta(minutes=55)),
    ],
)
def test_a_source_is_overdue_when_its_time_is_over(after, late):
    source = expected()
    assert overdue_by(source, NOW + after) == late
    assert heartbeats([source], NOW + after)[0] is bool(late)


def test_whatever_arrives_is_a_sign_of_life():
    source, _ = take(expected(), delivered(1), reporter="ola", at=NOW + FIVE)
    assert overdue_by(source, NOW + 2 * FIVE) == timedelta(0)
    assert source.every_seconds == 300


def test_what_was_silent_before_it_was_expected_has_all_its_time():
    old, _ = taken(None, 1)
    source = expected(old, at=NOW + timedelta(days=30))
    assert overdue_by(source, NOW + timedelta(days=30)) == timedelta(0)
    assert source.last == 1


def test_nothing_is_known_where_no_source_is_expected():
    source, _ = taken(None, 1)
    assert overdue_by(source, NOW) is None
    assert heartbeats([source], NOW)[0] is None
    assert heartbeats([], NOW)[0] is None


def test_one_overdue_source_is_named_among_those_in_time():
    late = expected()
    fine, _ = take(
        expect(None, named="b", reporter="ola", every=FIVE, by="ada", at=NOW),
        Delivery("b", (1,), "sha256:1"),
        reporter="ola",
        at=NOW + 2 * FIVE,
    )
    suspicious, because = heartbeats([late, fine], NOW + 2 * FIVE)
    assert suspicious is True
    assert "1 of 2; `ola/gw` by 5 min" in because


def test_a_released_source_keeps_its_counter_and_is_not_waited_for():
    source, _ = take(expected(), delivered(1, 5), reporter="ola", at=NOW)
    freed = release(source, "gw", "ola")
    assert (freed.last, freed.missing, overdue_by(freed, NOW + timedelta(days=9))) == (5, 3, None)
    for nothing in (freed, None):
        with pytest.raises(NotFoundError, match="nothing is expected from source `gw` of `ola`"):
            release(nothing, "gw", "ola")


@pytest.mark.parametrize("every", [timedelta(0), timedelta(milliseconds=999), timedelta(days=367)])
def test_a_time_that_nobody_waits_is_refused(every):
    with pytest.raises(InvalidInputError, match="one second to 366 days"):
        expect(None, named="gw", reporter="ola", every=every, by="ada", at=NOW)


@pytest.mark.parametrize("named", ["", "a/b", "GW", "x" * 65])
def test_only_a_name_is_expected(named):
    with pytest.raises(InvalidInputError, match="cannot name a source"):
        expect(None, named=named, reporter="ola", every=FIVE, by="ada", at=NOW)


def test_the_record_of_a_source_does_not_grow():
    source = Source("ola/gw", "gw", "ola")
    for number in range(2, 200, 2):
        source, _ = taken(source, number)
    assert len(source.gaps) == KEPT
    assert (source.jumps, source.missing, source.gaps[-1].last) == (99, 99, 197)
