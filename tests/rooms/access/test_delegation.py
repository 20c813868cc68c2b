"""Delegation: only what is held, narrower at each hop, never for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotPermittedError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.delegation import (
    MAX_DEPTH,
    Delegation,
    Granter,
    PersonRights,
    chain_rights,
    chain_to,
    check_grant,
    lendable,
    revoke,
)
from ephor.rooms.access.roles import Permission, Rights, beyond, lend

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
P = Permission
ALL = (P.READ_PII, P.TOOL_DATABASE, P.TOOL_EMAIL, P.AGENT_DELEGATE, P.AGENT_SPAWN)
TOOLS = ("mail", "records", "refund")
FULL = lend(ALL, TOOLS, Sensitivity.CONFIDENTIAL)
HELD: dict[str, Rights] = {
    "person:eve": lendable(PersonRights("eve", ALL, TOOLS, Sensitivity.CONFIDENTIAL)),
    "agent:alpha": FULL,
    "agent:beta": FULL,
    "agent:gamma": lend((P.READ_PII, P.TOOL_EMAIL), ("mail",), Sensitivity.INTERNAL),
}
FIRST = Delegation(
    "dlg_1", Granter.PERSON, "eve", "alpha", (P.READ_PII, P.TOOL_EMAIL, P.AGENT_DELEGATE), ("mail", "records"),
    Sensitivity.CONFIDENTIAL, "answer the inbox", 2, NOW, NOW + timedelta(days=7),
)  # fmt: skip
SECOND = Delegation(
    "dlg_2", Granter.AGENT, "alpha", "beta", (P.READ_PII, P.AGENT_DELEGATE), ("mail",),
    Sensitivity.INTERNAL, "answer the inbox", 1, NOW, NOW + timedelta(days=1), parent="dlg_1",
)  # fmt: skip
THIRD = Delegation(
    "dlg_3", Granter.AGENT, "beta", "gamma", (P.READ_PII,), ("mail",),
    Sensitivity.PUBLIC, "answer the inbox", 0, NOW, NOW + timedelta(hours=1), parent="dlg_2",
)  # fmt: skip
CHAIN = (FIRST, SECOND, THIRD)


def allowed(chain: tuple[Delegation, ...], held: Mapping[str, Rights] = HELD, now: datetime = NOW) -> Rights:
    answer = chain_rights(chain, held.get, now)
    return answer if isinstance(answer, Rights) else lend((), (), Sensitivity.PUBLIC)


def codes(chain: tuple[Delegation, ...], held: Mapping[str, Rights] = HELD, now: datetime = NOW) -> list[str]:
    answer = chain_rights(chain, held.get, now)
    return [] if isinstance(answer, Rights) else [reason.code for reason in answer]


def test_a_first_grant_is_worth_what_giver_scope_and_receiver_share() -> None:
    narrow_agent = {**HELD, "agent:alpha": lend((P.READ_PII,), ("mail", "refund"), Sensitivity.INTERNAL)}
    assert allowed((FIRST,), narrow_agent) == lend((P.READ_PII,), ("mail",), Sensitivity.INTERNAL)


def test_the_delegating_person_must_hold_it_too() -> None:
    held = {**HELD, "person:eve": lend((P.TOOL_EMAIL,), ("mail",), Sensitivity.CONFIDENTIAL)}
    with pytest.raises(NotPermittedError, match="person `eve` does not hold permission `data:pii:read`"):
        check_grant(FIRST, (), held.get)
    assert allowed((FIRST,), held).permissions == {P.TOOL_EMAIL}


def test_a_lawful_chain_grows_hop_by_hop_and_narrows() -> None:
    for length, hop in enumerate(CHAIN):
        check_grant(hop, CHAIN[:length], HELD.get)
    assert allowed(CHAIN) == lend((P.READ_PII,), ("mail",), Sensitivity.PUBLIC)
    assert not beyond(allowed(CHAIN), allowed(CHAIN[:2]), "the hop before")


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        ({"purpose": "  "}, InvalidInputError, "needs a purpose"),
        ({"purpose": "in\u202ebox"}, InvalidInputError, "the purpose holds the control character"),
        ({"purpose": "x" * 1001}, InvalidInputError, "at most 1000 fit"),
        ({"permissions": (), "tools": ()}, InvalidInputError, "delegation of nothing"),
        ({"expires_at": NOW}, InvalidInputError, "before it begins"),
        ({"depth_left": MAX_DEPTH + 1}, InvalidInputError, "is not between 0 and 5"),
        ({"depth_left": -1}, InvalidInputError, "is not between 0 and 5"),
        ({"from_id": "zoe"}, NotPermittedError, "holds nothing to delegate"),
        ({"max_sensitivity": Sensitivity.RESTRICTED}, NotPermittedError, "up to confidential data, not restricted"),
        ({"tools": ("mail", "wire")}, NotPermittedError, "does not hold tool `wire`"),
        ({"permissions": (P.READ_PHI,)}, NotPermittedError, "does not hold permission `data:phi:read`"),
        ({"to_agent": "nobody"}, InvalidInputError, "no agent `nobody` is registered"),
        ({"to_agent": "gamma"}, InvalidInputError, "only what both hold"),
        ({"from_kind": Granter.AGENT, "from_id": "alpha"}, InvalidInputError, "cannot delegate to itself"),
        ({"from_kind": Granter.AGENT, "from_id": "gamma", "permissions": (P.READ_PII,), "tools": ()},
         NotPermittedError, "agent `gamma` does not hold permission `agent:delegate`"),
    ],
)  # fmt: skip
def test_a_first_grant_is_refused(change: dict[str, Any], error: type[EphorError], complaint: str) -> None:
    with pytest.raises(error) as told:
        check_grant(replace(FIRST, **change), (), HELD.get)
    assert complaint in str(told.value)


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        ({"depth_left": 2}, NotPermittedError, "may be passed on 2 more times"),
        ({"expires_at": FIRST.expires_at + timedelta(seconds=1)}, NotPermittedError, "ends after `dlg_1`"),
        ({"purpose": "marketing"}, NotPermittedError, "another purpose"),
        (
            {"permissions": (P.TOOL_DATABASE,)},
            NotPermittedError,
            "does not hold permission `tool:database:execute`",
        ),
        ({"tools": ("refund",)}, NotPermittedError, "does not hold tool `refund`"),
        ({"max_sensitivity": Sensitivity.RESTRICTED}, NotPermittedError, "not restricted"),
        ({"spawned": True}, NotPermittedError, "does not hold permission `agent:spawn`"),
        ({"from_id": "gamma"}, ConflictError, "was not granted to agent `gamma`"),
        ({"parent": None}, ConflictError, "was not granted to agent `alpha`"),
    ],
)
def test_passing_on_is_refused(change: dict[str, Any], error: type[EphorError], complaint: str) -> None:
    with pytest.raises(error) as told:
        check_grant(replace(SECOND, **change), (FIRST,), HELD.get)
    assert complaint in str(told.value)


def test_spawning_needs_its_own_permission_in_the_chain() -> None:
    first = replace(FIRST, permissions=(*FIRST.permissions, P.AGENT_SPAWN))
    check_grant(replace(SECOND, spawned=True), (first,), HELD.get)
    assert codes((FIRST, replace(SECOND, spawned=True))) == ["permission-not-held"]


def test_an_agent_that_was_not_lent_the_right_to_delegate_cannot_pass_on() -> None:
    first = replace(FIRST, permissions=(P.READ_PII, P.TOOL_EMAIL))
    with pytest.raises(NotPermittedError, match="agent:delegate"):
        check_grant(SECOND, (first,), HELD.get)
    assert codes((first, SECOND)) == ["permission-not-held"]


def test_a_chain_of_no_remaining_depth_ends() -> None:
    held = {**HELD, "agent:gamma": FULL, "agent:delta": FULL}
    fourth = replace(THIRD, id="dlg_4", from_id="gamma", to_agent="delta", parent="dlg_3")
    with pytest.raises(NotPermittedError, match="may be passed on 0 more times"):
        check_grant(fourth, CHAIN, held.get)


@pytest.mark.parametrize("receiver", ["alpha", "beta"])
def test_authority_cannot_come_back_to_an_agent_it_went_through(receiver: str) -> None:
    back = replace(THIRD, to_agent=receiver)
    with pytest.raises((NotPermittedError, InvalidInputError), match=r"in the chain already|to itself"):
        check_grant(back, (FIRST, SECOND), HELD.get)
    assert "delegation-cycle" in codes((FIRST, SECOND, back))


def test_an_agent_that_lends_first_is_part_of_the_chain() -> None:
    root = replace(FIRST, from_kind=Granter.AGENT, from_id="beta")
    assert "delegation-cycle" in codes((root, SECOND))


@pytest.mark.parametrize("hop", [0, 1, 2])
def test_revoking_any_hop_ends_everything_after_it_at_once(hop: int) -> None:
    chain = tuple(revoke(one, by="ada", at=NOW) if place == hop else one for place, one in enumerate(CHAIN))
    assert codes(chain) == ["delegation-revoked"]
    assert (codes(chain[:1]) == []) is (hop > 0)


def test_what_is_revoked_cannot_be_revoked_again_or_passed_on() -> None:
    gone = revoke(FIRST, by="ada", at=NOW)
    assert (gone.revoked_by, gone.revoked_at) == ("ada", NOW)
    with pytest.raises(ConflictError, match="was revoked on 2026-11-24"):
        revoke(gone, by="ada", at=NOW)
    with pytest.raises(ConflictError, match="does not hold: delegation `dlg_1` was revoked"):
        check_grant(SECOND, (gone,), HELD.get)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOW - timedelta(seconds=1), ["delegation-not-yet"] * 3),
        (NOW, []),
        (NOW + timedelta(hours=1), ["delegation-expired"]),
        (NOW + timedelta(days=1), ["delegation-expired"] * 2),
        (NOW + timedelta(days=7), ["delegation-expired"] * 3),
    ],
)
def test_a_delegation_holds_from_its_beginning_until_its_end(now: datetime, expected: list[str]) -> None:
    assert codes(CHAIN, now=now) == expected


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        ((), "no-delegation"),
        ((SECOND, THIRD), "delegation-broken"),
        ((FIRST, THIRD), "delegation-broken"),
        ((FIRST, replace(SECOND, from_id="beta")), "delegation-broken"),
        ((FIRST, replace(SECOND, depth_left=2)), "delegation-too-deep"),
        ((FIRST, replace(SECOND, expires_at=NOW + timedelta(days=8))), "delegation-outlives"),
        ((FIRST, replace(SECOND, purpose="else")), "delegation-purpose"),
    ],
)
def test_a_stored_chain_that_breaks_a_rule_is_worth_nothing(chain: tuple[Delegation, ...], code: str) -> None:
    assert code in codes(chain)


@pytest.mark.parametrize("principal", sorted(HELD))
def test_a_principal_nobody_knows_ends_the_chain(principal: str) -> None:
    held = {name: rights for name, rights in HELD.items() if name != principal}
    assert "principal-unknown" in codes(CHAIN, held)


def test_the_chain_is_found_from_its_last_link() -> None:
    assert chain_to("dlg_3", {one.id: one for one in CHAIN}) == CHAIN
    with pytest.raises(ConflictError, match="`dlg_2` in the chain of `dlg_3` does not exist"):
        chain_to("dlg_3", {"dlg_1": FIRST, "dlg_3": THIRD})


def test_a_circle_of_parents_is_found_and_does_not_hang() -> None:
    with pytest.raises(ConflictError, match="longer than"):
        chain_to("dlg_2", {"dlg_2": replace(SECOND, parent="dlg_3"), "dlg_3": THIRD})


some_permissions = st.frozensets(st.sampled_from(ALL)).map(lambda found: tuple(sorted(found)))
some_tools = st.frozensets(st.sampled_from(TOOLS)).map(lambda found: tuple(sorted(found)))
some_rights = st.builds(lend, some_permissions, some_tools, st.sampled_from(Sensitivity))
world = st.fixed_dictionaries(dict.fromkeys(HELD, some_rights))


def hops(base: Delegation) -> st.SearchStrategy[Delegation]:
    return st.builds(
        lambda held, tools, ceiling: replace(base, permissions=held, tools=tools, max_sensitivity=ceiling),
        some_permissions.map(lambda found: tuple(sorted({*found, P.AGENT_DELEGATE}))),
        some_tools,
        st.sampled_from(Sensitivity),
    )


chains = st.tuples(hops(FIRST), hops(SECOND), hops(THIRD))


@given(chains, world, st.sampled_from(sorted(HELD)), some_rights)
def test_taking_rights_from_any_principal_never_allows_more(
    chain: tuple[Delegation, ...], held: dict[str, Rights], whose: str, less: Rights
) -> None:
    assume(not beyond(less, held[whose], "the same one before"))
    assert not beyond(allowed(chain, {**held, whose: less}), allowed(chain, held), "the chain before")


@given(chains, world, st.integers(0, 2), some_permissions, some_tools)
def test_a_narrower_delegation_never_allows_more(
    chain: tuple[Delegation, ...],
    held: dict[str, Rights],
    place: int,
    fewer: tuple[Permission, ...],
    tools: tuple[str, ...],
) -> None:
    hop = chain[place]
    narrower = replace(
        hop,
        permissions=tuple(one for one in hop.permissions if one in fewer),
        tools=tuple(one for one in hop.tools if one in tools),
        max_sensitivity=Sensitivity.PUBLIC,
    )
    changed = (*chain[:place], narrower, *chain[place + 1 :])
    assert not beyond(allowed(changed, held), allowed(chain, held), "the chain before")


@given(chains, world)
def test_no_chain_is_worth_more_than_anybody_in_it_holds(
    chain: tuple[Delegation, ...], held: dict[str, Rights]
) -> None:
    for name, own in held.items():
        assert not beyond(allowed(chain, held), own, name)


@given(chains, world)
def test_what_was_granted_by_the_rules_is_worth_exactly_its_scope(
    chain: tuple[Delegation, ...], held: dict[str, Rights]
) -> None:
    for length, hop in enumerate(chain):
        try:
            check_grant(hop, chain[:length], held.get)
        except EphorError:
            return
        expected = lend(hop.permissions, hop.tools, hop.max_sensitivity)
        assert chain_rights(chain[: length + 1], held.get, NOW) == expected
