"""Reminders go out by themselves: to real receivers, once at each stage, and each is recorded."""

import json
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_command
from ephor.edges.notifier import Notifier
from ephor.edges.sdk import Plane
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.notice import NoticeStatus, verify_signature
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.documents.kinds import DocumentKind
from ephor.rooms.incidents.record import Severity
from ephor.rooms.risk.rules import RiskCategory
from receivers import MailServer, Receiver, hook, post
from sample_plane import ID, approve, entries, manifest, ready, size

SECURITY, PRIVACY = ReviewType.SECURITY, ReviewType.PRIVACY


@pytest.fixture
def plane(world):
    return populate(Plane(world))


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def asked(plane):
    plane.agents.register(manifest(roles=("customer_service_agent",)), by="eve")
    return plane.approvals.request(ID, "first release", by="eve")


def sent(receiver):
    return [(one["about"], one["stage"]) for one in (json.loads(body) for _, _, body in receiver.got)]


def test_a_review_is_reminded_of_then_passed_on_each_once_signed_and_recorded(plane, receiver, clock):
    secret = hook(plane, receiver)
    request = asked(plane)
    assert plane.reminders.queue() == ()  # there is time yet
    clock.advance(timedelta(days=3))
    assert [one.stage for one in plane.reminders.queue()] == ["privacy.remind", "security.remind"]
    before = size(plane)
    assert plane.reminders.queue() == ()
    assert size(plane) == before
    plane.notices.deliver(post())
    told = [json.loads(body) for _, _, body in receiver.got]
    assert [(one["stage"], one["approval"], one["people"], one["agent"]) for one in told] == [
        ("privacy.remind", request.id, ["pia"], ID),
        ("security.remind", request.id, ["sam"], ID),
    ]
    _, headers, body = receiver.got[0]
    assert verify_signature(secret, headers, body, now=clock.now())
    assert "first release" not in body.decode()
    plane.approvals.submit_review(request.id, PRIVACY, Verdict.APPROVE, by="pia")
    clock.advance(timedelta(days=4))
    plane.reminders.queue()
    plane.notices.deliver(post())
    assert sent(receiver)[2:] == [("review.waits", "security.escalate")]
    assert json.loads(receiver.got[2][2])["passed_on_to"] == ["eti", "leo"]
    due = entries(plane, "reminder.due/1")
    assert [(one["resource"], one["metadata"]["stage"], one["metadata"]["channels"]) for one in due] == [
        (f"approval:{request.id}", stage, ["desk"])
        for stage in ("privacy.remind", "security.remind", "security.escalate")
    ]


def test_a_channel_hears_what_its_roles_can_do_and_administrators_what_nobody_can(plane, receiver, clock):
    for id, role in (
        ("sec", PlaneRole.SECURITY_REVIEWER),
        ("pri", PlaneRole.PRIVACY_REVIEWER),
        ("adm", PlaneRole.ADMINISTRATOR),
    ):
        plane.notices.add(id, webhook=f"{receiver.url}/{id}", roles=[role], by="ada")
    asked(plane)
    plane.bodies.remove("operations-governance", "sam", by="ada")
    clock.advance(timedelta(days=3))
    plane.reminders.queue()
    plane.notices.deliver(post())
    assert sorted((path, json.loads(body)["stage"]) for path, _, body in receiver.got) == [
        ("/adm", "security.remind"),
        ("/pri", "privacy.remind"),
    ]


def test_an_approval_about_to_run_out_is_told_by_mail(plane, clock):
    server = MailServer()
    plane.notices.add("mail", email="owners@example.com", by="ada")
    ready(plane)
    assert plane.reminders.queue() == ()
    clock.at = plane.approvals.standing(ID).approval.expires_at - timedelta(days=20)
    (one,) = plane.reminders.queue()
    assert (one.stage, one.people) == ("renew", ("olga", "eve")) or one.people[-1] == "eve"
    plane.notices.deliver(post(server.url))
    server.close()
    ((_, text),) = server.mails
    assert f"Subject: Ephor: the approval runs out of agent {ID}" in text
    assert f"ephor approvals show {one.subject}" in text
    approve(plane)  # renewed: what is told next is of the new one
    assert plane.reminders.queue() == ()


def test_risks_and_incidents_are_told_of_without_a_word_that_people_wrote(plane, receiver, clock):
    hook(plane, receiver)
    ready(plane)
    today = clock.now().date()
    risk = plane.risks.register(ID, "a secret title", RiskCategory.PRIVACY, 3, 3, owner="eve", by="ada")
    plane.risks.treat(
        risk.id, by="ada", action="a secret action", action_owner="eve", due=today + timedelta(days=2)
    )
    held = plane.incidents.open("a secret incident", "it is", Severity.HIGH, agents=[ID], by="ola").incident
    plane.incidents.act(held.id, "a secret step", owner="ola", due=today + timedelta(days=1), by="ola")
    assert [one.stage for one in plane.reminders.due()] == []
    clock.advance(timedelta(days=2, hours=1))
    stages = {
        one.stage.split("-")[0] if one.about.value == "risk.waits" else one.stage
        for one in plane.reminders.queue()
    }
    assert any(stage.startswith("action.") for stage in stages)
    assert any(stage.startswith("clock.") and stage.endswith(".ends") for stage in stages)
    clock.advance(timedelta(days=1))
    later = {one.stage for one in plane.reminders.queue()}
    assert "action-1.overdue" in later
    assert any(stage.startswith("clock.") and stage.endswith(".over") for stage in later)
    plane.notices.deliver(post())
    assert {about for about, _ in sent(receiver)} == {"risk.waits", "incident.waits"}
    assert "secret" not in "".join(body.decode() for _, _, body in receiver.got)
    assert {one["resource"].split(":")[0] for one in entries(plane, "reminder.due/1")} == {"risk", "incident"}


