"""Decisions as recorded: nothing is given that was not, nothing old is trusted, and an approval is for one call once."""

import dataclasses
import itertools
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.adapters.connectors.sql import connect
from ephor.adapters.storage.catalogue import plan_of
from ephor.edges.sdk import Plane
from ephor.engine import decisions as module
from ephor.engine.authority import compile_authority, lent_by
from ephor.kernel.errors import EphorError, InvalidInputError, NotPermittedError, UnavailableError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.delegation import Delegation, PersonRights
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.access.roles import Role
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import AskRule
from ephor.rooms.agents.stop import Stop
from ephor.rooms.approvals.call import CallApproval, CallStatus
from ephor.rooms.approvals.request import ApprovalRequest, RequestStatus
from ephor.rooms.approvals.rule import PATIENCE
from ephor.rooms.consent.restriction import Restriction
from ephor.rooms.consent.statement import ConsentState
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.pii.catalogue import known_types
from ephor.rooms.policies.overrides import PolicyOverride
from ephor.rooms.policies.rule import RuleSet
from sample_agents import AT, LOOKUP, REFUND
from sample_plane import ID, alter, approve, entries, kinds, manifest, put, ready, size, sqlite_world
from sample_shop import JOHN, MARY, build_shop, shop_map

JANE = "jane@example.com"
LOOK = Call(ID, "customer_lookup", {"id": 7})
PAY = Call(ID, "refund", {"amount_cents": 9000, "to": JANE, "note": "the grinder, for Jane Roe"})
ALLOW, ASK, DENY = Outcome.ALLOW, Outcome.ASK, Outcome.DENY


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def on_disk(tmp_path, clock):
    plane = ready(populate(Plane(sqlite_world(tmp_path, clock))))
    yield plane
    plane.close()


@pytest.fixture(params=["memory", "sqlite"])
def either(request):
    return request.getfixturevalue("plane" if request.param == "memory" else "on_disk")


def codes(decision):
    return [reason.code for reason in decision.reasons]


def answer(plane, decision, *, approve=True, by="cal", because="it is fine"):
    return plane.calls.answer(decision.approval, approve=approve, by=by, because=because)


# --- what is recorded


def test_a_decision_is_in_the_ledger_under_the_entry_it_names(either):
    decision = either.decide(dataclasses.replace(LOOK, session="s-1", trace="t-1", purpose="support"))
    (entry,) = [one for one in entries(either) if one["id"] == decision.entry]
    assert entry["kind"] == "decision.made/1"
    assert (entry["decision"], entry["reasons"], entry["refs"]) == (
        "allow",
        ["allowed"],
        {"decision": decision.id},
    )
    assert (entry["actor"], entry["tool"]) == (f"agent:{ID}", "customer_lookup")
    assert (entry["session"], entry["trace"], entry["metadata"]) == ("s-1", "t-1", {"purpose": "support"})
    assert entry["policy_digest"] == decision.policy_digest
    assert entry["args_digest"] == either.world.pseudonyms.fingerprint(b'{"id":7}')


def test_a_denial_and_an_unknown_agent_are_recorded_too(plane):
    before = size(plane)
    assert plane.decide(Call("ghost", "customer_lookup")).outcome is DENY
    assert plane.decide(Call(ID, "format_disk")).outcome is DENY
    assert kinds(plane, before) == ["decision.made/1"] * 2


def test_the_intent_stands_beside_the_decision_and_only_where_it_allows(plane):
    for call, recorded in (
        (LOOK, ["decision.made/1", "tool.invoked/1"]),
        (Call(ID, "format_disk"), ["decision.made/1"]),
    ):
        before = size(plane)
        plane.decisions.decide(call, intent=True)
        assert kinds(plane, before) == recorded
    before = size(plane)
    plane.decisions.decide(dataclasses.replace(LOOK, subject=JANE), intent=True)
    plane.decisions.decide(PAY, intent=True)
    assert kinds(plane, before) == ["decision.made/1", "tool.invoked/1", "decision.made/1", "call.asked/1"]


def test_no_argument_and_no_person_stands_in_the_ledger_in_the_clear(plane):
    asked = dataclasses.replace(PAY, subject=JANE)
    answer(plane, plane.decide(asked))
    plane.decide(asked)
    plane.decide(dataclasses.replace(LOOK, subject=JANE, arguments={"name": "Jane Roe"}))
    told = json.dumps(entries(plane)).casefold()
    assert JANE not in told
    assert "jane" not in told
    assert "9000" not in told


