"""Approvals of calls to their end: quorum, escalation, scope and time, withdrawal, expiry, one use among many claimants."""

import dataclasses
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_command
from ephor.edges.sdk import Plane
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
)
from ephor.kernel.vocabulary import Effect, RiskLevel
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.call import CallApproval, CallStatus
from ephor.rooms.approvals.lasting import Scope
from ephor.rooms.approvals.rule import PATIENCE
from ephor.rooms.decisions.model import Call, Outcome
from planes import Made
from sample_agents import LOOKUP, REFUND
from sample_plane import ID, alter, entries, kinds, manifest, ready, size

JANE = "jane@example.com"
PAY = Call(ID, "refund", {"amount_cents": 9000, "to": JANE})
ALLOW, ASK, DENY = Outcome.ALLOW, Outcome.ASK, Outcome.DENY


@pytest.fixture
def plane(world):
    plane = ready(populate(Plane(world)))
    plane.access.add_person("cid", "Cid", [PlaneRole.CALL_APPROVER], by="ada")
    return plane


@pytest.fixture(params=["sqlite", "postgres"])
def made(request, tmp_path):
    if request.param == "sqlite":
        made = Made(f"sqlite:///{tmp_path / 'ephor.db'}", tmp_path / "keys")
    else:
        made = Made(request.getfixturevalue("postgres_url"), tmp_path / "keys")
    yield made
    made.close()


def ask(plane, call=PAY):
    decision = plane.decide(call)
    assert decision.outcome is ASK
    return decision.approval


def paying(cents):
    return dataclasses.replace(PAY, arguments={"amount_cents": cents, "to": JANE})


def codes(decision):
    return [reason.code for reason in decision.reasons]


# --- one use


CLAIM = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ephor.edges.sdk import Plane
from ephor.kernel.errors import UnavailableError
from ephor.rooms.decisions.model import Call
from planes import Made
made = Made(sys.argv[1], Path(sys.argv[2]))
plane = Plane(made.world(made.open()))
call = Call("support-assistant", "refund", json.loads(sys.argv[3]))
plane.decisions.explain(call)
print("ready", flush=True)
sys.stdin.readline()
def claim(_):
    for _ in range(20):
        try:
            return plane.decide(call).outcome.value
        except UnavailableError:  # a slow disk, and fifty who want to write
            pass
    return "unavailable"
with ThreadPoolExecutor(17) as pool:
    said = list(pool.map(claim, range(17)))
