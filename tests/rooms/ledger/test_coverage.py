"""Each demanded kind is seen or never, and its silence is suspicious, is not, or cannot be known: each with a reason."""

from __future__ import annotations

import itertools
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.truth import any_of
from ephor.rooms.ledger.coverage import Alike, Demand, Scope, cover

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEAVES = {("bot", "lookup"): "data.accessed/1", ("bot", "edit"): "data.modified/1"}
GRANTED = Demand("auth.granted/1", (Alike("decision.made/1", "allow"),))
DENIED = Demand("auth.denied/1", (Alike("decision.made/1", "deny"),))
ACCESSED, MODIFIED = Demand("data.accessed/1"), Demand("data.modified/1")
DELETED = Demand("data.deleted/1", (Alike("erasure/1"),))
INVOKED, DECIDED, STARTED = Demand("tool.invoked/1"), Demand("decision.made/1"), Demand("agent.started/1")
ERROR = Demand("agent.error/1")


def entry(kind, *, actor="agent:bot", **fields):
    return {"log": "l", "kind": f"{kind}/1", "id": "evt", "actor": actor, **fields}


def allow(n=0):
    return entry("decision.made", decision="allow", refs={"decision": f"dec_{n}"})


def deny():
    return entry("decision.made", decision="deny")


def use(tool="lookup", n=0):
    refs = {"decision": f"dec_{n}"}
    return [
        allow(n),
        entry("tool.invoked", tool=tool, refs=refs),
        entry("tool.completed", tool=tool, refs=refs),
    ]


def covered(demands, entries, *, every=timedelta(minutes=1), silence=timedelta(0), **scope):
    timed = [(START + number * every, one) for number, one in enumerate(entries)]
    end = (timed[-1][0] if timed else START) + silence
    return cover(demands, iter(timed), Scope(**{"leaves": LEAVES, "until": end, **scope}))


def answer(demand, entries, **more):
    [found] = covered([demand], entries, **more).found
    return found.suspicious


def sign(name, entries, **more):
    [found] = [one for one in covered([], entries, **more).signs if one.name == name]
    return found.suspicious


@pytest.mark.parametrize(
    ("demand", "entries", "suspicious"),
    [
        # Nothing is known of who did nothing.
        (ACCESSED, [], None),
        (DENIED, [], None),
        (ACCESSED, [entry("agent.registered", actor="person:eve")], None),
        # Activity without its counterpart.
        (INVOKED, [allow()], True),
        (INVOKED, [deny()], None),
        (DECIDED, [entry("tool.invoked")], True),
        (STARTED, [allow()], True),
        (ACCESSED, use("lookup"), True),
        (ACCESSED, use("edit"), False),
        (MODIFIED, use("edit"), True),
        (ACCESSED, use("mail"), False),
        (ACCESSED, [*use("lookup"), entry("data.accessed")], False),
        (ACCESSED, use("lookup")[:2], False),
        # What is recorded in the same breath as its contrary cannot be absent unnoticed.
        (DENIED, [allow()], False),
        (GRANTED, [deny()], False),
        (GRANTED, [allow()], False),
        (DENIED, [entry("tool.invoked")], None),
        # Nothing speaks for it or against it.
        (ERROR, use(), None),
        (DELETED, use(), None),
        (DELETED, [*use(), entry("erasure", actor="ephor")], None),
        # What others say of decisions is not this plane's.
        (DENIED, [entry("decision.made", metadata={"reported": {"decision": "deny"}})], None),
        (INVOKED, [entry("decision.made", metadata={"reported": {"decision": "allow"}})], None),
    ],
)
def test_silence_is_judged_by_what_else_is_in_the_log(demand, entries, suspicious):
    [found] = covered([demand], entries).found
    assert found.suspicious is suspicious
    assert found.because
    assert all(found.because)


def test_nothing_is_expected_of_tools_where_the_manifest_names_no_data():
    assert answer(ACCESSED, use("lookup"), leaves={}) is None
    assert answer(ACCESSED, use("lookup"), leaves={("other", "lookup"): "data.accessed/1"}) is False


def test_a_kind_that_stops_while_its_counterpart_goes_on_is_suspicious():
    good = [one for n in range(30) for one in (*use("lookup", n), entry("data.accessed"))]
    assert answer(ACCESSED, good) is False
    bad = good + [one for n in range(30, 33) for one in use("lookup", n)]
    [found] = covered([ACCESSED], bad).found
    assert found.suspicious is True
    assert "since the last one uses of tools completed that the manifest declares to read data: 3" in str(
        found.because
    )


def test_a_pause_of_everything_is_told_apart_from_the_silence_of_one_kind():
    busy = [one for n in range(200) for one in use("mail", n)]
    report = covered([DECIDED, DENIED], busy, silence=timedelta(hours=1))
    assert [one.suspicious for one in report.found] == [True, False]
    assert sign("activity", busy, silence=timedelta(hours=1)) is True
    assert sign("activity", busy, silence=timedelta(minutes=1)) is False
    assert sign("activity", busy[:5]) is None


