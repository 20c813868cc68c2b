"""Open incidents and the gate: a serious one keeps an item from being met, a doubtful one from being known."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ephor.edges.cli.app import run
from ephor.engine.plane import Engine
from ephor.kernel.events import Event
from ephor.rooms.gate.checklist import Checklist
from ephor.rooms.gate.finding import Status
from ephor.rooms.incidents.record import Incident, Severity
from ephor.testing import FrozenClock
from sample_gate import AGENT, make_ready

DRILLS = "incident-response-drills"


@pytest.fixture
def plane(engine: Engine) -> Engine:
    return make_ready(engine)


def item(plane: Engine, **on: Any) -> Any:
    return next(one for one in plane.gate.check(AGENT, Checklist.ONGOING, **on).items if one.id == DRILLS)


def opened(plane: Engine, severity: Severity = Severity.HIGH, agent: str = AGENT) -> str:
    agents = [agent] if agent else []
    return plane.incidents.open(
        "wrong refunds", "it refunded twice", severity, agents=agents, by="ola"
    ).incident.id


def test_a_serious_incident_of_the_agent_keeps_the_item_from_being_met_until_it_is_closed(
    plane: Engine, clock: FrozenClock
) -> None:
    assert item(plane).status is Status.MET
    before = clock.now().date()
    clock.advance(timedelta(days=1))
    id = opened(plane)
    found = item(plane)
    assert (found.status, id in found.because, found.remedy) == (
        Status.NOT_MET,
        True,
        f"deal with it and have it closed: ephor incidents show {id}",
    )
    assert id in [one.id for one in found.evidence]
    assert item(plane, as_of=before).status is Status.MET  # on that day nobody had opened it
    assert not plane.gate.check(AGENT, Checklist.ONGOING).passed


def test_anothers_incident_is_none_of_the_agents(plane: Engine) -> None:
    opened(plane, agent="")
    assert item(plane).status is Status.MET


def test_what_may_be_serious_is_not_known_and_what_is_not_by_any_law_does_not_matter(plane: Engine) -> None:
    id = opened(plane, Severity.LOW)
    found = item(plane)
    assert (found.status, f"ephor incidents classify {id}" in found.remedy) == (Status.NOT_KNOWN, True)
    plane.incidents.classify(id, {"gdpr_applies": False}, by="ola", complete=True)
    assert {one.holds for one in plane.incidents.show(id).classes} == {False}
    assert item(plane).status is Status.MET
    breach = {"gdpr_applies": True, "personal_data_breach": True, "data_role": ["controller"]}
    plane.incidents.classify(opened(plane, Severity.LOW), breach, by="ola", complete=True)
    assert (item(plane).status, "GDPR" in item(plane).because or "Art" in item(plane).because) == (
        Status.NOT_MET,
        True,
    )


def test_a_row_that_somebody_took_away_or_closed_by_hand_is_found_by_the_ledger(plane: Engine) -> None:
    id = opened(plane)
    with plane.world.storage.unit() as unit:
        unit.shelf(Incident).remove(unit.shelf(Incident).get(id))
        unit.append(Event("x-test/1", at=plane.world.clock.now(), actor="ephor"))
    found = item(plane)
    assert (found.status, id in found.because) == (Status.NOT_KNOWN, True)


def test_agents_show_names_open_incidents(plane: Engine, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    door: Any = SimpleNamespace(open=lambda _database=None, **_other: plane, person="ola")
    assert run(["agents", "show", AGENT], door) == 0
    assert "incidents      none is open" in capsysbinary.readouterr().out.decode()
    id = opened(plane, Severity.CRITICAL)
    assert run(["agents", "show", AGENT, "--json"], door) == 0
    (told,) = json.loads(capsysbinary.readouterr().out)["open_incidents"]
    assert (told["id"], told["severity"]) == (id, "critical")
