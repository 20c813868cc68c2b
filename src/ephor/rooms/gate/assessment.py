"""The checks on risk: assessed as the agent is now, and not too long ago."""

from __future__ import annotations

from datetime import timedelta

from ephor.rooms.evidence.kinds import QUARTER, YEAR
from ephor.rooms.gate.approval import prohibited
from ephor.rooms.gate.facts import GateFacts, is_prohibited
from ephor.rooms.gate.finding import Finding, met, not_known, not_met


def risk_assessment(facts: GateFacts) -> Finding:
    """Return whether the risk of exactly this manifest was assessed within a year, as the guide has it before deployment."""
    return _within(facts, YEAR, "a year")


def regular_risk_assessment(facts: GateFacts) -> Finding:
    """Return whether the risk of exactly this manifest was assessed within a quarter; a prohibited agent has no such risk."""
    return prohibited(facts) if is_prohibited(facts) else _within(facts, QUARTER, "a quarter")


def _within(facts: GateFacts, longest: timedelta, words: str) -> Finding:
    remedy = f"ephor assess {facts.id}"
    if facts.assessment is None or facts.assessment.entry is None:
        return not_known(f"no assessment of the agent is recorded by {facts.day.isoformat()}", remedy)
    record = facts.assessment.record
    exhibit = facts.assessment.shown("risk assessment", record.assessment.input_digest)
    if record.manifest_digest != facts.agent.record.digest:
        return not_met("the manifest has changed since its risk was assessed", remedy, exhibit)
    assessed = record.assessed_at.date()
    if facts.day > assessed + longest:
        return not_met(f"assessed on {assessed.isoformat()}, more than {words} ago", remedy, exhibit)
    overall = record.assessment.overall
    return met(
        f"assessed on {assessed.isoformat()}: inherent {overall.inherent.value}, residual {overall.residual.value}",
        exhibit,
        lapses=assessed + longest + timedelta(1),
    )