@pytest.mark.parametrize("kind", ["agent.suspended", "agent.retired"])
def test_who_may_not_act_is_not_expected_to(kind):
    busy = [one for n in range(200) for one in use("mail", n)]
    stopped = [*busy, entry(kind, actor="person:ola", resource="agent:bot")]
    later = {"silence": timedelta(hours=1)}
    assert answer(DECIDED, stopped, agent="bot", **later) is False
    assert sign("activity", stopped, agent="bot", **later) is False
    assert sign("activity", stopped, agent=None, **later) is True
    resumed = [*stopped, *use("mail", 900)]
    assert answer(DECIDED, resumed, agent="bot", **later) is True


def test_an_agent_answers_for_itself_alone():
    others = [{**one, "actor": "agent:other"} for one in use("lookup")]
    assert answer(ACCESSED, others, agent="bot") is None
    assert covered([ACCESSED], others, agent="bot").looked_at == 0
    about = [entry("decision.overridden", actor="person:ola", resource="agent:bot")]
    report = covered([Demand("decision.overridden/1")], about, agent="bot")
    assert (report.looked_at, report.acts, report.found[0].count) == (1, 0, 1)


@pytest.mark.parametrize(
    ("silence", "suspicious"), [(timedelta(minutes=10), True), (timedelta(minutes=8), False)]
)
def test_an_act_without_a_result_is_suspicious_once_it_is_old(silence, suspicious):
    assert sign("unfinished acts", use()[:2], silence=silence) is suspicious
    assert sign("unfinished acts", use(), silence=silence) is False
    assert sign("unfinished acts", [allow()], silence=silence) is None


def test_a_counter_that_jumped_is_suspicious_whatever_arrived():
    def arrived(missing):
        told = {"source": "gw", "sequence": 3, **({"missing": missing} if missing else {})}
        return entry("data.accessed", metadata={"counted": told})

    assert sign("counters", [arrived(0)]) is False
    assert sign("counters", [arrived(0), arrived(2), arrived(0)]) is True
    assert sign("counters", use()) is None


@pytest.mark.parametrize("counted", [7, [], {"missing": "2"}, {"missing": True}, {"missing": -1}])
def test_metadata_that_only_looks_like_a_count_is_none(counted):
    assert sign("counters", [entry("data.accessed", metadata={"counted": counted})]) is not True


KINDS = st.sampled_from(
    [
        allow(),
        deny(),
        *use("lookup")[1:],
        *use("edit")[1:],
        entry("data.accessed"),
        entry("auth.denied"),
        entry("agent.suspended", actor="person:ola", resource="agent:bot"),
        entry("erasure", actor="ephor"),
        {**allow(), "actor": "agent:other"},
    ]
)
DEMANDS = [GRANTED, DENIED, ACCESSED, MODIFIED, DELETED, INVOKED, DECIDED, STARTED, ERROR]


@given(st.lists(st.tuples(KINDS, st.integers(0, 100)), max_size=50), st.sampled_from([None, "bot", "ghost"]))
def test_the_counters_of_one_pass_are_those_of_the_whole_history(history, agent):
    at, timed = START, []
    for one, minutes in history:
        at += timedelta(minutes=minutes)
        timed.append((at, one))
    report = cover(DEMANDS, iter(timed), Scope(agent, LEAVES, at))
    mine = [
        (when, one)
        for when, one in timed
        if agent is None or f"agent:{agent}" in (one["actor"], one.get("resource"))
    ]
    assert report.looked_at == len(mine)
    assert report.acts == sum(one["actor"].startswith("agent:") for _, one in mine)
    for demand, found in zip(DEMANDS, report.found, strict=True):
        fits = [(when, one["kind"]) for when, one in mine if demand.is_met_by(one)]
        assert found.count == len(fits)
        assert found.seen_as == Counter(kind for _, kind in fits)
        assert (found.first, found.last) == ((fits[0][0], fits[-1][0]) if fits else (None, None))
        if not mine:
            assert found.suspicious is None
        if agent is None and fits:
            ends = [when for when, _ in fits] + [at]
            pauses = [after - before for before, after in itertools.pairwise(ends)]
            assert found.longest_pause.length == max(pauses)
    assert report.missing == tuple(one.kind for one in report.found if not one.count)
    assert report.suspicious is any_of([one.suspicious for one in (*report.found, *report.signs)])


@given(st.lists(KINDS, max_size=30))
def test_an_agent_that_did_nothing_is_never_found_innocent(history):
    idle = [one for one in history if not one["actor"].startswith("agent:")]
    report = covered(DEMANDS, idle)
    assert report.suspicious is None
    assert all(one.suspicious is None for one in (*report.found, *report.signs))


def test_memory_does_not_grow_with_the_number_of_entries():
    def endless(count):
        for number in range(count):
            for one in (*use("lookup", number), entry("data.accessed")):
                yield START + timedelta(seconds=number), one

    def peak(count):
        tracemalloc.start()
        cover(DEMANDS, endless(count), Scope("bot", LEAVES, START + timedelta(days=1)))
        reached = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return reached

    peak(10)
    assert peak(4_000) < peak(400) + 20_000