def test_the_arguments_about_a_person_are_sealed_under_their_key_and_go_with_it(either):
    decision = either.decide(dataclasses.replace(LOOK, subject=JANE))
    ledger = either.world.storage.ledger
    assert ledger.payload(decision.entry) == b'{"id":7}'
    with either.world.storage.unit() as unit:
        unit.forget(either.world.pseudonyms.of(JANE))
        unit.append(dataclasses.replace(_event(either), subject=either.world.pseudonyms.of(JANE)))
    assert ledger.payload(decision.entry) is None
    other = either.decide(LOOK)
    assert ledger.payload(other.entry) is None


def _event(plane):
    return Event("erasure/1", plane.world.clock.now(), "person:dora")


def test_explaining_records_nothing_and_uses_nothing_up(plane):
    answer(plane, plane.decide(PAY))
    before, version = size(plane), plane.world.storage.version()
    assert plane.decisions.explain(PAY).outcome is ASK
    assert plane.decisions.explain(dataclasses.replace(LOOK, subject=JANE)).outcome is ALLOW
    assert (size(plane), plane.world.storage.version()) == (before, version)
    assert plane.decide(PAY).outcome is ALLOW


# --- what is refused before anything is decided


@pytest.mark.parametrize(
    "call",
    [
        Call(ID, "customer_lookup", {"a": object()}),
        Call(ID, "customer_lookup", {1: "a"}),
        Call(ID, "customer_lookup", {"a": float("nan")}),
        Call(ID, "customer_lookup", {"a": "\ud800"}),
        Call(ID, "customer_lookup", {"a": "x" * (1 << 20)}),
        Call(ID, "customer_lookup", ["id"]),
        Call("", "customer_lookup"),
        Call(7, "customer_lookup"),
        Call([], "customer_lookup"),
        Call(ID, "\udfff"),
        Call(ID, "x" * 2000),
        Call(ID, "customer_lookup", subject=""),
        Call(ID, "customer_lookup", subject=JANE, purpose=" "),
        Call(ID, "customer_lookup", on_behalf_of=""),
        Call(ID, "customer_lookup", sensitivity="secret"),
        Call(ID, "customer_lookup", session={}),
    ],
)
def test_a_call_that_cannot_be_recorded_is_bad_input(plane, call):
    before = size(plane)
    for ask in (plane.decide, plane.decisions.explain):
        with pytest.raises(InvalidInputError):
            ask(call)
    assert size(plane) == before


def test_a_long_call_that_can_be_recorded_is_decided(plane):
    assert (
        plane.decide(Call(ID, "customer_lookup", {"a": "x" * 900_000}, session="ü" * 1000)).outcome is ALLOW
    )


class Broken:
    """A storage of which one method fails."""

    def __init__(self, storage, broken):
        self._storage, self._broken = storage, broken

    def __getattr__(self, name):
        if name == self._broken:
            raise UnavailableError("the disk is full; nothing was recorded")
        return getattr(self._storage, name)


@pytest.mark.parametrize("broken", ["append", "version"])
def test_what_cannot_be_recorded_is_not_decided(plane, broken):
    failing = Plane(dataclasses.replace(plane.world, storage=Broken(plane.world.storage, broken)))
    with pytest.raises(UnavailableError):
        failing.decide(LOOK)


@pytest.mark.parametrize("call", [PAY, dataclasses.replace(LOOK, subject=JANE)])
def test_what_cannot_be_recorded_in_a_transaction_is_not_decided(plane, call):
    failing = Plane(dataclasses.replace(plane.world, storage=Broken(plane.world.storage, "unit")))
    with pytest.raises(UnavailableError):
        failing.decide(call)


def test_an_approval_is_not_used_up_by_a_decision_that_was_not_recorded(plane, monkeypatch):
    answer(plane, plane.decide(PAY))

    def fail(*_args):
        raise UnavailableError("the disk is full; nothing was recorded")

    with monkeypatch.context() as patched:
        patched.setattr(type(plane.world.storage), "_grow", fail)
        with pytest.raises(UnavailableError):
            plane.decide(PAY)
    assert plane.decide(PAY).outcome is ALLOW


# --- what is compiled, and when it is old


