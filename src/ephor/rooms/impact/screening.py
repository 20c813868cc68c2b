"""Whether an impact assessment is needed: what the law names, nine criteria, and *unknown* where nobody has said.

GDPR Art. 35(3) names three cases. The Article 29 Working Party's guidelines (WP 248 rev.01, III.B(a)), which the EDPB took
over, name nine criteria: whatever meets two of them needs an assessment in most cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.truth import Truth, all_of, any_of
from ephor.kernel.vocabulary import word
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.agents.wording import worded
from ephor.rooms.risk.categories import NOBODY, RANKING, WEAKER, kinds_of
from ephor.rooms.risk.profile import DataKind
from ephor.rooms.ropa.record import ProcessingRecord

UNKNOWN = "unknown"
TWO = 2
"""How many criteria make an assessment needed in most cases (WP 248 rev.01, III.B(a))."""


@unique
class Question(StrEnum):
    """What is asked: the nine criteria, one of the three cases that does not follow from them, and what decides besides."""

    EVALUATION = "evaluation"
    AUTOMATED_DECISIONS = "automated_decisions"
    SYSTEMATIC_MONITORING = "systematic_monitoring"
    SENSITIVE_DATA = "sensitive_data"
    LARGE_SCALE = "large_scale"
    MATCHED_DATASETS = "matched_datasets"
    VULNERABLE_SUBJECTS = "vulnerable_subjects"
    INNOVATIVE_TECHNOLOGY = "innovative_technology"
    PREVENTS_A_RIGHT = "prevents_a_right"
    PUBLIC_MONITORING = "public_monitoring"
    PERSONAL_DATA = "personal_data"
    ON_AUTHORITYS_LIST = "on_authoritys_list"
    EXEMPT = "exempt"


_Q = Question
CRITERIA: Mapping[Question, str] = MappingProxyType(
    {
        _Q.EVALUATION: "people are evaluated or scored, or profiles of them made",
        _Q.AUTOMATED_DECISIONS: "decisions with legal or similarly significant effect are automated",
        _Q.SYSTEMATIC_MONITORING: "people are observed, monitored or controlled systematically",
        _Q.SENSITIVE_DATA: "data are sensitive or highly personal (GDPR Art. 9, 10)",
        _Q.LARGE_SCALE: "data are processed on a large scale",
        _Q.MATCHED_DATASETS: "datasets are matched or combined beyond what people expect",
        _Q.VULNERABLE_SUBJECTS: "people are concerned who cannot easily object",
        _Q.INNOVATIVE_TECHNOLOGY: "technology is new, or used in a new way",
        _Q.PREVENTS_A_RIGHT: "the processing keeps people from a right, a service or a contract",
    }
)
"""The nine criteria of WP 248 rev.01, in its order."""
_CASES = (
    ("extensive-evaluation", "Art. 35(3)(a)", "systematic and extensive evaluation on which such decisions are based"),
    ("sensitive-large-scale", "Art. 35(3)(b)", "special categories or data on offences on a large scale"),
    ("public-monitoring", "Art. 35(3)(c)", "systematic monitoring of a publicly accessible area on a large scale"),
)  # fmt: skip
_CLAIMED = frozenset({Question.EXEMPT})
_BINDING = frozenset({Question.SENSITIVE_DATA, Question.AUTOMATED_DECISIONS, Question.PERSONAL_DATA})
"""What a record of processing or the manifest states outright: no answer takes it back."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a person says about one question, and why."""

    holds: Truth
    because: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One case or criterion: whether it holds, as far as anybody knows, and why."""

    id: str
    source: str
    title: str
    holds: Truth
    because: str


@dataclass(frozen=True, slots=True)
class Screening:
    """Whether an assessment is needed. ``required`` is None where that is not known; ``missing`` says what would tell."""

    required: Truth
    because: str
    cases: tuple[Judged, ...]
    criteria: tuple[Judged, ...]
    missing: tuple[str, ...]


def read_answers(given: object) -> Mapping[Question, Answered]:
    """Return the answers that a mapping gives: ``true``, ``false``, ``unknown``, or ``{holds: …, because: …}``.

    >>> read_answers({"large_scale": False})[Question.LARGE_SCALE]
    Answered(holds=False, because='')

    Raises:
        InvalidInputError: no mapping, a question nobody asks, or an answer that is none.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidInputError("`answers` is no mapping; write `large_scale: true`, one question to a line")
    return {word(Question, str(name), "question"): _answer(str(name), value) for name, value in given.items()}


