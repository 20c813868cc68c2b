"""Roles of agents: what they allow, and every reason against."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.roles import (
    STANDARD_ROLES,
    Permission,
    Rights,
    Role,
    allowed_by,
    beyond,
    custom_role,
    known_roles,
    lend,
    named,
    narrow,
    rights,
    within,
)

GUIDE = {
    "data:pii:read", "data:pii:write", "data:pii:delete", "data:phi:read", "data:phi:write", "data:financial:read",
    "data:financial:write", "tool:web_search:execute", "tool:database:execute", "tool:email:execute",
    "tool:filesystem:execute", "agent:spawn", "agent:delegate",
}  # fmt: skip
TOOLS = ("mail", "records", "refund")

permissions = st.frozensets(st.sampled_from(Permission))
ceilings = st.sampled_from(Sensitivity)
held_rights = st.builds(Rights, permissions, st.dictionaries(st.sampled_from(TOOLS), ceilings))
role_lists = st.lists(
    st.builds(
        Role,
        st.sampled_from(("one", "two", "three")),
        permissions.map(lambda found: tuple(sorted(found))),
        ceilings,
        st.frozensets(st.sampled_from(TOOLS)).map(lambda found: tuple(sorted(found))),
    ),
    max_size=3,
)


def role(name: str) -> Role:
    return STANDARD_ROLES[name]


def test_the_permissions_are_the_thirteen_of_the_guide() -> None:
    assert {permission.value for permission in Permission} == GUIDE


@pytest.mark.parametrize(
    ("name", "permissions", "ceiling", "tools"),
    [
        ("customer_service_agent", {"data:pii:read", "tool:database:execute", "tool:email:execute"}, "confidential",
         {"customer_lookup", "ticket_management", "email_send"}),
        ("analytics_agent", {"data:financial:read", "tool:database:execute"}, "internal",
         {"database_query", "report_generator"}),
        ("healthcare_agent", {"data:phi:read", "data:phi:write", "tool:database:execute"}, "restricted",
         {"ehr_access", "clinical_notes", "lab_results"}),
    ],
)  # fmt: skip
def test_the_standard_roles_are_the_guides(
    name: str, permissions: set[str], ceiling: str, tools: set[str]
) -> None:
    found = role(name)
    assert set(found.permissions) == permissions
    assert found.max_data_sensitivity == ceiling
    assert set(found.allowed_tools) == tools
    assert found.builtin


def test_an_unknown_role_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(
        InvalidInputError, match=r"unknown role `root`; use one of: analytics_agent, customer_"
    ):
        named(["analytics_agent", "root"], known_roles([]))


def test_roles_are_found_once_each_in_the_order_named() -> None:
    found = named(["healthcare_agent", "analytics_agent", "healthcare_agent"], known_roles([]))
    assert [one.id for one in found] == ["healthcare_agent", "analytics_agent"]


def test_a_custom_role_never_displaces_a_standard_one() -> None:
    impostor = Role("analytics_agent", tuple(Permission), Sensitivity.RESTRICTED, TOOLS)
    assert known_roles([impostor])["analytics_agent"] == STANDARD_ROLES["analytics_agent"]


def test_a_standard_role_cannot_be_redefined() -> None:
    with pytest.raises(ConflictError, match="standard role"):
        custom_role("analytics_agent", ["agent:spawn"], [], "public")


@pytest.mark.parametrize(
    ("name", "wanted", "tools", "ceiling", "complaint"),
    [
        ("clerk", ["data:everything"], ["refund"], "internal", "unknown permission `data:everything`"),
        ("clerk", ["agent:spawn"], ["refund"], "secret", "unknown sensitivity `secret`"),
        ("clerk", ["agent:spawn"], ["*"], "internal", "patterns are not read"),
        ("clerk", ["agent:spawn"], [""], "internal", "cannot name a tool"),
        ("clerk", ["agent:spawn"], ["mail\n"], "internal", "cannot name a tool"),
        ("Refund Clerk", ["agent:spawn"], ["refund"], "internal", "cannot name a role"),
        ("clerk", [], [], "internal", "grants nothing"),
    ],
)
def test_a_custom_role_is_read_word_by_word(
    name: str, wanted: list[str], tools: list[str], ceiling: str, complaint: str
) -> None:
    with pytest.raises(InvalidInputError) as told:
        custom_role(name, wanted, tools, ceiling)
    assert complaint in str(told.value)


def test_a_custom_role_keeps_its_words_once_and_in_order() -> None:
    made = custom_role("clerk", ["agent:spawn", "data:pii:read", "agent:spawn"], ["b", "a", "b"], "internal")
    assert made == Role(
        "clerk", (Permission.READ_PII, Permission.AGENT_SPAWN), Sensitivity.INTERNAL, ("a", "b")
    )


def test_every_reason_against_is_given_not_only_the_first() -> None:
    reasons = allowed_by(
        [role("analytics_agent")], "email_send", Sensitivity.RESTRICTED, [Permission.TOOL_EMAIL]
    )
    assert [reason.code for reason in reasons] == ["tool-not-in-role", "permission-missing"]
    assert reasons[0].text == "`email_send` is not among the tools of role `analytics_agent`"


def test_a_tool_of_the_role_is_enforced_even_where_its_permission_is_held() -> None:
    reasons = allowed_by([role("customer_service_agent")], "wire_transfer", Sensitivity.PUBLIC, [])
    assert [reason.code for reason in reasons] == ["tool-not-in-role"]


def test_the_ceiling_of_the_role_is_enforced() -> None:
    assert not allowed_by([role("analytics_agent")], "database_query", Sensitivity.INTERNAL, [])
    reasons = allowed_by([role("analytics_agent")], "database_query", Sensitivity.CONFIDENTIAL, [])
    assert [reason.code for reason in reasons] == ["sensitivity-above-ceiling"]
    assert "`analytics_agent` up to internal" in reasons[0].text


def test_two_roles_do_not_lend_each_other_their_ceilings() -> None:
    both = [role("analytics_agent"), role("healthcare_agent")]
    assert (
        allowed_by(both, "database_query", Sensitivity.RESTRICTED, [])[0].code == "sensitivity-above-ceiling"
    )
    assert not allowed_by(both, "ehr_access", Sensitivity.RESTRICTED, [Permission.READ_FINANCIAL])


def test_an_agent_without_a_role_may_do_nothing() -> None:
    assert [reason.code for reason in allowed_by([], "database_query", Sensitivity.PUBLIC, [])] == ["no-role"]


@given(role_lists, st.sampled_from((*TOOLS, "other")), ceilings, permissions)
def test_rights_say_the_same_as_the_roles_they_were_made_from(
    roles: list[Role], tool: str, sensitivity: Sensitivity, needed: frozenset[Permission]
) -> None:
    one_role_does_it = any(
        tool in one.allowed_tools and sensitivity <= one.max_data_sensitivity for one in roles
    )
    granted = {permission for one in roles for permission in one.permissions}
    expected = one_role_does_it and needed <= granted
    assert (allowed_by(roles, tool, sensitivity, needed) == ()) is expected
    assert (within(rights(roles), tool, sensitivity, needed) == ()) is expected


@given(held_rights, held_rights)
def test_narrowing_never_exceeds_either_side(one: Rights, other: Rights) -> None:
    both = narrow(one, other)
    assert not beyond(both, one, "one")
    assert not beyond(both, other, "other")
    assert both == narrow(other, one)
    assert narrow(both, one) == both


@given(held_rights, held_rights)
def test_beyond_is_empty_exactly_when_narrowing_loses_nothing(wanted: Rights, held: Rights) -> None:
    assert (beyond(wanted, held, "somebody") == ()) is (narrow(wanted, held) == wanted)


@given(role_lists, role_lists)
def test_taking_a_role_away_never_allows_more(some: list[Role], more: list[Role]) -> None:
    assert not beyond(rights(some), rights([*some, *more]), "all of them")


def test_lent_rights_carry_one_ceiling_for_every_tool() -> None:
    lent = lend([Permission.READ_PII], ["mail", "records"], Sensitivity.INTERNAL)
    assert lent.tools == {"mail": Sensitivity.INTERNAL, "records": Sensitivity.INTERNAL}