STOPS = {
    "suspended": (lambda p: p.agents.suspend(ID, "enough", by="ola"), "agent-not-active"),
    "retired": (lambda p: p.agents.retire(ID, "enough", by="ada"), "agent-not-active"),
    "manifest changed": (lambda p: p.agents.register(manifest(autonomy=2), by="eve"), "agent-not-active"),
    "revoked": (lambda p: p.approvals.revoke(p.agents.show(ID).approval, "enough", by="sam"), "agent-not-active"),
    "approval revoked alone": (lambda p: alter(p, ApprovalRequest, p.agents.show(ID).approval, status=RequestStatus.REVOKED), "approval-outdated"),
    "approval under another policy": (lambda p: alter(p, ApprovalRequest, p.agents.show(ID).approval, policy_digest="sha256:0"), "approval-outdated"),
    "approval gone": (lambda p: alter(p, Agent, ID, approval="apr_ghost"), "approval-outdated"),
    "model named": (lambda p: alter(p, Agent, ID, manifest=manifest(models=("m@1",))), "model-not-allowed"),
    "role narrowed": (lambda p: put(p, Role("refund_clerk", (), Sensitivity.PUBLIC, ("refund",))), "permission-missing"),
    "class of another manifest": (lambda p: alter(p, Agent, ID, material_digest="sha256:0"), "not-classified"),
}  # fmt: skip


@pytest.mark.parametrize("how", STOPS)
def test_a_change_takes_effect_on_the_very_next_decision(either, how):
    call = dataclasses.replace(PAY, arguments={"amount_cents": 1})
    change, code = STOPS[how]
    if code == "permission-missing":
        refund = dataclasses.replace(REFUND, permissions=("data:financial:write",))
        either.agents.register(manifest(tools=(LOOKUP, refund)), by="eve")
        approve(either)
    assert either.decide(call).outcome is ALLOW
    change(either)
    decision = either.decide(call)
    assert (decision.outcome, code in codes(decision)) == (DENY, True), codes(decision)


def test_a_stop_between_the_answer_and_its_entry_counts(either, monkeypatch):
    call, stopped = dataclasses.replace(PAY, arguments={"amount_cents": 1}), []
    assert either.decide(call).outcome is ALLOW
    storage, real = either.world.storage, either.world.storage.append

    def late(events, **ground):
        if not stopped:
            stopped.append(either.agents.suspend(ID, "enough", by="ola"))
        return real(events, **ground)

    monkeypatch.setattr(storage, "append", late)
    before = storage.ledger.head().size
    assert codes(either.decide(call)) == ["agent-not-active"]
    kinds = [
        (json.loads(one)["kind"], json.loads(one).get("decision"))
        for one in storage.ledger.entries(before, storage.ledger.head().size)
    ]
    assert kinds == [("agent.suspended/1", None), ("decision.made/1", "deny")]


def test_a_decision_is_recorded_however_often_governance_moves_on_meanwhile(plane, monkeypatch):
    call, storage = dataclasses.replace(PAY, arguments={"amount_cents": 1}), plane.world.storage
    plane.decide(call)
    real, tries = storage.append, []

    def late(events, **ground):
        tries.append(ground)
        put(plane, Role(f"role-{len(tries)}", (), Sensitivity.PUBLIC, ("refund",)))
        return real(events, **ground)

    monkeypatch.setattr(storage, "append", late)
    assert (plane.decide(call).outcome, len(tries)) == (ALLOW, 2)


def test_an_approval_that_runs_out_denies_at_its_moment(plane, clock):
    until = plane.agents.show(ID).approved_until
    plane.decide(LOOK)
    clock.at = until - timedelta(seconds=1)
    assert plane.decide(LOOK).outcome is ALLOW
    clock.at = until
    assert codes(plane.decide(LOOK)) == ["approval-expired"]


def test_a_stop_on_another_plane_of_the_same_database_counts_at_once(on_disk, tmp_path, clock):
    other = Plane(sqlite_world(tmp_path, clock))
    for _ in range(2):
        assert on_disk.decide(LOOK).outcome is ALLOW
        assert other.decide(LOOK).outcome is ALLOW
        other.agents.suspend(ID, "enough", by="ola")
        assert on_disk.decide(LOOK).outcome is DENY
        on_disk.agents.resume(ID, "looked at", by="ola")
        assert other.decide(LOOK).outcome is ALLOW
    other.close()


def test_a_stop_by_another_process_counts_at_once(tmp_path, on_disk):
    script = """
import sys
from pathlib import Path
from ephor.edges.sdk import Plane
from ephor.testing import FrozenClock
from sample_plane import sqlite_world
plane = Plane(sqlite_world(Path(sys.argv[1]), FrozenClock()))
plane.agents.suspend("support-assistant", "enough", by="ola")
"""
    assert on_disk.decide(LOOK).outcome is ALLOW
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert codes(on_disk.decide(LOOK)) == ["agent-not-active"]


