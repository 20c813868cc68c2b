"""Roles of agents and what is lent to them: who may, what is recorded, and what ends at once."""

import dataclasses
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.access.delegation import Granter
from ephor.rooms.access.roles import STANDARD_ROLES, Permission
from ephor.rooms.agents.manifest import Manifest
from sample_agents import support

UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
READ = {"permissions": ["data:pii:read"], "tools": ["customer_lookup"], "max_sensitivity": "confidential"}
LENDING = {**READ, "permissions": ["data:pii:read", "agent:delegate"]}


def entries(engine, kind):
    ledger = engine.world.storage.ledger
    found = [orjson.loads(entry) for entry in ledger.entries(0, ledger.head().size)]
    return [one for one in found if one["kind"] == kind]


def agent(id: str, *roles: str) -> Manifest:
    return dataclasses.replace(support(), id=id, roles=roles)


@pytest.fixture
def lending(engine):
    """Three agents that hold the same, and eve, who may lend it."""
    engine.access.add_role("relay", ["agent:delegate"], ["customer_lookup"], "confidential", by="ada")
    for id in ("alpha", "beta", "gamma"):
        engine.agents.register(agent(id, "customer_service_agent", "relay"), by="eve")
    engine.delegations.allow("eve", LENDING["permissions"], LENDING["tools"], "confidential", by="ada")
    return engine.delegations


def grant(delegations, to="alpha", **change):
    return delegations.grant(
        to, **{**LENDING, "purpose": "inbox", "until": UNTIL, "depth": 2, "by": "eve", **change}
    )


def codes(delegations, id):
    (found,) = [one for one in delegations.all() if one.delegation.id == id]
    return [reason.code for reason in found.reasons]


def test_a_custom_role_is_kept_listed_and_recorded(engine):
    role = engine.access.add_role("clerk", ["agent:spawn", "data:pii:read"], ["refund"], "internal", by="ada")
    assert engine.access.role("clerk") == role
    assert [one.id for one in engine.access.roles()] == [*STANDARD_ROLES, "clerk"]
    (entry,) = entries(engine, "role.added/1")
    assert (entry["actor"], entry["resource"]) == ("person:ada", "role:clerk")
    assert entry["metadata"]["permissions"] == ["data:pii:read", "agent:spawn"]


def test_a_role_is_made_once_by_an_administrator_and_never_in_a_standard_ones_place(engine):
    engine.access.add_role("clerk", [], ["refund"], "internal", by="ada")
    with pytest.raises(ConflictError):
        engine.access.add_role("clerk", [], ["wire"], "restricted", by="ada")
    with pytest.raises(ConflictError, match="standard role"):
        engine.access.add_role("analytics_agent", [], ["wire"], "restricted", by="ada")
    with pytest.raises(NotPermittedError):
        engine.access.add_role("other", [], ["wire"], "restricted", by="eve")
    with pytest.raises(NotFoundError, match="`other`"):
        engine.access.role("other")
    assert len(entries(engine, "role.added/1")) == 1


def test_what_a_person_may_lend_is_set_by_another_administrator(engine):
    engine.delegations.allow("eve", ["data:pii:read"], ["mail"], "internal", by="ada")
    with pytest.raises(NotPermittedError, match="cannot set what `ada` may lend"):
        engine.delegations.allow("ada", ["data:pii:read"], ["mail"], "restricted", by="ada")
    with pytest.raises(NotPermittedError):
        engine.delegations.allow("eve", ["data:pii:read"], ["mail"], "restricted", by="eve")
    with pytest.raises(NotFoundError):
        engine.delegations.allow("zoe", ["data:pii:read"], ["mail"], "internal", by="ada")
    (entry,) = entries(engine, "person.changed/1")
    assert entry["metadata"]["may_lend"] == {
        "permissions": ["data:pii:read"], "tools": ["mail"], "max_sensitivity": "internal"
    }  # fmt: skip


def test_a_person_lends_what_they_hold_and_it_is_recorded(engine, lending):
    lent = grant(lending)
    assert (lent.from_kind, lent.from_id, lent.to_agent, lent.parent) == (
        Granter.PERSON,
        "eve",
        "alpha",
        None,
    )
    assert codes(lending, lent.id) == []
    (entry,) = entries(engine, "delegation.granted/1")
    assert entry["metadata"]["from"] == "person:eve"
    assert entry["metadata"]["expires_at"] == "2026-12-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        ({"by": "ola"}, NotPermittedError, "delegations:write"),
        ({"by": "ada"}, NotPermittedError, "person `ada` holds nothing to delegate"),
        ({"tools": ["email_send"]}, NotPermittedError, "does not hold tool `email_send`"),
        ({"max_sensitivity": "restricted"}, NotPermittedError, "up to confidential data"),
        ({"to": "nobody"}, NotFoundError, "no agent `nobody`"),
        ({"permissions": ["data:all"]}, InvalidInputError, "unknown permission"),
        ({"until": datetime(2026, 11, 24, 9, tzinfo=UTC)}, InvalidInputError, "before it begins"),
        ({"purpose": ""}, InvalidInputError, "needs a purpose"),
        ({"parent": "dlg_none"}, NotFoundError, "dlg_none"),
    ],
)
def test_what_is_refused_leaves_no_trace(engine, lending, change, error, complaint):
    with pytest.raises(error) as told:
        grant(lending, **change)
    assert complaint in str(told.value)
    assert lending.all() == []
    assert entries(engine, "delegation.granted/1") == []


