"""Subject requests over a real SQLite shop, from receipt to proof."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ephor.adapters.connectors.sql import connect
from ephor.engine.plane import Engine
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    VerificationError,
)
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.consent.restriction import Restriction
from ephor.rooms.consent.statement import ConsentState, Standing
from ephor.rooms.dsr.judge import Stay
from ephor.rooms.dsr.plan import Certificate, DataPlan
from ephor.rooms.dsr.request import RequestStatus
from ephor.testing import FrozenClock
from sample_shop import JOHN, MARY, ROWS, build_shop, field, refers, rows_of, shop_map

GONE = ("customers", "orders", "order_items", "payments", "newsletter")


@dataclass
class Shop:
    """The shop, its map, its store, and the engine that works on it."""

    path: Path
    engine: Engine
    map: dict[str, Any]
    store: DataStore

    @property
    def stores(self) -> Mapping[str, DataStore]:
        return {"shop": self.store}

    def ready(self, right: str, **facts: Any) -> str:
        """Open a request of Mary's and verify her."""
        request = self.engine.dsr.open(right, {"email": MARY}, by="ada", **facts)
        return self.engine.dsr.verify_identity(request.id, "code sent by letter", by="ada").id

    def plan(self, id: str, **facts: Any) -> DataPlan:
        return self.engine.dsr.plan(id, self.map, self.stores, by="ada", **facts)

    def approved(self, right: str, **facts: Any) -> str:
        id = self.ready(right, **facts)
        self.plan(id)
        return self.engine.dsr.approve(id, by="dora").id

    def fulfil(self, id: str, **facts: Any) -> Certificate:
        given: dict[str, Any] = {"given": self.map, "stores": self.stores} | facts
        return self.engine.dsr.fulfil(id, by="dora", **given)

    def hands(self, id: str) -> dict[str, Any]:
        """Fulfil and return what was handed out."""
        box: dict[str, bytes] = {}
        self.fulfil(id, deliver=box.__setitem__)
        [content] = box.values()
        return dict(json.loads(content))


@pytest.fixture
def shop(tmp_path: Path, engine: Engine) -> Iterator[Shop]:
    path = tmp_path / "shop.db"
    store = connect(build_shop(path))
    yield Shop(path, engine, dict(copy.deepcopy(shop_map())), store)
    store.close()


def entries(engine: Engine) -> list[dict[str, Any]]:
    ledger = engine.world.storage.ledger
    return [json.loads(one) for one in ledger.entries(0, ledger.head().size)]


def test_an_erasure_takes_the_persons_rows_and_nobody_elses(shop: Shop) -> None:
    certificate = shop.fulfil(shop.approved("erasure"))
    assert {line.collection: line.act for line in certificate.lines if line.act} == {
        "shop.customers": 1,
        "shop.orders": 2,
        "shop.order_items": 3,
        "shop.payments": 1,
        "shop.newsletter": 1,
        "shop.addresses": 2,
    }
    assert rows_of(shop.path, "customers") == [ROWS["customers"][1]]
    assert rows_of(shop.path, "orders") == [ROWS["orders"][2]]
    assert rows_of(shop.path, "order_items") == [ROWS["order_items"][3]]
    assert rows_of(shop.path, "payments") == [ROWS["payments"][1]]
    assert rows_of(shop.path, "newsletter") == [ROWS["newsletter"][1]]
    assert rows_of(shop.path, "products") == ROWS["products"]


def test_an_address_that_another_customer_has_too_is_left_for_review(shop: Shop) -> None:
    id = shop.approved("erasure")
    shop.fulfil(id)
    assert rows_of(shop.path, "addresses") == [ROWS["addresses"][1]]
    view = shop.engine.dsr.show(id)
    assert view.request.status is RequestStatus.PARTLY_FULFILLED
    assert view.plan is not None
    [line] = [one for one in view.plan.lines if one.collection == "shop.addresses"]
    assert (line.found, line.act) == (3, 2)
    assert [(stay.reason, stay.rows) for stay in line.stays] == [(Stay.SHARED, 1)]


def test_shared_rows_without_personal_data_do_not_make_an_erasure_partial(shop: Shop) -> None:
    base = connect(f"sqlite:///{shop.path}")
    base.update("customers", ("id",), [(1,)], {"address_id": 1})
    base.close()
    id = shop.approved("erasure")
    shop.fulfil(id)
    assert shop.engine.dsr.show(id).request.status is RequestStatus.FULFILLED
    assert rows_of(shop.path, "products") == ROWS["products"]