def test_what_is_compiled_while_things_change_is_never_old_for_long(plane, monkeypatch):
    """Suspend while another thread is compiling, at each moment of it: the next decision knows."""
    real = module.compile_authority
    for moment in ("before", "after"):
        compiling, changed = threading.Event(), threading.Event()

        def slow(unit, id, *, version, now, moment=moment, compiling=compiling, changed=changed):
            if threading.current_thread() is not threading.main_thread():
                found = real(unit, id, version=version, now=now) if moment == "before" else None
                compiling.set()
                changed.wait(0.2)
                return found or real(unit, id, version=version, now=now)
            return real(unit, id, version=version, now=now)

        monkeypatch.setattr(module, "compile_authority", slow)
        put(plane, plane.agents.show(ID))  # whatever is compiled is old now
        thread = threading.Thread(target=plane.decide, args=(LOOK,))
        thread.start()
        assert compiling.wait(300)
        suspend = threading.Thread(target=plane.agents.suspend, args=(ID, "enough"), kwargs={"by": "ola"})
        suspend.start()
        changed.set()
        thread.join()
        suspend.join()
        assert plane.decide(LOOK).outcome is DENY
        plane.agents.resume(ID, "looked at", by="ola")
        assert plane.decide(LOOK).outcome is ALLOW


@pytest.mark.parametrize("storage", ["plane", "on_disk"])
def test_many_threads_that_decide_and_change_neither_hang_nor_pass_what_is_stopped(storage, request):
    plane = request.getfixturevalue(storage)
    calls = itertools.cycle([LOOK, PAY, dataclasses.replace(LOOK, subject=JANE), Call("ghost", "x")])
    work = [next(calls) for _ in range(60)]

    def change(n):
        plane.agents.suspend(ID, "enough", by="ola")
        stopped = plane.decide(LOOK).outcome
        plane.agents.resume(ID, "looked at", by="ola")
        return stopped

    with ThreadPoolExecutor(8) as pool:
        decided = [pool.submit(plane.decide, call) for call in work]
        stopped = [pool.submit(change, 1).result(300)] + [
            pool.submit(change, n).result(300) for n in range(3)
        ]
        assert all(one.result(300) for one in decided)
    assert stopped == [DENY] * 4
    assert plane.decide(LOOK).outcome is ALLOW


def test_names_that_nobody_registered_take_no_room(plane):
    for n in range(50):
        assert plane.decide(Call(f"ghost-{n}", "x")).outcome is DENY
    assert plane.decide(LOOK).outcome is ALLOW
    assert set(plane.decisions._compiled.agents) == {ID}


def test_only_the_agent_that_acts_is_compiled(plane, monkeypatch):
    ready(plane, manifest(id="other", name="Other"))
    compiled = []
    real = module.compile_authority
    monkeypatch.setattr(
        module, "compile_authority", lambda unit, id, **k: compiled.append(id) or real(unit, id, **k)
    )
    for _ in range(3):
        plane.decide(LOOK)
    plane.decide(dataclasses.replace(LOOK, agent="other"))
    assert compiled == [ID, "other"]


def test_a_clock_that_is_set_back_compiles_anew(plane, clock, monkeypatch):
    counted = []
    real = module.compile_authority
    monkeypatch.setattr(module, "compile_authority", lambda *a, **k: counted.append(1) or real(*a, **k))
    for step, compiled in ((0, 1), (0, 1), (59, 1), (2, 2), (-30, 3), (0, 3)):
        clock.advance(timedelta(seconds=step))
        plane.decide(LOOK)
        assert len(counted) == compiled, step


# --- the person the data is about


def test_consent_and_restriction_count_at_once(plane):
    call = dataclasses.replace(LOOK, subject=JANE, purpose="news")
    said = {"by": "dora", "notice_version": "1"}
    assert plane.decide(call).outcome is ALLOW
    plane.ropa.register({"id": "news", "name": "News", "agents": [ID], "purposes": ["news"], "legal_basis": "consent", "part": "controller"}, by="dora")  # fmt: skip
    assert codes(plane.decide(call)) == ["consent-missing"]
    assert codes(plane.decide(dataclasses.replace(call, purpose="newsletter"))) == ["consent-missing"]
    plane.consent.state(JANE, "news", ConsentState.GIVEN, **said)
    assert plane.decide(call).outcome is ALLOW
    assert plane.decide(dataclasses.replace(call, subject=" Jane@Example.com ")).outcome is ALLOW
    assert codes(plane.decide(dataclasses.replace(call, subject="john@example.com"))) == ["consent-missing"]
    plane.consent.state(JANE, "news", ConsentState.WITHDRAWN, **said)
    assert codes(plane.decide(call)) == ["consent-withdrawn"]
    put(plane, Restriction("res_1", plane.world.pseudonyms.of(JANE), AT, "asked for", "dsr_1"))
    assert codes(plane.decide(call)) == ["subject-restricted", "consent-withdrawn"]
    assert codes(plane.decide(dataclasses.replace(call, purpose=None))) == [
        "subject-restricted",
        "purpose-missing",
    ]