print(json.dumps(said), flush=True)
made.close()
"""


def test_of_fifty_claimants_in_threads_and_processes_exactly_one_runs(made):
    plane = ready(populate(Plane(made.world(made.open()))))
    approval = ask(plane)
    plane.approvals.approve(approval, by="cal")
    command = [sys.executable, "-c", CLAIM, made.url, str(made.folder), json.dumps(dict(PAY.arguments))]
    others = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout.readline() == "ready\n"
    for other in others:
        other.stdin.write("go\n")
        other.stdin.flush()

    def claim(_: int) -> str:
        for _ in range(20):
            try:
                return plane.decide(PAY).outcome.value
            except UnavailableError:  # a slow disk, and fifty who want to write
                pass
        return "unavailable"

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(claim, range(16)))
    for other in others:
        said += json.loads(other.communicate(timeout=300)[0])
    assert len(said) == 50
    assert sorted(said) == ["allow"] + ["ask"] * 49
    assert len(entries(plane, "call.claimed/1")) == 1
    assert plane.calls.find(approval).status is CallStatus.CLAIMED


# --- quorum


def test_two_people_must_agree_and_one_who_rejects_is_enough(plane):
    plane.approvals.rules.set(tool="refund", quorum=2, by="ada")
    approval = ask(plane)
    before = size(plane)
    assert plane.approvals.approve(approval, by="cal", because="fine").status is CallStatus.PENDING
    assert plane.decide(PAY).outcome is ASK
    with pytest.raises(ConflictError, match="has approved"):
        plane.approvals.approve(approval, by="cal")
    assert plane.approvals.inbox(person="cal") == []
    assert [one.id for one in plane.approvals.inbox(person="cid")] == [approval]
    done = plane.approvals.approve(approval, by="cid")
    assert (done.status, [one.by for one in done.answers]) == (CallStatus.APPROVED, ["cal", "cid"])
    said = [one["kind"] for one in entries(plane)[before:] if one["kind"].startswith("call.")]
    assert said == ["call.endorsed/1", "call.approved/1"]
    assert {one.shown_digest for one in done.answers} == {done.shown_digest}
    decision = plane.decide(PAY)
    assert decision.outcome is ALLOW
    assert "`cal`, `cid` approved" in decision.reasons[-1].text

    approval = ask(plane)
    plane.approvals.approve(approval, by="cal")
    plane.approvals.reject(approval, "no", by="cid")
    assert codes(plane.decide(PAY))[-1] == "rejected-by-person"


def test_whoever_approves_second_approves_the_same_reach(plane):
    plane.approvals.rules.set(quorum=2, by="ada")
    approval = ask(plane)
    plane.approvals.approve(approval, by="cal", lasts=timedelta(hours=1), uses=2)
    with pytest.raises(ConflictError, match="approve the same"):
        plane.approvals.approve(approval, by="cid")
    with pytest.raises(ConflictError, match="approve the same"):
        plane.approvals.approve(approval, by="cid", lasts=timedelta(hours=1), uses=3)
    done = plane.approvals.approve(approval, by="cid", lasts=timedelta(hours=1), uses=2)
    assert done.status is CallStatus.APPROVED


# --- who may answer


def test_a_rule_names_who_may_answer_and_a_body_stands_for_its_seats(plane):
    plane.approvals.rules.set(tool="refund", approvers=["executive-oversight"], by="ada")
    approval = ask(plane)
    for who in ("cal", "ada", "eve", "aud", "ghost"):
        with pytest.raises(NotPermittedError):
            plane.approvals.approve(approval, by=who)
    assert plane.approvals.approve(approval, by="max").status is CallStatus.APPROVED


@pytest.mark.parametrize("stands", [("a", "t"), (None, "t"), ("a", None), (None, None)])
def test_the_most_specific_rule_holds(plane, stands):
    rules = plane.approvals.rules
    places = [(None, None), ("a", None), (None, "t"), ("a", "t")]
    for agent, tool in places[: places.index(stands) + 1]:
        rules.set(agent=agent, tool=tool, quorum=2 + places.index((agent, tool)), by="ada")
    assert rules.for_call("a", "t").quorum == 2 + places.index(stands)
    rules.remove(agent=stands[0], tool=stands[1], by="ada")
    assert rules.for_call("a", "t").quorum == 1 + places.index(stands)
    with pytest.raises(NotFoundError):
        rules.remove(agent=stands[0], tool=stands[1], by="ada")


def test_a_changed_rule_voids_what_was_approved_under_the_old_one(plane):
    approval = ask(plane)
    plane.approvals.approve(approval, by="cal")
    plane.approvals.rules.set(tool="refund", quorum=2, by="ada")
    decision = plane.decide(PAY)
    assert (decision.outcome, decision.approval == approval) == (ASK, False)
    assert kinds(plane, size(plane) - 3)[0] == "approval-rule.set/1"


@pytest.mark.parametrize("who", ["eve", "cal", "ola", "aud", "ghost"])
def test_only_an_administrator_sets_rules(plane, who):
    before = size(plane)
    with pytest.raises(NotPermittedError):
        plane.approvals.rules.set(quorum=1, by=who)
    with pytest.raises(NotPermittedError):
        plane.approvals.rules.remove(by=who)
    assert size(plane) == before


@pytest.mark.parametrize(
    "bad",
    [
        {"quorum": 0},
        {"quorum": 11},
        {"quorum": True},
        {"quorum": "2"},
        {"approvers": ["administrator"]},
        {"approvers": ["engineer"]},
        {"approvers": ["nobody"]},
        {"patience": timedelta(0)},
        {"patience": timedelta(days=31)},
        {"escalation": [(timedelta(0), ["executive"])]},
        {"escalation": [(timedelta(hours=5), ["executive"])]},
        {"escalation": [(timedelta(hours=2), ["executive"]), (timedelta(hours=1), ["executive"])]},
        {"escalation": [(timedelta(hours=1), ["auditor"])]},
        {"tool": "*"},
        {"agent": "a/b"},
        {"agent": " "},
        {"tool": "re\u202efund"},
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(plane, bad):
    with pytest.raises(InvalidInputError):
        plane.approvals.rules.set(by="ada", **bad)


# --- escalation


def test_silence_passes_the_question_on_and_that_is_recorded_once(plane, clock):
    plane.approvals.rules.set(escalation=[(timedelta(minutes=30), ["executive"])], by="ada")
    approval = ask(plane)
    with pytest.raises(NotPermittedError):
        plane.approvals.approve(approval, by="max")
    assert plane.approvals.sweep().escalated == ()
    clock.advance(timedelta(minutes=30))
    assert [one.id for one in plane.approvals.inbox(person="max")] == [approval]
    before = size(plane)
    assert [one.id for one in plane.approvals.sweep().escalated] == [approval]
    assert plane.approvals.sweep().escalated == ()
    (entry,) = entries(plane)[before:]
    assert (entry["kind"], entry["metadata"]) == (
        "call.escalated/1",
        {"roles": ["call_approver", "executive"], "step": 1},
    )
    assert plane.approvals.approve(approval, by="max").status is CallStatus.APPROVED
    assert plane.decide(PAY).outcome is ALLOW


# --- scope and time


def test_an_approval_for_a_time_and_a_number_of_uses_ends_with_either(plane, clock):
    approval = ask(plane)
    plane.approvals.approve(approval, by="cal", lasts=timedelta(hours=8), uses=2)
    assert [plane.decide(PAY).outcome for _ in range(3)] == [ALLOW, ALLOW, ASK]
    assert plane.calls.find(approval).status is CallStatus.CLAIMED
    assert plane.decide(paying(9001)).outcome is ASK

    (again,) = [
        one.id
        for one in plane.approvals.inbox()
        if json.loads(one.shown)["arguments"]["amount_cents"] == 9000
    ]
    plane.approvals.approve(again, by="cal", lasts=timedelta(hours=8), uses=2)
    clock.advance(timedelta(hours=8) - timedelta(microseconds=1))
    assert plane.decide(PAY).outcome is ALLOW
    clock.advance(timedelta(microseconds=1))
    assert plane.decide(PAY).outcome is ASK
    assert plane.calls.find(again).status is CallStatus.EXPIRED


def test_an_approval_for_the_tool_stays_within_its_bounds(plane):
    approval = ask(plane)
    plane.approvals.approve(approval, by="cal", scope=Scope.TOOL, at_most={"amount_cents": 9500}, uses=4)
    assert plane.decide(paying(9500)).outcome is ALLOW
    assert plane.decide(paying(6000)).outcome is ALLOW
    for other in (paying(9501), paying("6000"), paying(True), dataclasses.replace(PAY, arguments={})):
        assert plane.decide(other).outcome is ASK, other
    for other in ({"purpose": "another"}, {"subject": JANE}):
        assert plane.decide(dataclasses.replace(paying(6001), **other)).outcome is not ALLOW
    assert plane.decide(paying(7000)).outcome is ALLOW
    (entry,) = entries(plane, "call.approved/1")
    assert entry["metadata"]["lasting"]["at_most"] == {"amount_cents": 9500}
    plane.agents.register(
        manifest(tools=(LOOKUP, dataclasses.replace(REFUND, sensitivity=LOOKUP.sensitivity))), by="eve"
    )
    assert plane.decide(paying(7001)).outcome is DENY


def test_a_no_to_this_very_call_beats_an_older_yes_to_the_tool(plane, clock):
    plane.approvals.approve(
        ask(plane), by="cal", scope=Scope.TOOL, lasts=timedelta(hours=2), at_most={"amount_cents": 9000}
    )
    assert plane.decide(paying(8000)).outcome is ALLOW
    with plane.world.storage.reading() as unit:
        old = unit.shelf(CallApproval).all()[0]
    clock.advance(timedelta(seconds=1))
    alter(plane, CallApproval, old.id, status=CallStatus.PENDING)
    approval = ask(plane, paying(8001))
    plane.approvals.reject(approval, "not this one", by="cal")
    alter(plane, CallApproval, old.id, status=CallStatus.APPROVED)
    assert codes(plane.decide(paying(8001)))[-1] == "rejected-by-person"
    assert plane.decide(paying(8002)).outcome is ALLOW


@pytest.mark.parametrize(
    "bad",
    [
        {"scope": Scope.TOOL},
        {"scope": Scope.TOOL, "at_most": {"order": 9}},
        {"scope": "tool"},
        {"scope": "everything"},
        {"lasts": "1h"},
        {"uses": 1.5},
        {"lasts": timedelta(hours=25)},
        {"lasts": timedelta(0)},
        {"uses": 0},
        {"uses": 1001},
        {"at_most": {"amount_cents": 1}},
        {"scope": Scope.TOOL, "at_most": {"amount_cents": "1"}},
        {"scope": Scope.TOOL, "at_most": {"": 1}},
        {"scope": Scope.TOOL, "at_most": {"amount_cents": True}},
    ],
)
def test_an_approval_that_reaches_too_far_is_refused(plane, bad):
    approval, before = ask(plane), size(plane)
    with pytest.raises(InvalidInputError):
        plane.approvals.approve(approval, by="cal", **bad)
    assert size(plane) == before + 0


# --- how it ends


def test_who_waited_is_told_that_nobody_answered_and_that_is_not_a_rejection(plane, clock):
    approval = ask(plane)
    clock.advance(PATIENCE)
    decision = plane.decisions.decide(PAY, awaited=approval)
    assert (decision.outcome, codes(decision)[-1]) == (DENY, "question-expired")
    assert [one.id for one in plane.approvals.sweep().expired] == [approval]
    assert plane.approvals.sweep().expired == ()
    assert kinds(plane, size(plane) - 1) == ["call.expired/1"]
    assert plane.calls.find(approval).status is CallStatus.EXPIRED
    assert plane.decide(PAY).outcome is ASK  # asking anew is a new question


@pytest.mark.parametrize("who", ["eve", "sam"])
def test_a_question_is_withdrawn_by_its_owner_or_who_may_revoke(plane, who):
    approval = ask(plane)
    ended = plane.approvals.withdraw(approval, "no longer needed", by=who)
    assert (ended.status, ended.decided_by) == (CallStatus.WITHDRAWN, who)
    assert codes(plane.decisions.decide(PAY, awaited=approval))[-1] == "question-withdrawn"
    for act in (
        lambda: plane.approvals.withdraw(approval, "again", by=who),
        lambda: plane.approvals.approve(approval, by="cal"),
    ):
        with pytest.raises(ConflictError, match="withdrawn"):
            act()


def test_an_approval_is_taken_back_before_it_is_used_and_not_after(plane):
    approval = ask(plane)
    plane.approvals.approve(approval, by="cal")
    plane.approvals.withdraw(approval, "I misread it", by="cal")
    assert plane.decide(PAY).outcome is ASK
    approval = plane.approvals.inbox()[0].id
    plane.approvals.approve(approval, by="cal")
    plane.decide(PAY)
    with pytest.raises(ConflictError, match="claimed"):
        plane.approvals.withdraw(approval, "too late", by="cal")


@pytest.mark.parametrize("who", ["cid", "ola", "aud", "ghost"])
def test_nobody_else_withdraws(plane, who):
    approval, before = ask(plane), size(plane)
    with pytest.raises(NotPermittedError):
        plane.approvals.withdraw(approval, "x", by=who)
    with pytest.raises(InvalidInputError):
        plane.approvals.withdraw(approval, " ", by="eve")
    assert size(plane) == before


@pytest.mark.parametrize("how", ["left", "lost the role"])
def test_an_approval_of_somebody_who_may_no_longer_give_it_is_none(plane, how):
    approval = ask(plane)
    plane.approvals.approve(approval, by="cid", lasts=timedelta(hours=1), uses=9)
    assert plane.decide(PAY).outcome is ALLOW
    if how == "left":
        plane.access.remove_person("cid", "left", by="ada")
    else:
        plane.access.change_person("cid", roles=[PlaneRole.OPERATOR], by="ada")
    decision = plane.decide(PAY)
    assert (decision.outcome, decision.approval == approval) == (ASK, False)


# --- what is shown


def test_a_person_sees_who_asks_for_what_at_what_risk(plane):
    shown = json.loads(plane.calls.find(ask(plane)).shown)
    assert shown["asked_by"] == {"agent": ID, "owner": "eve", "for": None}
    assert shown["risk"]["class"] == "limited"
    assert shown["risk"]["policy"] in {level.value for level in RiskLevel}
    assert shown["risk"]["assessed"] is None
    assert shown["touches"] == {
        "stores": ["shop"],
        "subjects": ["customers"],
        "outside": True,
        "undone": False,
    }
    assert shown["arguments"] == {"amount_cents": 9000, "to": "[email]"}
    assert shown["effect"] == Effect.EXTERNAL.value


# --- fatigue


def test_too_many_answers_in_an_hour_and_too_hasty_ones_are_told(plane, clock):
    for n in range(22):
        approval = ask(plane, paying(9000 + n))
        clock.advance(timedelta(seconds=60 if n % 2 else 4))
        plane.approvals.approve(approval, by="cal") if n % 11 else plane.approvals.reject(
            approval, "no", by="cid"
        )
    ask(plane, paying(1_000_000))
    load = plane.approvals.load()
    cal, cid = load.people
    assert (load.asked, load.answered, load.waiting, load.expired) == (23, 22, 1, 0)
    assert (cal.person, cal.answered, cal.approved, cal.rejected, cal.per_hour) == ("cal", 20, 20, 0, 20)
    assert (cid.answered, cid.rejected, cid.per_hour) == (2, 2, 2)
    assert (cal.seconds, cal.too_much, cid.too_much) == (
        60.0 if cal.seconds == 60.0 else cal.seconds,
        True,
        False,
    )
    assert cal.hasty == 9
    assert load.wait_seconds == 32.0
    clock.advance(timedelta(days=8))
    assert plane.approvals.load().people == ()


def test_a_load_of_nothing_is_not_a_good_one(plane):
    load = plane.approvals.load()
    assert (load.people, load.wait_seconds, load.answered) == ((), None, 0)


# --- the command line


@pytest.fixture
def run(plane, capsys):
    door = SimpleNamespace(person="cal", open=lambda *_args, **_kw: plane)

    def run(*words):
        code = run_command([*words, "--json"], door)
        out, err = capsys.readouterr()
        return code, json.loads(out or err)

    return run


def test_the_whole_way_on_the_command_line(run, plane, clock):
    rule = ["approvals", "rules", "set", "--tool", "refund", "--within", "2h", "--quorum", "2"]
    code, said = run(*rule, "--escalate", "30m:executive,operator", "--as", "ada")
    assert (code, said["seconds"], said["escalation"]) == (
        0, 7200, [{"after_seconds": 1800, "to": ["executive", "operator"]}],
    )  # fmt: skip
    approval = ask(plane)
    assert [one["id"] for one in run("approvals", "inbox", "--mine")[1]] == [approval]
    assert run("approvals", "inbox", "--mine", "--as", "max")[1] == []
    reach = ["--scope", "tool", "--for", "1h", "--uses", "3", "--at-most", "amount_cents=9500"]
    assert run("approvals", "approve", approval, *reach)[1]["status"] == "pending"
    clock.advance(timedelta(minutes=31))
    assert [one["id"] for one in run("approvals", "sweep")[1]["escalated"]] == [approval]
    code, said = run("approvals", "approve", approval, *reach, "--as", "max")
    assert (code, said["status"], said["lasting"]["uses"]) == (0, "approved", 3)
    assert plane.decide(paying(9400)).outcome is ALLOW
    assert (
        run("approvals", "withdraw", approval, "--reason", "enough", "--as", "cal")[1]["status"]
        == "withdrawn"
    )
    assert plane.decide(paying(9400)).outcome is ASK
    code, load = run("approvals", "load", "--within", "1d")
    assert (code, [one["person"] for one in load["people"]]) == (0, ["cal", "max"])
    assert [one["id"] for one in run("approvals", "rules", "list")[1]] == ["*/refund", "*/*"]
    assert run("approvals", "rules", "remove", "--tool", "refund", "--as", "ada")[0] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["approve", "ID", "--scope", "everything"], 2),
        (["approve", "ID", "--for", "soon"], 2),
        (["approve", "ID", "--scope", "tool", "--at-most", "amount_cents"], 2),
        (["approve", "ID", "--at-most", "amount_cents=9"], 2),
        (["approve", "ID", "--as", "ola"], 5),
        (["withdraw", "ID", "--reason", "x", "--as", "ola"], 5),
        (["withdraw", "apr_0", "--reason", "x"], 3),
        (["rules", "set", "--escalate", "executive", "--as", "ada"], 2),
        (["rules", "set", "--quorum", "1"], 5),
        (["rules", "remove", "--tool", "refund", "--as", "ada"], 3),
        (["load", "--within", "x"], 2),
        (["inbox", "--mine", "--as", "ghost"], 5),
    ],
)
def test_what_goes_wrong_on_the_command_line_has_its_code(run, plane, words, code):
    approval, before = ask(plane), size(plane)
    assert run("approvals", *[approval if word == "ID" else word for word in words])[0] == code
    assert size(plane) == before


def test_a_question_that_no_answer_settles_any_more_says_so(run, plane, capsys):
    approval = ask(plane)
    assert run("approvals", "inbox")[1][0]["outdated"] is False
    assert run("approvals", "show", approval)[1]["outdated"] is False
    plane.approvals.rules.set(tool="refund", quorum=2, by="ada")
    assert [(one["id"], one["outdated"]) for one in run("approvals", "inbox")[1]] == [(approval, True)]
    door = SimpleNamespace(person="cal", open=lambda *_args, **_kw: plane)
    run_command(["approvals", "inbox"], door)
    assert "outdated; " in capsys.readouterr().out
    run_command(["approvals", "show", approval], door)
    assert "what it rests on changed since it was asked: it lets nothing through" in capsys.readouterr().out
    code, said = run("approvals", "approve", approval)
    assert (code, said["status"], said["outdated"]) == (0, "approved", True)
    assert plane.decide(PAY).outcome is ASK
    plane.approvals.rules.remove(tool="refund", by="ada")
    assert run("approvals", "show", approval)[1]["outdated"] is False
    plane.agents.retire(ID, "replaced", by="eve")
    assert (
        run("approvals", "show", approval)[1]["outdated"] is False
    )  # the answer stands, and the agent may not act


def test_people_read_what_they_decide_on(plane, clock, capsys):
    door = SimpleNamespace(person="cal", open=lambda *_args, **_kw: plane)
    plane.approvals.rules.set(quorum=2, escalation=[(timedelta(minutes=30), ["executive"])], by="ada")
    approval = ask(plane)
    assert (
        run_command(
            ["approvals", "approve", approval, "--scope", "tool", "--at-most", "amount_cents=9500"], door
        )
        == 0
    )
    told = capsys.readouterr().out
    for words in (
        "leaves the organisation",
        "cannot be undone",
        "assessed by nobody yet",
        "2 people",
        "amount_cents at most 9500",
    ):
        assert words in told
    for command in (["rules", "list"], ["sweep"], ["load"], ["inbox"]):
        assert run_command(["approvals", *command], door) == 0
        assert capsys.readouterr().out
    clock.advance(timedelta(minutes=30))
    run_command(["approvals", "sweep"], door)
    assert "refund  passed on to executive" in capsys.readouterr().out