def test_references_between_columns_of_different_types_are_still_somebody_elses(
    tmp_path: Path, engine: Engine
) -> None:
    path = tmp_path / "loose.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE homes (id TEXT PRIMARY KEY, street TEXT)")
        base.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, home INTEGER)")
        base.execute("INSERT INTO homes VALUES ('7', 'Shared Street')")
        base.executemany("INSERT INTO people VALUES (?, ?, 7)", [(1, MARY), (2, JOHN)])
    base.close()
    people = [
        field("id", primary_key=True),
        field("email", "user.contact", identity="email"),
        field("home", references=refers("homes.id", "to")),
    ]
    homes = [field("id", primary_key=True), field("street", "user.contact.address")]
    collections = [{"name": "people", "fields": people}, {"name": "homes", "fields": homes}]
    shop = Shop(
        path,
        engine,
        {"dataset": [{"fides_key": "shop", "collections": collections}]},
        connect(f"sqlite:///{path}"),
    )
    shop.fulfil(shop.approved("erasure"))
    assert rows_of(path, "people") == [(2, JOHN, 7)]
    assert rows_of(path, "homes") == [("7", "Shared Street")]
    shop.store.close()


@pytest.mark.parametrize("wal", [False, True])
def test_no_byte_of_the_address_is_left_in_the_files(tmp_path: Path, engine: Engine, wal: bool) -> None:
    path = tmp_path / "shop.db"
    store = connect(build_shop(path, wal=wal))
    shop = Shop(path, engine, dict(shop_map()), store)
    assert any(b"Mary@example.org" in one.read_bytes() for one in tmp_path.iterdir())
    shop.fulfil(shop.approved("erasure"))
    store.close()
    for file in tmp_path.iterdir():
        content = file.read_bytes().lower()
        assert MARY.encode() not in content
        assert b"mary miller" not in content
        assert b"no9386011117947" not in content


def test_what_was_not_searched_is_said(shop: Shop) -> None:
    shop.map["dataset"][0]["collections"][0]["fields"].pop(3)
    plan = shop.plan(shop.ready("erasure"))
    assert plan.unreachable == ("shop.page_views",)
    assert plan.unmapped == ("shop.customers.phone", "shop.warehouse_log")


def test_neither_records_nor_ledger_hold_the_identifier(shop: Shop) -> None:
    id = shop.approved("erasure")
    shop.fulfil(id)
    view = shop.engine.dsr.show(id)
    for text in (repr(view), json.dumps(entries(shop.engine))):
        assert "mary" not in text.lower()
    assert view.request.subject == shop.engine.world.pseudonyms.of(MARY)


def test_an_erasure_destroys_the_subjects_key_and_withdraws_what_consent_stood(shop: Shop) -> None:
    for purpose in ("news", "offers"):
        shop.engine.consent.state(MARY, purpose, ConsentState.GIVEN, notice_version="v1", by="dora")
    id = shop.approved("erasure")
    certificate = shop.fulfil(id)
    assert (certificate.keys_destroyed, certificate.payloads_destroyed) == (1, 2)
    assert shop.engine.world.storage.ledger.payload(shop.engine.dsr.show(id).request.entry) is None
    view = shop.engine.consent.view(MARY)
    assert set(view.standings.values()) == {Standing.WITHDRAWN}
    kinds = [one["kind"] for one in entries(shop.engine)]
    assert kinds[-4:] == ["consent.withdrawn/1", "consent.withdrawn/1", "erasure/1", "dsr.fulfilled/1"]
    assert entries(shop.engine)[-1]["id"] == certificate.entry


class Breaking:
    """A store that fails at the nth change, like a process that is killed there."""

    def __init__(self, store: DataStore, at: int) -> None:
        self._store, self._left = store, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def delete(self, *arguments: Any) -> int:
        self._left -= 1
        if self._left < 0:
            raise UnavailableError("killed")
        return self._store.delete(*arguments)

    def scrub(self, tables: Any) -> str:
        self._left -= 1
        if self._left < 0:
            raise UnavailableError("killed")
        return self._store.scrub(tables)


@pytest.mark.parametrize("at", range(7))
def test_an_erasure_stopped_anywhere_is_carried_through(shop: Shop, at: int) -> None:
    id = shop.approved("erasure")
    with pytest.raises(UnavailableError, match="killed"):
        shop.fulfil(id, stores={"shop": Breaking(shop.store, at)})
    assert shop.engine.dsr.show(id).request.status is RequestStatus.IN_PROGRESS
    with pytest.raises(ConflictError, match="cannot become refused"):
        shop.engine.dsr.refuse(id, "legal_claims", by="dora")
    certificate = shop.fulfil(id)
    assert sum(line.act for line in certificate.lines) == 10
    assert rows_of(shop.path, "addresses") == [ROWS["addresses"][1]]
    assert rows_of(shop.path, "customers") == [ROWS["customers"][1]]
    deleted = [one["metadata"] for one in entries(shop.engine) if one["kind"] == "data.deleted/1"]
    assert sum(one["rows"] for one in deleted) == 10


