"""Minimums and maximums are different things, conflicts stay in the open, and a hold beats everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.rooms.retention.hold import Hold, check_hold, covering, is_active, keeps, release
from ephor.rooms.retention.plan import Disposal, Policy, PolicyStatus, dispose, plan
from ephor.rooms.retention.rule import DataCategory, RetentionLaw, Rule

NOW = datetime(2026, 6, 1, tzinfo=UTC)
C, L = DataCategory, RetentionLaw


def policy(category: DataCategory, *laws: RetentionLaw, own: tuple[Rule, ...] = ()) -> Policy:
    return next(one for one in plan(laws, own) if one.category is category)


def rule(low: int | None, high: int | None) -> Rule:
    return Rule("house", C.ANALYTICS, low, high, "creation", "policy 7", statutory=False)


@pytest.mark.parametrize(
    ("category", "laws", "low", "high", "status"),
    [
        (C.PII_DATA, (L.GDPR,), None, 365, PolicyStatus.SET),
        (C.PII_DATA, (L.GDPR, L.HIPAA), 2192, 365, PolicyStatus.CONFLICT),
        (C.CONVERSATION_HISTORY, (L.GDPR, L.HIPAA), None, 90, PolicyStatus.SET),
        (C.AUDIT_TRAILS, (L.HIPAA, L.SOC2, L.PCI_DSS), 2192, None, PolicyStatus.NOT_SET),
        (C.AGENT_LOGS, (L.SOC2, L.PCI_DSS), 365, None, PolicyStatus.NOT_SET),
        (C.ANALYTICS, tuple(L), None, None, PolicyStatus.NOT_SET),
    ],
)
def test_the_longest_minimum_and_the_shortest_maximum_count(
    category: DataCategory,
    laws: tuple[RetentionLaw, ...],
    low: int | None,
    high: int | None,
    status: PolicyStatus,
) -> None:
    one = policy(category, *laws)
    assert (one.minimum_days, one.maximum_days, one.status) == (low, high, status)


def test_six_years_are_kept_whole_over_leap_days() -> None:
    one = policy(C.AUDIT_TRAILS, L.HIPAA)
    assert one.minimum_days is not None
    assert date(2024, 1, 1) + timedelta(one.minimum_days) >= date(2030, 1, 1)


def test_a_conflict_names_both_sides_and_decides_nothing() -> None:
    one = policy(C.PII_DATA, L.GDPR, L.HIPAA)
    [conflict] = one.conflicts
    assert (conflict.minimum.source, conflict.maximum.source) == ("HIPAA", "GDPR")
    for age in (1, 400, 4000):
        assert dispose(one, triggered=NOW - timedelta(age), now=NOW, held=False) is Disposal.UNDECIDED


@pytest.mark.parametrize(
    ("low", "high", "age", "what"),
    [
        (None, 90, 89, Disposal.KEEP),
        (None, 90, 90, Disposal.MUST_DELETE),
        (30, 90, 29, Disposal.KEEP),
        (30, 90, 30, Disposal.MAY_DELETE),
        (30, 90, 90, Disposal.MUST_DELETE),
        (30, None, 29, Disposal.KEEP),
        (30, None, 31, Disposal.MAY_DELETE),
        (0, 0, 0, Disposal.MUST_DELETE),
    ],
)
def test_data_is_disposed_of_by_its_age(low: int | None, high: int | None, age: int, what: Disposal) -> None:
    one = policy(C.ANALYTICS, own=(rule(low, high),))
    assert dispose(one, triggered=NOW - timedelta(age), now=NOW, held=False) is what


def test_without_any_rule_a_person_decides() -> None:
    one = policy(C.ANALYTICS)
    assert dispose(one, triggered=NOW - timedelta(9999), now=NOW, held=False) is Disposal.UNDECIDED


@given(st.lists(st.sampled_from(list(RetentionLaw)), unique=True), st.integers(0, 9999))
def test_a_hold_beats_every_limit(laws: list[RetentionLaw], age: int) -> None:
    for one in plan(laws):
        assert dispose(one, triggered=NOW - timedelta(age), now=NOW, held=True) is Disposal.HELD


@given(st.permutations(list(RetentionLaw)))
def test_the_order_of_the_laws_changes_nothing(laws: list[RetentionLaw]) -> None:
    assert plan(laws) == plan(list(RetentionLaw))


@given(st.sets(st.sampled_from(list(RetentionLaw))), st.sampled_from(list(RetentionLaw)))
def test_one_more_law_never_loosens_a_limit(laws: set[RetentionLaw], more: RetentionLaw) -> None:
    for before, after in zip(plan(sorted(laws)), plan(sorted(laws | {more})), strict=True):
        assert (after.minimum_days or 0) >= (before.minimum_days or 0)
        if before.maximum_days is not None:
            assert after.maximum_days is not None
            assert after.maximum_days <= before.maximum_days


@pytest.mark.parametrize(("low", "high"), [(None, None), (-1, None), (None, -1), (10, 9)])
def test_a_rule_that_says_nothing_sensible_is_refused(low: int | None, high: int | None) -> None:
    with pytest.raises(InvalidInputError):
        plan([], [rule(low, high)])


HOLD = Hold("hold_1", "Doe v. Shop", ("collection:shop.orders",), "leo", "dora", NOW)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ("everything", True),
        ("collection:shop.orders", True),
        ("collection:shop.order", False),
        ("category:user.financial", True),
        ("category:user.financial.account", True),
        ("category:user.fin", False),
        ("subject:sub_1", True),
        ("subject:sub_2", False),
    ],
)
def test_a_hold_covers_by_collection_category_segment_and_subject(scope: str, covered: bool) -> None:
    hold = check_hold(replace(HOLD, scope=(scope,)))
    found = covering(
        [hold],
        on=NOW.date(),
        collection="shop.orders",
        categories=["user.financial.account"],
        subject="sub_1",
    )
    assert bool(found) is covered


@pytest.mark.parametrize(
    "scope", [(), ("shop.orders",), ("collection:orders",), ("subject:mary@example.org",), ("all",)]
)
def test_a_scope_nobody_can_read_is_refused(scope: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError):
        check_hold(replace(HOLD, scope=scope))
    with pytest.raises(InvalidInputError):
        check_hold(replace(HOLD, matter=" "))


def test_a_hold_ends_when_two_different_people_released_it() -> None:
    once = release(HOLD, by="dora", at=NOW)
    assert is_active(once, NOW.date())
    with pytest.raises(ConflictError, match="second person"):
        release(once, by="dora", at=NOW)
    twice = release(once, by="leo", at=NOW)
    assert not is_active(twice, NOW.date())
    with pytest.raises(ConflictError, match="released at"):
        release(twice, by="ada", at=NOW)


def test_a_duty_to_keep_ends_after_its_last_day() -> None:
    duty = replace(HOLD, until=date(2026, 12, 31))
    assert is_active(duty, date(2026, 12, 31))
    assert not is_active(duty, date(2027, 1, 1))


MINIMUM = replace(HOLD, days=365, since="placed")


@pytest.mark.parametrize(
    ("began", "kept"),
    [
        ("2025-11-24", False),
        ("2025-11-25", True),
        ("2025-11-24T23:30:00-02:00", True),  # already the next day in UTC
        (" 2025-11-24T23:30:00Z ", False),
        (datetime(2025, 11, 24, tzinfo=UTC).timestamp(), False),
        (int(datetime(2025, 11, 25, tzinfo=UTC).timestamp() * 1000), True),
        ("2030-01-01", True),
        ("soon", True),
        ("", True),
        (None, True),
        (True, True),
        (1e300, True),
        (float("nan"), True),
    ],
)
def test_a_minimum_keeps_what_is_younger_or_says_no_time(began: str | float | None, kept: bool) -> None:
    assert keeps(check_hold(MINIMUM), began, date(2026, 11, 24)) is kept


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"since": ""}, "--days and --from together"),
        ({"days": None}, "--days and --from together"),
        ({"days": 0}, "from 1 to 36525"),
        ({"days": 36_526}, "from 1 to 36525"),
        ({"scope": ("everything",)}, "name it as `collection:shop.orders`, not `everything`"),
        ({"scope": ("collection:shop.orders", "category:user.financial")}, "not `category:user.financial`"),
    ],
)
def test_a_minimum_that_could_not_be_counted_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        check_hold(replace(MINIMUM, **change))
