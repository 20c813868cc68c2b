"""The five policies against the guide's own table, and overrides that can only be stricter."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.kernel.vocabulary import ReviewType, RiskLevel, Sensitivity, UseCase
from ephor.rooms.policies.governance import (
    POLICIES,
    AboveCeiling,
    GovernancePolicy,
    MonitoringLevel,
    breaches,
    override,
    policy_digest,
    policy_of,
    set_digest,
)

GUIDE = {
    "customer_service": ("medium", False, 3, "public internal confidential", "security privacy", "standard", 90),
    "decision_support": ("high", True, 2, "public internal", "security privacy ethics legal", "enhanced", 365),
    "autonomous_action": (
        "critical", True, 4, "public", "security privacy ethics legal executive", "comprehensive", 730,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GUIDE)
def test_the_guides_three_policies_are_kept_to_the_letter(case):
    policy = POLICIES[UseCase(case)]
    assert (
        policy.risk_level,
        policy.requires_human_approval,
        policy.max_autonomy_level,
        " ".join(policy.data_sensitivity_allowed),
        " ".join(policy.required_reviews),
        policy.monitoring_level,
        policy.retention_days,
    ) == GUIDE[case]


@pytest.mark.parametrize("case", list(UseCase))
def test_every_use_case_has_a_usable_policy(case):
    policy = policy_of(POLICIES, case)
    assert policy.use_case is case
    assert 1 <= policy.max_autonomy_level <= 5
    assert ReviewType.SECURITY in policy.required_reviews
    assert ReviewType.PRIVACY in policy.required_reviews
    assert Sensitivity.PUBLIC in policy.data_sensitivity_allowed
    assert policy.retention_days > 0


def test_higher_risk_never_asks_for_less():
    by_risk = sorted(POLICIES.values(), key=lambda one: one.risk_level.rank)
    for lower, higher in itertools.pairwise(by_risk):
        assert lower.monitoring_level <= higher.monitoring_level
        assert lower.retention_days <= higher.retention_days
        if lower.risk_level < higher.risk_level:
            assert len(lower.required_reviews) <= len(higher.required_reviews)


def test_a_missing_policy_is_refused_not_invented():
    with pytest.raises(NotFoundError, match="`code_generation` has no policy"):
        policy_of({}, UseCase.CODE_GENERATION)


def test_nobody_can_change_the_set():
    with pytest.raises(TypeError):
        POLICIES[UseCase.CODE_GENERATION] = POLICIES[UseCase.CUSTOMER_SERVICE]  # type: ignore[index]


def test_every_field_is_in_the_digest():
    policy = POLICIES[UseCase.CUSTOMER_SERVICE]
    other = {
        "use_case": UseCase.CODE_GENERATION,
        "risk_level": RiskLevel.LOW,
        "requires_human_approval": True,
        "max_autonomy_level": 1,
        "data_sensitivity_allowed": (),
        "required_reviews": (ReviewType.LEGAL,),
        "monitoring_level": MonitoringLevel.COMPREHENSIVE,
        "retention_days": 91,
        "quorum": {ReviewType.SECURITY: 2},
        "above_autonomy": AboveCeiling.DENY,
    }
    assert set(other) == {field.name for field in dataclasses.fields(GovernancePolicy)}
    digests = {policy_digest(dataclasses.replace(policy, **{key: value})) for key, value in other.items()}
    assert len(digests | {policy_digest(policy)}) == len(other) + 1


def test_the_order_of_reviews_is_not_in_the_digest():
    policy = POLICIES[UseCase.DECISION_SUPPORT]
    turned = dataclasses.replace(policy, required_reviews=policy.required_reviews[::-1])
    assert policy_digest(turned) == policy_digest(policy)


def test_one_changed_policy_changes_the_digest_of_the_set_and_no_other_policys():
    stricter = dataclasses.replace(POLICIES[UseCase.CODE_GENERATION], max_autonomy_level=1)
    changed = {**POLICIES, UseCase.CODE_GENERATION: stricter}
    assert set_digest(changed) != set_digest(POLICIES)
    assert set_digest(dict(reversed(POLICIES.items()))) == set_digest(POLICIES)
    assert policy_digest(changed[UseCase.CUSTOMER_SERVICE]) == policy_digest(
        POLICIES[UseCase.CUSTOMER_SERVICE]
    )


@pytest.mark.parametrize(
    ("autonomy", "sensitivities", "wrong"),
    [
        (2, [Sensitivity.PUBLIC, Sensitivity.INTERNAL], 0),
        (3, [Sensitivity.PUBLIC], 1),
        (2, [Sensitivity.CONFIDENTIAL], 1),
        (5, [Sensitivity.RESTRICTED, Sensitivity.CONFIDENTIAL, Sensitivity.RESTRICTED], 3),
    ],
)
def test_every_breach_is_named_once(autonomy, sensitivities, wrong):
    found = breaches(POLICIES[UseCase.DECISION_SUPPORT], autonomy=autonomy, sensitivities=sensitivities)
    assert len(found) == wrong


LOOSER = {
    "risk_level": RiskLevel.MEDIUM,
    "requires_human_approval": False,
    "max_autonomy_level": 3,
    "data_sensitivity_allowed": (Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL),
    "required_reviews": (ReviewType.SECURITY,),
    "monitoring_level": MonitoringLevel.STANDARD,
    "retention_days": 364,
}


@pytest.mark.parametrize("field", LOOSER)
def test_an_override_looser_in_any_field_is_refused(field):
    policy = POLICIES[UseCase.DECISION_SUPPORT]
    with pytest.raises(InvalidInputError, match=field) as refused:
        override(policy, dataclasses.replace(policy, **{field: LOOSER[field]}))
    assert refused.value.facts["fields"] == [field]


def test_an_override_may_be_stricter_everywhere():
    policy = POLICIES[UseCase.DECISION_SUPPORT]
    stricter = dataclasses.replace(
        policy,
        risk_level=RiskLevel.CRITICAL,
        max_autonomy_level=1,
        data_sensitivity_allowed=(Sensitivity.PUBLIC,),
        required_reviews=tuple(ReviewType),
        monitoring_level=MonitoringLevel.COMPREHENSIVE,
        retention_days=3650,
    )
    assert override(policy, stricter) is stricter


def test_an_override_keeps_its_use_case_and_a_real_level():
    policy = POLICIES[UseCase.DECISION_SUPPORT]
    with pytest.raises(InvalidInputError, match="cannot take the place"):
        override(policy, POLICIES[UseCase.AUTONOMOUS_ACTION])
    with pytest.raises(InvalidInputError, match="max_autonomy_level"):
        override(policy, dataclasses.replace(policy, max_autonomy_level=0))


@given(
    autonomy=st.integers(1, 5),
    allowed=st.sets(st.sampled_from(Sensitivity)),
    handled=st.sets(st.sampled_from(Sensitivity)),
    level=st.integers(1, 5),
)
def test_what_breaks_a_policy_breaks_every_stricter_one(autonomy, allowed, handled, level):
    for policy in POLICIES.values():
        stricter = dataclasses.replace(
            policy, max_autonomy_level=level, data_sensitivity_allowed=tuple(sorted(allowed))
        )
        try:
            override(policy, stricter)
        except InvalidInputError:
            continue
        if breaches(policy, autonomy=autonomy, sensitivities=handled):
            assert breaches(stricter, autonomy=autonomy, sensitivities=handled)
