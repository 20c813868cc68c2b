"""The assessment: six categories, unknown never lowers, credit only from proof, the worst counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect, RiskLevel, Sensitivity, UseCase
from ephor.rooms.risk.assess import Assessment, Factor, assess
from ephor.rooms.risk.controls import CONTROLS
from ephor.rooms.risk.profile import DataKind, Influence, Profile, ToolUse
from ephor.rooms.risk.rules import RULES, RiskCategory

TODAY = date(2026, 11, 24)
FAQ = Profile(
    agent="faq", use_case=UseCase.CUSTOMER_SERVICE, autonomy=2, sensitivity=Sensitivity.PUBLIC,
    tools=(ToolUse("search", Effect.READ, Sensitivity.PUBLIC),), data=(), described=True, unrecognised=(), subjects=(),
    models=1, domain="customer_service", influence=Influence.NONE, profiling=False, interacts=True,
    safety_component=False, discloses=True, overseen=True, stoppable=True,
)  # fmt: skip
SUPPORT = replace(
    FAQ, agent="support", autonomy=3, sensitivity=Sensitivity.CONFIDENTIAL, subjects=("customers",),
    data=(DataKind.PERSONAL, DataKind.FINANCIAL),
    tools=(
        ToolUse("lookup", Effect.READ, Sensitivity.CONFIDENTIAL, (DataKind.PERSONAL,), unmasked=True),
        ToolUse("refund", Effect.IRREVERSIBLE, Sensitivity.CONFIDENTIAL, (DataKind.PERSONAL, DataKind.FINANCIAL), asks=True),
    ),
)  # fmt: skip
RANKING = replace(
    FAQ, agent="cv", use_case=UseCase.DECISION_SUPPORT, sensitivity=Sensitivity.CONFIDENTIAL, interacts=False,
    data=(DataKind.PERSONAL,), subjects=("job_applicants",), domain="employment", influence=Influence.MATERIAL, profiling=True,
)  # fmt: skip
AUTONOMOUS = replace(
    FAQ, agent="ops", use_case=UseCase.AUTONOMOUS_ACTION, autonomy=5, capabilities=("shell",), stoppable=False,
    overseen=False, sensitivity=Sensitivity.RESTRICTED, tools=(ToolUse("deploy", Effect.IRREVERSIBLE, Sensitivity.RESTRICTED),),
)  # fmt: skip
UNKNOWN = replace(
    SUPPORT, agent="unknown", domain=None, influence=None, profiling=None, interacts=None, safety_component=None,
    discloses=None, overseen=None, stoppable=None, subjects=None, unrecognised=("zorgs",),
)  # fmt: skip


def factor(result: Assessment, category: RiskCategory) -> Factor:
    return next(one for one in result.factors if one.category is category)


def level(profile: Profile, category: RiskCategory) -> RiskLevel:
    return factor(assess(profile, TODAY, {}), category).inherent.level


@pytest.mark.parametrize("profile", [FAQ, SUPPORT, RANKING, AUTONOMOUS, UNKNOWN], ids=lambda one: one.agent)
def test_all_six_categories_are_always_assessed_in_the_same_order(profile: Profile) -> None:
    found = [one.category.value for one in assess(profile, TODAY, {}).factors]
    assert found == ["safety", "privacy", "security", "fairness", "transparency", "accountability"]


def test_a_public_bot_that_only_reads_and_says_what_it_is_is_low() -> None:
    result = assess(FAQ, TODAY, {})
    assert {one.inherent.level for one in result.factors} == {RiskLevel.LOW}
    assert not result.approval_required
    assert result.recommendations == ()


def test_a_support_agent_that_refunds_is_high_and_needs_approval() -> None:
    result = assess(SUPPORT, TODAY, {})
    assert result.overall.inherent is RiskLevel.HIGH
    assert level(SUPPORT, RiskCategory.SAFETY) is RiskLevel.HIGH
    assert result.approval_required


def test_ranking_applicants_is_a_high_risk_of_unfairness() -> None:
    assert level(RANKING, RiskCategory.FAIRNESS) is RiskLevel.HIGH
    assert (
        level(replace(RANKING, influence=Influence.DETERMINATIVE), RiskCategory.FAIRNESS)
        is RiskLevel.CRITICAL
    )


def test_an_autonomous_agent_reaches_critical() -> None:
    assert factor(assess(AUTONOMOUS, TODAY, {}), RiskCategory.SAFETY).inherent.score == 25


WORST = replace(
    AUTONOMOUS, data=tuple(DataKind), subjects=("children",), domain="healthcare", interacts=True, discloses=False,
    influence=Influence.DETERMINATIVE, profiling=True, safety_component=True, biometric="emotion_recognition",
    capabilities=("shell", "multi_agent"), generates=("video",), models=0,
    tools=(ToolUse("act", Effect.IRREVERSIBLE, Sensitivity.RESTRICTED, tuple(DataKind), unmasked=True, powerful=True),),
)  # fmt: skip


@pytest.mark.parametrize("category", RiskCategory)
def test_every_category_can_reach_the_highest_score(category: RiskCategory) -> None:
    assert factor(assess(WORST, TODAY, {}), category).inherent.score == 25


@pytest.mark.parametrize(
    ("before", "after", "category"),
    [
        (FAQ, replace(FAQ, autonomy=4), RiskCategory.SAFETY),
        (FAQ, replace(FAQ, use_case=UseCase.AUTONOMOUS_ACTION), RiskCategory.SAFETY),
        (FAQ, replace(FAQ, tools=(ToolUse("post", Effect.EXTERNAL, Sensitivity.PUBLIC),)), RiskCategory.SAFETY),
        (FAQ, replace(FAQ, tools=(ToolUse("post", Effect.EXTERNAL, Sensitivity.PUBLIC),)), RiskCategory.SECURITY),
        (FAQ, replace(FAQ, data=(DataKind.PERSONAL,)), RiskCategory.PRIVACY),
        (replace(FAQ, data=(DataKind.PERSONAL,)), replace(FAQ, data=(DataKind.PERSONAL, DataKind.HEALTH)), RiskCategory.PRIVACY),
        (FAQ, replace(FAQ, discloses=False), RiskCategory.TRANSPARENCY),
        (FAQ, replace(FAQ, overseen=False), RiskCategory.ACCOUNTABILITY),
    ],
)  # fmt: skip
def test_what_the_guide_says_raises_a_risk_raises_it(
    before: Profile, after: Profile, category: RiskCategory
) -> None:
    low, raised = (factor(assess(one, TODAY, {}), category) for one in (before, after))
    assert raised.inherent.score > low.inherent.score
    assert len(raised.drivers) > len(low.drivers)


def test_personal_and_health_data_together_are_critical_for_privacy() -> None:
    assert (
        level(replace(FAQ, data=(DataKind.PERSONAL, DataKind.HEALTH)), RiskCategory.PRIVACY)
        is RiskLevel.CRITICAL
    )


def test_the_drivers_add_up_to_the_rating() -> None:
    for profile in (FAQ, SUPPORT, RANKING, AUTONOMOUS, UNKNOWN, WORST):
        for one in assess(profile, TODAY, {}).factors:
            assert one.inherent.likelihood == min(5, 1 + sum(driver.likelihood for driver in one.drivers))
            assert one.inherent.impact == min(5, 1 + sum(driver.impact for driver in one.drivers))
            assert all(driver.likelihood + driver.impact > 0 for driver in one.drivers)


@pytest.mark.parametrize("profile", [SUPPORT, RANKING, AUTONOMOUS, UNKNOWN, WORST], ids=lambda one: one.agent)
def test_every_factor_above_low_yields_its_mitigations(profile: Profile) -> None:
    result = assess(profile, TODAY, {})
    for one in result.factors:
        if one.inherent.level > RiskLevel.LOW:
            assert one.mitigations
            assert {mitigation.text for mitigation in one.mitigations} <= set(result.recommendations)


def test_recommendations_begin_with_the_worst_factor_and_never_repeat() -> None:
    result = assess(SUPPORT, TODAY, {})
    worst = max(result.factors, key=lambda one: one.inherent.score)
    assert result.recommendations[0] == worst.mitigations[0].text
    assert len(set(result.recommendations)) == len(result.recommendations)


def test_without_evidence_nothing_is_taken_off() -> None:
    result = assess(SUPPORT, TODAY, {})
    assert all(one.residual == one.inherent for one in result.factors)
    assert result.overall.residual is result.overall.inherent


def test_a_proven_control_lowers_the_residual_and_leaves_the_inherent_risk() -> None:
    plain = factor(assess(SUPPORT, TODAY, {}), RiskCategory.PRIVACY)
    proven = factor(assess(SUPPORT, TODAY, {"pii-masking": TODAY + timedelta(days=30)}), RiskCategory.PRIVACY)
    assert proven.inherent == plain.inherent
    assert proven.residual.score < plain.residual.score
    credited = next(one for one in proven.mitigations if one.control == "pii-masking")
    assert credited.credited_until == TODAY + timedelta(days=30)


@pytest.mark.parametrize(("days", "credited"), [(1, True), (0, True), (-1, False)])
def test_evidence_counts_through_its_last_day_and_not_after(days: int, credited: bool) -> None:
    result = assess(SUPPORT, TODAY, {"pii-masking": TODAY + timedelta(days=days)})
    privacy = factor(result, RiskCategory.PRIVACY)
    assert (privacy.residual.score < privacy.inherent.score) is credited
    assert (CONTROLS["pii-masking"].text not in result.recommendations) is credited


def test_a_control_that_answers_no_driver_earns_nothing() -> None:
    far = TODAY + timedelta(days=99)
    assert all(one.residual == one.inherent for one in assess(FAQ, TODAY, {"phi-handling": far}).factors)


def test_approval_cannot_be_avoided_by_evidence() -> None:
    far = TODAY + timedelta(days=99)
    result = assess(SUPPORT, TODAY, dict.fromkeys(CONTROLS, far))
    assert result.overall.residual < result.overall.inherent
    assert result.approval_required


def test_evidence_for_a_control_nobody_knows_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="unknown control `prayer`"):
        assess(FAQ, TODAY, {"prayer": TODAY})


@pytest.mark.parametrize("autonomy", [0, 6])
def test_an_autonomy_level_outside_the_scale_is_refused(autonomy: int) -> None:
    with pytest.raises(InvalidInputError, match="is not between 1 and 5"):
        assess(replace(FAQ, autonomy=autonomy), TODAY, {})


def test_the_worst_factor_is_the_overall_and_no_average_hides_it() -> None:
    result = assess(replace(FAQ, data=(DataKind.PERSONAL, DataKind.HEALTH)), TODAY, {})
    assert [one.inherent.level for one in result.factors].count(RiskLevel.LOW) == 5
    assert result.overall.inherent is RiskLevel.CRITICAL


def test_what_nobody_stated_raises_and_is_named() -> None:
    result = assess(UNKNOWN, TODAY, {})
    unstated = {driver.field for one in result.factors for driver in one.drivers if not driver.stated}
    assert unstated == {
        "facts.safety_component", "oversight.people", "oversight.stop", "data.categories", "facts.interacts_with_persons",
        "tools", "facts.decision_influence", "facts.domain", "data.subjects", "facts.profiling", "disclosure.tells_people",
    }  # fmt: skip
    assert any("not known from oversight.people" in driver.because for driver in result.factors[0].drivers)


BEST: dict[str, object] = {
    "domain": "customer_service", "influence": Influence.NONE, "profiling": False, "interacts": False,
    "safety_component": False, "discloses": True, "overseen": True, "stoppable": True, "subjects": ("customers",),
    "unrecognised": (),
}  # fmt: skip


@pytest.mark.parametrize("field", sorted(BEST))
@pytest.mark.parametrize("profile", [SUPPORT, RANKING, AUTONOMOUS, UNKNOWN], ids=lambda one: one.agent)
def test_leaving_a_fact_unstated_never_scores_below_its_best_answer(profile: Profile, field: str) -> None:
    unstated = ("zorgs",) if field == "unrecognised" else None
    silent = assess(replace(profile, **{field: unstated}), TODAY, {})
    stated = assess(replace(profile, **{field: BEST[field]}), TODAY, {})
    for quiet, told in zip(silent.factors, stated.factors, strict=True):
        assert quiet.inherent.score >= told.inherent.score


def test_no_rule_counts_silence_for_more_than_the_fact_or_names_a_control_nobody_wrote() -> None:
    for rule in RULES:
        assert sum(rule.raises) > 0
        assert all(
            0 <= unstated <= stated for unstated, stated in zip(rule.unstated, rule.raises, strict=True)
        )
        assert set(rule.controls) <= CONTROLS.keys()
    assert {control for rule in RULES for control in rule.controls} == CONTROLS.keys()


def holders(profile: Profile) -> list[tuple[str, Callable[[Profile], bool | None]]]:
    return [(rule.because, rule.holds) for rule in RULES if rule.holds(profile) is None]


def test_a_question_that_may_stay_open_always_has_a_price() -> None:
    dear = {rule.because for rule in RULES if sum(rule.unstated) > 0}
    assert {because for because, _ in holders(UNKNOWN)} <= dear


truths = st.sampled_from([True, False, None])
profiles = st.builds(
    Profile,
    agent=st.just("any"),
    use_case=st.sampled_from(UseCase),
    autonomy=st.integers(1, 5),
    sensitivity=st.sampled_from(Sensitivity),
    tools=st.lists(
        st.builds(ToolUse, st.sampled_from(["a", "b"]), st.sampled_from(Effect), st.sampled_from(Sensitivity),
                  asks=st.booleans(), unmasked=st.booleans()),
        max_size=3,
    ).map(tuple),
    data=st.frozensets(st.sampled_from(DataKind)).map(lambda found: tuple(sorted(found))),
    described=st.booleans(),
    unrecognised=st.sampled_from([(), ("zorgs",)]),
    subjects=st.sampled_from([None, (), ("customers",), ("children",)]),
    models=st.integers(0, 2),
    domain=st.sampled_from([None, "", "employment", "retail"]),
    influence=st.sampled_from([None, *Influence]),
    profiling=truths, interacts=truths, safety_component=truths, discloses=truths, overseen=truths, stoppable=truths,
)  # fmt: skip
proofs = st.dictionaries(st.sampled_from(sorted(CONTROLS)), st.dates(date(2026, 1, 1), date(2028, 1, 1)))


@given(profiles, proofs)
def test_proof_never_raises_a_risk_and_the_roll_up_is_the_worst(
    profile: Profile, proven: dict[str, date]
) -> None:
    result = assess(profile, TODAY, proven)
    for one in result.factors:
        assert one.residual.likelihood <= one.inherent.likelihood
        assert one.residual.impact <= one.inherent.impact
        if one.inherent.level > RiskLevel.LOW:
            assert one.mitigations
    assert result.overall.inherent is max(one.inherent.level for one in result.factors)
    assert result.overall.residual is max(one.residual.level for one in result.factors)
    assert result.approval_required is (result.overall.inherent >= RiskLevel.HIGH)


@given(profiles, proofs)
def test_the_same_input_gives_the_same_answer(profile: Profile, proven: dict[str, date]) -> None:
    backwards = dict(reversed(list(proven.items())))
    assert assess(profile, TODAY, proven) == assess(profile, TODAY, backwards)


@given(profiles, st.sampled_from([DataKind.PERSONAL, DataKind.HEALTH, DataKind.FINANCIAL]))
def test_more_kinds_of_data_never_lower_a_factor(profile: Profile, kind: DataKind) -> None:
    more = replace(profile, data=tuple(sorted({*profile.data, kind})))
    before, after = assess(profile, TODAY, {}), assess(more, TODAY, {})
    assert all(
        b.inherent.score <= a.inherent.score for b, a in zip(before.factors, after.factors, strict=True)
    )


def test_the_input_digest_changes_with_the_facts_the_day_and_the_evidence() -> None:
    digests = {
        assess(FAQ, TODAY, {}).input_digest,
        assess(replace(FAQ, autonomy=1), TODAY, {}).input_digest,
        assess(FAQ, TODAY + timedelta(days=1), {}).input_digest,
        assess(FAQ, TODAY, {"oversight": TODAY}).input_digest,
    }
    assert len(digests) == 4