def test_what_came_while_a_run_was_interrupted_stays_and_is_told(shop: Shop) -> None:
    id = shop.approved("erasure")
    with pytest.raises(UnavailableError, match="killed"):
        shop.fulfil(id, stores={"shop": Breaking(shop.store, 1)})
    with sqlite3.connect(shop.path) as base:
        base.execute("insert into customers (id, email) values (901, ?)", (MARY,))
    base.close()
    certificate = shop.fulfil(id)
    assert (
        "shop.customers: 1 rows came while the run was interrupted and are there; open a new request for them"
        in certificate.verified
    )
    assert shop.engine.dsr.show(id).request.status is RequestStatus.PARTLY_FULFILLED


def test_a_crash_before_the_last_entry_is_carried_through(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = shop.approved("erasure")
    with monkeypatch.context() as patch:
        patch.setattr("ephor.engine.dsr_carry.Carrier._close", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shop.fulfil(id)
    assert shop.engine.dsr.show(id).certificate is None
    assert shop.fulfil(id).keys_destroyed == 1


def test_fulfilling_twice_returns_the_same_certificate(shop: Shop) -> None:
    id = shop.approved("erasure")
    first = shop.fulfil(id)
    size = len(entries(shop.engine))
    assert shop.fulfil(id) == first
    assert len(entries(shop.engine)) == size


def test_a_store_that_still_holds_a_row_gets_no_certificate(shop: Shop) -> None:
    class Keeping(Breaking):
        def delete(self, *arguments: Any) -> int:
            return 1

    id = shop.approved("erasure")
    with pytest.raises(VerificationError, match="are there after they were deleted"):
        shop.fulfil(id, stores={"shop": Keeping(shop.store, 99)})
    assert shop.engine.dsr.show(id).certificate is None


def test_data_that_changed_after_the_approval_is_planned_again(shop: Shop) -> None:
    id = shop.approved("erasure")
    shop.store.update("orders", ("id",), [(20,)], {"customer_id": 1})
    with pytest.raises(ConflictError, match="plan and approve again"):
        shop.fulfil(id)
    assert rows_of(shop.path, "payments") == ROWS["payments"]
    shop.plan(id)
    with pytest.raises(ConflictError, match="planned and cannot become in_progress"):
        shop.fulfil(id)


def test_whoever_took_the_request_in_does_not_approve_it(shop: Shop) -> None:
    id = shop.ready("erasure")
    shop.plan(id)
    with pytest.raises(NotPermittedError, match="somebody else approves"):
        shop.engine.dsr.approve(id, by="ada")
    with pytest.raises(NotPermittedError, match="privacy:write"):
        shop.engine.dsr.approve(id, by="eve")


def test_nothing_is_planned_before_the_identity_is_verified(shop: Shop) -> None:
    request = shop.engine.dsr.open("access", {"email": MARY}, by="ada")
    with pytest.raises(ConflictError, match="next may be: identity_verified, refused"):
        shop.plan(request.id)
    with pytest.raises(InvalidInputError, match="name the method"):
        shop.engine.dsr.verify_identity(request.id, " ", by="ada")


def test_a_legal_hold_turns_erasure_into_restriction(shop: Shop) -> None:
    hold = shop.engine.retention.place_hold("tax: bookkeeping", ["collection:shop.payments"], by="dora")
    id = shop.approved("erasure")
    plan = shop.engine.dsr.show(id).plan
    assert plan is not None
    stays = {line.collection: {stay.reason for stay in line.stays} for line in plan.lines}
    assert stays["shop.payments"] == {Stay.HELD}
    assert stays["shop.orders"] == {
        Stay.REFERENCED
    }  # a held payment names its order, and the order its customer
    assert stays["shop.customers"] == {Stay.REFERENCED}
    shop.fulfil(id)
    assert ROWS["payments"][0] in rows_of(shop.path, "payments")
    assert {row[0] for row in rows_of(shop.path, "orders")} == {10, 20}
    assert shop.engine.dsr.show(id).request.status is RequestStatus.PARTLY_FULFILLED
    assert shop.engine.consent.view(MARY).restricted
    with shop.engine.world.storage.reading() as unit:
        [restriction] = unit.shelf(Restriction).all()
    assert "shop.payments" in restriction.scope
    assert hold.id in [stay.because for line in plan.lines for stay in line.stays]


def test_what_had_to_stay_is_restricted_until_an_erasure_leaves_nothing_of_it(shop: Shop) -> None:
    holds, view = shop.engine.retention, shop.engine.consent.view
    hold = holds.place_hold("case", ["collection:shop.payments"], by="dora")
    shop.fulfil(shop.approved("erasure"))
    assert view(MARY).restricted
    holds.release_hold(hold.id, by="dora")
    holds.release_hold(hold.id, by="ada")
    shop.fulfil(shop.approved("erasure"))
    assert view(MARY).restricted, "an address that is shared stays for somebody to look at"
    shop.fulfil(shop.approved("erasure"))
    assert not view(MARY).restricted, "nothing leads there any more"
    lifted = [one for one in entries(shop.engine) if one["kind"] == "dsr.restriction-lifted/1"]
    assert [one["metadata"]["told"] for one in lifted] == ["nothing stays of it"] * 2


def aged(shop: Shop, **orders: str | None) -> None:
    """Let orders say in their notes when they were placed."""
    with sqlite3.connect(shop.path) as base:
        for id, placed in orders.items():
            base.execute("update orders set note = ? where id = ?", (placed, int(id.removeprefix("o"))))


def test_a_minimum_keeps_the_rows_that_are_not_old_enough(shop: Shop) -> None:
    aged(shop, o10="2026-01-05T10:00:00+01:00", o11="2011-01-05 10:00:00")
    hold = shop.engine.retention.place_hold(
        "tax law", ["collection:shop.orders"], by="dora", days=3650, since="note"
    )
    id = shop.approved("erasure")
    [orders] = [line for line in shop.engine.dsr.show(id).plan.lines if line.collection == "shop.orders"]
    assert (orders.found, orders.act) == (2, 1)
    assert [(stay.reason, stay.because, stay.rows) for stay in orders.stays] == [(Stay.HELD, hold.id, 1)]
    with pytest.raises(UnavailableError):
        shop.fulfil(id, stores={"shop": Breaking(shop.store, 1)})
    shop.fulfil(id)  # a minimum that the plan knew does not stop what goes on
    assert {row[0] for row in rows_of(shop.path, "orders")} == {10, 20}
    assert shop.engine.dsr.show(id).request.status is RequestStatus.PARTLY_FULFILLED
    with shop.engine.world.storage.reading() as unit:
        [restriction] = unit.shelf(Restriction).all()
    assert "shop.orders" in restriction.scope


def test_a_row_that_does_not_say_how_old_it_is_counts_as_young(shop: Shop) -> None:
    aged(shop, o10="long ago", o11=None)
    shop.engine.retention.place_hold("tax law", ["collection:shop.orders"], by="dora", days=1, since="note")
    [orders] = [line for line in shop.plan(shop.ready("erasure")).lines if line.collection == "shop.orders"]
    assert (orders.found, orders.act) == (2, 0)


def test_a_minimum_that_counts_from_a_field_nobody_mapped_is_refused_with_what_to_add(shop: Shop) -> None:
    hold = shop.engine.retention.place_hold(
        "tax law", ["collection:shop.orders"], by="dora", days=9, since="placed"
    )
    with pytest.raises(InvalidInputError, match=rf"`{hold.id}` \(tax law\).*`placed`.*add it there"):
        shop.plan(shop.ready("erasure"))
    shop.plan(shop.ready("access"))  # who only wants to see is not concerned


def test_a_minimum_placed_while_the_run_was_interrupted_stops_it(shop: Shop) -> None:
    id = shop.approved("erasure")
    with pytest.raises(UnavailableError):
        shop.fulfil(id, stores={"shop": Breaking(shop.store, 0)})
    shop.engine.world.clock.advance(timedelta(seconds=1))
    shop.engine.retention.place_hold("tax law", ["collection:shop.orders"], by="dora", days=9, since="note")
    with pytest.raises(ConflictError, match="nothing further is deleted"):
        shop.fulfil(id)


def test_a_hold_over_everything_keeps_the_subjects_key_too(shop: Shop) -> None:
    shop.engine.retention.place_hold("lawsuit", ["everything"], by="dora")
    id = shop.approved("erasure")
    certificate = shop.fulfil(id)
    assert certificate.keys_destroyed == 0
    assert rows_of(shop.path, "customers") == ROWS["customers"]
    assert "erasure/1" not in [one["kind"] for one in entries(shop.engine)]


@pytest.mark.parametrize("scope", ["everything", "collection:shop.orders", "collection:ephor.ledger"])
def test_a_hold_placed_while_the_run_was_interrupted_stops_it(shop: Shop, scope: str) -> None:
    id = shop.approved("erasure")
    with pytest.raises(UnavailableError):
        shop.fulfil(id, stores={"shop": Breaking(shop.store, 0)})
    shop.engine.retention.place_hold("lawsuit", [scope], by="dora")
    with pytest.raises(ConflictError, match="nothing further is deleted"):
        shop.fulfil(id)
    assert rows_of(shop.path, "customers") == ROWS["customers"]


def test_an_interrupted_run_is_carried_through_with_its_own_map_only(shop: Shop) -> None:
    id = shop.approved("erasure")
    with pytest.raises(UnavailableError):
        shop.fulfil(id, stores={"shop": Breaking(shop.store, 1)})
    shop.map["dataset"][0]["collections"].pop()
    with pytest.raises(ConflictError, match="give that one"):
        shop.fulfil(id)


def test_a_table_that_the_map_forgets_keeps_what_it_refers_to(shop: Shop) -> None:
    collections = shop.map["dataset"][0]["collections"]
    shop.map["dataset"][0]["collections"] = [one for one in collections if one["name"] != "payments"]
    plan = shop.plan(shop.ready("erasure"))
    assert "shop.payments" in plan.unmapped
    [orders] = [line for line in plan.lines if line.collection == "shop.orders"]
    assert [(stay.reason, stay.because, stay.rows) for stay in orders.stays] == [
        (Stay.REFERENCED, "shop.payments", 1)
    ]


def test_access_hands_out_the_persons_rows_and_withholds_what_is_shared(shop: Shop) -> None:
    id = shop.approved("access")
    content = shop.hands(id)
    given = content["collections"]
    assert [row["email"] for row in given["shop.customers"]] == ["Mary@example.org"]
    assert {row["id"] for row in given["shop.orders"]} == {10, 11}
    assert {row["id"] for row in given["shop.addresses"]} == {1, 3}
    assert content["withheld_for_others"] == [
        {"collection": "shop.addresses", "rows": 1, "shared_with": "shop.customers"}
    ]
    assert "shop.warehouse_log" in content["not_searched"]
    assert JOHN not in json.dumps(content)
    assert shop.engine.dsr.show(id).request.status is RequestStatus.PARTLY_FULFILLED


def test_shared_rows_are_handed_out_when_the_approved_plan_says_so(shop: Shop) -> None:
    id = shop.ready("access")
    shop.plan(id, release_shared=True)
    shop.engine.dsr.approve(id, by="dora")
    assert {row["id"] for row in shop.hands(id)["collections"]["shop.addresses"]} == {1, 2, 3}
    assert shop.engine.dsr.show(id).request.status is RequestStatus.FULFILLED


def test_portability_gives_only_what_the_person_provided(shop: Shop) -> None:
    content = shop.hands(shop.approved("portability"))
    [customer] = content["collections"]["shop.customers"]
    assert set(customer) == {"email", "name", "phone"}
    assert "shop.order_items" not in content["collections"]
    assert "processing" not in content


def test_a_package_that_could_not_be_delivered_leaves_the_request_open(shop: Shop) -> None:
    def fail(_: str, __: bytes) -> None:
        raise UnavailableError("disk full")

    id = shop.approved("access")
    with pytest.raises(UnavailableError):
        shop.fulfil(id, deliver=fail)
    assert shop.engine.dsr.show(id).request.status is RequestStatus.APPROVED
    with pytest.raises(InvalidInputError, match="say where it goes"):
        shop.fulfil(id)


def test_rectification_changes_the_given_field_of_the_person_only(shop: Shop) -> None:
    id = shop.approved("rectification", corrections={"shop.customers.name": "Mary Moe"})
    certificate = shop.fulfil(id)
    assert [row[2] for row in rows_of(shop.path, "customers")] == ["Mary Moe", "John Jones"]
    assert certificate.verified == ("shop.customers: 1 of 1 rows corrected",)
    assert "Moe" not in json.dumps(entries(shop.engine))


@pytest.mark.parametrize(
    "path", ["shop.customers.id", "shop.customers.nothing", "shop.nothing.name", "shop.orders.customer_id"]
)
def test_keys_and_unknown_fields_are_not_corrected(shop: Shop, path: str) -> None:
    with pytest.raises(InvalidInputError):
        shop.plan(shop.ready("rectification", corrections={path: "1"}))


def test_restriction_and_objection_take_effect_without_stores(shop: Shop) -> None:
    dsr = shop.engine.dsr
    shop.engine.consent.state(MARY, "news", ConsentState.GIVEN, notice_version="v1", by="dora")
    dsr.fulfil(shop.ready("objection", purposes=["news", "profiling"]), by="dora")
    view = shop.engine.consent.view(MARY)
    assert dict(view.standings) == {"news": Standing.OBJECTED, "profiling": Standing.OBJECTED}
    assert not view.restricted
    dsr.fulfil(shop.ready("restriction"), by="dora")
    assert shop.engine.consent.view(MARY).restricted


def test_a_restriction_is_lifted_once_and_after_the_person_was_told(shop: Shop) -> None:
    dsr, id = shop.engine.dsr, shop.ready("restriction")
    with pytest.raises(ConflictError, match="restricts nothing"):
        dsr.lift(id, "letter", by="dora")
    dsr.fulfil(id, by="dora")
    with pytest.raises(InvalidInputError, match="is told before"):
        dsr.lift(id, " ", by="dora")
    dsr.lift(id, "by letter of 2 March", by="dora")
    assert not shop.engine.consent.view(MARY).restricted
    assert "dsr.restriction-lifted/1" in [one["kind"] for one in entries(shop.engine)]
    with pytest.raises(ConflictError, match="before"):
        dsr.lift(id, "again", by="dora")


def test_what_could_not_be_erased_stays_restricted(shop: Shop) -> None:
    shop.engine.retention.place_hold("matter", ["collection:shop.orders"], by="ada")
    id = shop.approved("erasure")
    shop.fulfil(id)
    with pytest.raises(ConflictError, match="open a new erasure"):
        shop.engine.dsr.lift(id, "by letter", by="dora")
    assert shop.engine.consent.view(MARY).restricted


def test_only_what_is_to_be_corrected_counts_for_a_correction(shop: Shop) -> None:
    """Mary shares her address with John; that is no part of correcting her name."""
    id = shop.approved("rectification", corrections={"shop.customers.name": "Mary Moe"})
    assert [line.collection for line in shop.engine.dsr.show(id).plan.lines] == ["shop.customers"]
    shop.fulfil(id)
    assert shop.engine.dsr.show(id).request.status is RequestStatus.FULFILLED


def test_a_correction_that_nothing_leads_to_is_no_plan(shop: Shop) -> None:
    with sqlite3.connect(shop.path) as db:
        db.execute("create table island (id integer primary key, name text)")
    shop.map["dataset"][0]["collections"].append(
        {"name": "island", "fields": [{"name": "id", "fides_meta": {"primary_key": True}}, {"name": "name"}]}
    )
    with pytest.raises(InvalidInputError, match=r"nothing leads .* `shop\.island`"):
        shop.plan(wrong := shop.ready("rectification", corrections={"shop.island.name": "x"}))
    shop.engine.dsr.refuse(wrong, "data_is_accurate", by="dora")
    certificate = shop.fulfil(shop.approved("erasure"))
    assert {"shop.island", "shop.page_views"} <= {*certificate.not_searched}
    [said] = [one for one in entries(shop.engine) if one["kind"] == "dsr.fulfilled/1"]
    assert said["metadata"]["not_searched"] == [*certificate.not_searched]


def test_what_may_follow_is_told_with_its_command(shop: Shop) -> None:
    request = shop.engine.dsr.open("erasure", {"email": MARY}, by="ada")
    with pytest.raises(ConflictError, match=f"with `ephor dsr verify-identity {request.id}`"):
        shop.plan(request.id)


def test_opting_out_under_ccpa_takes_no_identity_check(engine: Engine) -> None:
    request = engine.dsr.open("opt_out", {"email": MARY}, law="ccpa", purposes=["sale"], by="ada")
    with pytest.raises(ConflictError):
        engine.dsr.verify_identity(request.id, "passport", by="ada")
    engine.dsr.fulfil(request.id, by="dora")
    assert engine.dsr.show(request.id).request.status is RequestStatus.FULFILLED


@pytest.mark.parametrize(("law", "right"), [("gdpr", "automated_decision"), ("hipaa", "accounting")])
def test_what_ephor_cannot_do_is_never_called_done(engine: Engine, law: str, right: str) -> None:
    request = engine.dsr.open(right, {"email": MARY}, law=law, by="ada")
    engine.dsr.verify_identity(request.id, "passport", by="ada")
    with pytest.raises(ConflictError, match="does not call it done"):
        engine.dsr.fulfil(request.id, by="dora")
    assert engine.dsr.show(request.id).request.status is RequestStatus.IDENTITY_VERIFIED


def test_an_erasure_waits_for_the_same_persons_other_requests(shop: Shop) -> None:
    other = shop.ready("access")
    id = shop.approved("erasure")
    with pytest.raises(ConflictError, match=other):
        shop.fulfil(id)
    shop.engine.dsr.refuse(other, "excessive", by="dora")
    assert shop.fulfil(id).keys_destroyed == 1


def test_a_map_that_does_not_fit_its_store_is_refused(shop: Shop) -> None:
    id = shop.ready("erasure")
    shop.map["dataset"][0]["collections"].append(
        {"name": "ghosts", "fields": [field("id", primary_key=True)]}
    )
    with pytest.raises(InvalidInputError, match="no table `ghosts`"):
        shop.plan(id)
    with pytest.raises(InvalidInputError, match="no store is given for dataset `shop`"):
        shop.engine.dsr.plan(id, shop.map, {}, by="ada")


@pytest.mark.parametrize(
    "who", ["' OR '1'='1", "%", "x' UNION SELECT * FROM customers --", "Робін", "\u202emoc"]
)
def test_a_hostile_identifier_finds_nobody(shop: Shop, who: str) -> None:
    request = shop.engine.dsr.open("erasure", {"email": who}, by="ada")
    shop.engine.dsr.verify_identity(request.id, "passport", by="ada")
    assert sum(line.found for line in shop.plan(request.id).lines) == 0
    assert {table: rows_of(shop.path, table) for table in ROWS} == {
        table: sorted(rows, key=str) for table, rows in ROWS.items()
    }


def test_the_time_is_extended_once_and_in_the_first_period(engine: Engine, clock: FrozenClock) -> None:
    request = engine.dsr.open("access", {"email": MARY}, by="ada", received_on=date(2026, 11, 23))
    assert request.due == date(2026, 12, 23)
    assert engine.dsr.extend(request.id, "many systems", by="dora").due == date(2027, 2, 23)
    with pytest.raises(ConflictError, match="once"):
        engine.dsr.extend(request.id, "more", by="dora")
    late = engine.dsr.open("access", {"email": JOHN}, by="ada")
    clock.advance(timedelta(days=40))
    assert engine.dsr.show(late.id).overdue
    with pytest.raises(ConflictError, match="first period ended"):
        engine.dsr.extend(late.id, "many systems", by="dora")


def test_a_refusal_names_a_ground_of_the_law(engine: Engine) -> None:
    request = engine.dsr.open("access", {"email": MARY}, by="ada")
    with pytest.raises(InvalidInputError, match="use one of: identity_not_shown"):
        engine.dsr.refuse(request.id, "we would rather not", by="dora")
    refused = engine.dsr.refuse(request.id, "excessive", by="dora", notes="every day for a month")
    assert refused.refusal_ground == "excessive (GDPR Art. 12(5)(b))"
    with pytest.raises(ConflictError):
        engine.dsr.refuse(request.id, "excessive", by="dora")


def test_requests_are_for_people_who_may(engine: Engine) -> None:
    with pytest.raises(NotPermittedError):
        engine.dsr.open("access", {"email": MARY}, by="eve")
    with pytest.raises(InvalidInputError, match="gives no right `delete`"):
        engine.dsr.open("delete", {"email": MARY}, by="ada")
    with pytest.raises(InvalidInputError, match="unknown right `vanish`"):
        engine.dsr.open("vanish", {"email": MARY}, by="ada")
    with pytest.raises(InvalidInputError, match="still to come"):
        engine.dsr.open("access", {"email": MARY}, by="ada", received_on=date(2026, 12, 24))


def test_a_person_decides_what_becomes_of_a_shared_row(shop: Shop) -> None:
    """Mary's address is John's too: it stays unless somebody who looked at it says otherwise, and somebody else approves."""
    reviews, id = shop.engine.dsr_reviews, shop.ready("access")
    given: dict[str, Any] = {"given": shop.map, "stores": shop.stores}
    [row] = reviews.shared(id, **given, by="dora")
    assert (row.collection, row.decision) == ("shop.addresses", None)
    assert "2 Shared Street" in row.fields.values()
    before = shop.plan(id)
    with pytest.raises(NotFoundError, match="no such shared row"):
        reviews.decide(id, "shop.customers", "act", "seen", **given, by="dora")
    with pytest.raises(InvalidInputError, match="reason"):
        reviews.decide(id, row.collection, "act", " ", **given, by="dora")
    reviews.decide(id, row.collection, "keep", "not sure", **given, by="dora")
    assert shop.plan(id).digest == before.digest
    reviews.decide(id, row.collection, "act", "she lives there", **given, by="dora", rows=[row.row[:12]])
    [again] = reviews.shared(id, **given, by="dora")
    assert again.decision == "act"
    plan = shop.plan(id)
    assert not plan.is_partial
    assert plan.digest != before.digest
    with pytest.raises(NotPermittedError, match="somebody else approves"):
        shop.engine.dsr.approve(id, by="dora")
    shop.engine.access.add_person("pat", "Pat", [PlaneRole.PRIVACY_OFFICER], by="ada")
    shop.engine.dsr.approve(id, by="pat")
    assert shop.hands(id)["collections"]["shop.addresses"]
    with pytest.raises(ConflictError, match="before it"):
        reviews.decide(id, row.collection, "keep", "late", **given, by="dora")
    kinds = [one["kind"] for one in entries(shop.engine)]
    assert kinds.count("dsr.reviewed/1") == 2
    assert "Shared Street" not in json.dumps(entries(shop.engine))


def test_a_decision_about_a_shared_row_is_for_one_request(shop: Shop) -> None:
    reviews, given = shop.engine.dsr_reviews, {"given": shop.map, "stores": shop.stores}
    first, second = shop.ready("access"), shop.ready("portability")
    reviews.decide(first, "shop.addresses", "act", "seen", **given, by="dora")  # type: ignore[arg-type]
    [other] = reviews.shared(second, **given, by="dora")  # type: ignore[arg-type]
    assert other.decision is None
    assert other.row not in shop.engine.dsr.show(first).request.reviews[0].rows


def test_what_a_backup_brings_back_is_erased_again(shop: Shop, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with sqlite3.connect(shop.path) as base, sqlite3.connect(backup) as kept:
        base.backup(kept)
    before = {table: rows_of(backup, table) for table in ROWS}
    id = shop.approved("erasure")
    done = shop.fulfil(id)
    after = {table: rows_of(shop.path, table) for table in ROWS}
    assert MARY not in json.dumps([one.rows for one in done.tombstones])
    again, restored = shop.engine.dsr_reapplying, connect(f"sqlite:///{backup}")
    stores = {"shop": restored}
    counted = again.reapply(shop.map, stores, by="dora", dry_run=True)
    assert {one.collection: one.rows for one in counted} == {
        line.collection: line.act for line in done.lines if line.act
    }
    assert {table: rows_of(backup, table) for table in ROWS} == before
    hold = shop.engine.retention.place_hold("tax", ["collection:shop.newsletter"], by="dora")
    kept = {one.collection: one.held for one in again.reapply(shop.map, stores, by="dora")}
    assert kept["shop.newsletter"] == hold.id
    assert rows_of(backup, "newsletter") == before["newsletter"]
    shop.engine.retention.release_hold(hold.id, by="dora")
    shop.engine.retention.release_hold(hold.id, by="ada")
    [last] = again.reapply(shop.map, stores, by="dora")
    assert (last.collection, last.held) == ("shop.newsletter", "")
    assert {table: rows_of(backup, table) for table in ROWS} == after
    assert again.reapply(shop.map, stores, by="dora") == []
    assert [one["kind"] for one in entries(shop.engine)].count("dsr.reapplied/1") == len(counted)
    with pytest.raises(NotPermittedError):
        again.reapply(shop.map, stores, by="sam")
    restored.close()


def test_the_time_rests_until_the_identity_is_shown(engine: Engine, clock: FrozenClock) -> None:
    dsr, today = engine.dsr, clock.now().date()
    first = dsr.open("access", {"email": MARY}, by="ada")
    with pytest.raises(InvalidInputError, match="asked for"):
        dsr.pause(first.id, " ", by="dora")
    assert dsr.pause(first.id, "a copy of our last letter", by="dora").paused_on == today
    with pytest.raises(ConflictError, match="rests since"):
        dsr.pause(first.id, "again", by="dora")
    clock.advance(timedelta(days=60))
    assert not dsr.show(first.id).overdue
    shown = dsr.verify_identity(first.id, "letter", by="dora")
    assert (shown.paused_on, shown.due) == (None, first.due + timedelta(days=60))
    assert (first.extendable_to, shown.extendable_to) == (
        date(2027, 2, 24),
        date(2027, 4, 26),
    )  # the 25th is a Sunday
    with pytest.raises(ConflictError, match="until the identity is shown"):
        dsr.pause(first.id, "late", by="dora")
    other = dsr.open("erasure", {"email": MARY}, by="ada")
    dsr.pause(other.id, "a code", by="dora")
    clock.advance(timedelta(days=3))
    code = engine.dsr_identity.send_code(other.id, by="dora").code
    assert engine.dsr_identity.confirm(other.id, code, by="dora").due == other.due + timedelta(days=3)
    for law, right in (("ccpa", "know"), ("hipaa", "access")):
        with pytest.raises(ConflictError, match="runs on"):
            dsr.pause(dsr.open(right, {"email": MARY}, law=law, by="ada").id, "a code", by="dora")
    late = dsr.open("access", {"email": JOHN}, by="ada")
    resting = dsr.open("access", {"email": "zoe@example.org"}, by="ada")
    dsr.pause(resting.id, "a code", by="dora")
    clock.advance(timedelta(days=90))
    longer = dsr.extend(resting.id, "eleven systems", by="dora")  # the first period goes on while it rests
    assert dsr.verify_identity(resting.id, "seen", by="dora").due > longer.due
    with pytest.raises(ConflictError, match="cannot rest now"):
        dsr.pause(late.id, "a code", by="dora")
