"""What is exported is what the standards ask for: judged by other people's programs, and by references that must resolve."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import standards_judges
from conftest import populate
from ephor.engine.plane import Engine
from ephor.engine.ports import World
from ephor.rooms.incidents.record import Severity
from ephor.rooms.risk.register import Treatment
from ephor.rooms.risk.rules import RiskCategory
from ephor.testing import FrozenClock, memory_world
from sample_gate import AGENT, MODEL, make_ready

PERSON = "jane.doe@example.com"
EVENTS = [
    {"event_type": "tool.failed", "agent_id": AGENT, "action": "call", "tool": "email_send", "error": f"no box {PERSON}"},
    {"event_type": "policy.violated", "agent_id": AGENT, "action": "call", "metadata": {"note": f"to {PERSON}"}},
]  # fmt: skip
REGISTRATION = {
    "name": MODEL.partition("@")[0],
    "version": MODEL.partition("@")[2],
    "provider": "somebody",
    "model_type": "llm",
    "owner": "eve",
    "use_cases": ["customer_service"],
    "risk_tier": "medium",
    "validation_thresholds": {"accuracy": {"at_least": "0.9"}},
    "metadata": {"languages": ["de", "en"], "context_tokens": 128},
}
RESULTS = {
    "validated_by": "val",
    "validation_date": "2026-11-20",
    "dataset": "400 conversations",
    "sample_size": 400,
    "validation_results": {"accuracy": "0.95"},
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    """A plane with an agent that passes both checklists, a risk, a validated model, and events from outside."""
    world: World = memory_world(FrozenClock())
    made = populate(Engine(world))
    make_ready(made)
    made.models.register(REGISTRATION, by="eve")
    risk = made.risks.register(
        AGENT, "it promises\nrefunds", RiskCategory.SAFETY, 4, 4, owner="ola", by="sam"
    )
    made.risks.treat(
        risk.id, by="ola", how=Treatment.MITIGATE, action="say no", action_owner="ola", due=date(2027, 1, 15)
    )
    made.incidents.open("Mail astray", "One mail went to a stranger", Severity.HIGH, by="ola", agents=[AGENT])
    made.ledger.append(EVENTS, by="eve")
    return made


@pytest.fixture(scope="module")
def written(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    (folder / "oscal").mkdir()
    for name, content in engine.exports.oscal("1").files.items():
        (folder / "oscal" / name).write_text(json.dumps(content))
    (folder / "bom.json").write_text(json.dumps(engine.exports.cyclonedx("1")))
    with (folder / "events.jsonl").open("wb") as file:
        engine.exports.ocsf("1", file.write)
    return folder


def test_the_judges_of_the_standards_have_nothing_against_any_export(written: Path) -> None:
    told = standards_judges.judged(
        oscal=written / "oscal", cyclonedx=written / "bom.json", ocsf=written / "events.jsonl"
    )
    assert told == {"oscal": [], "cyclonedx": [], "ocsf": []}


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from parts(one)
    elif isinstance(value, list):
        for one in value:
            yield from parts(one)


def test_every_reference_in_oscal_leads_somewhere_and_no_uuid_stands_for_two_things(written: Path) -> None:
    controls: set[str] = set()
    for file in (written / "oscal").glob("catalog-*.json"):
        named = [one["id"] for one in parts(json.loads(file.read_text())) if "id" in one]
        assert len(named) == len(set(named)), file.name
        controls |= set(named)
    for name in ("component-definition", "assessment-results", "plan-of-action-and-milestones"):
        document = json.loads((written / "oscal" / f"{name}.json").read_text())
        made = [one["uuid"] for one in parts(document) if "uuid" in one]
        assert [uuid for uuid, count in Counter(made).items() if count > 1] == [], name
        assert all(
            re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
            for one in made
        )
        for one in parts(document):
            for key, value in one.items():
                if key.endswith("-uuid"):
                    assert value in made, (name, key, value)
                if key in ("control-id", "target-id"):
                    assert value in controls, (name, value)
                if key == "href" and value.startswith("#"):
                    assert value[1:] in made, (name, value)
                if key == "source":
                    assert (written / "oscal" / value).exists()


def findings(engine: Engine, **more: Any) -> dict[str, dict[str, Any]]:
    made = engine.exports.oscal("1", **more).files["assessment-results.json"]
    return {
        one["target"]["target-id"].removesuffix("_smt"): one["target"]["status"]
        for one in made["assessment-results"]["results"][0]["findings"]
    }


def test_what_is_not_known_is_never_satisfied(engine: Engine) -> None:
    found = findings(engine)
    answers = {
        one.id.replace("/", ".."): one.status.value
        for law in engine.requirements.check(AGENT).compliance.laws
        for one in law.obligations
        if one.status.value != "not_applicable"
    }
    assert len(answers) > 100
    assert {"met", "not_known"} <= set(answers.values())
    reasons = {"met": "pass", "not_met": "fail", "not_known": "other"}
    for control, answer in answers.items():
        status = found[control]
        assert status["state"] == ("satisfied" if answer == "met" else "not-satisfied"), control
        assert status["reason"] == reasons[answer], control
    assert found["pre-deployment..risk-assessment-completed"]["state"] == "satisfied"
    later = findings(engine, as_of=date(2029, 1, 1))
    assert later["pre-deployment..risk-assessment-completed"]["state"] == "not-satisfied"


def test_a_component_claims_only_what_is_met_and_the_plan_holds_every_gap(engine: Engine) -> None:
    made = engine.exports.oscal("1").files
    agent = made["component-definition.json"]["component-definition"]["components"][0]
    claimed = {
        one["control-id"]
        for each in agent["control-implementations"]
        for one in each["implemented-requirements"]
        if {"name": "implementation-status", "value": "implemented"} in one["props"]
    }
    found = findings(engine)
    assert claimed == {name for name, one in found.items() if one["state"] == "satisfied"}
    plan = made["plan-of-action-and-milestones.json"]["plan-of-action-and-milestones"]
    gaps = sum(one["state"] != "satisfied" for one in found.values())
    assert len(plan["poam-items"]) == gaps + 1, "and the risk of the register"
    risk = next(one for one in plan["risks"] if one["title"] == "it promises refunds")
    assert risk["status"] == "remediating"


def test_the_same_plane_gives_the_same_documents_and_another_another(engine: Engine) -> None:
    assert engine.exports.oscal("1").files == engine.exports.oscal("1").files
    assert engine.exports.cyclonedx("1") == engine.exports.cyclonedx("1")
    before = engine.exports.oscal("1", laws=["gdpr"]).files["assessment-results.json"]
    other = engine.exports.oscal("1", laws=["hipaa"]).files["assessment-results.json"]
    assert before["assessment-results"]["uuid"] != other["assessment-results"]["uuid"]


def test_the_bill_lists_agents_models_tools_and_what_needs_what(engine: Engine) -> None:
    bill = engine.exports.cyclonedx("1")
    by_ref = {one["bom-ref"]: one for one in (*bill["components"], *bill["services"])}
    agent = engine.agents.show(AGENT).manifest
    needs = next(one["dependsOn"] for one in bill["dependencies"] if one["ref"] == f"agent:{AGENT}")
    assert {f"model:{MODEL}", *(f"tool:{tool.name}" for tool in agent.tools)} <= set(needs) <= set(by_ref)
    card = by_ref[f"model:{MODEL}"]["modelCard"]
    assert card["considerations"]["useCases"] == ["customer_service"]
    assert by_ref[f"model:{MODEL}"]["supplier"] == {"name": "somebody"}


def test_events_hold_no_personal_data_and_every_entry_once(engine: Engine, written: Path) -> None:
    text = (written / "events.jsonl").read_text()
    assert PERSON not in text
    assert "[email]" in text
    events = [json.loads(line) for line in text.splitlines()]
    head = engine.ledger.head()
    assert [one["metadata"]["sequence"] for one in events] == list(range(head.size))
    assert len({one["metadata"]["uid"] for one in events}) == head.size
    for one in events[:: max(1, head.size // 7)]:
        shown = engine.ledger.show(one["metadata"]["uid"])
        assert (shown.leaf, shown.position) == (one["unmapped"]["leaf"], one["metadata"]["sequence"])
        assert one["metadata"]["event_code"] == shown.entry["kind"]
    failed = next(one for one in events if one["metadata"]["event_code"] == "tool.failed/1")
    assert (failed["status"], failed["class_uid"], failed["type_uid"]) == ("Failure", 6003, 600399)
    violated = next(one for one in events if one["metadata"]["event_code"] == "policy.violated/1")
    assert (violated["class_uid"], violated["severity_id"]) == (2004, 4)
    incident = next(one for one in events if one["metadata"]["event_code"] == "incident.opened/1")
    assert (incident["class_uid"], incident["severity_id"], incident["status_id"]) == (2005, 4, 1)
    masked = [one for one in violated["observables"] if one["type"] == "email"]
    assert masked == [{"name": "unmapped.metadata.note", "type_id": 99, "type": "email", "value": "[email]"}]
    decided = [one for one in events if one["metadata"]["event_code"] == "decision.made/1"]
    assert {(one["unmapped"]["decision"], one["action_id"]) for one in decided} <= {
        ("allow", 1),
        ("deny", 2),
        ("ask", 99),
    }
    assert decided


def test_the_rest_of_the_events_follows_what_was_taken(engine: Engine) -> None:
    rest: list[bytes] = []
    size = engine.ledger.head().size
    assert engine.exports.ocsf("1", rest.append, after=size - 2) == 2
    assert [json.loads(one)["metadata"]["sequence"] for one in rest] == [size - 2, size - 1]
    assert engine.exports.ocsf("1", rest.append, after=size) == 0
