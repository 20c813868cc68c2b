"""The reference guide's compliance checker: its eight requirements of high risk and its transparency duties, answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ephor.kernel.truth import Truth
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.regulation.classification import Classification
from ephor.rooms.regulation.pack import Group, Pack
from ephor.rooms.requirements.answer import Answer, LawAnswer
from ephor.rooms.requirements.judge import show, shown_together

UNACCEPTABLE, HIGH = "unacceptable", "high"
HIGH_RISK: Mapping[str, str] = MappingProxyType(
    {
        "Risk management system": "eu-ai-act/risk-management",
        "Data governance": "eu-ai-act/data-governance",
        "Technical documentation": "eu-ai-act/technical-documentation",
        "Record keeping": "eu-ai-act/record-keeping",
        "Transparency to users": "eu-ai-act/instructions",
        "Human oversight measures": "eu-ai-act/human-oversight",
        "Accuracy and robustness": "eu-ai-act/accuracy",
        "Cybersecurity": "eu-ai-act/cybersecurity",
    }
)
"""The guide's eight, and the obligation of the Act behind each (Articles 9 to 15)."""
DUTIES: Mapping[str, str] = MappingProxyType(
    {
        "interaction": "eu-ai-act/disclose-interaction",
        "marking": "eu-ai-act/mark-output",
        "emotion-notice": "eu-ai-act/notify-exposed",
        "deepfake": "eu-ai-act/disclose-deepfake",
        "public-text": "eu-ai-act/disclose-text",
    }
)
"""The Act's five transparency duties (Article 50), of which the guide names two."""
DECISIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "Inform users of AI interaction": ("Art 26(11)", "disclosure.interaction"),
        "Explain decision-making process": ("Art 86", "decisions.reasons"),
        "Provide human oversight mechanism": ("Art 14, 26(2)", "oversight.assigned"),
    }
)
"""The guide's three for high risk: by which article, and what shows each."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checker. ``owed_by`` says whose obligation it is by the Act; the system must meet it all the same."""

    title: str
    cite: str
    obligation: str | None
    owed_by: tuple[str, ...]
    status: Answer
    because: str
    recommendation: str | None


@dataclass(frozen=True, slots=True)
class Checker:
    """The guide's answer: compliant or not, or not known, with every violation and warning."""

    compliant: Truth
    risk_category: str
    reason: str
    requirements: tuple[Line, ...]
    transparency: tuple[Line, ...]
    violations: tuple[str, ...]
    warnings: tuple[str, ...]
    recommendations: tuple[str, ...]


def check(pack: Pack, answer: LawAnswer, found: Classification, facts: GateFacts) -> Checker:
    """Return what the guide's checker says of the agent, each line answered from the record.

    The eight are asked of the system whoever owes them: a deployer of a high-risk system sees what its provider has yet
    to show.
    """
    category = found.category.value
    at_stake = category if category != "needs_review" or found.at_least is None else found.at_least.value
    eight = _eight(pack, facts) if at_stake == HIGH else ()
    duties = (*_duties(pack, found, facts), *(_decisions(facts) if at_stake == HIGH else ()))
    banned = category == UNACCEPTABLE
    lines = (*eight, *duties)
    return Checker(
        compliant=_compliant(category, lines),
        risk_category=category,
        reason=_reason(category, found, answer),
        requirements=eight,
        transparency=duties,
        violations=("the system's use is prohibited (AI Act, Article 5)",)
        if banned
        else _named(eight, Answer.NOT_MET),
        warnings=(*_named(duties, Answer.NOT_MET), *_named(lines, Answer.NOT_KNOWN)),
        recommendations=_recommended(category, found, lines),
    )


def _compliant(category: str, lines: tuple[Line, ...]) -> Truth:
    statuses = {one.status for one in lines}
    if category == UNACCEPTABLE or Answer.NOT_MET in statuses:
        return False
    if category == "needs_review" or Answer.NOT_KNOWN in statuses:
        return None
    return True


def _reason(category: str, found: Classification, answer: LawAnswer) -> str:
    if category == "needs_review":
        return f"the class is not known; not stated: {', '.join(found.missing_facts)}"
    articles = f" because of {', '.join(found.articles)}" if found.articles else ""
    return f"class {category}{articles}; {answer.because}"


def _eight(pack: Pack, facts: GateFacts) -> tuple[Line, ...]:
    laws = {law.id: law for law in pack.obligations}
    return tuple(
        _line(title, laws[id].cite, id, laws[id].roles, laws[id].needs, facts)
        for title, id in HIGH_RISK.items()
    )


def _duties(pack: Pack, found: Classification, facts: GateFacts) -> tuple[Line, ...]:
    laws = {law.id: law for law in pack.obligations}
    holds = {one.id for one in found.elements if one.holds}
    elements = {one.id: one for one in pack.of(Group.DUTY)}
    return tuple(
        _line(elements[duty].title, elements[duty].article, id, laws[id].roles, laws[id].needs, facts)
        for duty, id in DUTIES.items()
        if duty in holds and found.category.value != UNACCEPTABLE
    )


def _decisions(facts: GateFacts) -> tuple[Line, ...]:
    return tuple(_line(title, cite, None, (), (need,), facts) for title, (cite, need) in DECISIONS.items())


def _line(
    title: str, cite: str, id: str | None, roles: tuple[str, ...], needs: tuple[str, ...], facts: GateFacts
) -> Line:
    findings = [show(need, facts) for need in needs]
    status, because = shown_together(findings)
    steps = dict.fromkeys(one.remedy for one in findings if one.remedy)
    return Line(title, cite, id, roles, status, because, "; ".join(steps) or None)


def _named(lines: tuple[Line, ...], status: Answer) -> tuple[str, ...]:
    return tuple(f"{one.title} ({one.cite}): {one.because}" for one in lines if one.status is status)


def _recommended(category: str, found: Classification, lines: tuple[Line, ...]) -> tuple[str, ...]:
    if category == UNACCEPTABLE:
        return ("do not deploy it; retire it",)
    asked = (f"state these facts: {', '.join(found.missing_facts)}",) if found.missing_facts else ()
    return asked + tuple(
        f"{one.title}: {one.recommendation}"
        for one in lines
        if one.status in (Answer.NOT_MET, Answer.NOT_KNOWN) and one.recommendation
    )
