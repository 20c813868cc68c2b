"""What the policies in force say."""

import pytest

from ephor.engine.policies import Policies
from ephor.kernel.errors import NotFoundError
from ephor.kernel.vocabulary import UseCase
from ephor.rooms.policies.governance import POLICIES, policy_digest


def test_all_five_come_in_the_guides_order_with_the_digest_approvals_bind_to():
    found = Policies(POLICIES).all()
    assert [one.policy.use_case for one in found] == list(UseCase)
    assert all(one.digest == policy_digest(one.policy) for one in found)


def test_a_use_case_without_a_policy_is_not_found():
    with pytest.raises(NotFoundError):
        Policies({}).show(UseCase.CUSTOMER_SERVICE)
