"""Answer every obligation of a law for one agent on one day, from its facts and from what is recorded about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.gate.finding import Status
from ephor.rooms.gate.impact import in_force
from ephor.rooms.impact.assessment import ImpactKind
from ephor.rooms.regulation.classification import Classification, Owed
from ephor.rooms.regulation.classify import answer_all, classify
from ephor.rooms.regulation.condition import Finding as Found
from ephor.rooms.regulation.elements import reason
from ephor.rooms.regulation.facts import Facts, FactType, state
from ephor.rooms.regulation.owe import reaches, roles_of
from ephor.rooms.regulation.pack import Pack
from ephor.rooms.requirements.answer import Answer, LawAnswer, Requirement, Shown
from ephor.rooms.requirements.needs import judge_need
from ephor.rooms.requirements.processing import assessed, facts_of
from ephor.rooms.requirements.stated import COMPLETE, facts_for

_ANSWER: Mapping[Status, Answer] = {
    Status.MET: Answer.MET,
    Status.NOT_MET: Answer.NOT_MET,
    Status.NOT_KNOWN: Answer.NOT_KNOWN,
}


def judge_law(pack: Pack, facts: GateFacts, questionnaire: Mapping[str, FactType]) -> LawAnswer:
    """Return *pack* answered for the agent of *facts*, in the pack's order.

    Raises:
        InvalidInputError: the manifest states a fact in a word that the pack does not know.
    """
    manifest = facts.agent.record.manifest
    stated, complete = _stated(pack, facts, questionnaire)
    checked = state(pack.vocabulary, stated, complete=complete)
    found, owed = answer_all(pack, stated, facts.day, complete=complete, role=_role(pack, manifest))
    reach = _reach(pack, manifest, checked)
    return LawAnswer(
        law=pack.identity.id,
        title=pack.identity.title,
        version=pack.identity.version,
        digest=pack.digest,
        applies=reach.truth,
        because=_because(pack, reach, checked),
        category=found.category.value if pack.elements else None,
        articles=found.articles,
        missing_facts=_missing(found, reach),
        obligations=tuple(_answered(one, reach, facts, found) for one in owed),
    )


def classify_law(pack: Pack, facts: GateFacts, questionnaire: Mapping[str, FactType]) -> Classification:
    """Return the class that a pack gives the agent of *facts*, whoever operates it.

    Raises:
        InvalidInputError: as for `judge_law`.
    """
    stated, complete = _stated(pack, facts, questionnaire)
    return classify(pack, stated, facts.day, complete=complete)


def _stated(
    pack: Pack, facts: GateFacts, questionnaire: Mapping[str, FactType]
) -> tuple[dict[str, object], bool]:
    """`complete: true` is said of the facts for classification, so only a pack that classifies takes it at its word."""
    manifest = facts.agent.record.manifest
    complete = bool(pack.elements) and manifest.facts.get(COMPLETE) is True
    registered = facts_of([one.record for one in facts.processing if one.entry is not None])
    registered |= assessed([one.record for one in in_force(facts, ImpactKind.DPIA)])
    return facts_for(manifest, pack.vocabulary, questionnaire, registered), complete


def _role(pack: Pack, manifest: Manifest) -> str | None:
    role = manifest.operator_role.value
    return role if role in roles_of(pack) else None


def _reach(pack: Pack, manifest: Manifest, checked: Facts) -> Found:
    """Nobody is spared by silence: where the manifest names no place, the places are unknown, complete or not."""
    if "jurisdictions" in pack.vocabulary and not manifest.jurisdictions:
        checked = Facts(
            checked.vocabulary, checked.stated, checked.complete, checked.open | {"jurisdictions"}
        )
    return reaches(pack, checked)


def _because(pack: Pack, reach: Found, facts: Facts) -> str:
    if pack.reach is None:
        return "the pack says of no system that it does not reach it"
    said = {
        True: "it applies to",
        False: "it would apply to",
        None: "whether it applies is not known; it would apply to",
    }
    return f"{said[reach.truth]} {pack.reach.title} ({pack.reach.cite}): {reason(reach, facts)}"


def _missing(found: Classification, reach: Found) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*reach.unknown, *found.missing_facts)))


def _answered(owed: Owed, reach: Found, facts: GateFacts, found: Classification) -> Requirement:
    """Judge the evidence only where something may be owed: what is not owed asks for nothing."""
    law, contested = owed.obligation, any(one.in_force for one in owed.readings)
    if reach.truth is False:
        return _written(owed, Answer.NOT_APPLICABLE, "the law does not reach this agent")
    if owed.owed is False:
        return _written(owed, Answer.NOT_APPLICABLE, owed.because)
    shown = tuple(show(need, facts) for need in law.needs or (law.id,))
    status, because = shown_together(shown)
    if owed.owed is None or reach.truth is None:
        return _unsettled(owed, reach, shown, found)
    if not (owed.in_force or contested):
        begins = owed.since.isoformat() if owed.since else "the day its class does"
        return _written(owed, Answer.NOT_APPLICABLE, f"it applies from {begins}", shown, prepared=status)
    if contested and not owed.in_force:
        because = f"{because} (whether it applies already is contested)"
    return _written(owed, status, because, shown)


def _unsettled(owed: Owed, reach: Found, shown: tuple[Shown, ...], found: Classification) -> Requirement:
    if reach.truth is None:
        names, because = reach.unknown, "whether the law applies is not known"
    else:
        names, because = found.missing_facts, f"whether it is owed is not known: {owed.because}"
    asked = ", ".join(names) or owed.because.removeprefix("not known: ").replace("`", "")
    recommendation = f"state in the manifest: {asked}; then: ephor agents register FILE"
    return _written(owed, Answer.NOT_KNOWN, because, shown, recommendation=recommendation)


def show(need: str, facts: GateFacts) -> Shown:
    """Return whether *need* is met, and what shows it."""
    found = judge_need(facts, need)
    return Shown(need, _ANSWER[found.status], found.because, found.evidence, found.lapses, found.remedy)


def shown_together(shown: Sequence[Shown]) -> tuple[Answer, str]:
    """Return the worst answer among *shown*, of which there is at least one, and why."""
    for worst in (Answer.NOT_MET, Answer.NOT_KNOWN, Answer.MET):
        telling = [one for one in shown if one.status is worst]
        if telling:
            return worst, "; ".join(dict.fromkeys(one.because for one in telling))
    raise ValueError("an obligation without needs is judged by its own id")


def _written(
    owed: Owed,
    status: Answer,
    because: str,
    shown: tuple[Shown, ...] = (),
    *,
    prepared: Answer | None = None,
    recommendation: str | None = None,
) -> Requirement:
    law = owed.obligation
    ends = [one.lapses for one in shown if one.lapses is not None]
    return Requirement(
        id=law.id,
        cite=law.cite,
        title=law.title,
        status=status,
        because=because,
        roles=law.roles,
        since=owed.since,
        until=law.until,
        in_force=owed.in_force and owed.owed is not False,
        verified=law.verified.value,
        note=law.note,
        needs=shown,
        evidence=tuple(dict.fromkeys(exhibit for one in shown for exhibit in one.evidence)),
        lapses=min(ends) if status is Answer.MET and ends else None,
        recommendation=recommendation or _recommended(law.title, status, shown),
        prepared=prepared,
        readings=owed.readings,
    )


def _recommended(title: str, status: Answer, shown: tuple[Shown, ...]) -> str | None:
    """One recommendation for each gap: what to do for whatever need is not met yet."""
    if status not in (Answer.NOT_MET, Answer.NOT_KNOWN):
        return None
    steps = list(_steps(shown))
    return f"{title}: {'; '.join(steps)}" if steps else None


def _steps(shown: tuple[Shown, ...]) -> Iterator[str]:
    told: set[str] = set()
    for one in shown:
        if one.status is not Answer.MET and one.remedy and one.remedy not in told:
            told.add(one.remedy)
            yield one.remedy
