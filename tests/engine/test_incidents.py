"""Incidents: from a question to the ledger until somebody else closes them."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from conftest import populate
from ephor import bootstrap
from ephor.edges.sdk import Plane
from ephor.engine.pinning import Query
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    VerificationError,
)
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.incidents.clocks import ClockStatus
from ephor.rooms.incidents.record import Incident, IncidentStatus, Severity
from sample_plane import ID, entries, kinds, put, ready, size

LOOK = Call(ID, "customer_lookup", {"id": 7})
GDPR = {"gdpr_applies": True, "personal_data_breach": True, "data_role": "controller"}
CLOCK = "gdpr/notify-authority"


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def opened(plane, **more):
    told = {
        "title": "Wrong addresses",
        "summary": "Mail went astray",
        "severity": Severity.HIGH,
        "by": "ola",
        **more,
    }
    return plane.incidents.open(told.pop("title"), told.pop("summary"), told.pop("severity"), **told)


def test_entries_are_pinned_and_counted_and_the_report_names_them(plane):
    for _ in range(3):
        assert plane.decide(LOOK).outcome is Outcome.ALLOW
    seen = opened(plane, query=Query(agent=ID, kinds=("decision.made/1",)))
    assert (seen.figures.entries, seen.figures.decisions, seen.incident.agents) == (3, {"allow": 3}, (ID,))
    shown = plane.ledger.show(seen.incident.pins[0].id)
    assert (shown.position, shown.leaf) == (seen.incident.pins[0].position, seen.incident.pins[0].leaf)
    text = plane.incidents.report(seen.incident.id)
    assert all(pin.id in text and pin.leaf in text for pin in seen.incident.pins)
    assert f"[{seen.incident.entry}]" in text
    told = entries(plane, "incident.opened/1")[0]
    assert told["metadata"]["entries"] == 3
    assert "astray" not in json.dumps(told)
    named = opened(plane, entries=[shown.entry["id"]])
    assert named.incident.pins == (seen.incident.pins[0],)


def test_a_pinned_entry_that_is_another_now_is_no_report(plane):
    plane.decide(LOOK)
    incident = opened(plane, query=Query(agent=ID)).incident
    pin = dataclasses.replace(incident.pins[0], leaf="0" * 64)
    put(plane, dataclasses.replace(incident, pins=(pin,)))
    with pytest.raises(VerificationError, match="is not what it was"):
        plane.incidents.report(incident.id)
    put(plane, dataclasses.replace(incident, origin="another"))
    with pytest.raises(VerificationError, match="is gone"):
        plane.incidents.report(incident.id)


def test_agents_are_suspended_in_the_same_unit(plane):
    before = size(plane)
    seen = opened(plane, agents=[ID], suspend=True)
    assert seen.incident.suspended == (ID,)
    assert plane.agents.show(ID).status is AgentStatus.SUSPENDED
    assert kinds(plane, before) == ["agent.suspended/1", "incident.opened/1"]
    assert plane.decide(LOOK).outcome is Outcome.DENY
    assert opened(plane, agents=[ID], suspend=True).incident.suspended == ()


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"by": "sam"}, NotPermittedError),
        ({"by": "zoe"}, NotPermittedError),
        ({"agents": ["nobody"]}, NotFoundError),
        ({"entries": ["evt_none"]}, NotFoundError),
        ({"query": Query()}, InvalidInputError),
        ({"agents": []}, InvalidInputError),
        ({"query": Query(agent="nobody")}, InvalidInputError),
        ({"query": Query(kinds=("no.such/1",))}, InvalidInputError),
        ({"query": Query(since=datetime(2026, 2, 2, tzinfo=UTC), until=datetime(2026, 2, 1, tzinfo=UTC))},
         InvalidInputError),
        ({"zone": "Nowhere/At All"}, InvalidInputError),
        ({"zone": "../../etc/passwd"}, InvalidInputError),
        ({"zone": ""}, InvalidInputError),
        ({"aware_at": datetime(2099, 1, 1, tzinfo=UTC)}, InvalidInputError),
        ({"title": "two\nlines"}, InvalidInputError),
        ({"summary": "call jane.doe@example.com"}, InvalidInputError),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_leaves_nothing_behind(plane, more, error):
    before = size(plane)
    with pytest.raises(error):
        opened(plane, **{"agents": [ID], "suspend": True, **more})
    assert size(plane) == before
    assert plane.agents.show(ID).status is AgentStatus.ACTIVE
    assert plane.incidents.all() == []


def test_the_whole_way_to_closing(plane, clock):
    id = opened(plane, zone="Europe/Berlin").incident.id
    step = plane.incidents.classify(id, GDPR, by="ola", complete=True, severity=Severity.CRITICAL)
    assert step.incident.severity is Severity.CRITICAL
    assert [one.id for one in step.clocks if one.status is ClockStatus.RUNNING] == [CLOCK]
    clock.advance(timedelta(hours=80))
    assert next(one for one in plane.incidents.show(id).clocks if one.id == CLOCK).overdue
    assert "Reasons for the delay" in plane.incidents.draft(id, CLOCK)
    with pytest.raises(InvalidInputError, match="cannot be when it was sent"):
        plane.incidents.notified(id, CLOCK, sent_at=clock.now() + timedelta(1), channel="portal", by="ola")
    sent = plane.incidents.notified(
        id, CLOCK, sent_at=clock.now(), channel="portal", by="ola", reference="A-7", why_late="found by night"
    )
    found = next(one for one in sent.clocks if one.id == CLOCK)
    assert (found.status, found.late, found.overdue) == (ClockStatus.ANSWERED, True, False)
    assert entries(plane, "incident.notified/1")[0]["metadata"]["late"] is True
    action = plane.incidents.act(id, "Ask before mail leaves", owner="eve", due=date(2026, 12, 24), by="ola")
    with pytest.raises(NotPermittedError, match="somebody else must close"):
        plane.incidents.close(id, "done", by="ola")
    with pytest.raises(ConflictError, match=r"act_\w+.*root cause"):
        plane.incidents.close(id, "done", by="eve")
    plane.incidents.end_action(id, action.id, "rule in force", by="eve")
    with pytest.raises(ConflictError, match="ended by"):
        plane.incidents.end_action(id, action.id, "again", by="eve")
    plane.incidents.cause(id, "The lookup matched on the surname alone", by="eve")
    closed = plane.incidents.close(id, "measures in force", by="eve")
    assert (closed.incident.status, closed.left) == (IncidentStatus.CLOSED, ())
    with pytest.raises(ConflictError, match="is closed"):
        plane.incidents.cause(id, "Another", by="eve")
    text = plane.incidents.report(id)
    steps = [one["id"] for one in entries(plane) if one["kind"].startswith("incident.")]
    assert len(steps) == 7
    assert all(f"[{one}]" in text for one in steps if one != action.entry)
    assert "late" in text
    assert "rule in force" in text


def test_a_clock_is_excused_with_a_reason_and_an_action_dropped_with_one(plane):
    id = opened(plane).incident.id
    plane.incidents.classify(id, GDPR, by="ola", complete=True)
    with pytest.raises(ConflictError, match="not_running"):
        plane.incidents.excuse(id, "hipaa/tell-media", "no State", by="ola")
    with pytest.raises(InvalidInputError, match="has no clock"):
        plane.incidents.excuse(id, "gdpr/none", "no", by="ola")
    plane.incidents.excuse(id, CLOCK, "the controller of the other side told them", by="ola")
    action = plane.incidents.act(id, "Buy a filter", owner="ola", due=date(2026, 12, 1), by="ola")
    plane.incidents.end_action(id, action.id, "too dear; another rule does it", by="ola", dropped=True)
    plane.incidents.cause(id, "a wrong list", by="ola")
    assert plane.incidents.close(id, "over", by="ada").incident.closing.by == "ada"


def test_incidents_are_listed_and_counted(plane, clock):
    first = opened(plane, agents=[ID])
    clock.advance(timedelta(days=40))
    opened(plane, severity=Severity.LOW)
    assert next(one.incident.id for one in plane.incidents.all(open_only=True)) == first.incident.id
    spread = plane.incidents.trends()
    assert (spread.incidents, spread.open, spread.agents) == (2, 2, {ID: 1})
    assert spread.months == {"2026-11": 1, "2026-12": 0, "2027-01": 1}
    with plane.world.storage.reading() as unit:
        assert len(unit.shelf(Incident).all(status="open")) == 2


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EPHOR_DATABASE", "sqlite:///ephor.db")
    monkeypatch.setenv("EPHOR_PERSON", "ada")
    monkeypatch.delenv("EPHOR_KEYS", raising=False)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["ephor", *words])
        with pytest.raises(SystemExit) as ended:
            bootstrap.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    assert call("init")[0] == 0
    assert call("people", "add", "ola", "--name", "Ola", "--role", "operator")[0] == 0
    return call


def test_as_somebody_types_it(run, tmp_path):
    code, out, _ = run(
        "incidents", "open", "Mail astray", "--severity", "high", "--kind", "plane.created/1", "--json"
    )
    seen = json.loads(out)
    id = seen["incident"]["id"]
    assert (code, seen["figures"]["entries"]) == (0, 1)
    facts = [
        word
        for name, value in GDPR.items()
        for word in ("--fact", f"{name}={str(value).lower() if value is True else value}")
    ]
    code, out, _ = run("incidents", "classify", id, *facts, "--complete", "--json")
    assert [one["id"] for one in json.loads(out)["clocks"] if one["status"] == "running"] == [CLOCK]
    code, out, _ = run("incidents", "notify", id, "--clock", CLOCK)
    assert (code, out.startswith("# Draft: ")) == (0, True)
    sent_at = seen["incident"]["aware_at"]
    assert run("incidents", "notify", id, "--clock", CLOCK, "--sent-at", sent_at)[0] == 2
    assert (
        run("incidents", "notify", id, "--clock", CLOCK, "--sent-at", sent_at, "--channel", "portal")[0] == 0
    )
    code, out, _ = run(
        "incidents", "action", id, "Ask first", "--owner", "ola", "--due", "2999-01-01", "--json"
    )
    assert run("incidents", "close", id, "--reason", "over", "--as", "ola")[0] == 4
    assert run("incidents", "action", id, "asked", "--done", json.loads(out)["id"])[0] == 0
    assert run("incidents", "cause", id, "a wrong list")[0] == 0
    code, out, err = run("incidents", "close", id, "--reason", "over", "--json")
    assert (code, json.loads(err)["error"]) == (5, "not-permitted")
    assert run("incidents", "close", id, "--reason", "over", "--as", "ola")[0] == 0
    code, out, _ = run("incidents", "report", id)
    assert "Closed" in out
    assert run("incidents", "trends", "--chart", "trends.svg")[0] == 0
    assert (tmp_path / "trends.svg").read_text().startswith("<svg")
    assert "high" in run("incidents", "list")[1]
    assert run("incidents", "show", "inc_none")[0] == 3
    assert run("incidents", "classify", id, "--fact", "nonsense")[0] == 2
    assert run("ledger", "verify")[0] == 0