def screen(
    manifest: Manifest,
    processing: Sequence[ProcessingRecord],
    category: str | None,
    answers: Mapping[Question, Answered],
) -> Screening:
    """Return whether the processing that an agent carries out needs a data protection impact assessment.

    Known facts come from the manifest, the records of processing that name the agent, and its class under the AI Act;
    a person's answers fill the rest. Where both speak, the stricter counts, unless the answer gives a reason and
    nobody stated the fact outright.
    """
    known = _known(manifest, processing, category)
    found = {
        question: _settled(question, known.get(question), answers.get(question)) for question in Question
    }
    criteria = tuple(
        Judged(one.value, "WP 248 rev.01", CRITERIA[one], found[one].holds, found[one].because)
        for one in CRITERIA
    )
    cases = _cases(found)
    return _concluded(found, cases, criteria)


def _concluded(
    found: Mapping[Question, Answered], cases: tuple[Judged, ...], criteria: tuple[Judged, ...]
) -> Screening:
    met = [one.id for one in criteria if one.holds]
    open_ = [one.id for one in (*cases, *criteria) if one.holds is None]
    listed, personal = found[_Q.ON_AUTHORITYS_LIST].holds, found[_Q.PERSONAL_DATA].holds
    case = any_of(one.holds for one in cases)
    enough = _at_least(TWO, [one.holds for one in criteria])
    needed = all_of([personal, any_of([case, enough, listed])])
    if found[_Q.EXEMPT].holds:
        return Screening(False, f"exempt: {found[_Q.EXEMPT].because}", cases, criteria, ())
    if needed is False:
        why = "no personal data are processed" if personal is False else (
            f"no case of Art. 35(3), and {'one criterion' if met else 'no criterion'} of WP 248 rev.01"
            + (f" ({met[0]}); one can be enough: say in the record why it is not" if met else "")
        )  # fmt: skip
        return Screening(False, why, cases, criteria, ())
    if needed:
        reasons = [one.source for one in cases if one.holds]
        reasons += ["the authority's list (Art. 35(4))"] if listed else []
        reasons += [f"{len(met)} criteria of WP 248 rev.01: {', '.join(met)}"] if enough else []
        return Screening(True, "; ".join(reasons), cases, criteria, ())
    more = [one.value for one in (_Q.PERSONAL_DATA, _Q.ON_AUTHORITYS_LIST) if found[one].holds is None]
    asked = tuple(dict.fromkeys((*more, *(one for one in open_ if one not in _CASE_IDS), *_only_case(found))))
    return Screening(None, f"not known: {', '.join(asked)}", cases, criteria, asked)


_CASE_IDS = frozenset(id for id, _, _ in _CASES)


def _only_case(found: Mapping[Question, Answered]) -> tuple[str, ...]:
    return (_Q.PUBLIC_MONITORING.value,) if found[_Q.PUBLIC_MONITORING].holds is None else ()


def _at_least(number: int, parts: Sequence[Truth]) -> Truth:
    """Whether so many of the parts hold.

    >>> _at_least(2, [True, True, None]), _at_least(2, [True, None]), _at_least(2, [True, False])
    (True, None, False)
    """
    sure = sum(1 for one in parts if one)
    if sure >= number:
        return True
    return False if sure + sum(1 for one in parts if one is None) < number else None


def _cases(found: Mapping[Question, Answered]) -> tuple[Judged, ...]:
    monitored, public = found[_Q.SYSTEMATIC_MONITORING].holds, found[_Q.PUBLIC_MONITORING]
    holds = (
        all_of([found[_Q.EVALUATION].holds, found[_Q.AUTOMATED_DECISIONS].holds]),
        all_of([found[_Q.LARGE_SCALE].holds, found[_Q.SENSITIVE_DATA].holds]),
        public.holds if public.holds is not None else (False if monitored is False else None),
    )
    reasons = (
        "evaluation and automated_decisions together",
        "sensitive_data and large_scale together",
        public.because or "follows from systematic_monitoring",
    )
    return tuple(
        Judged(id, source, title, truth, because)
        for (id, source, title), truth, because in zip(_CASES, holds, reasons, strict=True)
    )


