"""Limits, sequences and the catalogue as recorded: exact under threads and processes, and what is not allowed uses nothing."""

import dataclasses
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from conftest import populate
from ephor.bootstrap import open_engine
from ephor.edges.sdk import Plane
from ephor.kernel.errors import InvalidInputError, NotFoundError, NotPermittedError, UnavailableError
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.record import AuthorityRecord
from ephor.settings import Settings
from sample_plane import ID, entries, kinds, ready, size

LOOK = Call(ID, "customer_lookup", {"id": 7})
PAY = Call(ID, "refund", {"amount_cents": 1000})
ALLOW, ASK, DENY = Outcome.ALLOW, Outcome.ASK, Outcome.DENY
DAILY = {"id": "looks", "measure": "calls", "most": 3, "window": "day", "tool": "customer_lookup"}
SPEND = {
    "id": "spend",
    "measure": "money",
    "most": "25.00",
    "window": "day",
    "argument": "amount_cents",
    "scale": 2,
    "tool": "refund",
}
AFTER = {
    "id": "no-mail",
    "after": "data:contact",
    "effect": "external",
    "because": "it may leave with the mail",
}
CRM = {"name": "customer_lookup", "effect": "read", "sensitivity": "confidential", "data": ["contact"], "labels": ["customer-data"]}  # fmt: skip


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def codes(decision):
    return [reason.code for reason in decision.reasons]


def outcomes(plane, call, times):
    return [plane.decide(call).outcome for _ in range(times)]


def test_exactly_as_many_calls_pass_as_the_limit_says_and_then_the_window_begins_anew(plane, clock):
    plane.limits.load([DAILY], by="ada")
    assert outcomes(plane, LOOK, 5) == [ALLOW] * 3 + [DENY] * 2
    denied = plane.decide(LOOK)
    assert codes(denied) == ["limit-exceeded"]
    assert "limit `looks`: at most 3 calls in one day" in denied.reasons[0].text
    clock.advance(timedelta(days=1))
    assert outcomes(plane, LOOK, 4) == [ALLOW] * 3 + [DENY]


def test_two_currencies_of_one_tool_are_counted_apart_and_a_third_is_denied(plane):
    euros = {**SPEND, "id": "euros", "currency": "EUR"}
    plane.limits.load([euros, {**SPEND, "id": "dollars", "currency": "USD", "most": "10.00"}], by="ada")

    def paid(currency):
        return plane.decide(Call(ID, "refund", {"amount_cents": 1000, "currency": currency}))

    assert [paid(one).outcome for one in ("USD", "EUR", "USD", "EUR", "EUR")] == [
        ALLOW,
        ALLOW,
        DENY,
        ALLOW,
        DENY,
    ]
    assert codes(paid("USD")) == ["limit-exceeded"]
    assert codes(paid("GBP")) == ["limit-amount-foreign"] * 2


def test_a_clock_that_goes_back_refills_nothing(plane, clock):
    plane.limits.load([DAILY], by="ada")
    assert outcomes(plane, LOOK, 3) == [ALLOW] * 3
    clock.advance(-timedelta(days=2))
    assert plane.decide(LOOK).outcome is DENY


def test_what_is_denied_asked_or_not_recorded_uses_nothing_up(plane, monkeypatch):
    plane.limits.load([SPEND], by="ada")
    for bad in (
        {},
        {"amount_cents": -5},
        {"amount_cents": "ten"},
        {"amount_cents": 1.5},
        {"amount_cents": True},
    ):
        assert plane.decide(dataclasses.replace(PAY, arguments=bad)).outcome is DENY
    assert plane.decide(dataclasses.replace(PAY, arguments={"amount_cents": 2501})).outcome is DENY
    assert plane.decide(dataclasses.replace(PAY, purpose="x", on_behalf_of="dlg_0")).outcome is DENY
    with monkeypatch.context() as failing:
        failing.setattr(type(plane.world.storage), "_grow", _fails)
        with pytest.raises(UnavailableError):
            plane.decide(PAY)
    assert outcomes(plane, PAY, 3) == [ALLOW, ALLOW, DENY]
    assert plane.decide(dataclasses.replace(PAY, arguments={"amount_cents": "5.00"})).outcome is ASK


def _fails(*_):
    raise UnavailableError("no")


def test_an_asked_call_is_counted_when_it_goes_ahead(plane):
    plane.limits.load([{**SPEND, "most": "100.00"}], by="ada")
    large = dataclasses.replace(PAY, arguments={"amount_cents": 6000})
    asked = plane.decide(large)
    assert (asked.outcome, codes(asked)) == (ASK, ["tool-asks"])
    assert outcomes(plane, PAY, 4) == [ALLOW] * 4
    plane.calls.answer(asked.approval, approve=True, by="cal", because="fine")
    assert plane.decide(large).outcome is ALLOW
    assert plane.decide(PAY).outcome is DENY


