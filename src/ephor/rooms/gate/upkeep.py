"""The checks on models and on the people around the agent: cards, monitoring, tests, plans, training, drills."""

from __future__ import annotations

from dataclasses import replace

from ephor.rooms.agents.drill import STOP_DRILL
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.control import unbacked
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.gate.finding import Finding, not_known, together
from ephor.rooms.gate.measured import bias_of_models, monitoring_of_models
from ephor.rooms.gate.trouble import open_incidents


def model_cards(facts: GateFacts) -> Finding:
    """Return whether every model declared has a card.

    Where none is declared, a card about the agent itself has to say what it runs on: an empty list may be an omission.
    """
    return _of_every_model(facts, EvidenceKind.MODEL_CARD)


def model_monitoring(facts: GateFacts) -> Finding:
    """Return whether every model declared was observed within a week, or its monitoring reported."""
    return monitoring_of_models(facts)


def bias_testing(facts: GateFacts) -> Finding:
    """Return whether somebody independent tested the models, or this configuration, for bias within a quarter."""
    return bias_of_models(facts)


def incident_response_plan(facts: GateFacts) -> Finding:
    """Return whether a plan for incidents is recorded."""
    return judge_evidence(facts, EvidenceKind.INCIDENT_RESPONSE_PLAN)


def incident_drills(facts: GateFacts) -> Finding:
    """Return whether an incident was drilled within a year, and none that is serious is open.

    A stop drill that was passed counts, and is called what it is: it measures how the agent is stopped, and not how
    people find out, decide and report.
    """
    drilled = judge_evidence(facts, EvidenceKind.INCIDENT_DRILL)
    if drilled.remedy is not None:
        remedy = f"pull the stop switch as a drill: ephor agents drill {facts.id}; or record another: {drilled.remedy}"
        drilled = replace(drilled, remedy=remedy)
    elif any(STOP_DRILL in one.what for one in drilled.evidence):
        drilled = replace(drilled, because=f"{drilled.because}; it measured how the agent is stopped")
    trouble = open_incidents(facts.troubles)
    return drilled if trouble is None else together([trouble, drilled])


def operator_training(facts: GateFacts) -> Finding:
    """Return whether everybody who oversees the agent was trained within a year (AI Act, Articles 4 and 26(2))."""
    if lacking := unbacked(facts):
        return lacking
    oversight = facts.agent.record.manifest.oversight
    if oversight is None or not oversight.people:
        return not_known(
            "the manifest does not say who oversees the agent, so nobody's training can be shown",
            "state `oversight` with people, means and stop, then: ephor agents register FILE",
        )
    return together(
        [judge_evidence(facts, EvidenceKind.OPERATOR_TRAINING, person) for person in oversight.people]
    )


def _of_every_model(facts: GateFacts, kind: EvidenceKind) -> Finding:
    if lacking := unbacked(facts):
        return lacking
    models = facts.agent.record.manifest.models or (facts.id,)
    return together([judge_evidence(facts, kind, model) for model in models])