def test_a_consent_runs_out_at_its_moment(plane, clock):
    call = dataclasses.replace(LOOK, subject=JANE, purpose="news")
    plane.consent.state(
        JANE, "news", ConsentState.GIVEN, by="dora", notice_version="1", expires_at=AT + timedelta(seconds=5)
    )
    assert plane.decide(call).outcome is ALLOW
    clock.advance(timedelta(seconds=5))
    assert codes(plane.decide(call)) == ["consent-expired"]


# --- what was lent


HELPER = "helper"
LENT = {
    "permissions": ["data:pii:read", "tool:database:execute"],
    "tools": ["customer_lookup"],
    "max_sensitivity": "confidential",
}


@pytest.fixture
def lending(plane):
    """Ada lends to the sample agent, which may pass it on to a second agent."""
    plane.access.add_role("boss", ["agent:delegate"], ["never"], "public", by="ada")
    plane.agents.register(manifest(roles=("customer_service_agent", "refund_clerk", "boss")), by="eve")
    approve(plane)
    ready(plane, manifest(id=HELPER, name="Helper"))
    plane.access.add_person("lea", "Lea", [PlaneRole.ENGINEER], by="ada")
    plane.delegations.allow("lea", LENT["permissions"], LENT["tools"], "confidential", by="ada")
    return plane


def grant(plane, to=ID, *, days=1, **other):
    until = plane.world.clock.now() + timedelta(days=days)
    return plane.delegations.grant(
        to, **{**LENT, "until": until, "by": "lea", "purpose": "ticket 7", **other}
    ).id


def test_whatever_is_read_outside_the_transaction_of_a_decision_moves_governance_on(lending):
    given = grant(lending)
    read = set()

    class Watched:
        def __init__(self, unit):
            self.unit = unit

        def shelf(self, kind):
            read.add(kind)
            return self.unit.shelf(kind)

    with lending.world.storage.reading() as unit:
        compile_authority(Watched(unit), ID, version=0, now=AT)
        lent_by(Watched(unit), given, AT)
    assert {Agent, ApprovalRequest, Role, Stop, Delegation, PersonRights, RuleSet, PolicyOverride} <= read
    assert {kind.__name__ for kind in read if not plan_of(kind).governs} == set()


def test_questions_consents_and_requests_of_people_compile_nothing_anew(plane, monkeypatch):
    plane.decide(LOOK)
    compiled = []
    monkeypatch.setattr(module, "compile_authority", lambda *_, **__: compiled.append(1))
    answer(plane, plane.decide(PAY))
    assert plane.decide(PAY).outcome is ALLOW
    plane.consent.state(JANE, "news", ConsentState.GIVEN, by="dora", notice_version="1")
    put(plane, Restriction("res_1", plane.world.pseudonyms.of(JANE), AT, "asked for", "dsr_1"))
    assert plane.decide(LOOK).outcome is ALLOW
    assert codes(plane.decide(dataclasses.replace(LOOK, subject=JANE, purpose="x"))) == ["subject-restricted"]
    assert compiled == []


def test_only_who_answers_for_an_agent_passes_on_what_it_holds(lending):
    lending.access.add_person("mal", "Mal", [PlaneRole.ENGINEER], by="ada")
    first = grant(lending, depth=1)
    for other in ({"parent": first}, {"from_agent": ID}):
        with pytest.raises(NotPermittedError, match="neither owns"):
            grant(lending, HELPER, **other, by="mal")
    with pytest.raises(NotPermittedError, match="no say"):
        lending.delegations.revoke(first, by="mal")
    assert lending.delegations.all()[0].delegation.granted_by == "lea"
    assert lending.delegations.revoke(first, by="lea").revoked_by == "lea"


def test_who_had_a_hand_in_a_delegation_approves_no_call_under_it(lending):
    lending.delegations.allow("lea", LENT["permissions"], ["refund"], "confidential", by="ada")
    lent = grant(lending, permissions=["tool:database:execute"], tools=["refund"])
    lending.access.change_person("lea", roles=[PlaneRole.ENGINEER, PlaneRole.CALL_APPROVER], by="ada")
    approval = lending.decide(dataclasses.replace(PAY, on_behalf_of=lent, purpose="ticket 7")).approval
    with pytest.raises(NotPermittedError, match="lent it the authority"):
        answer(lending, SimpleNamespace(approval=approval), by="lea")
    asked = lending.calls.find(approval)
    alter(lending, CallApproval, approval, behalf_person=None)
    with pytest.raises(NotPermittedError, match="lent it the authority"):
        answer(lending, SimpleNamespace(approval=approval), by="lea")
    assert asked.lenders == ("lea",)