def test_a_limit_that_counts_for_each_counts_apart_and_one_of_a_chain_for_all_of_it(plane, clock):
    plane.access.add_person("lou", "Lou", [PlaneRole.ENGINEER], by="ada")
    for person in ("eve", "lou"):
        plane.delegations.allow(
            person, ["data:pii:read", "tool:database:execute"], ["customer_lookup"], "confidential", by="ada"
        )
    lent = {
        person: plane.delegations.grant(
            ID,
            permissions=["data:pii:read", "tool:database:execute"],
            tools=["customer_lookup"],
            max_sensitivity="confidential",
            until=clock.now() + timedelta(days=1),
            by=person,
            purpose="support",
        ).id
        for person in ("eve", "lou")
    }
    plane.limits.load([{**DAILY, "most": 2, "per": ["person"]}], by="ada")
    for one in lent.values():
        call = dataclasses.replace(LOOK, on_behalf_of=one, purpose="support")
        assert [codes(plane.decide(call)) for _ in range(3)] == [["allowed"], ["allowed"], ["limit-exceeded"]]
    assert plane.decide(LOOK).outcome is ALLOW
    plane.limits.load([{**DAILY, "most": 1, "delegation": lent["eve"]}], by="ada")
    call = dataclasses.replace(LOOK, on_behalf_of=lent["eve"], purpose="support")
    assert outcomes(plane, call, 2) == [ALLOW, DENY]


def test_of_many_threads_exactly_as_many_pass(plane):
    plane.limits.load([{**DAILY, "most": 17}], by="ada")
    with ThreadPoolExecutor(16) as pool:
        found = Counter(pool.map(lambda _: plane.decide(LOOK).outcome, range(60)))
    assert found == {ALLOW: 17, DENY: 43}
    assert Counter(one["decision"] for one in entries(plane, "decision.made/1")) == {"allow": 17, "deny": 43}


CHILD = """
import sys
from ephor.bootstrap import open_engine
from ephor.rooms.decisions.model import Call
from ephor.settings import Settings
plane = open_engine(sys.argv[1], create=False, settings=Settings(keys=sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
allowed = [plane.decide(Call("support-assistant", "customer_lookup", {"id": 7})).allowed for _ in range(15)]
print(sum(allowed))
plane.close()
"""


@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_of_two_processes_exactly_as_many_pass(where, tmp_path, request):
    url = f"sqlite:///{tmp_path}/ephor.db" if where == "sqlite" else request.getfixturevalue("postgres_url")
    url = url.replace("postgresql://", "postgresql+psycopg://")
    keys = str(tmp_path / "keys")
    plane = ready(populate(open_engine(url, settings=Settings(keys=keys))))
    plane.limits.load([{**DAILY, "most": 13, "window": "ever"}], by="ada")
    command = [sys.executable, "-c", CHILD, url, keys]
    running = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for _ in range(2)
    ]
    for one in running:
        assert one.stdout.readline() == "ready\n"
    for one in running:
        one.stdin.write("go\n")
        one.stdin.flush()
    passed = [int(one.communicate(timeout=300)[0]) for one in running]
    assert sum(passed) == 13
    made = Counter(one["decision"] for one in entries(plane, "decision.made/1"))
    assert made == {"allow": 13, "deny": 17}
    plane.close()


# --- sessions and sequences


def test_what_a_session_touched_decides_what_may_follow_also_in_another_agent_and_after_a_restart(plane):
    plane.tools.load([CRM], by="ada")
    plane.sequences.load([AFTER], by="ada")
    mail = dataclasses.replace(PAY, session="s-1")
    assert plane.decide(mail).outcome is ALLOW
    assert plane.decide(dataclasses.replace(LOOK, session="s-1")).outcome is ALLOW
    denied = Plane(plane.world).decide(mail)
    assert (denied.outcome, codes(denied)) == (DENY, ["sequence-rule"])
    assert denied.reasons[0].text == (
        "sequence rule `no-mail`: the session has touched `data:contact`, and now calls `refund`: it may leave with the mail"
    )
    assert plane.decide(dataclasses.replace(mail, session="s-2")).outcome is ALLOW
    (entry,) = [one for one in entries(plane) if one["id"] == denied.entry]
    assert {"data:contact", "customer-data", "tool:refund"} <= set(entry["metadata"]["looked_at"]["labels"])
    assert "customer-data" in plane.decisions.session("s-1")


def test_a_call_without_a_session_may_follow_anything(plane):
    plane.sequences.load([{**AFTER, "then": "ask"}], by="ada")
    asked = plane.decide(PAY)
    assert (asked.outcome, codes(asked)) == (ASK, ["session-unknown"])
    assert plane.decide(LOOK).outcome is ALLOW


def test_what_is_not_allowed_touches_nothing(plane):
    plane.tools.load([{**CRM, "ask": [{"always": True}]}], by="ada")
    plane.sequences.load([AFTER], by="ada")
    look = dataclasses.replace(LOOK, session="s-1")
    asked = plane.decide(look)
    assert asked.outcome is ASK
    assert plane.decisions.session("s-1") == ()
    plane.calls.answer(asked.approval, approve=True, by="cal", because="fine")
    assert plane.decide(look).outcome is ALLOW
    assert plane.decide(dataclasses.replace(PAY, session="s-1")).outcome is DENY