def test_an_agent_passes_on_less_for_the_same_purpose(lending):
    first = grant(lending)
    second = grant(lending, "beta", parent=first.id, purpose="", depth=1)
    assert (second.giver, second.purpose, second.parent) == ("agent:alpha", "inbox", first.id)
    third = grant(lending, "gamma", parent=second.id, purpose="inbox", depth=0, permissions=["data:pii:read"])
    assert codes(lending, third.id) == []
    with pytest.raises(NotPermittedError, match="in the chain already"):
        grant(lending, "alpha", parent=second.id, depth=0)


def test_only_what_was_lent_is_passed_on_and_only_by_whom_it_was_lent_to(lending):
    first = grant(lending, permissions=["data:pii:read"])
    said = f"agent `alpha` does not hold permission `agent:delegate` by delegation `{first.id}`"
    with pytest.raises(NotPermittedError, match=said):  # its own roles hold it
        grant(lending, "beta", parent=first.id, permissions=["data:pii:read"], depth=0)
    first = grant(lending)
    with pytest.raises(ConflictError, match="was not granted to agent `beta`, but to `alpha`"):
        grant(lending, "gamma", parent=first.id, from_agent="beta", depth=0)
    assert grant(lending, "beta", parent=first.id, from_agent="alpha", depth=0).giver == "agent:alpha"


def test_an_agent_lends_from_its_own_roles_only_with_the_permission(engine, lending):
    assert grant(lending, "beta", from_agent="alpha").giver == "agent:alpha"
    engine.agents.register(agent("plain", "customer_service_agent"), by="eve")
    with pytest.raises(NotPermittedError, match="agent `plain` does not hold permission `agent:delegate`"):
        grant(lending, "beta", from_agent="plain", **READ)


def test_an_agent_spawns_only_with_the_permission(engine, lending):
    with pytest.raises(NotPermittedError, match="agent:spawn"):
        grant(lending, "beta", from_agent="alpha", spawned=True)
    engine.access.add_role("spawner", ["agent:spawn"], ["customer_lookup"], "internal", by="ada")
    engine.agents.register(agent("alpha", "customer_service_agent", "relay", "spawner"), by="eve")
    assert grant(lending, "beta", from_agent="alpha", spawned=True).spawned


def test_revoking_the_first_ends_what_was_passed_on_at_once(engine, lending):
    first = grant(lending)
    second = grant(lending, "beta", parent=first.id, depth=1)
    with pytest.raises(NotPermittedError):
        lending.revoke(first.id, by="aud")
    lending.revoke(first.id, by="ada")
    assert codes(lending, second.id) == ["delegation-revoked"]
    (entry,) = entries(engine, "delegation.revoked/1")
    assert (entry["actor"], entry["resource"]) == ("person:ada", f"delegation:{first.id}")
    with pytest.raises(ConflictError, match="was revoked on"):
        lending.revoke(first.id, by="ada")
    with pytest.raises(ConflictError, match="does not hold"):
        grant(lending, "beta", parent=first.id, depth=1)


def test_a_delegation_ends_with_its_time(clock, lending):
    lent = grant(lending)
    clock.advance(timedelta(days=30))
    assert codes(lending, lent.id) == ["delegation-expired"]


def test_what_the_person_loses_the_delegation_loses_at_once(lending):
    lent = grant(lending)
    lending.allow("eve", [], [], "public", by="ada")
    assert codes(lending, lent.id) == ["delegation-empty"]
    with pytest.raises(ConflictError, match="does not hold"):
        grant(lending, "beta", parent=lent.id, depth=1)


def test_what_is_lost_in_part_is_told(lending):
    lent = grant(lending)
    lending.allow("eve", ["agent:delegate"], ["customer_lookup"], "internal", by="ada")
    (found,) = lending.all()
    assert (found.delegation, found.reasons) == (lent, ())
    assert [reason.code for reason in found.lost] == ["permission-not-held", "sensitivity-not-held"]


def test_delegations_are_listed_by_receiver(lending):
    first, second = grant(lending), grant(lending, "beta")
    assert [one.delegation for one in lending.all("beta")] == [second]
    assert [one.delegation for one in lending.all()] == [first, second]


def test_a_retired_agent_neither_lends_nor_receives(engine, lending):
    lent = grant(lending)
    engine.agents.retire("alpha", "replaced", by="ada")
    assert codes(lending, lent.id) == ["principal-unknown"]
    with pytest.raises(InvalidInputError, match="no agent `alpha`"):
        grant(lending)


def test_permissions_of_the_guide_reach_the_record_as_words(lending):
    assert grant(lending).permissions == (Permission.READ_PII, Permission.AGENT_DELEGATE)
