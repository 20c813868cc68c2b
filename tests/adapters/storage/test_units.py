"""What every storage must do with units and appends: all or nothing, numbered, and without waiting where nothing needs it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Event, Thread

import orjson
import pytest

from ephor.engine.ports import StaleError
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from ephor.rooms.access.people import Person
from planes import AT, check_whole, event, numbers

ADA = Person("ada", "Ada", ())


class Broken(Exception):  # noqa: N818 - what some caller's own code might raise
    pass


def test_a_committed_unit_numbers_its_entries_in_the_order_of_appending(storage):
    with storage.unit() as unit:
        ids = [unit.append(event(0)), unit.append(event(1))]
    with storage.unit() as unit:
        ids.append(unit.append(event(2)))
    assert numbers(storage) == [0, 1, 2]
    assert [storage.ledger.position(id) for id in ids] == [0, 1, 2]
    check_whole(storage)


def test_an_append_that_rests_on_governance_that_moved_on_is_refused(storage):
    seen = storage.version()
    storage.append([event(0)], version=seen)
    with storage.unit() as unit:
        unit.shelf(Person).add(ADA)
        unit.append(event(1))
    with pytest.raises(StaleError):
        storage.append([event(2)], version=seen)
    storage.append([event(3)], version=storage.version())
    storage.append([event(4)])
    assert numbers(storage) == [0, 1, 3, 4]
    check_whole(storage)


def test_the_version_moves_on_where_a_unit_says_so_and_only_if_it_commits(storage):
    seen = storage.version()
    with storage.unit() as unit:
        unit.append(event(1))
        unit.move_on()
    moved = storage.version()
    assert moved > seen
    with pytest.raises(ZeroDivisionError), storage.unit() as unit:
        unit.append(event(2))
        unit.move_on()
        raise ZeroDivisionError
    assert storage.version() == moved


def test_among_many_who_append_at_once_only_those_on_old_ground_are_refused(storage):
    old = storage.version()
    with storage.unit() as unit:
        unit.shelf(Person).add(ADA)
        unit.append(event(0))
    new, together = storage.version(), Barrier(12)

    def work(number):
        together.wait()
        try:
            storage.append([event(number)], version=(old, new, None)[number % 3])
        except StaleError:
            return None
        return number

    with ThreadPoolExecutor(12) as pool:
        kept = {one for one in pool.map(work, range(12, 24)) if one is not None}
    assert kept == {one for one in range(12, 24) if one % 3}
    assert set(numbers(storage)) == {0, *kept}
    check_whole(storage)


def test_a_failed_unit_leaves_nothing(storage):
    storage.append([event(0)])
    before, version = storage.ledger.head(), storage.version()
    with pytest.raises(Broken), storage.unit() as unit:
        unit.shelf(Person).add(ADA)
        unit.append(event(1))
        raise Broken
    assert (storage.ledger.head(), storage.version()) == (before, version)
    with storage.reading() as unit:
        assert unit.shelf(Person).find("ada") is None
    storage.append([event(2)])
    assert numbers(storage) == [0, 2]
    check_whole(storage)


def test_a_failed_unit_leaves_no_sealed_payload(storage):
    with pytest.raises(Broken), storage.unit() as unit:
        unit.append(event(0, subject="sub_1"), b"secret")
        raise Broken
    with storage.unit() as unit:
        forgotten = unit.forget("sub_1")
        unit.append(event(1))
    assert (forgotten.keys, forgotten.payloads) == (0, 0)


def test_a_unit_that_changes_a_shelf_without_an_event_is_refused(storage):
    with pytest.raises(ConflictError, match="append an event"), storage.unit() as unit:
        unit.shelf(Person).add(ADA)
    with storage.reading() as unit:
        assert unit.shelf(Person).find("ada") is None
    assert storage.version() == 0


def test_a_unit_that_forgets_somebody_without_an_event_is_refused(storage):
    with storage.unit() as unit:
        id = unit.append(event(0, subject="sub_1"), b"secret")
    with pytest.raises(ConflictError, match="append an event"), storage.unit() as unit:
        unit.forget("sub_1")
    assert storage.ledger.payload(id) == b"secret"


def test_a_reading_unit_that_writes_is_refused(storage):
    for write in (
        lambda unit: unit.shelf(Person).add(ADA),
        lambda unit: unit.append(event()),
        lambda unit: unit.forget("sub_1"),
    ):
        with (
            pytest.raises((ConflictError, UnavailableError), match=r"reading unit|read-only"),
            storage.reading() as unit,
        ):
            write(unit)
    with storage.reading() as unit:
        assert unit.shelf(Person).find("ada") is None
    assert storage.ledger.head().size == 0


def test_the_version_grows_exactly_when_a_shelf_changed(storage):
    seen = [storage.version()]
    with storage.unit() as unit:
        unit.shelf(Person).add(ADA)
        unit.append(event())
    seen.append(storage.version())
    with storage.unit() as unit:
        unit.append(event())
    storage.append([event()])
    with storage.reading() as unit:
        unit.shelf(Person).all()
    seen.append(storage.version())
    with storage.unit() as unit:
        unit.shelf(Person).replace(ADA, replace(ADA, name="Ada L."))
        unit.append(event())
    seen.append(storage.version())
    assert seen[0] < seen[1] == seen[2] < seen[3]


def test_reading_never_waits_for_a_unit(storage):
    opened, done = Event(), Event()

    def hold() -> None:
        with storage.unit() as unit:
            unit.shelf(Person).add(ADA)
            unit.append(event())
            opened.set()
            done.wait(300)

    holder = Thread(target=hold)
    holder.start()
    opened.wait(300)
    try:  # were any of these to wait, the holder would wait for this thread, and the test for its end
        with storage.reading() as unit:
            assert unit.shelf(Person).find("ada") is None
        assert storage.ledger.head().size == 0
        assert storage.version() == 0
        assert holder.is_alive()
    finally:
        done.set()
        holder.join()
    assert storage.ledger.head().size == 1


def test_a_thread_cannot_wait_for_itself(storage):
    with storage.unit() as unit:
        with pytest.raises(ConflictError, match="this thread has a unit open"):
            storage.append([event(7)])
        with pytest.raises(ConflictError, match="this thread has a unit open"), storage.unit():
            pass
        unit.append(event(1))
    storage.append([event(2)])
    assert numbers(storage) == [1, 2]


def test_searching_inside_a_unit_neither_waits_nor_fails(storage):
    storage.append([event(n, tool=f"tool{n}") for n in range(5)])
    with storage.unit() as unit:
        assert storage.ledger.search({"tool": "tool3"}, before=None, limit=5) == [3]
        unit.append(event(9))
    assert storage.ledger.search({"tool": "tool3"}, before=None, limit=5) == [3]


def test_appending_nothing_changes_nothing(storage):
    assert list(storage.append([])) == []
    assert storage.ledger.head().size == 0


def test_what_sixteen_threads_append_is_there_once_and_in_each_ones_order(storage):
    barrier, acknowledged = Barrier(16), {}

    def work(thread: int) -> None:
        barrier.wait()
        for round in range(6):
            first = thread * 1_000 + round * 10
            ids = storage.append([event(first + n) for n in range(1 + round % 3)])
            acknowledged.update(zip(ids, range(first, first + 3), strict=False))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    found = numbers(storage)
    assert sorted(found) == sorted(acknowledged.values())
    for thread in range(16):
        mine = [n for n in found if n // 1_000 == thread]
        assert mine == sorted(mine)
    for id, number in acknowledged.items():
        entry = next(iter(storage.ledger.entries(place := storage.ledger.position(id), place + 1)))
        assert orjson.loads(entry)["metadata"]["number"] == number
    check_whole(storage)


def test_units_and_appends_of_many_threads_lose_nothing(storage):
    def append(n: int) -> None:
        storage.append([event(n)])

    def change(n: int) -> None:
        with storage.unit() as unit:
            unit.shelf(Person).add(Person(f"p{n}", "P", ()))
            unit.append(event(n))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: (change if n % 3 == 0 else append)(n), range(60)))
    assert sorted(numbers(storage)) == list(range(60))
    with storage.reading() as unit:
        assert len(unit.shelf(Person).all()) == 20
    assert storage.version() == 20
    check_whole(storage)


BAD = event(0, kind="no.such/1"), event(0, metadata={"score": 0.5}), event(0, metadata={"long": "x" * 70_000})


@pytest.mark.parametrize("bad", BAD, ids=["kind", "float", "long"])
def test_a_bad_event_spoils_its_own_batch_and_no_other(storage, bad):
    barrier = Barrier(8)

    def work(n: int) -> bool:
        barrier.wait()
        for round in range(4):
            number = n * 10 + round
            if n % 4:
                storage.append([event(number)])
            else:
                with pytest.raises(InvalidInputError):
                    storage.append([event(number), bad])
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert sorted(numbers(storage)) == sorted(n * 10 + r for n in range(8) if n % 4 for r in range(4))
    check_whole(storage)


def test_a_bad_event_spoils_its_unit(storage):
    with pytest.raises(InvalidInputError), storage.unit() as unit:
        unit.shelf(Person).add(ADA)
        unit.append(event(1))
        unit.append(BAD[0])
    with storage.reading() as unit:
        assert unit.shelf(Person).find("ada") is None
    assert storage.ledger.head().size == 0


def test_a_clock_that_is_set_back_does_not_turn_the_ledger_back(made):
    storage = made.open()
    storage.append([event(0)])
    made.clock.advance(timedelta(hours=-5))
    storage.append([event(1)])
    with storage.unit() as unit:
        unit.append(event(2))
    if made.url != "memory:":
        made.open().append([event(3)])
    made.clock.advance(timedelta(hours=6))
    storage.append([event(4)])
    entries = [orjson.loads(one) for one in storage.ledger.entries(0, 10)]
    assert [one["received_at"][11:13] for one in entries] == ["09"] * (len(entries) - 1) + ["10"]
    assert AT.hour == 9
    check_whole(storage)
