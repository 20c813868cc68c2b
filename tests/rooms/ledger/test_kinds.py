"""Which kinds there are, and which of them may come from outside."""

from __future__ import annotations

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.ledger import kinds

GUIDE = [
    "agent.started",
    "agent.stopped",
    "agent.error",
    "decision.made",
    "decision.overridden",
    "tool.invoked",
    "tool.completed",
    "tool.failed",
    "data.accessed",
    "data.modified",
    "data.deleted",
    "auth.requested",
    "auth.granted",
    "auth.denied",
    "policy.evaluated",
    "policy.violated",
]


def test_the_audit_events_are_those_of_the_guide():
    assert list(kinds.AUDIT) == [f"{kind}/1" for kind in GUIDE]


def test_every_kind_has_the_shape_of_one_and_a_meaning():
    for kind, meaning in kinds.KINDS.items():
        assert kinds.is_kind(kind)
        assert len(meaning) > 10
        assert meaning[-1] != "."


def test_no_kind_is_both_audit_and_governance():
    assert not kinds.AUDIT.keys() & kinds.GOVERNANCE.keys()
    assert not kinds.SIGNS.keys() & (kinds.AUDIT.keys() | kinds.GOVERNANCE.keys())


@pytest.mark.parametrize("kind", [*kinds.AUDIT, *kinds.SIGNS, "x-payroll/1", "x-pay-roll.run/12"])
def test_outsiders_may_append_audit_events_and_custom_ones(kind):
    kinds.check_external(kind)
    kinds.check_known(kind)


@pytest.mark.parametrize("kind", kinds.GOVERNANCE)
def test_outsiders_may_not_append_what_the_plane_records(kind):
    kinds.check_known(kind)
    with pytest.raises(InvalidInputError, match="recorded by the plane alone"):
        kinds.check_external(kind)


@pytest.mark.parametrize(
    "kind",
    ["", "x-/1", "x-a", "x-a/0", "x-a/1\n", "x-A/1", "x-a/01", "tool.invoked", "tool.invoked/2", "made.up/1"],
)
def test_unknown_kinds_are_refused(kind):
    with pytest.raises(InvalidInputError, match="unknown event kind"):
        kinds.check_known(kind)
    with pytest.raises(InvalidInputError, match="unknown event kind"):
        kinds.check_external(kind)
