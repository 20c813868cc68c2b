"""People and roles change and go: who may, what is recorded, and that it counts at once."""

import dataclasses
from datetime import timedelta

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.decisions.model import Call, Outcome
from sample_plane import ID, entries, kinds, manifest, ready, size

LOOK = Call(ID, "customer_lookup", {"id": 7})
PAY = Call(ID, "refund", {"amount_cents": 1000})
CLERK = {"name": "refund_clerk", "permissions": ["data:financial:write"], "tools": ["refund"], "max_data_sensitivity": "confidential"}  # fmt: skip


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def codes(decision):
    return [reason.code for reason in decision.reasons]


def test_a_changed_role_counts_at_the_next_call_and_is_recorded_with_what_it_was(plane):
    assert plane.decide(PAY).outcome is Outcome.ALLOW
    before = size(plane)
    role, change = plane.custom_roles.change("refund_clerk", {"tools": ["other"]}, by="ada")
    assert (change.value, role.allowed_tools) == ("changed", ("other",))
    assert role.permissions
    assert codes(plane.decide(PAY)) == ["tool-not-in-role"]
    assert kinds(plane, before)[0] == "role.changed/1"
    (entry,) = entries(plane, "role.changed/1")
    assert (entry["resource"], entry["metadata"]["tools"]) == ("role:refund_clerk", ["other"])
    assert entry["metadata"]["before"].startswith("sha256:")
    plane.custom_roles.change(
        "refund_clerk", {"tools": ["refund"], "max_data_sensitivity": "public"}, by="ada"
    )
    assert codes(plane.decide(PAY)) == ["sensitivity-above-ceiling"]


def test_roles_come_from_a_file_all_of_them_or_none(plane):
    done = plane.custom_roles.load([CLERK, {**CLERK, "name": "teller"}], by="ada")
    assert [(role.id, change.value) for role, change in done] == [
        ("refund_clerk", "changed"),
        ("teller", "added"),
    ]
    before = size(plane)
    for bad, told in (
        ({"name": "x"}, "no `max_data_sensitivity`"),
        ({**CLERK, "name": "x", "tools": "refund"}, "no list of text"),
        ({**CLERK, "name": "x", "powers": []}, "unknown key `powers`"),
        ({**CLERK, "name": "x", "permissions": ["fly"]}, "unknown permission"),
        ({**CLERK, "name": "x", "permissions": [], "tools": []}, "grants nothing"),
    ):
        with pytest.raises(InvalidInputError, match=told):
            plane.custom_roles.load([{**CLERK, "name": "new"}, bad], by="ada")
    with pytest.raises(ConflictError, match="standard role"):
        plane.custom_roles.load([{**CLERK, "name": "analytics_agent"}], by="ada")
    with pytest.raises(NotPermittedError):
        plane.custom_roles.load([{**CLERK, "name": "new"}], by="eve")
    assert size(plane) == before


def test_a_removed_role_leaves_nothing_to_whoever_names_it(plane):
    plane.custom_roles.remove("refund_clerk", by="ada")
    assert "role-unknown" in codes(plane.decide(PAY))
    assert "role-unknown" in codes(plane.decide(LOOK))
    assert entries(plane, "role.removed/1")[0]["actor"] == "person:ada"
    for name, told in (
        ("refund_clerk", "there is no role"),
        ("analytics_agent", "is a standard one, which stays"),
    ):
        with pytest.raises(NotFoundError, match=told):
            plane.custom_roles.remove(name, by="ada")
        with pytest.raises(NotFoundError, match=told):
            plane.custom_roles.change(name, {"tools": ["refund"]}, by="ada")


def test_a_person_with_other_roles_may_other_things_at_once(plane):
    before = size(plane)
    plane.access.change_person("ola", roles=[PlaneRole.AUDITOR], by="ada")
    with pytest.raises(NotPermittedError):
        plane.agents.suspend(ID, "enough", by="ola")
    changed = plane.access.change_person("ola", roles=[PlaneRole.OPERATOR], name="Ola N.", by="ada")
    assert (changed.name, changed.roles) == ("Ola N.", (PlaneRole.OPERATOR,))
    plane.agents.suspend(ID, "enough", by="ola")
    assert kinds(plane, before) == ["person.changed/1", "person.changed/1", "agent.suspended/1"]
    assert entries(plane, "person.changed/1")[0]["metadata"] == {"roles": ["auditor"], "before": ["operator"]}


