"""Decisions made again give the answer that was recorded, of every kind; what was changed or is gone is told, not guessed."""

import dataclasses
from datetime import timedelta

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.engine.replaying import Replay
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.roles import Role
from ephor.rooms.consent.statement import ConsentState
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.record import AuthorityRecord
from sample_plane import ID, entries, manifest, put, ready, size, sqlite_world

LOOK = Call(ID, "customer_lookup", {"id": 7})
PAY = Call(ID, "refund", {"amount_cents": 1000})
LARGE = Call(ID, "refund", {"amount_cents": 9000})


@pytest.fixture(params=["memory", "sqlite"])
def plane(request, world, tmp_path, clock):
    made = Plane(world if request.param == "memory" else sqlite_world(tmp_path, clock))
    yield ready(populate(made))
    made.close()


def again(plane, decision, arguments=None):
    done = plane.replays.replay(decision.id, arguments)
    assert done.entry == decision.entry
    return done


def same(plane, decision):
    done = again(plane, decision)
    assert (done.replay, done.outcome, done.because) == (Replay.SAME, decision.outcome, "")
    assert done.reasons == done.recorded_reasons == tuple(reason.code for reason in decision.reasons)
    return done


def test_every_kind_of_decision_is_made_again_whatever_changed_since(plane, clock):
    plane.delegations.allow(
        "eve", ["data:pii:read", "tool:database:execute"], ["customer_lookup"], "confidential", by="ada"
    )
    lent = plane.delegations.grant(
        ID,
        permissions=["data:pii:read", "tool:database:execute"],
        tools=["customer_lookup"],
        max_sensitivity="confidential",
        until=clock.now() + timedelta(days=1),
        by="eve",
        purpose="support",
    ).id
    plane.limits.load([{"id": "few", "measure": "calls", "most": 2, "window": "day", "tool": "customer_lookup", "per": ["person"]}], by="ada")  # fmt: skip
    behalf = dataclasses.replace(LOOK, on_behalf_of=lent, purpose="support")
    made = [
        plane.decide(call)
        for call in (
            LOOK,
            PAY,
            LARGE,
            Call(ID, "refund", {}),
            Call(ID, "refund", {"amount_cents": "many"}),
            Call("ghost", "customer_lookup"),
            Call(ID, "format_disk"),
            dataclasses.replace(LOOK, sensitivity=Sensitivity.RESTRICTED, model="gpt@1"),
            dataclasses.replace(LOOK, subject="jane@example.com", purpose="support"),
            behalf,
            behalf,
            behalf,
            dataclasses.replace(behalf, purpose="ads"),
            dataclasses.replace(behalf, on_behalf_of="dlg_none"),
        )
    ]
    assert {one.outcome for one in made} == set(Outcome)
    plane.limits.remove("few", by="ada")
    plane.delegations.revoke(lent, by="eve")
    plane.agents.suspend(ID, "enough", by="ola")
    stopped = plane.decide(LOOK)
    plane.agents.register(manifest(tools=manifest().tools[:1], autonomy=1), by="eve")
    put(plane, Role("refund_clerk", (), Sensitivity.PUBLIC, ("refund",)))
    clock.advance(timedelta(days=900))
    before = size(plane)
    for decision in (*made, stopped):
        same(plane, decision)
    assert size(plane) == before
    assert again(plane, made[2]).path[-3].check == "approval"


def test_what_the_person_wanted_then_decides_then_and_now(plane):
    touching = dataclasses.replace(LOOK, subject="jane@example.com", purpose="support")
    plane.consent.state("jane@example.com", "support", ConsentState.GIVEN, notice_version="1", by="dora")
    given = plane.decide(touching)
    plane.consent.state("jane@example.com", "support", ConsentState.WITHDRAWN, by="dora")
    withdrawn = plane.decide(touching)
    assert (given.outcome, withdrawn.outcome) == (Outcome.ALLOW, Outcome.DENY)
    same(plane, given)
    same(plane, withdrawn)


