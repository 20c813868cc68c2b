"""People answer calls: who may, what is recorded, and on the command line what they see."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_command
from ephor.edges.sdk import Plane
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.call import CallStatus, forget
from ephor.rooms.approvals.rule import PATIENCE
from ephor.rooms.decisions.model import Call, Outcome
from sample_plane import ID, approve, entries, kinds, manifest, put, ready, size

JANE = "jane@example.com"
PAY = Call(ID, "refund", {"amount_cents": 9000, "to": JANE})


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def asked(plane):
    return plane.decide(PAY).approval


def test_the_answer_is_recorded_with_what_was_shown(plane, asked):
    before = size(plane)
    answered = plane.calls.answer(asked, approve=True, by="cal", because="the grinder is back")
    (entry,) = entries(plane)[before:]
    assert (entry["kind"], entry["actor"], entry["approver"]) == ("call.approved/1", "person:cal", "cal")
    assert entry["refs"] == {"approval": asked, "shown": answered.shown_digest, "call": answered.call_digest}
    assert entry["metadata"] == {"because": "the grinder is back"}
    (question,) = entries(plane, "call.asked/1")
    assert question["refs"]["shown"] == answered.shown_digest


def test_a_rejection_is_recorded_as_such(plane, asked):
    before = size(plane)
    plane.calls.answer(asked, approve=False, by="cal", because="no")
    assert kinds(plane, before) == ["call.rejected/1"]


@pytest.mark.parametrize(
    "who", ["ada", "eve", "sam", "pia", "leo", "max", "ola", "dora", "val", "aud", "ghost", ""]
)
def test_only_an_approver_of_calls_may_answer(plane, asked, who):
    before = size(plane)
    with pytest.raises(NotPermittedError):
        plane.calls.answer(asked, approve=True, by=who)
    assert size(plane) == before
    assert plane.calls.find(asked).status is CallStatus.PENDING


def test_the_role_is_not_enough_for_whoever_owns_the_agent_or_lent_the_authority(plane):
    plane.access.add_person("lea", "Lea", [PlaneRole.CALL_APPROVER, PlaneRole.ENGINEER], by="ada")
    plane.delegations.allow("lea", [], ["refund"], "confidential", by="ada")
    lent = plane.delegations.grant(
        ID, permissions=[], tools=["refund"], max_sensitivity="confidential", purpose="ticket 7", by="lea",
        until=plane.world.clock.now() + timedelta(days=1),
    )  # fmt: skip
    behalf = plane.decide(Call(ID, "refund", PAY.arguments, on_behalf_of=lent.id, purpose="ticket 7"))
    assert plane.calls.find(behalf.approval).behalf_person == "lea"
    with pytest.raises(NotPermittedError, match="somebody else"):
        plane.calls.answer(behalf.approval, approve=True, by="lea")
    plane.calls.answer(behalf.approval, approve=True, by="cal")
    ready(plane, manifest(id="leas-agent", owner="lea"))
    own = plane.decide(Call("leas-agent", "refund", PAY.arguments))
    with pytest.raises(NotPermittedError, match="owns agent"):
        plane.calls.answer(own.approval, approve=True, by="lea")
    plane.calls.answer(plane.decide(PAY).approval, approve=True, by="lea")


def test_answers_are_final_and_in_time(plane, asked, clock):
    plane.calls.answer(asked, approve=False, by="cal", because="no")
    with pytest.raises(ConflictError, match="rejected since"):
        plane.calls.answer(asked, approve=True, by="cal")
    late = plane.decide(Call(ID, "refund", {"amount_cents": 9001})).approval
    clock.advance(PATIENCE)
    with pytest.raises(ConflictError, match="expired"):
        plane.calls.answer(late, approve=True, by="cal")
    with pytest.raises(NotFoundError):
        plane.calls.answer("apr_ghost", approve=True, by="cal")


def test_a_rejection_without_a_reason_changes_nothing(plane, asked):
    before = size(plane)
    with pytest.raises(InvalidInputError, match="needs a reason"):
        plane.calls.answer(asked, approve=False, by="cal", because="  ")
    assert (size(plane), plane.calls.find(asked).status) == (before, CallStatus.PENDING)


def test_the_inbox_lists_what_waits_oldest_first(plane, clock):
    ids = []
    for cents in (9000, 9001, 9002):
        ids.append(plane.decide(Call(ID, "refund", {"amount_cents": cents})).approval)
        clock.advance(timedelta(hours=1))
    assert [one.id for one in plane.calls.inbox()] == ids
    plane.calls.answer(ids[1], approve=True, by="cal")
    assert [one.id for one in plane.calls.inbox()] == [ids[0], ids[2]]
    clock.advance(PATIENCE - timedelta(hours=3))
    assert [one.id for one in plane.calls.inbox()] == [ids[2]]
    assert plane.calls.find("apr_ghost") is None


# --- on the command line


@pytest.fixture
def run(plane, capsysbinary):
    door = SimpleNamespace(open=lambda _database=None, **_other: plane, person="cal")

    def call(*words):
        code = run_command([str(word) for word in words], door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def document(run, *words):
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_whole_way_from_a_question_to_a_call_that_passes(run, plane, asked):
    (waiting,) = document(run, "approvals", "inbox")
    assert (waiting["id"], waiting["status"], waiting["tool"]) == (asked, "pending", "refund")
    shown = document(run, "approvals", "show", asked)
    assert shown == waiting
    assert shown["shown"]["arguments"] == {"amount_cents": 9000, "to": "[email]"}
    assert shown["shown_digest"].startswith("sha256:")
    answered = document(run, "approvals", "approve", asked, "--as", "cal", "--reason", "fine")
    assert (answered["status"], answered["decided_by"], answered["because"]) == ("approved", "cal", "fine")
    assert document(run, "approvals", "inbox") == []
    assert plane.decide(PAY).outcome is Outcome.ALLOW
    assert document(run, "approvals", "show", asked)["status"] == "claimed"


def test_a_person_sees_the_facts_and_no_personal_data(run, asked):
    code, out, _ = run("approvals", "show", asked)
    assert code == 0
    for said in (
        asked,
        "support-assistant, owned by eve",
        "external",
        '"amount_cents": 9000',
        '"to": "[email]"',
        "above the 5000",
    ):
        assert said in out
    assert JANE not in out
    assert re.search(r"status +pending, until 2026-11-24 13:00 UTC", out)
    code, out, _ = run("approvals", "inbox")
    assert asked in out
    assert "above the 5000" in out


def test_letters_that_pass_for_others_show_themselves(run, plane):
    sly = {"amount_cents": 9000, "to": "p\u0430y \u202eeve\x1b[2K"}
    id = plane.decide(Call(ID, "refund", sly, purpose="help him")).approval
    out = run("approvals", "show", id)[1]
    assert "\\u0430" in out
    assert "eve\\u001b[2K" in out
    assert "\\u202eeve" in out
    assert not {"\u202e", "\x1b", "\u0430"} & set(out)


def test_a_rejection_tells_why(run, plane, asked):
    rejected = document(run, "approvals", "reject", asked, "--reason", "ask her first", "--as", "cal")
    assert (rejected["status"], rejected["because"]) == ("rejected", "ask her first")
    assert "rejected by cal, 2026-11-24 09:00 UTC" in run("approvals", "show", asked)[1]
    assert plane.decide(PAY).outcome is Outcome.DENY
    assert "nothing waits for a person" in run("approvals", "inbox")[1]


@pytest.mark.parametrize(
    ("words", "code", "family"),
    [
        (["approve", "{id}", "--as", "eve"], 5, "not-permitted"),
        (["approve", "{id}", "--as", "ghost"], 5, "not-permitted"),
        (["approve", "apr_ghost"], 3, "not-found"),
        (["show", "apr_ghost"], 3, "not-found"),
        (["reject", "{id}"], 2, "invalid-input"),
        (["reject", "{id}", "--reason", " "], 2, "invalid-input"),
    ],
)
def test_what_goes_wrong_has_its_exit_code(run, asked, words, code, family):
    got, out, err = run("approvals", *[word.format(id=asked) for word in words], "--json")
    assert (got, out) == (code, "")
    assert json.loads(err)["error"] == family


def test_a_second_answer_is_a_conflict(run, asked):
    assert run("approvals", "approve", asked)[0] == 0
    assert run("approvals", "reject", asked, "--reason", "no")[0] == 4


def test_agents_approvals_are_shown_as_before(run, plane):
    id = plane.agents.show(ID).approval
    assert document(run, "approvals", "show", id)["agent"] == ID
    assert "manifest" in run("approvals", "show", id)[1]


def test_a_question_whose_person_was_erased_says_so(run, plane, asked):
    put(plane, forget(plane.calls.find(asked)))
    assert document(run, "approvals", "show", asked)["shown"] is None
    assert "erased with the person" in run("approvals", "show", asked)[1]
    assert run("approvals", "approve", asked)[0] == 4


def test_an_agent_may_be_approved_anew_and_the_old_question_is_void(plane, asked):
    plane.calls.answer(asked, approve=True, by="cal")
    plane.agents.register(manifest(purpose="Answers and refunds."), by="eve")
    approve(plane)
    assert plane.decide(PAY).outcome is Outcome.ASK