def _settled(question: Question, known: Answered | None, said: Answered | None) -> Answered:
    if said is None:
        return known or Answered(None, "nobody has said")
    if question in _CLAIMED and said.holds and not said.because:
        raise InvalidInputError(f"`{question.value}` takes its ground: write {{holds: true, because: …}}")
    if known is None or known.holds is None or said.holds:
        return said if said.because else Answered(said.holds, "as answered")
    if said.holds is None or (known.holds and (question in _BINDING or not said.because)):
        return known
    return said if said.because else Answered(said.holds, "as answered")


def _known(
    manifest: Manifest, processing: Sequence[ProcessingRecord], category: str | None
) -> Mapping[Question, Answered]:
    """Return what follows from what is recorded; what does not follow is not there."""
    found: dict[Question, Answered] = {}
    facts = manifest.facts
    words = sorted({*manifest.data.categories, *(one for tool in manifest.tools for one in tool.data)})
    kinds = [kinds_of(one) for one in words]
    subjects = {*manifest.data.subjects, *_listed(facts.get("subjects"))} - NOBODY
    special = [one.id for one in processing if one.special_categories]
    if special or any(one and {DataKind.HEALTH, DataKind.SPECIAL} & set(one) for one in kinds):
        where = f"record `{special[0]}`" if special else "the manifest's data"
        found[_Q.SENSITIVE_DATA] = Answered(True, f"{where} names special categories")
    elif words and None not in kinds and processing:
        found[_Q.SENSITIVE_DATA] = Answered(
            False, "neither the manifest nor a record of processing names any"
        )
    if subjects or processing or any(one for one in kinds):
        found[_Q.PERSONAL_DATA] = Answered(True, "the manifest or a record of processing says so")
    elif words and None not in kinds:
        found[_Q.PERSONAL_DATA] = Answered(False, "no category of data that the manifest names is personal")
    found |= _decided(manifest, processing, category)
    if weaker := sorted(subjects & WEAKER):
        found[_Q.VULNERABLE_SUBJECTS] = Answered(True, f"among them: {', '.join(weaker)}")
    if manifest.models:
        found[_Q.INNOVATIVE_TECHNOLOGY] = Answered(True, "an agent acts by what a model says")
    return found


def _decided(
    manifest: Manifest, processing: Sequence[ProcessingRecord], category: str | None
) -> Mapping[Question, Answered]:
    found: dict[Question, Answered] = {}
    facts = manifest.facts
    automated = [one.automated_decisions for one in processing]
    if any(automated) or facts.get("solely_automated_decisions") is True:
        found[_Q.AUTOMATED_DECISIONS] = Answered(True, "a record of processing or the manifest says so")
    elif automated and None not in automated:
        found[_Q.AUTOMATED_DECISIONS] = Answered(False, "every record of processing says no")
    if facts.get("profiling") is True or {*_listed(facts.get("function"))} & RANKING:
        found[_Q.EVALUATION] = Answered(True, "the manifest's facts say so")
    elif category in ("high", "unacceptable"):
        found[_Q.EVALUATION] = Answered(True, f"its class under the AI Act is {category}")
    elif facts.get("profiling") is False and facts.get("decision_influence") == "none":
        found[_Q.EVALUATION] = Answered(
            False, "the manifest states no profiling and no influence on decisions"
        )
    return found


def _listed(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _answer(name: str, value: object) -> Answered:
    if isinstance(value, Mapping):
        if set(value) - {"holds", "because"} or "holds" not in value:
            raise InvalidInputError(f"the answer to `{name}` is written {{holds: true, because: …}}")
        reason = value.get("because")
        if reason is not None and not isinstance(reason, str):
            raise InvalidInputError(f"`because` of `{name}` is not text")
        return Answered(_truth(name, value["holds"]), worded(reason, "reason") if reason else "")
    return Answered(_truth(name, value))


def _truth(name: str, value: object) -> Truth:
    if value is None or value == UNKNOWN:
        return None
    if isinstance(value, bool):
        return value
    raise InvalidInputError(f"the answer to `{name}` is `{str(value)[:40]}`; write true, false or unknown")
