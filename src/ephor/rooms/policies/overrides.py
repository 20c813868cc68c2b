"""The organisation's own policies for the use cases: read from a file, compared, proposed, signed, kept by version."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType, RiskLevel, Sensitivity, UseCase, word
from ephor.rooms.policies.governance import (
    AboveCeiling,
    GovernancePolicy,
    MonitoringLevel,
    loosened,
    policy_digest,
)

MAX_QUORUM = 9
MAX_RETENTION_DAYS = 36_600
"""A hundred years: longer is a slip of the pen."""


@unique
class OverrideStatus(StrEnum):
    """Where one version of an override stands."""

    PROPOSED = "proposed"
    """It is looser than what is in force, and awaits the signature of executive oversight."""
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    """A later version took its place, whether it was in force or only proposed."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PolicyOverride:
    """One version of an organisation's policy for one use case."""

    id: str
    """The use case and the version: ``customer_service@2``."""
    use_case: UseCase
    version: int
    policy: GovernancePolicy
    digest: str
    """Of the policy; what approvals under it bind to."""
    replaces: str
    """Digest of the policy that was in force when this was asked for, and that it was compared with."""
    looser: tuple[str, ...]
    """The fields in which it is looser than that; empty where no signature is needed."""
    status: OverrideStatus
    requested_by: str
    requested_at: datetime
    reason: str
    decided_by: str | None = None
    """Who signed or refused it; None where nobody had to."""
    decided_at: datetime | None = None


def read_policy(raw: Mapping[str, Any], guide: Mapping[UseCase, GovernancePolicy]) -> GovernancePolicy:
    """Return the policy that a file lays down; what it does not name stays as the guide has it.

    >>> from ephor.rooms.policies.governance import POLICIES
    >>> read_policy({"use_case": "decision_support", "max_autonomy_level": 1}, POLICIES).max_autonomy_level
    1

    Raises:
        InvalidInputError: no use case, a field that no policy has, or a value that cannot be.
    """
    fields = {one.name for one in dataclasses.fields(GovernancePolicy)}
    if unknown := sorted(str(name) for name in raw if name not in fields):
        raise InvalidInputError(
            f"a policy has no field `{unknown[0][:80]}`; it has {', '.join(sorted(fields))}", fields=unknown
        )
    if not isinstance(raw.get("use_case"), str):
        raise InvalidInputError("the file names no `use_case`; write one, for example customer_service")
    base = guide[word(UseCase, raw["use_case"], "use case")]
    return GovernancePolicy(
        use_case=base.use_case,
        risk_level=_word(RiskLevel, raw, "risk_level", base.risk_level),
        requires_human_approval=_flag(raw, "requires_human_approval", default=base.requires_human_approval),
        max_autonomy_level=_number(raw, "max_autonomy_level", base.max_autonomy_level, 5),
        data_sensitivity_allowed=_words(
            Sensitivity, raw, "data_sensitivity_allowed", base.data_sensitivity_allowed
        ),
        required_reviews=_words(ReviewType, raw, "required_reviews", base.required_reviews),
        monitoring_level=_word(MonitoringLevel, raw, "monitoring_level", base.monitoring_level),
        retention_days=_number(raw, "retention_days", base.retention_days, MAX_RETENTION_DAYS),
        quorum=_quorum(raw),
        above_autonomy=_word(AboveCeiling, raw, "above_autonomy", base.above_autonomy),
    )


def propose(
    policy: GovernancePolicy,
    now_in_force: GovernancePolicy,
    *,
    version: int,
    by: str,
    reason: str,
    at: datetime,
) -> PolicyOverride:
    """Return a new version: in force at once where it is nowhere looser than what is in force now, else proposed.

    Raises:
        ConflictError: it says what is in force already.
        InvalidInputError: no agent could ever be approved under it by anybody.
    """
    if policy_digest(policy) == policy_digest(now_in_force):
        raise ConflictError(
            f"this is the policy of `{policy.use_case.value}` already; there is nothing to do"
        )
    if not policy.required_reviews:
        raise InvalidInputError(
            "a policy without any required review would approve by itself; name one at least"
        )
    if idle := sorted(one.value for one in policy.quorum if one not in policy.required_reviews):
        raise InvalidInputError(
            f"`quorum` counts `{idle[0]}`, which is no required review; require it, or leave it out"
        )
    looser = loosened(now_in_force, policy)
    return PolicyOverride(
        id=f"{policy.use_case.value}@{version}",
        use_case=policy.use_case,
        version=version,
        policy=policy,
        digest=policy_digest(policy),
        replaces=policy_digest(now_in_force),
        looser=looser,
        status=OverrideStatus.PROPOSED if looser else OverrideStatus.IN_FORCE,
        requested_by=by,
        requested_at=at,
        reason=reason,
    )