def test_a_delegation_lets_through_what_it_covers_and_nothing_else(lending, clock):
    mine = grant(lending)
    call = dataclasses.replace(LOOK, on_behalf_of=mine, purpose="ticket 7")
    assert lending.decide(call).outcome is ALLOW
    assert codes(lending.decide(dataclasses.replace(call, purpose=None))) == ["delegation-purpose"]
    assert codes(lending.decide(dataclasses.replace(call, purpose="ads"))) == ["delegation-purpose"]
    assert codes(
        lending.decide(Call(ID, "refund", {"amount_cents": 1}, on_behalf_of=mine, purpose="ticket 7"))
    ) == ["tool-not-held"]
    assert codes(lending.decide(dataclasses.replace(call, agent=HELPER))) == ["delegation-not-yours"]
    assert codes(lending.decide(dataclasses.replace(call, on_behalf_of="dlg_ghost"))) == [
        "delegation-unknown"
    ]
    lending.delegations.allow("lea", [], ["customer_lookup"], "confidential", by="ada")
    assert "permission-not-held" in codes(lending.decide(call))


def test_a_delegation_ends_when_it_runs_out_or_is_taken_back(lending, clock):
    first, second = grant(lending), grant(lending)
    lending.delegations.revoke(first, by="lea")
    assert codes(lending.decide(dataclasses.replace(LOOK, on_behalf_of=first, purpose="ticket 7"))) == [
        "delegation-revoked"
    ]
    assert lending.decide(dataclasses.replace(LOOK, on_behalf_of=second, purpose="ticket 7")).outcome is ALLOW
    clock.advance(timedelta(days=1))
    assert codes(lending.decide(dataclasses.replace(LOOK, on_behalf_of=second, purpose="ticket 7"))) == [
        "delegation-expired"
    ]


def test_stopping_an_agent_stops_what_it_passed_on(lending):
    wider = [*LENT["permissions"], "agent:delegate"]
    lending.delegations.allow("lea", wider, LENT["tools"], "confidential", by="ada")
    first = grant(lending, depth=1, permissions=wider)
    second = grant(lending, HELPER, parent=first, purpose="")
    call = Call(HELPER, "customer_lookup", {"id": 7}, on_behalf_of=second, purpose="ticket 7")
    assert lending.decide(call).outcome is ALLOW
    lending.agents.suspend(ID, "enough", by="ola")
    assert codes(lending.decide(call)) == ["delegation-giver-stopped"]
    lending.agents.resume(ID, "looked at", by="ola")
    assert lending.decide(call).outcome is ALLOW
    lending.delegations.revoke(first, by="lea")
    assert "delegation-revoked" in codes(lending.decide(call))


@pytest.mark.parametrize("parent", ["dlg_ghost", "itself"])
def test_a_delegation_that_leads_nowhere_denies(lending, parent):
    mine = grant(lending)
    alter(lending, Delegation, mine, parent=mine if parent == "itself" else parent)
    decision = lending.decide(dataclasses.replace(LOOK, on_behalf_of=mine, purpose="ticket 7"))
    assert codes(decision) == ["delegation-broken"]
    assert decision.entry


# --- a person's approval of one call


def test_asking_twice_is_one_question(either):
    first, second = either.decide(PAY), either.decide(PAY)
    assert (first.outcome, second.outcome) == (ASK, ASK)
    assert first.approval == second.approval
    assert [one.id for one in either.calls.inbox()] == [first.approval]
    assert len(entries(either, "call.asked/1")) == 1


def test_an_approved_call_passes_once(either):
    asked = either.decide(PAY)
    answer(either, asked)
    passed = either.decide(PAY)
    assert (passed.outcome, passed.approval, passed.allowed) == (ALLOW, asked.approval, True)
    assert codes(passed) == ["tool-asks", "approved-by-person"]
    assert passed.obligations
    used = either.calls.find(asked.approval)
    assert (used.status, used.decision) == (CallStatus.CLAIMED, passed.id)
    again = either.decide(PAY)
    assert (again.outcome, again.approval != asked.approval) == (ASK, True)


