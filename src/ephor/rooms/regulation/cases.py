"""A pack tests itself: cases with the answer each must give, and what no case reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.rooms.regulation.classification import Classification
from ephor.rooms.regulation.classify import classify
from ephor.rooms.regulation.fields import Fields
from ephor.rooms.regulation.pack import Pack

_EXACT = ("category", "articles", "transparency_duties", "applies_from", "missing_facts", "at_least")
_SOME = ("holds", "spared", "owed", "not_owed")
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
    obligations.

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
    expect = Fields.of(fields.raw.get("expect"), f"{fields.where}.expect", frozenset({*_EXACT, *_SOME}))
    for name in ("articles", "transparency_duties", "missing_facts", *_SOME):
        expect.texts(name)
    expect.text("category")
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
    truths = {one.id: one.holds for one in answer.elements}
    owed = dict.fromkeys(_owed(answer), True)
    for name, wanted, seen in (("holds", True, truths), ("spared", False, truths), ("owed", True, owed)):
        differences += [f"{name}: not {one}" for one in _listed(case, name) if seen.get(one) is not wanted]
    differences += [f"not_owed: {one} is owed" for one in _listed(case, "not_owed") if one in owed]
    return Result(case.name, not differences, tuple(differences))


def _listed(case: Case, name: str) -> Sequence[str]:
    return Fields(case.expect, case.name).texts(name)