def decide_override(
    asked: PolicyOverride, now_in_force: GovernancePolicy, *, sign: bool, by: str, at: datetime
) -> PolicyOverride:
    """Return a proposed version as signed, and in force, or as refused. Whether *by* is an executive is the caller's to check.

    Raises:
        NotPermittedError: *by* asked for it.
        ConflictError: it awaits no signature, or what is in force changed since it was asked for.
    """
    if asked.status is not OverrideStatus.PROPOSED:
        raise ConflictError(
            f"`{asked.id}` is {asked.status.value.replace('_', ' ')} and awaits no signature",
            status=asked.status.value,
        )
    if sign and by == asked.requested_by:
        raise NotPermittedError(
            f"`{by}` asked for `{asked.id}` and cannot sign it; ask another member of executive oversight",
            person=by,
        )
    if sign and policy_digest(now_in_force) != asked.replaces:
        raise ConflictError(
            f"what is in force for `{asked.use_case.value}` changed since `{asked.id}` was asked for; ask for it again"
        )
    status = OverrideStatus.IN_FORCE if sign else OverrideStatus.REFUSED
    return dataclasses.replace(asked, status=status, decided_by=by, decided_at=at)


def laid_over(
    guide: Mapping[UseCase, GovernancePolicy], overrides: Iterable[PolicyOverride]
) -> Mapping[UseCase, GovernancePolicy]:
    """Return the policies in force: the guide's, and over them what the organisation put in force."""
    own = {one.use_case: one.policy for one in overrides if one.status is OverrideStatus.IN_FORCE}
    return {case: own.get(case, policy) for case, policy in guide.items()}


def plain_override(one: PolicyOverride) -> dict[str, Json]:
    """Return what the ledger keeps of a version, besides who and when."""
    policy = one.policy
    return {
        "use_case": one.use_case.value,
        "version": one.version,
        "status": one.status.value,
        "looser": list(one.looser),
        "reason": one.reason,
        "replaces": one.replaces,
        "risk_level": policy.risk_level.value,
        "requires_human_approval": policy.requires_human_approval,
        "max_autonomy_level": policy.max_autonomy_level,
        "data_sensitivity_allowed": [each.value for each in policy.data_sensitivity_allowed],
        "required_reviews": [each.value for each in policy.required_reviews],
        "monitoring_level": policy.monitoring_level.value,
        "retention_days": policy.retention_days,
        "above_autonomy": policy.above_autonomy.value,
        "quorum": {each.value: many for each, many in policy.quorum.items()},
    }


def _word(kind: Any, raw: Mapping[str, Any], name: str, default: Any) -> Any:
    if name not in raw:
        return default
    if not isinstance(raw[name], str):
        raise InvalidInputError(f"`{name}` is no word; use one of: {', '.join(kind)}")
    return word(kind, raw[name], name.replace("_", " "))


def _words(kind: Any, raw: Mapping[str, Any], name: str, default: Any) -> Any:
    if name not in raw:
        return default
    given = raw[name]
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise InvalidInputError(f"`{name}` is no list of words; use any of: {', '.join(kind)}")
    found = {word(kind, one, name.replace("_", " ")) for one in given}
    return tuple(one for one in kind if one in found)


def _flag(raw: Mapping[str, Any], name: str, *, default: bool) -> bool:
    found = raw.get(name, default)
    if not isinstance(found, bool):
        raise InvalidInputError(f"`{name}` is neither true nor false")
    return found


def _number(raw: Mapping[str, Any], name: str, default: int, most: int) -> int:
    found = raw.get(name, default)
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= most:
        raise InvalidInputError(f"`{name}` is no whole number from 1 to {most}")
    return found


def _quorum(raw: Mapping[str, Any]) -> Mapping[ReviewType, int]:
    given = raw.get("quorum", {})
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InvalidInputError(
            "`quorum` is no mapping; write how many people by review, for example ethics: 2"
        )
    counted = {word(ReviewType, name, "review"): _number(given, name, 1, MAX_QUORUM) for name in given}
    return {one: counted[one] for one in ReviewType if counted.get(one, 1) > 1}
