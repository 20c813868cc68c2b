"""What is compiled once: permissions, revealed types, and the digest a call's approval binds to."""

import dataclasses

import pytest

from ephor.kernel.vocabulary import Sensitivity, UseCase
from ephor.rooms.access.roles import Permission, Role
from ephor.rooms.policies.governance import POLICIES
from sample_agents import LOOKUP, support
from sample_decisions import MODEL, ROLES, authority


def revealing(*types, permissions):
    role = Role("only", permissions, Sensitivity.RESTRICTED, ("customer_lookup",))
    manifest = support(tools=(dataclasses.replace(LOOKUP, reveals=types),), roles=("only",))
    return authority(manifest, roles={"only": role}).tools["customer_lookup"].mask.reveal


@pytest.mark.parametrize(
    ("type", "permission"),
    [
        ("email", Permission.READ_PII),
        ("credit_card", Permission.READ_FINANCIAL),
        ("iban", Permission.READ_FINANCIAL),
        ("medical_record_number", Permission.READ_PHI),
        ("uk_nhs", Permission.READ_PHI),
    ],
)
def test_only_what_manifest_and_role_both_reveal_passes(type, permission):
    assert revealing(type, permissions=(permission,)) == (type,)
    assert revealing(type, permissions=tuple(one for one in Permission if one is not permission)) == ()
    assert revealing(permissions=tuple(Permission)) == ()


def test_a_type_that_nobody_knows_reveals_nothing():
    assert revealing("everything", "email", permissions=tuple(Permission)) == ("email",)


def test_permissions_and_roles_that_do_not_exist_are_kept_as_such():
    tool = dataclasses.replace(LOOKUP, permissions=("data:pii:read", "data:everything"))
    known = authority(support(tools=(tool,), roles=("ghost", "customer_service_agent")))
    assert known.unknown_roles == ("ghost",)
    assert known.tools["customer_lookup"].unknown_permissions == ("data:everything",)
    assert known.tools["customer_lookup"].permissions == {Permission.READ_PII}


def test_what_was_compiled_cannot_be_changed():
    with pytest.raises(TypeError):
        authority().tools["x"] = None


CHANGES = {
    "manifest": authority(support(autonomy=2)),
    "description": authority(support(tools=(dataclasses.replace(LOOKUP, description="Reads all."),))),
    "policy": authority(policy=dataclasses.replace(POLICIES[UseCase.CUSTOMER_SERVICE], max_autonomy_level=2)),
    "role": authority(
        roles={
            **ROLES,
            "refund_clerk": dataclasses.replace(
                ROLES["refund_clerk"], max_data_sensitivity=Sensitivity.PUBLIC
            ),
        }
    ),
    "role gone": authority(roles={key: role for key, role in ROLES.items() if key != "refund_clerk"}),
    "category": authority(category="high"),
    "model": authority(models={MODEL: ("it is retired",)}),
    "consent": authority(consent_purposes=frozenset({"news"})),
    "other": authority(other_purposes=frozenset({"news"})),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_an_answer_rests_on_changes_the_digest(what):
    assert CHANGES[what].digest != authority().digest


def test_the_changes_differ_from_one_another_and_the_same_is_the_same():
    assert len({one.digest for one in CHANGES.values()}) == len(CHANGES)
    assert authority().digest == authority().digest
