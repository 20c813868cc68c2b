"""Use cases: what the policies in force say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ephor.kernel.vocabulary import UseCase
from ephor.rooms.policies.governance import GovernancePolicy, policy_digest, policy_of


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy and the digest that approvals bind to."""

    policy: GovernancePolicy
    digest: str


@dataclass(frozen=True, slots=True)
class Policies:
    """The governance policies of this plane."""

    policies: Mapping[UseCase, GovernancePolicy]

    def all(self) -> Sequence[PolicyInForce]:
        """Return the policy of every use case, in the guide's order."""
        return [self.show(case) for case in UseCase]

    def show(self, use_case: UseCase) -> PolicyInForce:
        """Return the policy of one use case.

        Raises:
            NotFoundError: it has none.
        """
        policy = policy_of(self.policies, use_case)
        return PolicyInForce(policy, policy_digest(policy))