def test_a_session_that_touches_nothing_new_shares_commits_and_a_rule_laid_down_later_still_knows(
    plane, monkeypatch
):
    look = dataclasses.replace(LOOK, session="s-1")
    alone = []
    real = plane.world.storage.append
    monkeypatch.setattr(
        plane.world.storage,
        "append",
        lambda *said, **ground: alone.append(real(*said, **ground)) or alone[-1],
    )
    for _ in range(3):
        assert plane.decide(look).outcome is ALLOW
    assert len(alone) == 2
    plane.tools.load([CRM], by="ada")
    assert plane.decide(look).outcome is ALLOW
    assert (len(alone), "customer-data" in plane.decisions.session("s-1")) == (2, True)
    plane.sequences.load([{**AFTER, "after": "customer-data"}], by="ada")
    assert plane.decide(dataclasses.replace(PAY, session="s-1")).outcome is DENY
    assert len(alone) == 2


# --- the catalogue


def test_the_stricter_of_catalogue_and_manifest_counts_at_once(plane):
    assert plane.decide(LOOK).outcome is ALLOW
    plane.tools.load(
        [{**CRM, "effect": "irreversible", "sensitivity": "restricted", "permissions": ["agent:spawn"]}],
        by="ada",
    )
    denied = plane.decide(LOOK)
    assert codes(denied) == [
        "sensitivity-above-ceiling",
        "permission-missing",
        "sensitivity-not-in-policy",
        "autonomy-above-ceiling",
    ]
    plane.tools.load([{**CRM, "sensitivity": "public", "effect": "read"}], by="ada")
    assert plane.decide(LOOK).outcome is ALLOW
    raised = plane.decide(dataclasses.replace(LOOK, session="s"))
    assert raised.outcome is ALLOW
    assert "sensitivity:confidential" in plane.decisions.session("s")
    plane.tools.remove("customer_lookup", by="ada")
    assert plane.decide(LOOK).outcome is ALLOW


def test_who_must_approve_makes_every_call_ask(plane):
    plane.tools.load([{**CRM, "approvers": ["call_approver"]}], by="ada")
    assert codes(plane.decide(LOOK)) == ["tool-asks"]
    with pytest.raises(InvalidInputError, match="may not approve calls"):
        plane.tools.load([{**CRM, "approvers": ["auditor"]}], by="ada")


def test_every_change_of_a_definition_is_recorded_and_only_an_administrator_makes_one(plane):
    before = size(plane)
    plane.limits.load([DAILY, SPEND], by="ada")
    plane.limits.load([{**DAILY, "most": 4}, SPEND], by="ada")
    plane.limits.remove("spend", by="ada")
    plane.sequences.load([AFTER], by="ada")
    plane.sequences.remove("no-mail", by="ada")
    plane.tools.load([CRM], by="ada")
    plane.tools.remove("customer_lookup", by="ada")
    assert kinds(plane, before) == [
        "limit.set/1", "limit.set/1", "limit.set/1", "limit.removed/1", "sequence.set/1", "sequence.removed/1",
        "tool.set/1", "tool.removed/1",
    ]  # fmt: skip
    changed = entries(plane, "limit.set/1")[2]
    assert (changed["actor"], changed["resource"]) == ("person:ada", "limit:looks")
    assert (changed["metadata"]["most"], changed["metadata"]["before"][:7]) == (4, "sha256:")
    before = size(plane)
    for room, one in ((plane.limits, DAILY), (plane.sequences, AFTER), (plane.tools, CRM)):
        with pytest.raises(NotPermittedError):
            room.load([one], by="eve")
        with pytest.raises(NotFoundError):
            room.remove("ghost", by="ada")
        with pytest.raises(InvalidInputError, match="nothing was changed"):
            room.load([one, {"bad": 1}], by="ada")
        with pytest.raises(InvalidInputError, match="twice"):
            room.load([one, one], by="ada")
    assert size(plane) == before


def test_what_a_decision_rests_on_is_kept_once_under_its_digest(plane):
    first, second = plane.decide(LOOK), plane.decide(PAY)
    assert first.policy_digest == second.policy_digest
    with plane.world.storage.reading() as unit:
        (kept,) = unit.shelf(AuthorityRecord).all()
    assert kept.id == first.policy_digest
    plane.agents.suspend(ID, "enough", by="ola")
    assert plane.decide(LOOK).policy_digest != first.policy_digest


# --- what a list of tools shows


def test_a_list_of_tools_shows_what_could_be_called_now(plane):
    assert list(plane.decisions.may_call(ID)) == ["customer_lookup", "refund"]
    assert plane.decisions.may_call("ghost") == ()
    plane.tools.load([{**CRM, "sensitivity": "restricted"}], by="ada")
    assert list(plane.decisions.may_call(ID)) == ["refund"]
    plane.agents.suspend(ID, "enough", by="ola")
    assert list(plane.decisions.may_call(ID)) == []