def test_what_the_session_touched_then_decides_then_and_now(plane):
    plane.sequences.load([{"id": "no-mail", "after": "data:contact", "effect": "external"}], by="ada")
    mail = dataclasses.replace(PAY, session="s")
    first = plane.decide(mail)
    plane.decide(dataclasses.replace(LOOK, session="s"))
    second, third = plane.decide(mail), plane.decide(PAY)
    assert [one.outcome for one in (first, second, third)] == [Outcome.ALLOW, Outcome.DENY, Outcome.DENY]
    for decision in (first, second, third):
        same(plane, decision)


def test_what_people_answered_is_looked_up_and_without_it_nothing_is_known(plane):
    asked = plane.decide(LARGE)
    plane.calls.answer(asked.approval, approve=True, by="cal", because="fine")
    allowed = plane.decide(LARGE)
    other = Call(ID, "refund", {"amount_cents": 9001})
    plane.calls.answer(plane.decide(other).approval, approve=False, by="cal", because="no")
    refused = plane.decide(other)
    assert (allowed.outcome, refused.outcome) == (Outcome.ALLOW, Outcome.DENY)
    for decision in (asked, allowed, refused):
        same(plane, decision)
    with plane.world.storage.unit() as unit:
        shelf = unit.shelf(type(plane.calls.find(allowed.approval)))
        shelf.remove(shelf.get(allowed.approval))
        unit.append(dataclasses.replace(_event(plane), kind="agent.changed/1"))
    gone = again(plane, allowed)
    assert (gone.replay, gone.outcome) == (Replay.NOT_KNOWN, None)
    assert "not there any more" in gone.because


def _event(plane):
    from ephor.kernel.events import Event  # noqa: PLC0415 - one use

    return Event("agent.changed/1", plane.world.clock.now(), "ephor")


def test_arguments_handed_in_are_those_of_the_decision_or_refused(plane):
    asked = plane.decide(LARGE)
    assert again(plane, asked, {"amount_cents": 9000}).replay is Replay.SAME
    with pytest.raises(InvalidInputError, match="not the arguments"):
        again(plane, asked, {"amount_cents": 9001})


def test_a_decision_whose_ground_is_gone_is_not_known_and_one_that_was_changed_is_damage(plane):
    decision = plane.decide(LOOK)
    with plane.world.storage.unit() as unit:
        shelf = unit.shelf(AuthorityRecord)
        kept = shelf.get(decision.policy_digest)
        shelf.replace(kept, dataclasses.replace(kept, approval_binds=False))
    with pytest.raises(VerificationError, match="changed after"):
        again(plane, decision)
    with plane.world.storage.unit() as unit:
        shelf = unit.shelf(AuthorityRecord)
        shelf.remove(shelf.get(decision.policy_digest))
    done = again(plane, decision)
    assert (done.replay, done.outcome) == (Replay.NOT_KNOWN, None)


def test_only_a_decision_can_be_made_again(plane):
    plane.decide(LOOK)
    other = next(one["id"] for one in entries(plane) if one["kind"] != "decision.made/1")
    with pytest.raises(InvalidInputError, match="no decision"):
        plane.replays.replay(other)
    for missing in ("dec_0", "evt_0"):
        with pytest.raises(NotFoundError):
            plane.replays.replay(missing)


def test_the_path_is_told_where_it_is_asked_for(plane):
    explained = plane.decide(Call(ID, "format_disk"), explain=True)
    assert [step.check for step in explained.path] == [
        "stops", "life", "law", "models", "subject", "roles", "delegation", "tool", "policy", "autonomy", "approval",
        "sequence", "limits",
    ]  # fmt: skip
    assert tuple(reason for step in explained.path for reason in step.reasons) == explained.reasons
    assert all(step.looked_at for step in explained.path)
    assert plane.decide(LOOK).path == ()
    (only,) = plane.decide(Call("ghost", "x"), explain=True).path
    assert only.reasons[0].code == "agent-unknown"
