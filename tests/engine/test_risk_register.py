"""The register of risks: owned, treated, accepted by somebody else for a time, open again, drawn and drawn out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from ephor.adapters.files import new_file
from ephor.edges.cli.app import run
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.risk.loss import Loss, read_loss, simulate, stream
from ephor.rooms.risk.register import RegisteredRisk, RiskStatus, Treatment
from ephor.rooms.risk.rules import RiskCategory
from ephor.testing import FrozenClock
from sample_gate import AGENT, register

TODAY = date(2026, 11, 24)


def seen(engine: Engine, likelihood: int = 3, impact: int = 3, **other: Any) -> RegisteredRisk:
    """Register a risk that the operator ola owns and the engineer eve wrote down; eve owns the agent, too."""
    return engine.risks.register(
        AGENT, "it promises refunds", RiskCategory.SAFETY, likelihood, impact, owner="ola", by="sam", **other
    )


@pytest.fixture
def plane(engine: Engine) -> Engine:
    register(engine)
    return engine


def newest(engine: Engine, kind: str) -> dict[str, Any]:
    return dict(engine.ledger.list({"kind": kind}, limit=1)[0].entry)


def test_an_assessment_s_factors_are_taken_over_once_and_follow_the_next_one(plane: Engine) -> None:
    with pytest.raises(ConflictError, match="not assessed"):
        plane.risks.take_over(AGENT, owner="ola", by="eve")
    found = plane.risk.assess(AGENT, by="eve").assessment
    taken = plane.risks.take_over(AGENT, owner="ola", by="eve")
    above = {
        one.category
        for one in found.factors
        if max(one.inherent.level, one.residual.level) >= RiskLevel.MEDIUM
    }
    assert {one.category for one in taken} == above
    assert {one.source for one in taken} == {found.input_digest}
    assert all(one.tags and one.owner == "ola" for one in taken)
    again = plane.risks.take_over(AGENT, owner="sam", by="eve")
    assert again == taken
    assert len(plane.risks.all(AGENT)) == len(taken)


def test_a_risk_is_treated_by_actions_with_owners_and_days(plane: Engine) -> None:
    risk = seen(plane)
    planned = plane.risks.treat(
        risk.id,
        by="sam",
        how=Treatment.MITIGATE,
        action="cap refunds",
        action_owner="eve",
        due=TODAY + timedelta(9),
    )
    assert (planned.status, planned.treatment) == (RiskStatus.TREATED, Treatment.MITIGATE)
    with pytest.raises(ConflictError, match="not done"):
        plane.risks.close(risk.id, "gone", by="pia")
    done = plane.risks.treat(risk.id, by="eve", done=1)
    assert done.actions[0].done_by == "eve"
    with pytest.raises(ConflictError, match="was done"):
        plane.risks.treat(risk.id, by="eve", done=1)
    with pytest.raises(ConflictError, match="has a part in it"):
        plane.risks.close(risk.id, "gone", by="ola")
    assert plane.risks.close(risk.id, "the tool is gone", by="pia").status is RiskStatus.CLOSED
    with pytest.raises(ConflictError, match="closed"):
        plane.risks.treat(risk.id, by="sam", how=Treatment.AVOID)


@pytest.mark.parametrize(
    ("asked", "message"),
    [({}, "nothing is to be done"), ({"action": "cap"}, "all three"),
     ({"how": Treatment.AVOID, "due": TODAY}, "all three"),
     ({"action": "cap", "action_owner": "nobody", "due": TODAY}, "nobody is registered"),
     ({"action": "cap", "action_owner": "eve", "due": TODAY - timedelta(1)}, "gone already"), ({"done": 1}, "no action 1")],
)  # fmt: skip
def test_a_treatment_that_says_too_little_is_refused(
    plane: Engine, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        plane.risks.treat(seen(plane).id, by="sam", **asked)


def test_nobody_accepts_a_risk_that_they_own_or_wrote_down_and_a_high_one_takes_an_executive(
    plane: Engine,
) -> None:
    plane.access.add_person("ovo", "Ovo", [PlaneRole.EXECUTIVE, PlaneRole.OPERATOR], by="ada")
    until = TODAY + timedelta(30)
    medium = seen(plane)
    for who, why in (
        ("sam", "registered it"),
        ("ola", "risks:accept"),
        ("eve", "risks:accept"),
        ("ada", "risks:accept"),
    ):
        with pytest.raises(NotPermittedError, match=why):
            plane.risks.accept(medium.id, "a pilot", until, by=who)
    accepted = plane.risks.accept(medium.id, "a pilot", until, by="eti")
    assert accepted.acceptance is not None
    assert (accepted.status, accepted.acceptance.by, accepted.acceptance.until) == (
        RiskStatus.ACCEPTED,
        "eti",
        until,
    )
    entry = newest(plane, "risk.accepted/1")
    assert (entry["approver"], entry["metadata"]["accepted_until"]) == ("person:eti", until.isoformat())
    high = seen(plane, 4, 4)
    with pytest.raises(NotPermittedError, match="reviews:executive"):
        plane.risks.accept(high.id, "a pilot", until, by="eti")
    assert plane.risks.accept(high.id, "a pilot", until, by="max").status is RiskStatus.ACCEPTED
    owned = plane.risks.register(AGENT, "x", RiskCategory.SAFETY, 4, 4, owner="ovo", by="sam")
    with pytest.raises(NotPermittedError, match="owns it"):
        plane.risks.accept(owned.id, "mine", until, by="ovo")


@pytest.mark.parametrize(("score", "days"), [((3, 3), 365), ((4, 4), 180), ((5, 5), 90)])
def test_an_acceptance_has_an_end_within_what_its_level_allows(
    plane: Engine, score: tuple[int, int], days: int
) -> None:
    risk = seen(plane, *score)
    for until in (TODAY + timedelta(days + 1), TODAY - timedelta(1)):
        with pytest.raises(InvalidInputError, match="is not between"):
            plane.risks.accept(risk.id, "a pilot", until, by="max")
    plane.risks.accept(risk.id, "a pilot", TODAY + timedelta(days), by="max")


def test_an_acceptance_that_ran_out_opens_the_risk_before_and_after_it_is_recorded(
    plane: Engine, clock: FrozenClock
) -> None:
    risk = seen(plane)
    plane.risks.accept(risk.id, "a pilot", TODAY + timedelta(5), by="eti")
    assert plane.risks.all(on=TODAY + timedelta(5))[0].status is RiskStatus.ACCEPTED
    assert plane.risks.all(on=TODAY + timedelta(6))[0].status is RiskStatus.OPEN
    assert plane.risks.expire() == []
    clock.advance(timedelta(6))
    shown = plane.risks.show(risk.id)
    assert (shown.status, shown.acceptance) == (RiskStatus.OPEN, None)
    assert [one.id for one in plane.risks.expire()] == [risk.id]
    assert newest(plane, "risk.reopened/1")["actor"] == "ephor"
    assert plane.risks.expire() == []


def test_the_extra_is_the_same_for_the_same_input_and_each_risk_draws_by_itself() -> None:
    one, two = ("rsk_1", Loss(2.0, 1_000, 20_000, "EUR")), ("rsk_2", Loss(0.1, 50_000, 900_000, "EUR"))
    found = simulate([two, one], runs=2_000, seed=7)
    assert found == simulate([one, two], runs=2_000, seed=7)
    assert found.input_digest != simulate([one, two], runs=2_000, seed=8).input_digest
    assert simulate([one], runs=2_000, seed=7).risks[0] == found.risks[0]
    assert found.total.mean == pytest.approx(sum(each.mean for each in found.risks), abs=1)
    for each in (*found.risks, found.total):
        assert 0 <= each.median <= each.p90 <= each.p95 <= each.p99


def test_the_draws_have_the_means_that_theory_gives() -> None:
    exact = simulate([("r", Loss(2.0, 100, 100, "EUR"))], runs=20_000, seed=1).risks[0]
    assert exact.mean == pytest.approx(200, rel=0.03)  # Poisson(2) times 100
    assert exact.chance == pytest.approx(1 - 2.718281828**-2, abs=0.01)
    spread = simulate([("r", Loss(1.0, 100, 1_000, "EUR"))], runs=20_000, seed=1).risks[0]
    assert spread.mean == pytest.approx(
        403.8, rel=0.05
    )  # exp(mu + sigma^2 / 2), mu = ln(316.2), sigma = 0.69993
    draw = stream("any")
    numbers = [draw() for _ in range(20_000)]
    assert sum(numbers) / len(numbers) == pytest.approx(0.5, abs=0.01)
    assert all(0 <= number < 1 for number in numbers)


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda: read_loss(0, 1, 2, "EUR"), "times a year"), (lambda: read_loss(float("nan"), 1, 2, "EUR"), "times a year"),
     (lambda: read_loss(1, 0, 2, "EUR"), "no range"), (lambda: read_loss(1, 3, 2, "EUR"), "no range"),
     (lambda: read_loss(1, 1, 2, "euro"), "no currency"), (lambda: simulate([], runs=1, seed=1), "no open risk"),
     (lambda: simulate([("a", Loss(1, 1, 2, "EUR"))], runs=0, seed=1), "runs"),
     (lambda: simulate([("a", Loss(1, 1, 2, "EUR")), ("b", Loss(1, 1, 2, "USD"))], runs=1, seed=1), "cannot be added")],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_the_commands(plane: Engine, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    door: Any = SimpleNamespace(
        open=lambda _database: plane, person="sam", new_file=new_file, today=lambda: TODAY
    )

    def ephor(*words: str, code: int = 0) -> str:
        assert run(words, door) == code
        return "".join(capsys.readouterr())

    rated = ("--likelihood", "4", "--impact", "4", "--owner", "ola", "--title", "it leaks <orders>")
    cost = ("--per-year", "0.5", "--loss-low", "1000", "--loss-high", "50000")
    made = json.loads(
        ephor("risk", "register", AGENT, *rated, "--category", "privacy", "--tag", "MIT2", *cost, "--json")
    )
    assert made["tagged"] == {"mit2": "MIT domain 2: privacy and security"}
    shown = ephor(
        "risk",
        "treat",
        made["id"],
        "--how",
        "mitigate",
        "--action",
        "mask",
        "--action-owner",
        "eve",
        "--due",
        "7d",
    )
    assert "mask (eve, due 2026-12-01)" in shown
    assert "accepted" in ephor(
        "risk", "accept", made["id"], "--until", "2026-12-31", "--reason", "pilot", "--as", "max"
    )
    drawn = tmp_path / "risks.svg"
    assert "until 2026-12-31" in ephor("risk", "list", "--heat-map", str(drawn))
    picture = ElementTree.fromstring(drawn.read_bytes())
    assert "it leaks <orders>: likelihood 4, impact 4, high" in "".join(picture.itertext())
    assert "action 1" in ephor("risk", "list", "--as-of", "2027-01-15")
    assert "open" in ephor("risk", "list", "--as-of", "2027-01-15", "--status", "open")
    one, two = (json.loads(ephor("risk", "simulate", "--runs", "500", "--json")) for _ in range(2))
    assert one == two
    assert one["total"]["p95"] >= one["total"]["median"]
    assert "any loss" in ephor("risk", "simulate", "--runs", "50")
    assert ephor("risk", "expire", "--json").strip() == "[]"
    plane.risk.assess(AGENT, by="eve")
    assert "transparency" in ephor(
        "risk", "register", AGENT, "--from-assessment", "--owner", "ola", "--at-least", "low"
    )
    assert "takes everything" in ephor("risk", "register", AGENT, "--from-assessment", *rated, code=2)
    assert "takes --title" in ephor("risk", "register", AGENT, "--owner", "ola", code=2)
    assert "unknown tag" in ephor(
        "risk", "register", AGENT, *rated, "--category", "safety", "--tag", "x", code=2
    )
    assert "takes --per-year" in ephor(
        "risk", "register", AGENT, *rated, "--category", "safety", *cost[:2], code=2
    )