@pytest.mark.parametrize("storage", ["plane", "on_disk"])
def test_of_twenty_threads_exactly_one_gets_the_call_through(storage, request):
    plane = request.getfixturevalue(storage)
    answer(plane, plane.decide(PAY))
    start = threading.Barrier(20)

    def go(_):
        start.wait()
        return plane.decide(PAY).outcome

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(go, range(20)))
    assert sorted(outcomes) == [ALLOW] + [ASK] * 19
    assert len(entries(plane, "call.claimed/1")) == 1
    assert len(plane.calls.inbox()) == 1


def test_of_two_planes_on_one_database_exactly_one_gets_the_call_through(on_disk, tmp_path, clock):
    other = Plane(sqlite_world(tmp_path, clock))
    answer(other, on_disk.decide(PAY))
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda n: (on_disk, other)[n % 2].decide(PAY).outcome, range(8)))
    assert sorted(outcomes) == [ALLOW] + [ASK] * 7
    other.close()


OTHERS = {
    "agent": HELPER,
    "tool": "wire",
    "arguments": {**PAY.arguments, "amount_cents": 9001},
    "on_behalf_of": "given",
    "subject": JANE,
    "purpose": "refunds",
    "sensitivity": Sensitivity.CONFIDENTIAL,
    "model": "m@1",
}


def test_every_field_of_a_call_is_listed():
    assert {field.name for field in dataclasses.fields(Call)} == {*OTHERS, "session", "trace"}


@pytest.mark.parametrize("field", OTHERS)
def test_any_other_call_is_asked_about_anew(lending, field):
    tools = (LOOKUP, REFUND, dataclasses.replace(REFUND, name="wire"))
    put(
        lending,
        Role(
            "refund_clerk",
            lending.access.role("refund_clerk").permissions,
            Sensitivity.CONFIDENTIAL,
            ("refund", "wire"),
        ),
    )
    model = {
        "name": "m", "version": "1", "provider": "example", "model_type": "llm", "owner": "eve", "risk_tier": "low",
        "use_cases": ["customer_service"], "validation_thresholds": {"accuracy": {"at_least": 9000}},
        "performance_baseline": {"accuracy": 9500}, "drift_thresholds": {"accuracy": 200},
    }  # fmt: skip
    lending.models.register(model, by="ada")
    passing = {"validation_date": "today", "dataset": "x", "validation_results": {"accuracy": 9500}}
    lending.models.validate("m@1", passing, by="val")
    lending.models.approve("m@1", "passes", by="val")
    for agent in (ID, HELPER):
        lending.agents.register(manifest(id=agent, name=agent, tools=tools, models=("m@1",)), by="eve")
        approve(lending, agent)
    lending.delegations.allow("lea", [], ["refund"], "confidential", by="ada")
    changed = {field: OTHERS[field]}
    if field == "on_behalf_of":
        changed[field] = grant(lending, permissions=[], tools=["refund"], purpose="x")
        changed["purpose"] = "x"
    answer(lending, lending.decide(PAY))
    other = lending.decide(dataclasses.replace(PAY, **changed))
    assert (other.outcome, other.approval is not None) == (ASK, True), codes(other)
    assert [one.id for one in lending.calls.inbox()] == [other.approval]
    assert lending.decide(PAY).outcome is ALLOW


def test_a_retry_from_another_session_or_trace_is_the_same_call(plane):
    answer(plane, plane.decide(dataclasses.replace(PAY, session="s-1", trace="t-1")))
    assert plane.decide(dataclasses.replace(PAY, session="s-2", trace="t-2")).outcome is ALLOW


def test_arguments_in_another_order_are_the_same_call(plane):
    answer(plane, plane.decide(PAY))
    assert (
        plane.decide(dataclasses.replace(PAY, arguments=dict(reversed(PAY.arguments.items())))).outcome
        is ALLOW
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.agents.register(manifest(name="Other Name"), by="eve"),  # not material: the agent stays active
        lambda p: p.agents.register(manifest(tools=(LOOKUP, dataclasses.replace(REFUND, description="x"))), by="eve"),
        lambda p: put(p, dataclasses.replace(p.access.role("refund_clerk"), max_data_sensitivity=Sensitivity.RESTRICTED)),
        lambda p: p.ropa.register({"id": "r", "name": "R", "agents": [ID], "purposes": ["x"], "legal_basis": "contract", "part": "controller"}, by="dora"),
    ],
)  # fmt: skip
def test_an_approval_is_void_once_what_it_rested_on_changed(plane, change):
    asked = plane.decide(PAY)
    answer(plane, asked)
    change(plane)
    again = plane.decide(PAY)
    assert (again.outcome, again.approval != asked.approval) == (ASK, True)


