"""What was measured on the models themselves: bias tests and observations, each the plane's own figure with its entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from ephor.kernel.truth import Truth
from ephor.rooms.evidence.kinds import RULES, EvidenceKind
from ephor.rooms.evidence.record import why_barred
from ephor.rooms.gate.control import unbacked
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts, Recorded
from ephor.rooms.gate.finding import Finding, Status, met, not_met, together
from ephor.rooms.models.bias_test import BiasTest
from ephor.rooms.models.observation import Observation

M = TypeVar("M", BiasTest, Observation)


def bias_of_models(facts: GateFacts) -> Finding:
    """Return whether each model declared was tested for bias within a quarter, or somebody independent tested the whole.

    A model whose newest test is adverse does not pass, whatever a document says. A test that could not tell counts for
    nothing.
    """
    if lacking := unbacked(facts):
        return lacking
    told = _of_models(facts, facts.bias_tests, EvidenceKind.BIAS_TEST, _adverse)
    if told is not None and (told.status is Status.NOT_MET or told.status is Status.MET):
        return told
    return judge_evidence(facts, EvidenceKind.BIAS_TEST)


def monitoring_of_models(facts: GateFacts) -> Finding:
    """Return whether each model was observed within a week without drift, or a report says that it was monitored.

    A model whose newest observation drifted does not pass, whatever a report says.
    """
    if lacking := unbacked(facts):
        return lacking
    parts = []
    for model in facts.agent.record.manifest.models or (facts.id,):
        told = _newest(facts, facts.observations, EvidenceKind.MODEL_MONITORING, model, _drifted)
        parts.append(told or judge_evidence(facts, EvidenceKind.MODEL_MONITORING, model))
    return together(parts)


def _of_models(
    facts: GateFacts, kept: Sequence[Recorded[M]], kind: EvidenceKind, bad: Callable[[M], Truth]
) -> Finding | None:
    """Return the finding for all models together; None where one has no measurement that counts and none is bad."""
    found = [_newest(facts, kept, kind, model, bad) for model in facts.agent.record.manifest.models]
    known = [one for one in found if one is not None]
    if failing := [one for one in known if one.status is not Status.MET]:
        return together(failing)
    return together(known) if known and len(known) == len(found) else None


def _newest(
    facts: GateFacts, kept: Sequence[Recorded[M]], kind: EvidenceKind, model: str, bad: Callable[[M], Truth]
) -> Finding | None:
    """Return what the newest measurement of a model that could tell anything says; None where none counts."""
    told = [
        one
        for one in kept
        if one.record.model == model and one.entry is not None and bad(one.record) is not None
    ]
    if not told:
        return None
    newest = max(told, key=lambda one: (one.record.at, one.record.id))
    rule, on = RULES[kind], newest.record.at.date()
    name = "bias test" if kind is EvidenceKind.BIAS_TEST else "observation"
    shown = newest.shown(f"{name} of {model}", newest.record.id)
    if bad(newest.record):
        says = "is adverse for a group" if kind is EvidenceKind.BIAS_TEST else "shows drift"
        command = "bias" if kind is EvidenceKind.BIAS_TEST else "observe"
        return not_met(
            f"the newest {name} of `{model}`, of {on.isoformat()}, {says}",
            f"correct the model, then: ephor models {command} {model} FILE",
            shown,
        )
    agent = facts.agent.record
    by = newest.record.by
    barred = why_barred(kind, by, owner=agent.manifest.owner, authors=agent.authors)
    if on + rule.counts_for < facts.day or by not in facts.people or barred is not None:
        return None
    return met(
        f"`{model}` passed {rule.shows} of {on.isoformat()}, measured by `{by}`",
        shown,
        lapses=on + rule.counts_for + timedelta(1),
    )


def _adverse(test: BiasTest) -> Truth:
    """A test that compared nothing shows nothing."""
    return test.report.adverse if test.report.findings else None


def _drifted(seen: Observation) -> Truth:
    return seen.drifted if seen.shifts or seen.metrics else None
