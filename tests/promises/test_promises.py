"""Every promise of the product, and an attempt to break it. The numbers are those of the promises in the docs."""

from __future__ import annotations

import dataclasses
import sqlite3
import threading
from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest

import ephor
from conftest import populate
from ephor import verifier
from ephor.adapters import files as reading
from ephor.adapters.manifests import read_manifest
from ephor.adapters.packs import BundledPacks
from ephor.bootstrap import open_engine
from ephor.edges.sdk import Plane
from ephor.engine.regulation import Law
from ephor.examples import files
from ephor.examples.shop.script import CUSTOMER_EMAIL
from ephor.kernel.errors import ConflictError, NotPermittedError, UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import Person, PlaneRole
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Outcome
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.models.model import ModelStatus
from ephor.settings import Settings
from ephor.testing import FrozenClock, memory_world

SUPPORT = "support-assistant"
LOOKUP = ephor.Call(SUPPORT, "customer_lookup", {"id": 7})
REFUND = ephor.Call(SUPPORT, "refund_issue", {"order": 1071, "amount_cents": 18_900})


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    files.copy_to(folder)
    return folder


def manifest_of(examples: Path, name: str = SUPPORT):
    path = str(examples / name / "ephor.yaml")
    return read_manifest(reading.read_bytes(path), path)


def registered(plane: Plane, examples: Path) -> Plane:
    """A plane with people, roles, a model in production and the support agent as a draft."""
    populate(plane)
    for role in reading.read_mapping(str(examples / "shop/roles.yaml"))["roles"]:
        plane.access.add_role(
            role["name"], role["permissions"], role["allowed_tools"], role["max_data_sensitivity"], by="ada"
        )
    model = plane.models.register(
        reading.read_mapping(str(examples / "models/shop-support-llm.yaml")), by="eve"
    )
    plane.models.validate(
        model.id, reading.read_mapping(str(examples / "models/shop-support-llm-validation.yaml")), by="val"
    )
    plane.models.approve(model.id, "meets its thresholds", by="val")
    plane.models.promote(model.id, ModelStatus.PRODUCTION, "released", by="eve")
    plane.agents.register(manifest_of(examples), by="eve")
    return plane