def test_the_command_and_the_thread_send_them(plane, receiver, clock, capsysbinary):
    hook(plane, receiver)
    asked(plane)
    clock.advance(timedelta(days=3))
    door = SimpleNamespace(open=lambda _database=None, **_other: plane, person="ada", post=post)
    assert run_command(["notices", "due", "--json"], door) == 0
    assert [one["stage"] for one in json.loads(capsysbinary.readouterr().out)] == [
        "privacy.remind",
        "security.remind",
    ]
    assert run_command(["approvals", "notify"], door) == 0
    assert "2 sent" in capsysbinary.readouterr().out.decode()
    clock.advance(timedelta(days=4))
    thread = Notifier(plane, post(), seconds=0.01)
    try:
        while len(plane.notices.outbox(NoticeStatus.SENT)) < 4:
            assert thread.trouble is None
    finally:
        thread.stop()
    assert sent(receiver)[2:] == [("review.waits", "privacy.escalate"), ("review.waits", "security.escalate")]


def test_whoever_is_told_later_hears_of_what_still_waits_and_a_day_is_a_day(plane, receiver, clock):
    asked(plane)
    clock.advance(timedelta(days=3))
    assert plane.reminders.queue() == ()  # nobody is to be told: nothing is recorded as told
    hook(plane, receiver)
    assert len(plane.reminders.queue()) == 2
    assert isinstance(plane.reminders.due()[0].day, date)


def test_answers_to_data_subjects_are_told_before_they_are_due_and_once_they_are_over(plane, receiver, clock):
    hook(plane, receiver)
    mary = plane.dsr.open("access", {"email": "mary@example.com"}, by="dora")
    asked_there = plane.dsr.open("know", {"email": "mary@example.com"}, by="dora", law="ccpa")
    assert plane.reminders.queue() == ()
    clock.at = clock.at.replace(hour=12) + (asked_there.confirm_by - clock.at.date() - timedelta(days=3))
    (confirm,) = plane.reminders.queue()
    assert (confirm.subject, confirm.stage) == (asked_there.id, f"confirm-{asked_there.confirm_by}")
    clock.advance(timedelta(days=4))
    (late,) = plane.reminders.queue()
    assert (late.stage, late.passed_on_to) == (f"confirm-{asked_there.confirm_by}.over", ("max",))
    plane.dsr_tasks.confirm(asked_there.id, by="dora")
    clock.at += mary.due - clock.at.date() - timedelta(days=7)
    (soon,) = plane.reminders.queue()
    assert (soon.about.value, soon.subject, soon.stage) == (
        "request.waits",
        mary.id,
        f"answer-{mary.due}.ends",
    )
    assert "dora" in soon.people
    clock.advance(timedelta(days=8))
    (over,) = (one for one in plane.reminders.queue() if one.subject == mary.id)
    assert over.stage == f"answer-{mary.due}.over"
    assert (soon.passed_on_to, over.passed_on_to) == ((), ("max",))
    plane.notices.deliver(post())
    told = [json.loads(body) for _, _, body in receiver.got]
    assert {one["request"] for one in told} == {mary.id, asked_there.id}
    assert "mary@" not in json.dumps(told)
    plane.dsr.refuse(mary.id, by="dora", ground="identity_not_shown", notes="nobody answered")
    assert mary.id not in {one.subject for one in plane.reminders.due()}


def test_documents_are_told_when_they_wait_change_or_run_out(plane, receiver, clock):
    hook(plane, receiver)
    ready(plane)
    draft = plane.documents.draft(DocumentKind.RISK_ASSESSMENT, ID, by="eve")
    (waits,) = plane.reminders.queue()
    assert (waits.about.value, waits.subject, waits.stage) == (
        "document.waits",
        draft.id,
        "risk_assessment.unapproved",
    )
    assert waits.agent == ID
    assert "max" in waits.people  # who may approve it, not who may write it
    plane.documents.approve(draft.id, by="max", with_open_points=True)
    assert plane.reminders.queue() == ()
    due = plane.documents.show(draft.id).document.approval.due
    clock.at += due - clock.at.date() - timedelta(days=10)
    stages = {one.stage for one in plane.reminders.queue() if one.subject == draft.id}
    assert stages  # it runs out, or a fact under it did first
    plane.notices.deliver(post())
    assert {"document.waits"} == {about for about, stage in sent(receiver) if stage.startswith("risk_")}
    other = plane.documents.draft(DocumentKind.SYSTEM_DESCRIPTION, ID, by="sam")
    (asked_for,) = (one for one in plane.reminders.due() if one.subject == other.id)
    assert "pia" in asked_for.people
    assert "sam" not in asked_for.people  # nobody approves what they wrote
