"""A pause is suspicious where neither chance nor habit explains it, and not judged where too little was seen."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.rooms.ledger.rhythm import ENOUGH, RARE, Rhythm, chance_of, spoken

START = datetime(2026, 11, 1, tzinfo=UTC)


def heard(*pauses: float, end: float | None = None) -> Rhythm:
    """Return a rhythm of events so many minutes apart, and the silence after the last."""
    rhythm, at = Rhythm(), START
    rhythm.beat(at)
    for minutes in pauses:
        at += timedelta(minutes=minutes)
        rhythm.beat(at)
    if end is not None:
        rhythm.end(at + timedelta(minutes=end))
    return rhythm


def judged(pauses: list[timedelta]) -> bool | None:
    """Judge the longest of *pauses* a second way: from all of them at once."""
    if len(pauses) < ENOUGH:
        return None
    ordered = sorted(pauses)
    longest, rest = ordered[-1], sum(ordered[:-1], timedelta(0))
    if longest <= 2 * ordered[-2]:
        return False
    if rest < 7 * longest:
        return None
    mean = rest / (len(pauses) - 1)
    return 1 - (1 - math.exp(-(longest / mean))) ** len(pauses) < RARE


@given(st.lists(st.integers(0, 500), max_size=60), st.integers(0, 2_000))
def test_what_is_kept_of_a_rhythm_judges_as_all_pauses_would(minutes, end):
    rhythm = heard(*minutes, end=end)
    pauses = [timedelta(minutes=one) for one in (*minutes, end)]
    expected = judged(pauses) if len(minutes) + 1 >= ENOUGH else None
    assert rhythm.judge()[0] is expected
    assert rhythm.longest.length == max(pauses)
    assert rhythm.count == len(minutes) + 1


@pytest.mark.parametrize(
    ("pauses", "end", "suspicious"),
    [
        ([1] * 18, 1, None),
        ([1] * 19, 1, False),
        ([1] * 100, 14, True),
        ([1] * 100, 15, None),
        ([1] * 100, 100_000, None),
        ([1] * 1_000, 30, True),
        ([1] * 500 + [30] + [1] * 500, 1, True),
        ([1] * 500 + [30] + [1] * 500, 30, False),
        ([1] * 500 + [30] + [1] * 500, 61, True),
        ([0] * 100, 0, False),
        ([0] * 100, 5, None),
    ],
    ids=str,
)
def test_a_pause_is_judged_by_chance_habit_and_what_was_watched(pauses, end, suspicious):
    assert heard(*pauses, end=end).judge()[0] is suspicious


def test_nights_and_weekends_are_a_habit():
    working_day = [10] * 60 + [14 * 60]
    week = [*(working_day * 5)[:-1], 62 * 60]
    for weeks in range(1, 7):
        for days in range(7):
            assert heard(*week * weeks, end=days * 60).judge()[0] is not True
    assert heard(*week * 8, end=130 * 60).judge()[0] is True


def test_events_that_come_by_chance_are_not_suspected_more_often_than_stated():
    chance = random.Random(7)
    suspected = sum(
        heard(*(chance.expovariate(0.1) for _ in range(200)), end=0).judge()[0] is True for _ in range(300)
    )
    assert suspected <= 3


def test_a_silence_that_was_to_be_expected_is_left_out():
    rhythm = heard(*[1] * 100)
    rhythm.excuse()
    rhythm.end(START + timedelta(minutes=114))
    assert rhythm.judge()[0] is False
    assert rhythm.longest.length == timedelta(minutes=1)
    rhythm.beat(START + timedelta(minutes=200))
    rhythm.end(START + timedelta(minutes=213))
    assert rhythm.longest.length == timedelta(minutes=13)
    assert rhythm.judge()[0] is True


def test_an_end_before_the_last_event_is_no_pause():
    rhythm = heard(*[1] * 30)
    rhythm.end(START)
    assert rhythm.longest.length == timedelta(minutes=1)


@given(st.floats(0, 1_000), st.integers(1, 10_000))
def test_a_chance_is_one_and_falls_with_the_pause(ratio, pauses):
    assert 0 <= chance_of(ratio + 1, pauses) <= chance_of(ratio, pauses) <= 1


@given(st.timedeltas(timedelta(0), timedelta(days=4_000)))
def test_a_length_is_said_in_two_units_at_most(length):
    said = spoken(length).split()
    assert len(said) in (2, 4)
    assert all(one.isdigit() for one in said[::2])