def test_nobody_changes_or_removes_themselves_or_without_the_role(plane):
    before = size(plane)
    for act in (
        lambda: plane.access.change_person("ada", roles=[PlaneRole.CALL_APPROVER], by="ada"),
        lambda: plane.access.remove_person("ada", "away", by="ada"),
        lambda: plane.access.change_person("ola", roles=[PlaneRole.AUDITOR], by="eve"),
        lambda: plane.access.remove_person("val", "away", by="eve"),
        lambda: plane.access.remove_person("val", "away", by="ghost"),
    ):
        with pytest.raises(NotPermittedError):
            act()
    with pytest.raises(ConflictError, match="already"):
        plane.access.change_person("ola", roles=[PlaneRole.OPERATOR], by="ada")
    with pytest.raises(InvalidInputError):
        plane.access.change_person("ola", roles=[], by="ada")
    for name in ("O\u202ela", "O" * 201):
        with pytest.raises(InvalidInputError, match="the person's name"):
            plane.access.change_person("ola", name=name, by="ada")
    with pytest.raises(InvalidInputError):
        plane.access.remove_person("val", " ", by="ada")
    for act in (
        plane.access.change_person,
        lambda id, **more: plane.access.remove_person(id, "away", **more),
    ):
        with pytest.raises(NotFoundError):
            act("ghost", by="ada")
    assert plane.access.change_person("ada", name="Ada L.", by="ada").roles == (PlaneRole.ADMINISTRATOR,)
    assert size(plane) == before + 1


def test_whoever_leaves_takes_what_they_lent_with_them(plane, clock):
    plane.access.add_person("lou", "Lou", [PlaneRole.ENGINEER, PlaneRole.CALL_APPROVER], by="ada")
    held = {"permissions": ["data:pii:read", "tool:database:execute"], "tools": ["customer_lookup"], "max_sensitivity": "confidential"}  # fmt: skip
    plane.delegations.allow("lou", **held, by="ada")
    until = clock.now() + timedelta(days=1)
    lent = plane.delegations.grant(ID, **held, until=until, by="lou", purpose="support")
    call = dataclasses.replace(LOOK, on_behalf_of=lent.id, purpose="support")
    assert plane.decide(call).outcome is Outcome.ALLOW
    asked = plane.decide(dataclasses.replace(PAY, arguments={"amount_cents": 9000}))
    plane.access.remove_person("lou", "left the company", by="ada")
    assert "principal-unknown" in codes(plane.decide(call))
    with pytest.raises(NotPermittedError):
        plane.calls.answer(asked.approval, approve=True, by="lou", because="late")
    (entry,) = entries(plane, "person.removed/1")
    assert entry["metadata"] == {"roles": ["call_approver", "engineer"], "reason": "left the company"}
    plane.access.add_person("lou", "Another Lou", [PlaneRole.ENGINEER], by="ada")
    assert "principal-unknown" in codes(plane.decide(call))


def test_who_answers_for_an_agent_is_replaced_first(plane):
    for name in ("eve", "ola"):
        with pytest.raises(ConflictError, match=f"`{name}` owns or watches over agent `{ID}`"):
            plane.access.remove_person(name, "away", by="ada")
    plane.agents.register(manifest(owner="val", oversight=dataclasses.replace(manifest().oversight, people=("val",))), by="eve")  # fmt: skip
    assert plane.access.remove_person("ola", "away", by="ada").id == "ola"


def test_roles_of_people_may_be_written_as_words_and_only_as_known_ones(plane):
    zoe = plane.access.add_person("zoe", "Zoe", ["auditor", PlaneRole.OPERATOR], by="ada")
    assert zoe.roles == (PlaneRole.AUDITOR, PlaneRole.OPERATOR)
    for roles in (["auditr"], "auditor"):
        with pytest.raises(InvalidInputError, match="unknown role"):
            plane.access.change_person("zoe", roles=roles, by="ada")
