"""The gate, asked of real planes: nothing by absence, nothing without its entry, nothing for a prohibited agent."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ephor.adapters.manifests import read_manifest
from ephor.bootstrap import open_engine
from ephor.engine.plane import Engine
from ephor.examples import files
from ephor.kernel.errors import ConflictError, NotFoundError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.agents.manifest import Disclosure
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Call
from ephor.rooms.dsr.request import Request, RequestStatus
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.evidence.record import Evidence
from ephor.rooms.gate.checklist import Checklist, Report
from ephor.rooms.gate.finding import Status
from ephor.settings import Settings
from ephor.testing import FrozenClock
from sample_gate import AGENT, PEOPLE, ROPA, add, make_ready, register

BOTH = tuple(Checklist)
PRE, ONGOING = BOTH


def statuses(report: Report) -> dict[str, Status]:
    return {one.id: one.status for one in report.items}


def test_everything_done_passes_and_every_answer_names_entries_that_are_in_the_ledger(engine: Engine) -> None:
    make_ready(engine)
    for checklist in BOTH:
        report = engine.gate.check(AGENT, checklist)
        assert report.passed
        for one in report.items:
            for exhibit in one.evidence:
                if exhibit.entry is not None:
                    assert engine.ledger.prove(exhibit.entry).id == exhibit.entry
            assert one.id == "data-subject-request-handling" or any(exhibit.entry for exhibit in one.evidence)


def test_an_agent_of_which_nothing_is_recorded_meets_nothing_by_absence(engine: Engine) -> None:
    register(engine, tools=(), roles=(), models=(), oversight=None, disclosure=None)
    assert set(statuses(engine.gate.check(AGENT, PRE)).values()) == {Status.NOT_KNOWN}
    ongoing = statuses(engine.gate.check(AGENT, ONGOING))
    # The register of requests is the authority on requests: that it holds none is a fact and is said as one.
    assert ongoing.pop("data-subject-request-handling") is Status.MET
    assert set(ongoing.values()) == {Status.NOT_KNOWN}


def test_an_agent_that_nobody_registered_is_not_judged_at_all(engine: Engine) -> None:
    with pytest.raises(NotFoundError):
        engine.gate.check("nobody", PRE)


def test_asking_twice_gives_the_same_answer_and_records_nothing(engine: Engine) -> None:
    make_ready(engine)
    before = engine.ledger.head()
    first = [engine.gate.check(AGENT, checklist) for checklist in BOTH]
    assert [engine.gate.check(AGENT, checklist) for checklist in BOTH] == first
    assert engine.ledger.head() == before


def test_a_row_put_on_a_shelf_by_somebody_else_counts_for_nothing(engine: Engine) -> None:
    make_ready(engine)
    plan = next(one for one in engine.evidence.all() if one.kind is EvidenceKind.INCIDENT_RESPONSE_PLAN)
    forged = dataclasses.replace(plan, expires=date(2027, 6, 1))
    noise = Event("x-test/1", at=engine.world.clock.now(), actor="ephor")
    with engine.world.storage.unit() as unit:
        unit.shelf(Evidence).replace(plan, forged)
        unit.append(noise)
    assert statuses(engine.gate.check(AGENT, PRE))["incident-response-plan-documented"] is Status.NOT_KNOWN


def test_a_material_change_reopens_what_was_bound_to_the_old_manifest(engine: Engine) -> None:
    make_ready(engine)
    register(engine, disclosure=Disclosure(True, "You are talking to a machine."))
    found = statuses(engine.gate.check(AGENT, PRE))
    assert {id for id, status in found.items() if status is not Status.MET} == {
        "risk-assessment-completed",
        "governance-approval-obtained",
        "privacy-impact-assessment-completed",
        "transparency-disclosures-ready",
        "security-review-completed",
    }


def test_a_reviewer_who_became_the_owner_no_longer_counts_as_independent(engine: Engine) -> None:
    make_ready(engine)
    register(engine, owner="eti")
    found = next(one for one in engine.gate.check(AGENT, ONGOING).items if one.id == "bias-testing")
    assert found.status is Status.NOT_MET


def test_suspending_closes_the_gate_and_resuming_opens_it(engine: Engine) -> None:
    make_ready(engine)
    engine.agents.suspend(AGENT, "wrong refunds", by="ola")
    found = next(
        one for one in engine.gate.check(AGENT, PRE).items if one.id == "governance-approval-obtained"
    )
    assert found.status is Status.NOT_MET
    assert "wrong refunds" in found.because
    engine.agents.resume(AGENT, "corrected", by="ola")
    assert engine.gate.check(AGENT, PRE).passed


def test_a_security_reviewers_no_is_not_outweighed_by_a_file(engine: Engine) -> None:
    register(engine)
    engine.regulation.classify_agent(AGENT, by="eve")
    asked = engine.approvals.request(AGENT, "first release", by="eve")
    engine.approvals.submit_review(
        asked.id, ReviewType.SECURITY, Verdict.REJECT, by="sam", notes="no sandbox"
    )
    add(engine, EvidenceKind.SECURITY_REVIEW, by="pia")
    found = next(one for one in engine.gate.check(AGENT, PRE).items if one.id == "security-review-completed")
    assert found.status is Status.NOT_MET
    assert "no sandbox" in found.because


def test_a_future_day_shows_what_will_have_lapsed_and_a_past_day_what_came_later(engine: Engine) -> None:
    make_ready(engine)
    day = date(2026, 12, 27)
    assert statuses(engine.gate.check(AGENT, ONGOING, as_of=day))["audit-log-reviews"] is Status.NOT_MET
    assert engine.gate.check(AGENT, PRE, as_of=day).passed
    past = engine.gate.check(AGENT, PRE, as_of=date(2026, 11, 23))
    assert past.as_of == date(2026, 11, 23)
    assert not [id for id, status in statuses(past).items() if status is Status.MET]


def test_an_overdue_request_fails_and_an_answered_one_does_not(engine: Engine, clock: FrozenClock) -> None:
    register(engine)
    id = engine.dsr.open("access", {"email": "mary@example.org"}, by="dora").id
    handling = "data-subject-request-handling"
    opened = next(one for one in engine.gate.check(AGENT, ONGOING).items if one.id == handling)
    assert (opened.status, opened.lapses) == (Status.MET, date(2026, 12, 25))
    clock.advance(timedelta(days=60))
    assert statuses(engine.gate.check(AGENT, ONGOING))[handling] is Status.NOT_MET
    engine.dsr.refuse(id, "excessive", by="dora")
    assert statuses(engine.gate.check(AGENT, ONGOING))[handling] is Status.MET
    late = engine.gate.check(AGENT, ONGOING, as_of=date(2026, 12, 30))
    assert statuses(late)[handling] is Status.NOT_MET


def test_a_request_that_only_the_shelf_calls_answered_is_not_believed(engine: Engine) -> None:
    register(engine)
    id = engine.dsr.open("access", {"email": "mary@example.org"}, by="dora").id
    now = engine.world.clock.now()
    with engine.world.storage.unit() as unit:
        asked = unit.shelf(Request).get(id)
        done = dataclasses.replace(asked, status=RequestStatus.FULFILLED, closed_at=now)
        unit.shelf(Request).replace(asked, done)
        unit.append(Event("x-test/1", at=now, actor="ephor"))
    handling = "data-subject-request-handling"
    assert statuses(engine.gate.check(AGENT, ONGOING))[handling] is Status.NOT_KNOWN
    before = engine.gate.check(AGENT, ONGOING, as_of=now.date() - timedelta(1))
    assert statuses(before)[handling] is Status.MET  # it had not been received yet


@pytest.mark.parametrize("checklist", BOTH)
def test_the_prohibited_example_never_passes_whatever_is_recorded(
    engine: Engine, checklist: Checklist
) -> None:
    manifest = read_manifest(files.path("workplace-mood/ephor.yaml").read_bytes(), "ephor.yaml")
    engine.access.add_role("mood_reader", ["data:pii:read"], ["mood_reading"], "restricted", by="ada")
    engine.agents.register(manifest, by="eve")
    engine.regulation.classify_agent(manifest.id, by="eve")
    engine.risk.assess(manifest.id, by="eve")
    engine.ropa.register({**ROPA, "agents": [manifest.id], "categories": ["biometric", "emotion"],
                          "erasure": {"all": "a day"}}, by="dora")  # fmt: skip
    engine.decisions.decide(Call(agent=manifest.id, tool="mood_reading", arguments={}))
    abouts = {EvidenceKind.MODEL_CARD: manifest.id, EvidenceKind.MODEL_MONITORING: manifest.id,
              EvidenceKind.OPERATOR_TRAINING: "ola", EvidenceKind.TRANSPARENCY_DISCLOSURE: "Art 50(3)",
                  EvidenceKind.REQUIREMENT: "documents.fria", EvidenceKind.ORGANISATION: "org.ai-policy"}  # fmt: skip
    for kind in EvidenceKind:
        engine.evidence.record(manifest.id, kind, kind.value, by="sam", about=abouts.get(kind), reference="r")
    with pytest.raises(ConflictError):
        engine.approvals.request(manifest.id, "please", by="eve")
    report = engine.gate.check(manifest.id, checklist)
    assert not report.passed
    assert any("prohibited practice" in one.because for one in report.items if one.status is Status.NOT_MET)


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/ephor.db", settings=Settings())
    engine.access.found("ada", "Ada")
    for name, role in PEOPLE.items():
        engine.access.add_person(name, name, [role], by="ada")
    yield engine
    engine.close()


def test_it_passes_on_a_database_as_it_does_in_memory(on_disk: Engine) -> None:
    make_ready(on_disk)
    assert all(on_disk.gate.check(AGENT, checklist).passed for checklist in BOTH)


TAMPER = {
    "a tail that was cut": "delete from ledger_entries where idx = (select max(idx) from ledger_entries)",
    "a beginning that was cut": "delete from ledger_entries where idx < 5",
    "entries that were changed": "update ledger_entries set data = cast(replace(cast(data as text), 'evidence:', 'Evidence:') as blob)",
    "an entry that is no entry": "update ledger_entries set data = x'78' where idx = (select max(idx) from ledger_entries)",
}


@pytest.mark.parametrize("sql", TAMPER.values(), ids=TAMPER)
def test_a_ledger_that_was_tampered_with_opens_no_gate(on_disk: Engine, tmp_path: Path, sql: str) -> None:
    make_ready(on_disk)
    _without_guard(tmp_path / "ephor.db", sql)
    for checklist, item in ((PRE, "audit-logging-configured"), (ONGOING, "audit-log-reviews")):
        report = on_disk.gate.check(AGENT, checklist)
        assert not report.passed
        assert statuses(report)[item] is Status.NOT_MET


def test_a_changed_entry_far_back_is_noticed_by_whoever_rests_on_it(on_disk: Engine, tmp_path: Path) -> None:
    make_ready(on_disk)
    noise = Event("x-test/1", at=on_disk.world.clock.now(), actor="ephor")
    on_disk.world.storage.append([noise] * 300)  # so that the tile with the evidence is complete and stored
    assert on_disk.gate.check(AGENT, ONGOING).passed
    drill = "cast(replace(cast(data as text), 'incident_drill', 'incident_dream') as blob)"
    _without_guard(tmp_path / "ephor.db", f"update ledger_entries set data = {drill} where data <> {drill}")
    found = statuses(on_disk.gate.check(AGENT, ONGOING))
    assert found["incident-response-drills"] is Status.NOT_KNOWN
    assert found["audit-log-reviews"] is Status.NOT_MET


def test_a_database_put_back_to_an_earlier_day_is_noticed_by_the_head_kept_outside(
    on_disk: Engine, tmp_path: Path
) -> None:
    make_ready(on_disk)
    earlier = sqlite3.connect(tmp_path / "earlier.db")
    with sqlite3.connect(tmp_path / "ephor.db") as now:
        now.backup(earlier)
    assert on_disk.gate.check(AGENT, PRE).passed
    add(on_disk, EvidenceKind.INCIDENT_DRILL)
    with sqlite3.connect(tmp_path / "ephor.db") as now:
        earlier.backup(now)
    found = next(one for one in on_disk.gate.check(AGENT, PRE).items if one.id == "audit-logging-configured")
    assert found.status is Status.NOT_MET
    assert "shrank" in found.because


def _without_guard(path: Path, sql: str) -> None:
    """Do what only somebody with the database file in their hands can do."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for table in ("ledger_entries", "ledger_tiles"):
            for verb in ("update", "delete"):
                connection.execute(f"drop trigger if exists {table}_no_{verb}")
        assert connection.execute(sql).rowcount > 0
