"""A PostgreSQL connection that is lost in the middle of a commit: what happened is found out, and told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cutting_proxy import Cut, Proxy, cutting_proxy
from ephor.adapters.storage.sql import engines
from ephor.kernel.errors import UnavailableError
from ephor.rooms.access.people import Person
from planes import Made, check_whole, event, numbers


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[Proxy]:
    with cutting_proxy(postgres_url) as made:
        yield made


@pytest.fixture
def plane(proxy: Proxy, tmp_path: Path) -> Iterator[Made]:
    made = Made(proxy.url, tmp_path / "keys")
    made.open().append([event(0)])
    made.close()
    yield made
    made.close()


def append(storage, n):
    storage.append([event(n), event(n + 1)])


def change(storage, n):
    with storage.unit() as unit:
        unit.shelf(Person).add(Person(f"p{n}", "P", ()))
        unit.append(event(n))
        unit.append(event(n + 1))


def people(storage):
    with storage.reading() as unit:
        return sorted(one.id for one in unit.shelf(Person).all())


@pytest.mark.parametrize("write", [append, change])
@pytest.mark.parametrize("cut", list(Cut))
def test_what_became_of_a_commit_whose_connection_was_lost_is_found_out(proxy, plane, write, cut):
    storage = plane.open()
    for n in range(1, 13, 2):  # long enough that the driver prepares its statements
        write(storage, n)
    proxy.cut = cut
    there, said = [101, 102], "nothing was recorded"
    try:
        write(storage, 101)
    except UnavailableError as error:
        there, said = [], str(error)
    assert "nothing was recorded" in said
    assert proxy.cuts == 1
    if cut is not Cut.DURING:
        assert bool(there) is (cut is Cut.AFTER)
    assert numbers(storage) == [*range(13), *there]
    write(storage, 201)
    assert numbers(storage) == [*range(13), *there, 201, 202]
    assert people(storage) == (
        sorted(f"p{n}" for n in [*range(1, 13, 2), *there[:1], 201]) if write is change else []
    )
    other = plane.open()  # another server goes on as well
    write(other, 301)
    check_whole(other)
    assert plane.ledger(storage).verify(None, None).findings == ()


@pytest.mark.parametrize("write", [append, change])
@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
def test_where_nobody_can_be_asked_it_is_not_claimed_that_nothing_was_recorded(proxy, plane, write, cut):
    storage = plane.open()
    write(storage, 1)
    proxy.cut, proxy.refuses = cut, True
    with pytest.raises(
        UnavailableError, match="it is not known whether the entries were recorded; look before"
    ):
        write(storage, 101)
    with pytest.raises(UnavailableError, match="nothing was recorded"):
        write(storage, 151)
    proxy.refuses = False
    write(storage, 201)  # no restart, and no counter is used twice or left out
    assert numbers(storage) == [0, 1, 2, *([101, 102] if cut is Cut.AFTER else []), 201, 202]
    check_whole(storage)
    assert plane.ledger(storage).verify(None, None).findings == ()


@pytest.mark.parametrize("write", [append, change])
def test_a_transaction_that_still_holds_the_log_is_waited_for_and_then_nothing_is_claimed(
    proxy, plane, postgres_url, write, monkeypatch
):
    monkeypatch.setattr(engines, "BUSY_MS", 200)
    storage = plane.open()
    write(storage, 1)
    other = Made(postgres_url, plane.folder).open()
    proxy.cut = Cut.BEFORE
    with other.unit() as unit:
        with pytest.raises(UnavailableError):
            write(storage, 101)
        unit.append(event(50))
    proxy.cut = None
    write(storage, 201)
    assert numbers(storage) == [0, 1, 2, 50, 201, 202]
    check_whole(storage)
    other.close()
