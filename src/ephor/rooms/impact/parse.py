"""Reading an impact assessment from what a file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ephor.kernel import ids
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.agents.wording import worded
from ephor.rooms.impact.assessment import Content, ImpactKind, ImpactRisk, Views
from ephor.rooms.impact.screening import Answered, Question, read_answers
from ephor.rooms.risk.matrix import Rating, rate

MOST_RISKS = 200
_BOTH = ("agent", "title", "answers", "risks", "measures")
_FIELDS: Mapping[ImpactKind, tuple[str, ...]] = {
    ImpactKind.DPIA: (*_BOTH, "description", "purposes", "necessity", "proportionality", "views"),
    ImpactKind.FRIA: (*_BOTH, "processes", "period", "frequency", "affected", "oversight", "governance", "complaints", "dpia"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Given:
    """What a file gives: the agent, what the assessment says, and answers to the questions of the screening."""

    agent: str
    content: Content
    answers: Mapping[Question, Answered]


def parse_assessment(kind: ImpactKind, given: Mapping[str, object]) -> Given:
    """Return the assessment that a mapping describes; what it does not say stays unsaid.

    Raises:
        InvalidInputError: no agent, a field nobody knows, or a value of the wrong shape.
    """
    if unknown := sorted(set(map(str, given)) - set(_FIELDS[kind])):
        raise InvalidInputError(
            f"a {kind.value} has no field {_ticks(unknown)}; it has {_ticks(sorted(_FIELDS[kind]))}"
        )
    dpia = _text(given, "dpia")
    content = Content(
        title=worded(_text(given, "title"), "title"),
        description=_text(given, "description"),
        purposes=_texts(given, "purposes"),
        necessity=_text(given, "necessity"),
        proportionality=_text(given, "proportionality"),
        views=_views(given.get("views")),
        risks=_risks(given.get("risks")),
        measures=_texts(given, "measures"),
        processes=_text(given, "processes"),
        period=_text(given, "period"),
        frequency=_text(given, "frequency"),
        affected=_texts(given, "affected"),
        oversight=_text(given, "oversight"),
        governance=_text(given, "governance"),
        complaints=_text(given, "complaints"),
        dpia=dpia or None,
    )
    return Given(ids.name(given.get("agent"), "an agent"), content, read_answers(given.get("answers")))


def _text(given: Mapping[str, object], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"`{key}` is not text")
    return worded(value, key) if value.strip() else ""


def _texts(given: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = given.get(key)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one.strip() for one in value):
        raise InvalidInputError(f"`{key}` is not a list of texts")
    return tuple(worded(str(one), key) for one in value)


def _views(value: object) -> Views | None:
    if value is None:
        return None
    if (
        not isinstance(value, Mapping)
        or set(value) != {"sought", "says"}
        or not isinstance(value["sought"], bool)
    ):
        raise InvalidInputError(
            "`views` is written {sought: true, says: what they said}, or {sought: false, says: why not}"
        )
    return Views(value["sought"], worded(_text(value, "says"), "`says` of `views`"))


def _risks(value: object) -> tuple[ImpactRisk, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or len(value) > MOST_RISKS:
        raise InvalidInputError(f"`risks` is not a list of at most {MOST_RISKS} risks")
    return tuple(_risk(one) for one in value)


_RISK = frozenset(
    {"title", "affects", "likelihood", "severity", "measures", "residual_likelihood", "residual_severity"}
)


def _risk(value: object) -> ImpactRisk:
    if not isinstance(value, Mapping) or set(map(str, value)) - _RISK:
        raise InvalidInputError(f"a risk is a mapping of {_ticks(sorted(_RISK))}")
    left = (value.get("residual_likelihood"), value.get("residual_severity"))
    if (left[0] is None) is not (left[1] is None):
        raise InvalidInputError(
            "what remains of a risk takes residual_likelihood and residual_severity; give both"
        )
    return ImpactRisk(
        title=worded(_text(value, "title"), "title of a risk"),
        affects=worded(_text(value, "affects"), "`affects` of a risk: whom it hits, and how"),
        inherent=_rated(value.get("likelihood"), value.get("severity")),
        residual=None if left[0] is None else _rated(*left),
        measures=_texts(value, "measures"),
    )


def _rated(likelihood: object, severity: object) -> Rating:
    for name, one in (("likelihood", likelihood), ("severity", severity)):
        if not isinstance(one, int) or isinstance(one, bool):
            raise InvalidInputError(f"the {name} of a risk is `{str(one)[:40]}`; write a number from 1 to 5")
    if isinstance(likelihood, int) and isinstance(severity, int):
        return rate(likelihood, severity)
    raise InvalidInputError("a risk takes likelihood and severity, from 1 to 5")


def _ticks(words: Sequence[str]) -> str:
    return ", ".join(f"`{one[:80]}`" for one in words)