def approved(plane: Plane) -> Plane:
    asked = plane.approvals.request(SUPPORT, "answers order questions", by="eve")
    plane.approvals.submit_review(
        asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam", notes="narrow tools"
    )
    plane.approvals.submit_review(asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia", notes="masked")
    return plane


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def draft(examples, clock) -> Plane:
    return registered(Plane(memory_world(clock)), examples)


@pytest.fixture
def plane(draft) -> Plane:
    return approved(draft)


@pytest.fixture
def stored(examples, tmp_path):
    """The same on a database, for what only a database can break."""
    plane = approved(
        registered(
            open_engine(f"sqlite:///{tmp_path / 'ephor.db'}", settings=Settings(person="ada")), examples
        )
    )
    yield plane
    plane.close()


class TestOneADecisionThatCouldNotBeRecordedWasNotMade:
    def test_no_answer_without_an_entry(self, plane, monkeypatch):
        def broken(_events, **_ground):
            raise UnavailableError("disk full")

        assert plane.decide(LOOKUP).allowed
        monkeypatch.setattr(plane.world.storage, "append", broken)
        with pytest.raises(UnavailableError):
            plane.decide(LOOKUP)

    def test_the_tool_does_not_run_either(self, plane, monkeypatch):
        ran = []

        @plane.governed(SUPPORT, tool="customer_lookup")
        def tool(id):
            ran.append(id)

        monkeypatch.setattr(
            plane.world.storage,
            "append",
            lambda _events, **_ground: (_ for _ in ()).throw(UnavailableError("gone")),
        )
        with pytest.raises(UnavailableError):
            tool(id=7)
        assert ran == []

    def test_the_entry_named_is_in_the_ledger(self, plane):
        decision = plane.decide(LOOKUP)
        assert plane.ledger.show(decision.entry).entry["decision"] == "allow"


class TestTwoNoStateChangesWithoutAnEntry:
    def test_a_change_without_an_event_is_refused_whole(self, plane):
        with pytest.raises(ConflictError, match="recorded nothing"), plane.world.storage.unit() as unit:
            unit.shelf(Person).add(Person("mallory", "Mallory", (PlaneRole.ADMINISTRATOR,)))
        assert "mallory" not in [person.id for person in plane.access.people()]

    def test_every_use_case_that_changes_something_leaves_an_entry(self, plane):
        before = plane.ledger.head().size
        plane.agents.suspend(SUPPORT, "for a test", by="ola")
        assert plane.ledger.head().size > before


class TestThreeUnknownIsNeverAPass:
    def test_nothing_stated_is_not_minimal(self):
        found = Law(BundledPacks()).classify({}, date(2026, 11, 24))
        assert found.category.value == "needs_review"
        assert found.missing_facts

    def test_an_empty_plane_meets_no_item_by_absence_of_violations(self, draft):
        for checklist in Checklist:
            assert not draft.gate.check(SUPPORT, checklist).passed

    def test_an_agent_nobody_knows_is_denied(self, plane):
        assert plane.decide(ephor.Call("stranger", "customer_lookup")).outcome is Outcome.DENY


class TestFourDenyBeatsAskBeatsAllow:
    def test_nothing_said_means_deny(self, plane):
        assert plane.decide(ephor.Call(SUPPORT, "no_such_tool")).outcome is Outcome.DENY

    def test_an_ask_does_not_soften_a_deny(self, plane):
        plane.agents.suspend(SUPPORT, "for a test", by="ola")
        decision = plane.decide(REFUND)
        assert decision.outcome is Outcome.DENY
        assert {reason.outcome for reason in decision.reasons} == {Outcome.DENY, Outcome.ASK}


class TestFiveAnApprovalBindsToWhatWasShown:
    def approve_refund(self, plane):
        asked = plane.decide(REFUND)
        plane.calls.answer(asked.approval, approve=True, by="cal")

    def test_another_amount_asks_anew(self, plane):
        self.approve_refund(plane)
        changed = dataclasses.replace(REFUND, arguments={"order": 1071, "amount_cents": 18_901})
        assert plane.decide(changed).outcome is Outcome.ASK
        assert plane.decide(REFUND).outcome is Outcome.ALLOW

    def test_it_serves_once(self, plane):
        self.approve_refund(plane)
        assert [plane.decide(REFUND).outcome for _ in range(2)] == [Outcome.ALLOW, Outcome.ASK]

    def test_it_serves_once_in_a_race(self, stored):
        self.approve_refund(stored)
        outcomes: list[Outcome] = []
        racers = [
            threading.Thread(target=lambda: outcomes.append(stored.decide(REFUND).outcome)) for _ in range(12)
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert outcomes.count(Outcome.ALLOW) == 1

    def test_it_runs_out(self, plane, clock):
        self.approve_refund(plane)
        clock.advance(timedelta(hours=5))
        assert plane.decide(REFUND).outcome is Outcome.ASK

    def test_a_changed_manifest_needs_approval_again(self, plane, examples):
        manifest = manifest_of(examples)
        plane.agents.register(dataclasses.replace(manifest, purpose="Something else entirely."), by="eve")
        assert plane.decide(LOOKUP).outcome is Outcome.DENY


class TestSixNobodyApprovesTheirOwn:
    def test_not_even_holding_the_role(self, draft):
        draft.access.add_person("twin", "Twin", [PlaneRole.ENGINEER, PlaneRole.SECURITY_REVIEWER], by="ada")
        asked = draft.approvals.request(SUPPORT, "please", by="twin")
        with pytest.raises(NotPermittedError):
            draft.approvals.submit_review(
                asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="twin", notes="mine"
            )

    def test_a_rejection_is_final(self, draft):
        asked = draft.approvals.request(SUPPORT, "please", by="eve")
        draft.approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.REJECT, by="sam", notes="no")
        with pytest.raises(ConflictError):
            draft.approvals.submit_review(
                asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia", notes="yes"
            )
        assert draft.decide(LOOKUP).outcome is Outcome.DENY

    def test_an_administrator_reviews_nothing(self, draft):
        asked = draft.approvals.request(SUPPORT, "please", by="eve")
        for review in ReviewType:
            with pytest.raises(NotPermittedError):
                draft.approvals.submit_review(asked.id, review, Verdict.APPROVE, by="ada", notes="I am root")


class TestSevenPersonalDataOnlyUnderItsSubjectsKey:
    def test_what_a_call_says_of_a_person_is_sealed_and_can_be_destroyed(self, stored, tmp_path):
        call = dataclasses.replace(LOOKUP, arguments={"email": CUSTOMER_EMAIL}, subject=CUSTOMER_EMAIL)
        decision = stored.decide(call)
        assert CUSTOMER_EMAIL in (stored.ledger.show(decision.entry).payload or "")
        for path in tmp_path.glob("ephor.db*"):
            assert not path.is_file() or CUSTOMER_EMAIL.encode() not in path.read_bytes()
        with stored.world.storage.unit() as unit:
            assert unit.forget(stored.world.pseudonyms.of(CUSTOMER_EMAIL)).keys == 1
            unit.append(Event("erasure/1", stored.world.clock.now(), "person:ada"))
        assert stored.ledger.show(decision.entry).payload is None
        assert stored.ledger.verify(None, None).verdict == verifier.CONSISTENT


class TestEightTamperingIsDetected:
    def test_an_edit_behind_ephors_back_names_the_entry(self, stored, tmp_path):
        decision = stored.decide(LOOKUP)
        position = stored.ledger.show(decision.entry).position
        with sqlite3.connect(tmp_path / "ephor.db") as connection:
            connection.execute("drop trigger if exists ledger_entries_no_update")
            data = connection.execute(
                "select data from ledger_entries where idx = ?", (position,)
            ).fetchone()[0]
            connection.execute(
                "update ledger_entries set data = ? where idx = ?",
                (data.replace(b'"allow"', b'"deny!"'), position),
            )
        connection.close()
        report = stored.ledger.verify(None, None)
        assert report.verdict == verifier.INVALID
        assert position in [finding.position for finding in report.findings] or report.findings

    def test_two_histories_do_not_fit_one_checkpoint(self, stored):
        kept = stored.ledger.head().note
        stored.decide(LOOKUP)
        assert stored.ledger.verify(stored.ledger.head().key, kept).verdict == verifier.CONSISTENT
        other = Plane(memory_world())
        with pytest.raises(ephor.EphorError):
            raise_unless_consistent(other, stored.ledger.head().key)


def raise_unless_consistent(plane: Plane, key: str) -> None:
    report = plane.ledger.verify(key, None)
    if report.verdict != verifier.CONSISTENT:
        raise VerificationError("signed by somebody else")


class TestNineTheLawIsData:
    def test_every_answer_names_its_day_and_its_packs_digest(self, plane):
        told = plane.regulation.classify_agent(SUPPORT, by="eve").as_json()
        assert told["as_of"] == "2026-11-24"
        assert told["pack"]["digest"] == BundledPacks().load("eu-ai-act").digest

    def test_a_later_day_is_another_question(self, examples):
        law, manifest = Law(BundledPacks()), manifest_of(examples, "recruiting-ranker")
        early, late = (
            law.classify_manifest(manifest, day) for day in (date(2026, 11, 24), date(2027, 12, 2))
        )
        assert [one.category.value for one in (early, late)] == ["high", "high"]
        assert sum(one.in_force for one in early.obligations) < sum(one.in_force for one in late.obligations)


class TestTenEvidenceIsFetched:
    def test_each_item_met_shows_what_it_rests_on(self, plane):
        for item in plane.gate.check(SUPPORT, Checklist.PRE_DEPLOYMENT).items:
            if item.status.value == "met":
                assert item.evidence, item.id
            assert item.because


class TestElevenTheSameInputGivesTheSameOutput:
    def test_decisions_and_assessments_repeat(self, plane):
        first, second = (plane.decisions.explain(REFUND) for _ in range(2))
        assert first == second
        assert plane.risk.preview(SUPPORT, date(2026, 11, 24)) == plane.risk.preview(
            SUPPORT, date(2026, 11, 24)
        )

    def test_classification_is_the_same_to_the_byte(self, examples):
        manifest = manifest_of(examples)
        told = [
            orjson.dumps(Law(BundledPacks()).classify_manifest(manifest, date(2026, 11, 24)).as_json())
            for _ in range(2)
        ]
        assert told[0] == told[1]


class TestTwelveAStopTakesEffect:
    def test_on_the_very_next_call_also_through_another_plane(self, stored, tmp_path):
        other = open_engine(
            f"sqlite:///{tmp_path / 'ephor.db'}", create=False, settings=Settings(person="ada")
        )
        try:
            assert other.decide(LOOKUP).allowed
            stored.agents.suspend(SUPPORT, "stop everywhere", by="ola")
            assert other.decide(LOOKUP).outcome is Outcome.DENY
        finally:
            other.close()
