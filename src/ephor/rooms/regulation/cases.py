"""A pack tests itself: cases with the answer each must give, and what no case reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.classification import Classification, Owed
from ephor.rooms.regulation.classify import classify
from ephor.rooms.regulation.facts import state
from ephor.rooms.regulation.fields import Fields
from ephor.rooms.regulation.owe import reaches
from ephor.rooms.regulation.pack import Pack

_EXACT = ("category", "articles", "transparency_duties", "applies_from", "missing_facts", "at_least")
_REACH = "applies"
_SOME = ("holds", "spared", "owed", "not_owed", "in_force", "not_in_force", "unknown")
_CASE = frozenset({"name", "on", "complete", "role", "facts", "expect"})


@dataclass(frozen=True, slots=True)
class Case:
    """One system on one day, and what the pack must say of it."""

    name: str
    on: date
    facts: Mapping[str, object]
    expect: Mapping[str, object]
    complete: bool = False
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a case was answered as written, and each difference in words."""

    name: str
    passed: bool
    differences: tuple[str, ...]


def read_cases(raw: object, where: str) -> tuple[Case, ...]:
    """Return the cases of one file: a mapping with the one key ``cases``.

    ``expect`` compares ``category``, ``articles``, ``transparency_duties``, ``applies_from``, ``missing_facts`` and
    ``at_least`` exactly; ``holds`` and ``spared`` name elements that must (not) hold, ``owed`` and ``not_owed``
    obligations, ``unknown`` those of which nobody can tell yet, ``in_force`` and ``not_in_force`` those that are (not)
    to be met on the day. Of a pack that does not classify, ``applies`` says whether the law reaches the system.

    Raises:
        InvalidInputError: a field unknown, missing or of the wrong type.
    """
    top = Fields.of(raw, where, frozenset({"cases"}))
    return tuple(_case(Fields.of(one, at, _CASE)) for at, one in top.entries("cases"))


def run_cases(pack: Pack, cases: Sequence[Case]) -> tuple[Result, ...]:
    """Return one result for each case, in order.

    Raises:
        InvalidInputError: a case states facts the pack does not know.
    """
    return tuple(_run(pack, case) for case in cases)


def untested(pack: Pack, cases: Sequence[Case]) -> tuple[str, ...]:
    """Return each element and obligation that no case triggers, or that no case spares, in words."""
    answers = [_answer(pack, case) for case in cases]
    gaps = []
    for element in pack.elements:
        seen = {one.holds for answer in answers for one in answer.elements if one.id == element.id}
        gaps += [f"no case triggers {element.id}"] * (True not in seen)
        gaps += [f"no case spares {element.id}"] * (False not in seen)
    for law in pack.obligations:
        owed = [law.id in _owed(answer) for answer in answers]
        gaps += [f"no case triggers {law.id}"] * (not any(owed))
        gaps += [f"no case spares {law.id}"] * all(owed)
    return tuple(gaps)


def _case(fields: Fields) -> Case:
    expect = Fields.of(
        fields.raw.get("expect"), f"{fields.where}.expect", frozenset({*_EXACT, *_SOME, _REACH})
    )
    for name in ("articles", "transparency_duties", "missing_facts", *_SOME):
        expect.texts(name)
    if _REACH in expect.raw and not isinstance(expect.raw[_REACH], bool | None):
        raise InvalidInputError(f"`applies` at {expect.where} is not true, false or null", at=expect.where)
    if not expect.raw:
        raise InvalidInputError(
            f"{fields.where} expects nothing; write `category`, `owed` or another expectation",
            at=fields.where,
        )
    return Case(
        fields.text("name"),
        fields.day("on"),
        fields.mapping("facts"),
        expect.raw,
        complete=fields.flag("complete"),
        role=fields.text_or_none("role"),
    )


def _answer(pack: Pack, case: Case) -> Classification:
    return classify(pack, case.facts, case.on, complete=case.complete, role=case.role)


def _owed(answer: Classification) -> frozenset[str]:
    return frozenset(one.obligation.id for one in answer.obligations if one.owed)


def _run(pack: Pack, case: Case) -> Result:
    answer = _answer(pack, case)
    written = answer.as_json()
    differences = [
        f"{name}: expected {case.expect[name]}, got {written[name]}"
        for name in _EXACT
        if name in case.expect and case.expect[name] != written[name]
    ]
    if _REACH in case.expect:
        found = reaches(pack, state(pack.vocabulary, case.facts, complete=case.complete)).truth
        if found is not case.expect[_REACH]:
            differences.append(f"applies: expected {case.expect[_REACH]}, got {found}")
    truths = {one.id: one.holds for one in answer.elements}
    for name, wanted in (("holds", True), ("spared", False)):
        differences += [f"{name}: not {one}" for one in _listed(case, name) if truths.get(one) is not wanted]
    laws = {one.obligation.id: one for one in answer.obligations}
    known = {law.id for law in pack.obligations}
    for name, fits in _FITS.items():
        differences += [_told(name, one) for one in _listed(case, name) if not fits(laws.get(one))]
        strays = [one for one in _listed(case, name) if one not in known] if name.startswith("not_") else []
        differences += [f"{name}: there is no {one}" for one in strays]
    return Result(case.name, not differences, tuple(differences))


def _told(name: str, obligation: str) -> str:
    return {"not_owed": f"not_owed: {obligation} is owed"}.get(name, f"{name}: not {obligation}")


_FITS: Mapping[str, Callable[[Owed | None], bool]] = {
    "owed": lambda one: one is not None and one.owed is True,
    "not_owed": lambda one: one is None or one.owed is not True,
    "unknown": lambda one: one is not None and one.owed is None,
    "in_force": lambda one: one is not None and one.owed is True and one.in_force,
    "not_in_force": lambda one: one is None or not one.in_force,
}
"""What a case can say of an obligation; None stands for one that is not owed."""


def _listed(case: Case, name: str) -> Sequence[str]:
    return Fields(case.expect, case.name).texts(name)
