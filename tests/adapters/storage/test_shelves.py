"""What every storage must do with records: memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from databases import postgres_database
from ephor.adapters.storage.catalogue import SHELVES, body_of, column_of, is_storable
from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotFoundError
from ephor.rooms.access.people import Person, PlaneRole
from ephor.rooms.dsr.request import DsrLaw, Request, RequestStatus, Right
from ephor.rooms.models.model import ModelVersion
from planes import Made, event, sqlite_plane

ADA = Person("ada", "Ada", (PlaneRole.ADMINISTRATOR,))
EVE = Person("eve", "Eve", (PlaneRole.ENGINEER,))
ASKED = Request(
    "dsr_1", Right.ERASURE, DsrLaw.GDPR, "sub_1", "web", datetime(2026, 3, 2, tzinfo=UTC), date(2026, 3, 2), date(2026, 4, 2),
    RequestStatus.RECEIVED, "evt_1", "ada",
)  # fmt: skip
MOMENTS = st.datetimes(timezones=st.just(UTC))


@pytest.fixture(scope="module", autouse=True)
def _aware_times() -> None:
    st.register_type_strategy(datetime, MOMENTS)


def put(storage: Any, *records: Any) -> None:
    with storage.unit() as unit:
        for record in records:
            unit.shelf(type(record)).add(record)
        unit.append(event())


def test_what_was_added_can_be_got_found_listed_and_paged(storage):
    put(storage, EVE, ADA)
    with storage.reading() as unit:
        shelf = unit.shelf(Person)
        assert shelf.get("ada") == ADA
        assert shelf.find("eve") == EVE
        assert shelf.find("bob") is None
        assert list(shelf.all()) == [ADA, EVE]
        assert list(shelf.page("", 1)) == [ADA]
        assert list(shelf.page("ada", 10)) == [EVE]
        assert list(shelf.page("eve", 10)) == []


def test_a_record_that_is_not_there_is_not_found(storage):
    with storage.reading() as unit, pytest.raises(NotFoundError, match="there is no person `bob`"):
        unit.shelf(Person).get("bob")


@pytest.mark.parametrize("id", ["a\0b", "\udcff", "x" * 600])
def test_an_id_that_cannot_be_is_simply_not_there(storage, id):
    with storage.reading() as unit:
        assert unit.shelf(Person).find(id) is None


@pytest.mark.parametrize("id", ["a\0b", "\udcff", "x" * 600])
def test_a_record_that_a_database_could_not_hold_is_refused_everywhere(storage, id):
    with pytest.raises(InvalidInputError), storage.unit() as unit:
        unit.shelf(Person).add(Person(id, "Ada", ()))
    assert storage.ledger.head().size == 0


def test_an_id_is_taken_once(storage):
    put(storage, ADA)
    with pytest.raises(ConflictError, match="there is a person `ada` already"):
        put(storage, Person("ada", "Another", ()))
    with storage.reading() as unit:
        assert unit.shelf(Person).get("ada") == ADA


def test_a_record_is_replaced_only_as_it_was_read(storage):
    put(storage, ADA)
    newer = Person("ada", "Ada L.", ADA.roles)
    with storage.unit() as unit:
        unit.shelf(Person).replace(ADA, newer)
        assert unit.shelf(Person).get("ada") == newer
        unit.append(event())
    with pytest.raises(ConflictError, match="changed meanwhile"), storage.unit() as unit:
        unit.shelf(Person).replace(ADA, EVE.__class__("ada", "Lost update", ()))
    with pytest.raises(ConflictError, match="changed meanwhile"), storage.unit() as unit:
        unit.shelf(Person).remove(ADA)
    with storage.reading() as unit:
        assert list(unit.shelf(Person).all()) == [newer]


def test_a_record_keeps_its_id(storage):
    put(storage, ADA)
    with pytest.raises(ConflictError, match="an id is for ever"), storage.unit() as unit:
        unit.shelf(Person).replace(ADA, EVE)


def test_a_record_is_removed_as_it_was_read_and_can_come_back(storage):
    put(storage, ADA)
    with storage.unit() as unit:
        unit.shelf(Person).remove(ADA)
        assert unit.shelf(Person).find("ada") is None
        unit.shelf(Person).add(ADA)
        unit.shelf(Person).remove(ADA)
        unit.append(event())
    with storage.reading() as unit:
        assert list(unit.shelf(Person).all()) == []


def test_a_record_that_an_earlier_version_wrote_is_changed_and_removed_like_any_other(shared):
    """It lacks the fields that came later, and may have its fields in another order."""
    storage = shared.open()
    put(storage, ASKED, EVE)
    engine = sa.create_engine(shared.url)
    table = SHELVES[type(ASKED)].table
    with engine.begin() as connection:
        body = json.loads(connection.execute(sa.text(f"select body from {table}")).scalar_one())
        assert body.pop("paused_on", "") is None
        older = json.dumps(dict(reversed(body.items())), indent=1)
        connection.execute(sa.text(f"update {table} set body = :body"), {"body": older})
        connection.execute(sa.text("update people set body = replace(body, 'Eve', 'Eva')"))
    engine.dispose()
    moved = replace(ASKED, fee="10 euros")
    with storage.unit() as unit:
        unit.shelf(Request).replace(ASKED, moved)
        unit.append(event())
    with storage.unit() as unit:
        assert unit.shelf(Request).get(ASKED.id) == moved
        unit.shelf(Request).remove(moved)
        unit.append(event())
    for act in (lambda shelf: shelf.replace(EVE, EVE), lambda shelf: shelf.remove(EVE)):
        with pytest.raises(ConflictError, match="changed meanwhile"), storage.unit() as unit:
            act(unit.shelf(Person))


def test_order_is_by_code_point_in_every_database(storage):
    ids = ["a", "A", "_", "-", "b1", "B", "a.b", "ab", "é", "z", "\U0001f600", "\uffff"]
    put(storage, *[Person(id, id, ()) for id in ids])
    with storage.reading() as unit:
        assert [one.id for one in unit.shelf(Person).all()] == sorted(ids)
        assert [one.id for one in unit.shelf(Person).page("a", 3)] == sorted(ids)[
            sorted(ids).index("a") + 1 :
        ][:3]


def test_a_type_without_a_shelf_is_refused(storage):
    with storage.reading() as unit, pytest.raises(InvalidInputError, match="has no shelf"):
        unit.shelf(Made)


def test_a_shelf_is_searched_by_its_columns_only(storage):
    with storage.reading() as unit, pytest.raises(InvalidInputError, match="cannot be searched by colour"):
        unit.shelf(Person).all(colour="red")


def test_a_search_for_what_cannot_be_finds_nothing(storage):
    with storage.reading() as unit:
        assert list(unit.shelf(ModelVersion).all(status="a\0b")) == []


def test_reading_sees_nothing_of_a_unit_until_it_commits(storage):
    with storage.unit() as unit:
        unit.shelf(Person).add(ADA)
        unit.append(event())
        with storage.reading() as reading:
            assert reading.shelf(Person).find("ada") is None
    with storage.reading() as reading:
        assert reading.shelf(Person).find("ada") == ADA


def test_a_reading_unit_sees_one_moment(storage):
    put(storage, ADA)
    with storage.reading() as reading:
        before = list(reading.shelf(Person).all())
        put(storage, EVE)
        assert list(reading.shelf(Person).page("", 10)) == before == [ADA]


@pytest.fixture(scope="module")
def everywhere(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path, postgres_server: str
) -> Iterator[list[Any]]:
    """One storage of each sort, for a test that runs over all of them many times."""
    folder = tmp_path_factory.mktemp("everywhere")
    with postgres_database(postgres_server) as url:
        planes = [Made("memory:", folder / "m"), sqlite_plane(folder, migrated), Made(url, folder / "p")]
        yield [plane.open() for plane in planes]
        for plane in planes:
            plane.close()


# No record holds a figure that JSON cannot say: the rooms that compute figures give finite ones.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize("kind", sorted(SHELVES, key=lambda one: one.__name__))
@settings(
    max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_every_kind_of_record_comes_back_as_it_went_in(everywhere, kind, data):
    try:
        record = data.draw(st.from_type(kind))
    except EphorError:
        reject()
    if not all(is_storable(str(getattr(record, name) or "")) for name in ("id", *SHELVES[kind].columns)):
        reject()
    for storage in everywhere:
        check_round_trip(storage, kind, record)


def check_round_trip(storage: Any, kind: type[Any], record: Any) -> None:
    with storage.unit() as unit:
        unit.shelf(kind).add(record)
        unit.append(event())
    with storage.unit() as unit:
        shelf = unit.shelf(kind)
        found = shelf.get(record.id)
        assert found == record
        assert body_of(found) == body_of(record)
        for column in SHELVES[kind].columns:
            if (value := column_of(record, column)) is not None:
                assert record in shelf.all(**{column: value})
                assert record not in shelf.all(**{column: value + "x"})
        shelf.replace(found, record)
        shelf.remove(record)
        unit.append(event())


def test_every_shelf_is_tried():
    """The catalogue is what the test above runs over; it must not be empty, and each id must be a text field."""
    assert len(SHELVES) > 10
    assert all("id" in kind.__dataclass_fields__ for kind in SHELVES)
    assert len({plan.table for plan in SHELVES.values()}) == len(SHELVES)


def test_a_read_only_mapping_is_kept_like_any_other():
    def with_facts(facts: Mapping[str, str]) -> str:
        return body_of({"facts": facts})

    assert with_facts(MappingProxyType({"b": "1", "a": "2"})) == with_facts({"a": "2", "b": "1"})


def test_what_json_cannot_say_is_refused():
    with pytest.raises(InvalidInputError, match="cannot be kept"):
        body_of(object())
