"""A source's counter and the events it counts move together, on every storage, whoever else hands in at the time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest

from ephor.engine.coverage import LedgerCoverage
from ephor.engine.sources import Sources
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.access.people import Person, PlaneRole
from planes import check_whole, event

OLA = Person("ola", "Ola", (PlaneRole.OPERATOR,))
AUD = Person("aud", "Aud", (PlaneRole.AUDITOR,))


@pytest.fixture
def plane(made, storage):
    with storage.unit() as unit:
        unit.shelf(Person).add(OLA)
        unit.shelf(Person).add(AUD)
        unit.append(event(kind="person.added/1", actor="person:ola"))
    return made.world(storage)


@pytest.fixture
def hand_in(made, storage, plane):
    def call(*sequences, by="ola", source="gw", **more):
        raw = [
            {"event_type": "data.accessed", "agent_id": "bot", "source": source, "sequence": one, **more}
            for one in sequences
        ]
        return made.ledger(storage).append(raw, by=by)

    return call


def counts(storage):
    found = [orjson.loads(one) for one in storage.ledger.entries(0, storage.ledger.head().size)]
    return [one["metadata"]["counted"] for one in found if "counted" in one.get("metadata", {})]


def test_numbers_and_gaps_stand_in_the_entries_and_on_the_source(storage, plane, hand_in):
    assert hand_in(1, 2).missing == 0
    assert hand_in(5).missing == 2
    assert counts(storage) == [
        {"source": "gw", "sequence": 1},
        {"source": "gw", "sequence": 2},
        {"source": "gw", "sequence": 5, "missing": 2},
    ]
    [source] = Sources(plane).list()
    assert (source.last, source.jumps, source.missing, source.overdue) == (5, 1, 2, None)
    assert [(one.first, one.last) for one in source.gaps] == [(3, 4)]
    check_whole(storage)


@pytest.mark.parametrize("sequences", [(2,), (1,), (4, 3), (3, 3), (3, 5, 4)])
def test_what_came_already_or_comes_late_is_refused_and_nothing_recorded(storage, plane, hand_in, sequences):
    hand_in(1, 2)
    before, kept = storage.ledger.head(), Sources(plane).list()
    with pytest.raises(ConflictError, match="nothing was recorded"):
        hand_in(*sequences, tool="other")
    assert (storage.ledger.head(), Sources(plane).list()) == (before, kept)


def test_exactly_the_same_once_more_is_answered_and_not_recorded_again(storage, plane, hand_in):
    first = hand_in(1, 2)
    before = storage.ledger.head()
    again = hand_in(1, 2)
    assert (again.entries, again.already) == ((), 2)
    assert storage.ledger.head() == before
    assert len(first.entries) == 2
    with pytest.raises(ConflictError):
        hand_in(2)
    assert len(hand_in(3).entries) == 1


def test_each_person_counts_for_themselves(plane, hand_in):
    hand_in(1)
    hand_in(1, by="aud")
    assert [(one.reporter, one.last) for one in Sources(plane).list()] == [("aud", 1), ("ola", 1)]


def test_an_event_that_cannot_be_recorded_leaves_the_counter_where_it_is(storage, plane, hand_in):
    hand_in(1)
    before = storage.ledger.head()
    with pytest.raises(InvalidInputError):
        hand_in(2, metadata={"float": 0.5})
    assert storage.ledger.head() == before
    assert Sources(plane).list()[0].last == 1
    assert len(hand_in(2).entries) == 1


def test_what_is_handed_in_beside_a_source_shares_its_fate(made, storage, hand_in):
    hand_in(1)
    plain = {"event_type": "tool.invoked", "agent_id": "bot"}
    counted = {**plain, "source": "gw", "sequence": 1}
    before = storage.ledger.head()
    with pytest.raises(ConflictError):
        made.ledger(storage).append([plain, counted], by="ola")
    assert storage.ledger.head() == before
    done = made.ledger(storage).append([plain, {**counted, "sequence": 2}, plain], by="ola")
    assert len(done.entries) == 3


def test_counting_does_not_make_decisions_read_everything_anew(storage, plane, hand_in):
    version = storage.version()
    hand_in(1)
    Sources(plane).expect("gw", timedelta(minutes=5), by="ola")
    assert storage.version() == version


def test_two_servers_that_hand_in_the_same_number_record_it_once(shared):
    storages = [shared.open(), shared.open()]
    with storages[0].unit() as unit:
        unit.shelf(Person).add(OLA)
        unit.append(event(kind="person.added/1", actor="person:ola"))
    numbers = range(1, 21)

    def offer(number, which):
        raw = [
            {
                "event_type": "tool.invoked",
                "agent_id": "bot",
                "source": "gw",
                "sequence": number,
                "tool": f"t{which}",
            }
        ]
        try:
            return len(shared.ledger(storages[which]).append(raw, by="ola").entries)
        except ConflictError:
            return 0

    with ThreadPoolExecutor(2) as pool:
        for number in numbers:
            recorded = list(pool.map(offer, (number, number), (0, 1)))
            assert sum(recorded) == 1
    assert [one["sequence"] for one in counts(storages[1])] == list(numbers)
    check_whole(storages[0])


def test_a_source_is_overdue_until_it_is_heard_or_released(made, storage, plane, hand_in):
    sources = Sources(plane)
    sources.expect("gw", timedelta(minutes=5), by="ola")
    made.clock.advance(timedelta(minutes=7))
    [source] = sources.list()
    assert (source.overdue, source.overdue_seconds, source.last) == (True, 120, 0)
    hand_in(1)
    assert sources.list()[0].overdue is False
    made.clock.advance(timedelta(minutes=6))
    assert sources.list()[0].overdue is True
    sources.release("gw", by="ola")
    assert sources.list()[0].overdue is None
    kinds = [orjson.loads(one)["kind"] for one in storage.ledger.entries(0, storage.ledger.head().size)]
    assert kinds[1:] == ["source.expected/1", "data.accessed/1", "source.released/1"]


def test_who_may_not_declares_nothing(storage, plane):
    before = storage.ledger.head()
    for act in (
        lambda: Sources(plane).expect("gw", timedelta(minutes=5), by="aud"),
        lambda: Sources(plane).release("gw", by="aud"),
        lambda: Sources(plane).expect("gw", timedelta(minutes=5), by="ghost"),
        lambda: Sources(plane).expect("gw", timedelta(minutes=5), by="ola", reporter="ghost"),
    ):
        with pytest.raises(NotPermittedError):
            act()
    with pytest.raises(NotFoundError):
        Sources(plane).release("gw", by="ola")
    assert storage.ledger.head() == before


def test_coverage_reads_every_log_in_the_order_of_time(made, storage, plane, hand_in):
    hand_in(1)
    with storage.unit() as unit:
        unit.open_log("other")
        unit.append(event(kind="stream.opened/1", actor="person:ola"))
    for minutes in range(1, 4):
        made.clock.advance(timedelta(minutes=minutes))
        hand_in(minutes + 1)
        storage.logs.append("other", [event(kind="data.accessed/1")])
    report = LedgerCoverage(plane).report("hipaa")
    accessed = report.demands[0]
    assert (accessed.count, accessed.longest_pause_seconds) == (7, 180)
    assert [one.suspicious for one in report.signs if one.name == "counters"] == [False]
    since = LedgerCoverage(plane).report("HIPAA", since=timedelta(minutes=4))
    assert since.demands[0].count == 4
    assert LedgerCoverage(plane).report("HIPAA", until=report.demands[0].last).demands[0].count == 5
