"""What raises which risk, by how much, and what can be done about it. The table is the method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.kernel.truth import Truth
from ephor.rooms.risk import questions as ask
from ephor.rooms.risk.profile import Profile

METHOD = "ephor-risk/1"
"""The version of this table and of the arithmetic; it is part of every input digest."""


@unique
class RiskCategory(StrEnum):
    """The guide's six."""

    SAFETY = "safety"
    PRIVACY = "privacy"
    SECURITY = "security"
    FAIRNESS = "fairness"
    TRANSPARENCY = "transparency"
    ACCOUNTABILITY = "accountability"


@dataclass(frozen=True, slots=True)
class Rule:
    """If the question holds, likelihood and impact rise by ``raises``; if nobody said, by ``unstated``."""

    category: RiskCategory
    because: str
    field: str
    """Where in the manifest the answer stands."""
    holds: Callable[[Profile], Truth]
    raises: tuple[int, int]
    controls: tuple[str, ...]
    unstated: tuple[int, int] = (0, 0)


_C = RiskCategory
RULES: tuple[Rule, ...] = (
    # Safety: harm by what it does.
    Rule(_C.SAFETY, "it acts with little supervision", "autonomy", ask.is_autonomous, (1, 0), ("bounded-autonomy",)),
    Rule(_C.SAFETY, "it acts alone", "autonomy", ask.is_highly_autonomous, (1, 1), ("bounded-autonomy", "human-approval")),
    Rule(_C.SAFETY, "its use case is autonomous action", "use_case", ask.acts_by_purpose, (1, 1), ("human-approval",)),
    Rule(_C.SAFETY, "it changes data", "tools.effect", ask.writes, (0, 1), ("bounded-autonomy",)),
    Rule(_C.SAFETY, "its tools reach outside the organisation", "tools.effect", ask.reaches_outside, (1, 1), ("sandbox",)),
    Rule(_C.SAFETY, "what it does cannot be undone", "tools.effect", ask.cannot_be_undone, (0, 1), ("human-approval",)),
    Rule(_C.SAFETY, "nobody is asked before it acts outside", "tools.ask", ask.acts_unasked, (1, 0), ("human-approval",)),
    Rule(_C.SAFETY, "it can run code, change files or move machines", "facts.capabilities", ask.is_powerful, (1, 1), ("sandbox",)),
    Rule(_C.SAFETY, "it is a safety component", "facts.safety_component", ask.is_safety_component, (1, 2), ("safety-test",), (0, 1)),
    Rule(_C.SAFETY, "mistakes in its field hurt people", "facts.domain", ask.works_where_people_get_hurt, (0, 1), ("safety-test",)),
    Rule(_C.SAFETY, "nobody is named who watches it", "oversight.people", ask.is_unwatched, (1, 0), ("oversight",), (1, 0)),
    Rule(_C.SAFETY, "no way to stop it is stated", "oversight.stop", ask.acts_unstoppably, (0, 1), ("stop-drill",), (0, 1)),
    # Privacy: harm by what it knows and passes on.
    Rule(_C.PRIVACY, "it handles personal data", "data.categories", ask.handles_personal_data, (2, 1), ("pii-masking", "data-minimisation"), (2, 1)),
    Rule(_C.PRIVACY, "it handles health data", "data.categories", ask.handles_health_data, (1, 3), ("phi-handling", "impact-assessment")),
    Rule(_C.PRIVACY, "it handles special categories of data", "data.categories", ask.handles_special_data, (1, 3), ("impact-assessment",)),
    Rule(_C.PRIVACY, "it handles financial data", "data.categories", ask.handles_financial_data, (0, 1), ("data-minimisation",)),
    Rule(_C.PRIVACY, "personal data passes unmasked or leaves", "tools.reveals", ask.exposes_personal_data, (1, 0), ("pii-masking",)),
    Rule(_C.PRIVACY, "it concerns people who are hurt most by disclosure", "data.subjects", ask.concerns_fragile_people, (0, 1), ("impact-assessment",)),
    Rule(_C.PRIVACY, "it handles restricted data", "data.sensitivity", ask.handles_restricted_data, (0, 1), ("data-minimisation",)),
    Rule(_C.PRIVACY, "some of its data needs more care", "data.categories", ask.handles_data_in_unknown_words, (1, 2), ("data-inventory",), (0, 1)),
    # Security: harm by what others make it do.
    Rule(_C.SECURITY, "strangers can write its input", "facts.interacts_with_persons", ask.reads_strangers, (1, 0), ("injection-test",), (1, 0)),
    Rule(_C.SECURITY, "its tools reach outside the organisation", "tools.effect", ask.reaches_outside, (1, 1), ("sandbox", "egress-limit")),
    Rule(_C.SECURITY, "what it does cannot be undone", "tools.effect", ask.cannot_be_undone, (0, 1), ("human-approval",)),
    Rule(_C.SECURITY, "it can run code, change files or move machines", "facts.capabilities", ask.is_powerful, (1, 2), ("sandbox", "access-review")),
    Rule(_C.SECURITY, "it handles confidential data", "data.sensitivity", ask.handles_confidential_data, (0, 1), ("access-review",)),
    Rule(_C.SECURITY, "it handles restricted data", "data.sensitivity", ask.handles_restricted_data, (0, 1), ("access-review",)),
    Rule(_C.SECURITY, "it handles credentials", "data.categories", ask.handles_secrets, (0, 2), ("secret-vault",)),
    Rule(_C.SECURITY, "it reads strangers, knows private data and can send it out", "tools", ask.can_be_made_to_leak, (1, 0), ("egress-limit", "injection-test"), (1, 0)),
    Rule(_C.SECURITY, "it has more than ten tools", "tools", ask.has_many_tools, (1, 0), ("access-review",)),
    Rule(_C.SECURITY, "it starts other agents or lends them authority", "tools.permissions", ask.delegates, (1, 0), ("delegation-limit",)),
    # Fairness: harm by whom it treats worse.
    Rule(_C.FAIRNESS, "its output prepares decisions about people", "facts.decision_influence", ask.prepares_decisions, (1, 0), ("human-decision",), (1, 0)),
    Rule(_C.FAIRNESS, "its output weighs in decisions about people", "facts.decision_influence", ask.sways_decisions, (1, 1), ("bias-test", "human-decision"), (0, 1)),
    Rule(_C.FAIRNESS, "its output decides about people", "facts.decision_influence", ask.decides, (1, 1), ("human-decision", "contest")),
    Rule(_C.FAIRNESS, "the decision shapes people's lives", "facts.domain", ask.decides_what_matters, (0, 1), ("contest", "bias-test"), (0, 1)),
    Rule(_C.FAIRNESS, "it concerns people who cannot easily object", "data.subjects", ask.judges_weaker_people, (0, 1), ("bias-test",), (0, 1)),
    Rule(_C.FAIRNESS, "it profiles people", "facts.profiling", ask.profiles, (1, 0), ("bias-test",), (1, 0)),
    Rule(_C.FAIRNESS, "it draws on bodies or on special categories of data", "facts.biometric", ask.draws_on_bodies, (1, 1), ("bias-test",)),
    # Transparency: harm by what people are not told.
    Rule(_C.TRANSPARENCY, "people deal with it directly", "facts.interacts_with_persons", ask.meets_people, (0, 1), ("disclosure",), (0, 1)),
    Rule(_C.TRANSPARENCY, "people are not told that it is an AI system", "disclosure.tells_people", ask.hides, (2, 1), ("disclosure",), (1, 1)),
    Rule(_C.TRANSPARENCY, "it generates content", "facts.generates", ask.generates, (1, 1), ("content-marking",)),
    Rule(_C.TRANSPARENCY, "those affected are owed an explanation", "facts.decision_influence", ask.sways_decisions, (1, 2), ("contest",), (0, 1)),
    Rule(_C.TRANSPARENCY, "it reads emotions or bodies", "facts.biometric", ask.reads_bodies, (1, 1), ("disclosure",)),
    # Accountability: harm for which nobody answers.
    Rule(_C.ACCOUNTABILITY, "nobody is named who watches it", "oversight.people", ask.is_unwatched, (1, 1), ("oversight",), (1, 1)),
    Rule(_C.ACCOUNTABILITY, "it acts with little supervision", "autonomy", ask.is_autonomous, (0, 1), ("log-review",)),
    Rule(_C.ACCOUNTABILITY, "it acts alone", "autonomy", ask.is_highly_autonomous, (1, 1), ("log-review", "bounded-autonomy")),
    Rule(_C.ACCOUNTABILITY, "its tools reach outside the organisation", "tools.effect", ask.reaches_outside, (1, 1), ("log-review",)),
    Rule(_C.ACCOUNTABILITY, "nobody is asked before it acts outside", "tools.ask", ask.acts_unasked, (1, 0), ("human-approval",)),
    Rule(_C.ACCOUNTABILITY, "no way to stop it is stated", "oversight.stop", ask.acts_unstoppably, (0, 1), ("stop-drill",), (0, 1)),
    Rule(_C.ACCOUNTABILITY, "its output weighs in decisions about people", "facts.decision_influence", ask.sways_decisions, (0, 1), ("contest",), (0, 1)),
    Rule(_C.ACCOUNTABILITY, "it starts other agents or lends them authority", "tools.permissions", ask.delegates, (1, 0), ("delegation-limit",)),
    Rule(_C.ACCOUNTABILITY, "no model is named", "models", ask.names_no_model, (1, 0), ("model-card",)),
)  # fmt: skip
"""Every rule, category by category, in the order drivers are shown."""

DESCRIPTIONS: Mapping[RiskCategory, str] = MappingProxyType(
    {
        _C.SAFETY: "harm by what the agent does",
        _C.PRIVACY: "harm by what it learns about people and passes on",
        _C.SECURITY: "harm by what others make it do",
        _C.FAIRNESS: "harm to those it treats worse than others",
        _C.TRANSPARENCY: "harm by what people are not told",
        _C.ACCOUNTABILITY: "harm for which nobody answers",
    }
)
"""What each category is about, in one phrase."""