def test_an_approval_does_not_help_an_agent_that_was_stopped(plane):
    answer(plane, plane.decide(PAY))
    plane.agents.suspend(ID, "enough", by="ola")
    assert plane.decide(PAY).outcome is DENY
    plane.agents.resume(ID, "looked at", by="ola")
    assert plane.decide(PAY).outcome is ALLOW


def test_a_rejection_denies_the_same_call_until_it_expires(plane, clock):
    asked = plane.decide(PAY)
    answer(plane, asked, approve=False, because="ask her first")
    for _ in range(2):
        denied = plane.decide(PAY)
        assert (denied.outcome, denied.approval, codes(denied)) == (
            DENY,
            asked.approval,
            ["tool-asks", "rejected-by-person"],
        )
        assert "ask her first" in denied.reasons[-1].text
        assert denied.obligations == ()
    clock.advance(PATIENCE)
    again = plane.decide(PAY)
    assert (again.outcome, again.approval != asked.approval) == (ASK, True)


@pytest.mark.parametrize("answered", [False, True])
def test_a_question_and_its_answer_expire(plane, clock, answered):
    asked = plane.decide(PAY)
    if answered:
        answer(plane, asked)
    clock.advance(PATIENCE)
    assert plane.calls.find(asked.approval).status is CallStatus.EXPIRED
    assert plane.calls.inbox() == []
    again = plane.decide(PAY)
    assert (again.outcome, again.approval != asked.approval) == (ASK, True)


def test_what_a_person_is_shown_are_the_facts_masked(plane):
    call = dataclasses.replace(PAY, subject=JANE, purpose=f"for {JANE}", sensitivity=Sensitivity.CONFIDENTIAL)
    asked = plane.calls.find(plane.decide(call).approval)
    shown = json.loads(asked.shown)
    assert shown == {
        "agent": ID, "tool": "refund", "description": "", "effect": "external", "sensitivity": "confidential", "data": [],
        "subject": plane.world.pseudonyms.of(JANE), "on_behalf_of": None, "model": None, "purpose": "for [email]",
        "arguments": {"amount_cents": 9000, "to": "[email]", "note": "the grinder, for Jane Roe"},
        "why": ["`amount_cents` is 9000, above the 5000 allowed without a person"],
        "asked_by": {"agent": ID, "owner": "eve", "for": None},
        "risk": {"use_case": "customer_service", "policy": "medium", "class": "limited", "assessed": None},
        "touches": {"stores": ["shop"], "subjects": ["customers"], "outside": True, "undone": False},
    }  # fmt: skip
    assert asked.subject == plane.world.pseudonyms.of(JANE)
    assert plane.calls.find(plane.decide(PAY).approval).subject is None


def test_a_number_that_is_a_card_is_not_shown_in_the_reason_either(plane):
    limit = dataclasses.replace(REFUND, ask=(AskRule(argument="card_number", above=5),))
    plane.agents.register(manifest(tools=(LOOKUP, limit)), by="eve")
    approve(plane)
    asked = plane.calls.find(plane.decide(Call(ID, "refund", {"card_number": 4111111111111111})).approval)
    assert "4111111111111111" not in asked.shown
    assert {kind.type for kind in known_types()} >= {"credit_card"}


def test_erasing_a_person_blanks_what_was_shown_of_their_calls(plane, tmp_path):
    store = connect(build_shop(tmp_path / "shop.db"))
    hers = plane.decide(dataclasses.replace(PAY, subject=MARY)).approval
    his = plane.decide(dataclasses.replace(PAY, subject=JOHN)).approval
    before = plane.calls.find(hers)
    given, stores = dict(shop_map()), {"shop": store}
    request = plane.dsr.open("erasure", {"email": MARY}, by="ada").id
    plane.dsr.verify_identity(request, "code sent by letter", by="ada")
    plane.dsr.plan(request, given, stores, by="ada")
    plane.dsr.approve(request, by="dora")
    plane.dsr.fulfil(request, by="dora", given=given, stores=stores)
    store.close()
    gone, kept = plane.calls.find(hers), plane.calls.find(his)
    assert (gone.shown, gone.shown_digest, gone.status) == ("", before.shown_digest, CallStatus.EXPIRED)
    assert kept.shown


def test_a_family_of_errors_is_all_that_ever_comes_out(plane):
    """Nothing of a hostile call's own may surface as anything but an answer or bad input."""

    class Sly(dict):
        def items(self):
            raise EphorError("no")

    with pytest.raises(EphorError):
        plane.decide(Call(ID, "customer_lookup", Sly()))
