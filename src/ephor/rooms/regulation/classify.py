"""Classify a system in the law's own order: scope, prohibitions, high risk with its derogation, transparency.

An unknown fact that could change the answer makes it `needs_review`; one that could not is not asked for. Facts can
only be missing, never assumed: unless the caller says the list is complete, silence is not a "no".

>>> from ephor.rooms.regulation.read_pack import read_pack
>>> act = read_pack({
...     "pack": {"schema": "pack/1", "id": "act", "version": "1.0.0", "title": "An Act", "jurisdiction": "XX",
...              "source": "https://law.example/1", "text_version": "2026-01-01",
...              "reviewed": {"by": "a reader", "on": "2026-01-01"}},
...     "vocabulary": {"talks": {"type": "boolean", "means": "it talks to people"}},
...     "duties": [{"id": "tell", "article": "s. 1", "title": "talks to people", "when": {"talks": True},
...                 "since": "2026-08-02", "verified": "mem", "who": "provider", "notice": "say so"}],
... })
>>> on = date(2026, 8, 1)
>>> classify(act, {"talks": True}, on).category.value, classify(act, {}, on).category.value
('limited', 'needs_review')
>>> classify(act, {}, on).missing_facts, classify(act, {}, on, complete=True).category.value
(('talks',), 'minimal')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.classification import Category, Classification, Judged, Notice, Owed
from ephor.rooms.regulation.condition import Finding, every, judge, opposite, some
from ephor.rooms.regulation.elements import Holding, any_holds, derogated, group, judge_elements, told
from ephor.rooms.regulation.facts import Facts, state
from ephor.rooms.regulation.owe import owed_by, penalties, undecided, weigh, with_class
from ephor.rooms.regulation.pack import Doubt, Group, Pack, Verified

USE_CASE = "use_case"
"""One of the reference guide's use-case keys, accepted beside the pack's own facts; stated facts win over it."""


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything known about one system before the category is chosen."""

    pack: Pack
    facts: Facts
    holdings: tuple[Holding, ...]
    derogation: Finding

    def any_of(self, *groups: Group) -> Finding:
        return any_holds(group(self.holdings, *groups))

    def holding(self, *groups: Group) -> tuple[Holding, ...]:
        return tuple(one for one in group(self.holdings, *groups) if one.finding.truth is True)


def classify(
    pack: Pack,
    facts: Mapping[str, object],
    on: date,
    *,
    complete: bool = False,
    role: str | None = None,
) -> Classification:
    """Return what *pack* makes of a system described by *facts*, as seen on the day *on*.

    A class that applies only later is given all the same, with its day in ``applies_from``. With *complete*, a fact
    left out is false, none or empty; even then nothing is minimal unless the pack's least facts are stated.
    *role* narrows the obligations to those of one operator, and exclusions to those that spare it.

    Raises:
        InvalidInputError: unknown facts, a value of the wrong type, an unknown use-case key or role.
    """
    stated = state(pack.vocabulary, _expanded(pack, facts), complete=complete)
    holdings = judge_elements(pack, stated, role)
    limited = derogated(holdings, pack.limits, stated)
    case = _Case(pack, stated, holdings, limited)
    category, waits_for, at_least = _decide(case)
    missing = _in_order(pack, waits_for)
    decisive = _decisive(case, category)
    cited = _decisive(case, at_least) if at_least else decisive
    since = min((one.element.since for one in decisive if one.element.since), default=None)
    duties = () if category in (Category.OUT_OF_SCOPE, Category.UNACCEPTABLE) else case.holding(Group.DUTY)
    return Classification(
        category=category,
        articles=_articles(cited),
        transparency_duties=_articles(duties),
        applies_from=since,
        elements=(*(told(one) for one in holdings), *_doubts(case)),
        missing_facts=missing,
        obligations=_obligations(case, category, on, role, since),
        as_of=on,
        pack_id=pack.identity.id,
        pack_version=pack.identity.version,
        pack_digest=pack.digest,
        at_least=at_least,
        human_oversight_required=_oversight(category, at_least),
        notices=_notices(duties, on),
        unlisted_facts={name: words for name in missing if (words := stated.unlisted_words(name))},
        never_omitted=tuple(name for name in missing if name in pack.least and name not in stated.stated),
        penalties=penalties(pack, classed(case, category)),
    )


def answer_all(
    pack: Pack, facts: Mapping[str, object], on: date, *, complete: bool = False, role: str | None = None
) -> tuple[Classification, tuple[Owed, ...]]:
    """Return the class of a system and every obligation of *pack*: owed, not owed, or not known, and why.

    Where the class is not known, what follows from it is not known either, and never "not owed".

    Raises:
        InvalidInputError: as for `classify`.
    """
    found = classify(pack, facts, on, complete=complete, role=role)
    stated = state(pack.vocabulary, _expanded(pack, facts), complete=complete)
    holdings = judge_elements(pack, stated, role)
    case = _Case(pack, stated, holdings, derogated(holdings, pack.limits, stated))
    known = classed(case, found.category)
    if found.category is Category.NEEDS_REVIEW:
        known = undecided(known)
    return found, weigh(pack, known, on, role=role, since=found.applies_from)


