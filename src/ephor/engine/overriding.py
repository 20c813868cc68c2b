"""Which policies hold in a unit: the guide's, and over them the organisation's own. A step that use cases share."""

from __future__ import annotations

from collections.abc import Mapping

from ephor.engine.ports import Unit
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.policies.governance import GovernancePolicy
from ephor.rooms.policies.overrides import OverrideStatus, PolicyOverride, laid_over


def in_force(unit: Unit, guide: Mapping[UseCase, GovernancePolicy]) -> Mapping[UseCase, GovernancePolicy]:
    """Return the policies in force, by use case."""
    own = unit.shelf(PolicyOverride).all(status=OverrideStatus.IN_FORCE.value)
    return laid_over(guide, own) if own else guide