def _expanded(pack: Pack, facts: Mapping[str, object]) -> dict[str, object]:
    expanded = dict(facts)
    if USE_CASE in pack.vocabulary or USE_CASE not in expanded:
        return expanded
    key = expanded.pop(USE_CASE)
    if key is None:  # said to be unknown, which says nothing
        return expanded
    if not isinstance(key, str) or key not in pack.shortcuts:
        known = ", ".join(pack.shortcuts)
        raise InvalidInputError(
            f"unknown use case `{str(key)[:60]}`; use one of: {known}", use_case=str(key)[:60]
        )
    return {**pack.shortcuts[key], **expanded}


def _steps(case: _Case) -> tuple[tuple[Category, Finding], ...]:
    """Return the questions in the law's order; the first that is answered yes names the category."""
    spared = opposite(case.derogation)
    high = some((case.any_of(Group.PRODUCT), every((case.any_of(Group.AREA), spared))))
    return (
        (Category.OUT_OF_SCOPE, case.any_of(Group.EXCLUSION)),
        (Category.UNACCEPTABLE, case.any_of(Group.PRACTICE)),
        (Category.HIGH, high),
        (Category.NEEDS_REVIEW, _doubted(case)),
        (Category.LIMITED, case.any_of(Group.DUTY)),
        (Category.MINIMAL, _describable(case)),
    )


def _decide(case: _Case) -> tuple[Category, tuple[str, ...], Category | None]:
    """Return the category, the facts it waits for, and the strictest category that already holds."""
    missing: list[str] = []
    in_scope = case.any_of(Group.EXCLUSION).truth is False
    for category, finding in _steps(case):
        if finding.truth is None:
            missing.extend(finding.unknown)
        if finding.truth is not True:
            continue
        if category is Category.NEEDS_REVIEW:
            return category, (*missing, *finding.unknown, *(one.ask for one in _standing(case))), None
        if missing:
            # Whatever the answers, it stays at least this strict, unless it may yet be out of scope.
            return Category.NEEDS_REVIEW, tuple(missing), category if in_scope else None
        return category, (), None
    return Category.NEEDS_REVIEW, tuple(missing), None


def _doubted(case: _Case) -> Finding:
    return some(judge(doubt.when, case.facts) for doubt in case.pack.doubts)


def _standing(case: _Case) -> tuple[Doubt, ...]:
    return tuple(one for one in case.pack.doubts if judge(one.when, case.facts).truth is True)


def _doubts(case: _Case) -> tuple[Judged, ...]:
    """Return the doubts that stand, written as elements nobody can answer yet."""
    return tuple(_told(one) for one in _standing(case))


def _told(doubt: Doubt) -> Judged:
    because = f"open ({doubt.because}): not known: `{doubt.ask}`"
    return Judged(f"doubt-{doubt.ask}", doubt.article, None, because, None, Verified.UNCERTAIN)


def _describable(case: _Case) -> Finding:
    """Return whether enough was stated to call a system minimal: never minimal by omission."""
    absent = tuple(name for name in case.pack.least if name not in case.facts.stated)
    return Finding(None, unknown=absent) if absent else Finding(True, rests_on=case.pack.least)


def _decisive(case: _Case, category: Category) -> tuple[Holding, ...]:
    """Return the elements that make the category what it is."""
    match category:
        case Category.OUT_OF_SCOPE:
            return case.holding(Group.EXCLUSION)
        case Category.UNACCEPTABLE:
            return case.holding(Group.PRACTICE)
        case Category.HIGH:
            areas = () if case.derogation.truth is True else case.holding(Group.AREA)
            return case.holding(Group.PRODUCT) + areas
        case Category.LIMITED | Category.MINIMAL:
            spared = case.any_of(Group.AREA).truth is True
            duties = case.holding(Group.DUTY) if category is Category.LIMITED else ()
            return duties + (case.holding(Group.DEROGATION) if spared else ())
        case Category.NEEDS_REVIEW:
            return ()


def _articles(holdings: tuple[Holding, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.element.article for one in holdings))


def _in_order(pack: Pack, missing: tuple[str, ...]) -> tuple[str, ...]:
    """Return the missing facts in the order worth asking, which is the order of the pack's vocabulary."""
    wanted = set(missing)
    return tuple(name for name in pack.vocabulary if name in wanted)


def _obligations(
    case: _Case, category: Category, on: date, role: str | None, since: date | None
) -> tuple[Owed, ...]:
    return owed_by(case.pack, classed(case, category), on, role=role, since=since)


def classed(case: _Case, category: Category) -> Facts:
    """Return the facts with the category and the elements that hold, which obligations ask about."""
    groups = [Group.PRODUCT, Group.AREA, Group.DUTY]
    if category is Category.OUT_OF_SCOPE:
        groups = [Group.EXCLUSION]
    elif category is Category.UNACCEPTABLE:
        groups = [Group.PRACTICE]
    elif case.derogation.truth is True:
        groups.append(Group.DEROGATION)
    holds = tuple(one.element.id for one in case.holding(*groups))
    return with_class(case.facts, category, holds)


def _oversight(category: Category, at_least: Category | None) -> bool | None:
    if Category.NEEDS_REVIEW is category:
        return True if at_least in (Category.HIGH, Category.UNACCEPTABLE) else None
    return category in (Category.HIGH, Category.UNACCEPTABLE)


def _notices(duties: tuple[Holding, ...], on: date) -> tuple[Notice, ...]:
    return tuple(
        Notice(law.article, law.who, law.notice, law.since, in_force=law.since <= on)
        for law in (one.element for one in duties)
        if law.who and law.notice and law.since
    )
