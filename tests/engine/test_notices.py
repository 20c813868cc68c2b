"""Notices: signed webhooks and mail to real receivers on this machine; nothing is lost, nothing is told that must not be."""

import dataclasses
import json
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

import ephor
from conftest import populate
from ephor.adapters.post import DirectPost
from ephor.edges.cli.app import run as run_command
from ephor.edges.notifier import Notifier
from ephor.edges.sdk import Plane
from ephor.engine.ports import Sent
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    VerificationError,
)
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.notice import GIVE_UP, NoticeStatus, verify_signature, wait_after
from ephor.rooms.decisions.model import Call
from planes import Made
from receivers import MailServer, Receiver, hook, post
from sample_plane import ID, entries, kinds, ready, size, sqlite_world

JANE = "jane@example.com"
PAY = Call(
    ID, "refund", {"amount_cents": 9000, "to": JANE, "note": "for Jane Roe"}, purpose="jane roe's refund"
)


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def ask(plane, cents=9000):
    return plane.decide(dataclasses.replace(PAY, arguments={**PAY.arguments, "amount_cents": cents})).approval


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


# --- what is told


def test_a_question_is_told_signed_and_without_a_word_of_the_call(plane, receiver, clock):
    secret = hook(plane, receiver)
    approval = ask(plane)
    done = plane.notices.deliver(post())
    assert (len(done.sent), len(done.failed), done.waiting) == (1, 0, 0)
    ((path, headers, body),) = receiver.got
    assert path == "/hooks?team=1"
    id = verify_signature(secret, headers, body, now=clock.now())
    assert id == headers["Ephor-Notice"] == done.sent[0].id
    told = json.loads(body)
    assert (told["approval"], told["agent"], told["tool"], told["about"]) == (
        approval,
        ID,
        "refund",
        "call.asked",
    )
    assert (told["reasons"], told["roles"], told["quorum"]) == (["tool-asks"], ["call_approver"], 1)
    for hidden in (
        plane.calls.find(approval).shown_digest,
        "jane",
        "9000",
        "Roe",
        "arguments",
        "example.com",
    ):
        assert hidden.casefold() not in body.decode().casefold()
    assert [one["kind"] for one in entries(plane)][-2:] == ["notice.attempted/1", "notice.sent/1"]
    assert JANE not in json.dumps(entries(plane))


def test_a_signature_is_of_this_body_by_this_secret_and_of_now(plane, receiver, clock):
    secret = hook(plane, receiver)
    ask(plane)
    plane.notices.deliver(post())
    _, headers, body = receiver.got[0]
    lower = {name.lower(): value for name, value in headers.items()}
    assert ephor.verify_signature(secret, lower, body, now=clock.now())
    moved = dict(headers, **{"Ephor-Signature": headers["Ephor-Signature"].replace("t=", "t=1")})
    for given in (
        (secret, {}, body, clock.now()),
        (secret, {"Ephor-Signature": "t=x,v1=y"}, body, clock.now()),
        (secret, headers, body + b" ", clock.now()),
        ("0" * 64, headers, body, clock.now()),
        (secret, moved, body, clock.now()),
        (secret, headers, body, clock.now() + timedelta(minutes=6)),
        (secret, headers, body, clock.now() - timedelta(minutes=6)),
    ):
        with pytest.raises(VerificationError):
            verify_signature(given[0], given[1], given[2], now=given[3])


def test_each_channel_has_its_own_secret_and_another_one_when_it_is_made_anew(plane, receiver):
    secrets = {hook(plane, receiver), hook(plane, receiver, "other")}
    plane.notices.remove("desk", by="ada")
    secrets.add(hook(plane, receiver))
    assert len(secrets) == 3
    assert all(len(one) == 64 for one in secrets)
    stored = json.dumps([dataclasses.asdict(one) for one in plane.notices.channels()], default=str)
    assert not any(secret in stored + json.dumps(entries(plane)) for secret in secrets)


def test_a_channel_hears_only_of_what_its_roles_may_answer_and_of_what_is_passed_on(plane, receiver, clock):
    plane.approvals.rules.set(escalation=[(timedelta(minutes=30), ["executive"])], by="ada")
    hook(plane, receiver, "approvers", roles=[PlaneRole.CALL_APPROVER])
    hook(plane, receiver, "board", roles=[PlaneRole.EXECUTIVE])
    hook(plane, receiver, "privacy", roles=[PlaneRole.PRIVACY_OFFICER])
    ask(plane)
    assert [one.channel for one in plane.notices.outbox()] == ["approvers"]
    clock.advance(timedelta(minutes=30))
    plane.approvals.sweep()
    assert [(one.channel, one.about.value) for one in plane.notices.outbox()][1:] == [
        ("approvers", "call.escalated"),
        ("board", "call.escalated"),
    ]
    assert plane.notices.deliver(post()).waiting == 0
    assert [json.loads(body)["roles"] for _, _, body in receiver.got][-1] == ["call_approver", "executive"]


def test_asking_the_same_again_tells_nobody_twice_and_an_allowed_call_nobody_at_all(plane, receiver):
    hook(plane, receiver)
    assert ask(plane) == ask(plane)
    plane.decide(Call(ID, "refund", {"amount_cents": 1}))
    assert len(plane.notices.outbox()) == 1


def test_no_notice_is_left_where_the_question_was_not(plane, receiver, monkeypatch):
    hook(plane, receiver)
    before = size(plane)
    real = plane.world.storage.unit

    @contextmanager
    def failing():
        with real() as unit:
            yield unit
            raise UnavailableError("the disk is full")

    monkeypatch.setattr(plane.world.storage, "unit", failing)
    with pytest.raises(UnavailableError):
        plane.decide(PAY)
    monkeypatch.undo()
    assert (plane.notices.outbox(), plane.approvals.inbox(), size(plane)) == ([], [], before)


# --- receivers that are not as they should be


def slow(handler):
    time.sleep(3)


def drip(handler):
    with_status = b"HTTP/1.1 200 OK\r\n"
    try:
        for byte in with_status * 100:
            handler.connection.sendall(bytes([byte]))
            time.sleep(0.05)
    except OSError:
        pass


def nonsense(handler):
    handler.connection.sendall(b"SSH-2.0-not-http\r\n\r\n")


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (500, "answered 500"),
        (404, "answered 404"),
        (302, "redirects are not followed"),
        (307, "redirects are not followed"),
        (slow, "no answer within 0.5 seconds"),
        (drip, "no answer within 0.5 seconds"),
        (nonsense, "no answer in HTTP"),
        (hang_up, "no"),
    ],
)
def test_a_receiver_that_does_not_take_a_notice_gets_it_again_later(plane, receiver, clock, answer, said):
    secret = hook(plane, receiver)
    ask(plane)
    receiver.answers = [answer]
    done = plane.notices.deliver(post(seconds=0.5 if answer in (slow, drip) else 60))
    ((failed,), sent) = done.failed, done.sent
    assert (sent, failed.status, said in failed.said) == ([], NoticeStatus.PENDING, True), failed.said
    assert "a page that nobody repeats" not in json.dumps(entries(plane))
    assert plane.notices.deliver(post()).sent == []  # not yet
    clock.advance(wait_after(1))
    (sent,) = plane.notices.deliver(post()).sent
    assert (sent.id, sent.attempts) == (failed.id, 2)
    assert len(receiver.got) == 2
    assert {headers["Ephor-Notice"] for _, headers, _ in receiver.got} == {sent.id}
    assert receiver.got[0][2] == receiver.got[1][2]
    assert verify_signature(secret, receiver.got[1][1], receiver.got[1][2], now=clock.now()) == sent.id
    assert kinds(plane)[-4:] == [
        "notice.attempted/1",
        "notice.failed/1",
        "notice.attempted/1",
        "notice.sent/1",
    ]


def test_a_receiver_that_is_down_for_days_loses_nothing(plane, clock):
    receiver = Receiver()
    hook(plane, receiver)
    plane.approvals.rules.set(by="ada", patience=timedelta(days=30))  # what is over is not told any more
    receiver.close()
    ids = []
    for n in range(3):
        ask(plane, 9000 + n)
        plane.notices.deliver(post(seconds=60))
        ids.append(plane.notices.outbox()[-1].id)
        clock.advance(timedelta(hours=1))
    assert [one.status for one in plane.notices.outbox()] == [NoticeStatus.PENDING] * 3
    assert "not reached" in plane.notices.outbox()[0].said
    clock.advance(GIVE_UP)
    plane.notices.deliver(post(seconds=60))
    aside = plane.notices.outbox(NoticeStatus.FAILED)
    assert [one.id for one in aside] == ids[:1]
    plane.notices.again(ids[0], by="ada")
    with pytest.raises(ConflictError):
        plane.notices.again(ids[0], by="ada")
    clock.advance(timedelta(hours=1))
    back = Receiver()
    plane.notices.remove("desk", by="ada")
    assert {one.status for one in plane.notices.outbox()} == {NoticeStatus.FAILED}
    hook(plane, back)
    for id in ids:
        plane.notices.again(id, by="ada")
    done = plane.notices.deliver(post())
    assert sorted(one.id for one in done.sent) == sorted(ids)
    back.close()


def test_a_question_that_is_over_is_not_told_any_more_and_that_is_said(plane, clock, receiver):
    hook(plane, receiver)
    answered, withdrawn, open_, late = (ask(plane, 9000 + n) for n in range(4))
    plane.calls.answer(answered, approve=False, by="cal", because="no")
    plane.calls.withdraw(withdrawn, "not needed", by="eve")
    plane.calls.answer(late, approve=True, by="cal", because="yes")
    done = plane.notices.deliver(post())
    assert [one.approval for one in done.sent] == [open_]
    assert {one.approval: one.said for one in done.dropped} == {
        answered: "the question is rejected",
        withdrawn: "the question is withdrawn",
        late: "the question is approved",
    }
    assert (done.failed, done.waiting, len(receiver.got)) == ([], 0, 1)
    assert kinds(plane).count("notice.dropped/1") == 3
    assert {one.status for one in plane.notices.outbox()} == {NoticeStatus.SENT, NoticeStatus.DROPPED}
    assert plane.notices.deliver(post()).dropped == []
    ask(plane, 9100)
    clock.advance(timedelta(hours=5))
    assert [one.said for one in plane.notices.deliver(post()).dropped] == ["the question is expired"]
    assert len(receiver.got) == 1


def test_one_channel_that_is_silent_holds_up_no_other(plane, receiver):
    plane.notices.add("gone", webhook="http://127.0.0.1:9/", by="ada")
    hook(plane, receiver)
    for n in range(3):
        ask(plane, 9000 + n)
    done = plane.notices.deliver(post(seconds=60))
    assert ([one.channel for one in done.sent], [one.channel for one in done.failed]) == (
        ["desk"] * 3,
        ["gone"],
    )
    assert done.waiting == 3


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_two_notifiers_send_each_notice_once(database, request, tmp_path, receiver):
    url = (
        f"sqlite:///{tmp_path / 'e.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url")
    )
    made = Made(url, tmp_path / "keys")
    planes = [Plane(made.world(made.open())) for _ in range(2)]
    ready(populate(planes[0]))
    hook(planes[0], receiver)
    for n in range(8):
        ask(planes[0], 9000 + n)
    threads = [threading.Thread(target=one.notices.deliver, args=(post(),)) for one in planes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [headers["Ephor-Notice"] for _, headers, _ in receiver.got]
    assert len(ids) == len(set(ids)) == 8
    made.close()


def test_a_notifier_that_dies_between_sending_and_saying_so_sends_again_under_the_same_id(
    plane, receiver, clock
):
    hook(plane, receiver)
    ask(plane)

    class Dies(DirectPost):
        def webhook(self, url, body, headers):
            super().webhook(url, body, headers)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plane.notices.deliver(Dies("", "", ""))
    assert plane.notices.deliver(post()).sent == []
    clock.advance(wait_after(1))
    plane.notices.deliver(post())
    assert len({headers["Ephor-Notice"] for _, headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 2


def test_a_decision_never_waits_for_a_receiver(plane, receiver):
    hook(plane, receiver)
    receiver.answers = [slow] * 3
    approval = ask(plane)
    assert receiver.got == []
    assert plane.notices.outbox()[0].approval == approval


# --- mail


def test_a_mail_tells_where_to_look_and_nothing_of_the_call(plane):
    server = MailServer()
    plane.notices.add("mail", email="approvers@example.org", by="ada")
    approval = ask(plane)
    (sent,) = plane.notices.deliver(post(server.url)).sent
    ((envelope, data),) = server.mails
    assert any("approvers@example.org" in line for line in envelope)
    for words in (
        f"ephor approvals show {approval}",
        "Until:",
        "Silence denies",
        f"<{sent.id}@example.org>",
        "auto-generated",
        "\nDate: ",
    ):
        assert words in data
    assert "jane" not in data.casefold()
    server.close()


@pytest.mark.parametrize("code", [451, 554])
def test_a_mail_server_that_refuses_gets_it_again(plane, clock, code):
    server = MailServer([code])
    plane.notices.add("mail", email="approvers@example.org", by="ada")
    ask(plane)
    (failed,) = plane.notices.deliver(post(server.url)).failed
    assert failed.said == f"the mail server answered {code}"
    clock.advance(wait_after(1))
    assert len(plane.notices.deliver(post(server.url)).sent) == len(server.mails) == 1
    server.close()


def test_a_mail_server_that_is_away_silent_or_not_set_loses_nothing(plane, clock):
    plane.notices.add("mail", email="approvers@example.org", by="ada")
    plane.approvals.rules.set(by="ada", patience=timedelta(days=30))
    ask(plane)
    silent = socket.create_server(("127.0.0.1", 0))
    for smtp, said in (
        ("", "EPHOR_SMTP"),
        ("ftp://x", "not reached"),
        ("smtp://127.0.0.1:9", "not reached"),
        (f"smtp://127.0.0.1:{silent.getsockname()[1]}", "not reached"),
    ):
        (failed,) = plane.notices.deliver(post(smtp, seconds=0.5)).failed
        assert said in failed.said
        clock.advance(timedelta(hours=2))
    silent.close()
    assert plane.notices.outbox()[0].status is NoticeStatus.PENDING


# --- who says where notices go


@pytest.mark.parametrize("who", ["eve", "ola", "cal", "aud", "ghost"])
def test_only_an_administrator_names_channels(plane, who):
    plane.notices.add("desk", email="a@example.org", by="ada")
    before = size(plane)
    for act in (
        lambda: plane.notices.add("other", webhook="https://example.org/", by=who),
        lambda: plane.notices.remove("desk", by=who),
        lambda: plane.notices.secret("desk", by=who),
        lambda: plane.notices.again("ntc_0", by=who),
    ):
        with pytest.raises(NotPermittedError):
            act()
    assert size(plane) == before


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
        "https://user:pass@example.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org/\r\nX: y",
        "https://example.org/#part",
        "https:///nowhere",
        "https://exa mple.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://a..b/",
        "https://example.org/" + "x" * 1000,
        "",
    ],
)
def test_an_address_that_leads_elsewhere_than_it_says_is_refused(plane, url):
    with pytest.raises(InvalidInputError):
        plane.notices.add("desk", webhook=url, by="ada")


@pytest.mark.parametrize("email", ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "a b@c", "<a@b>", "a@b..c"])
def test_an_address_of_mail_that_is_none_is_refused(plane, email):
    with pytest.raises(InvalidInputError):
        plane.notices.add("desk", email=email, by="ada")


def test_a_channel_has_one_address_and_a_name_of_its_own(plane):
    for bad in ({}, {"webhook": "https://e.org/", "email": "a@e.org"}):
        with pytest.raises(InvalidInputError):
            plane.notices.add("desk", by="ada", **bad)
    with pytest.raises(InvalidInputError):
        plane.notices.add("Desk 1", email="a@e.org", by="ada")
    plane.notices.add("desk", email="a@e.org", by="ada")
    with pytest.raises(ConflictError):
        plane.notices.add("desk", email="a@e.org", by="ada")
    with pytest.raises(NotFoundError):
        plane.notices.remove("other", by="ada")


# --- the thread and the command


def test_a_thread_sends_what_waits_and_survives_a_database_that_is_away(tmp_path, clock, receiver):
    plane = ready(populate(Plane(sqlite_world(tmp_path, clock))))
    hook(plane, receiver)
    failures = [UnavailableError("away")]
    real = plane.world.storage.reading

    class Storage:
        def __getattr__(self, name):
            return getattr(plane.world.storage, name)

        def reading(self):
            if failures:
                raise failures.pop()
            return real()

    looking = Plane(dataclasses.replace(plane.world, storage=Storage()))
    notifier = Notifier(looking, post(), 0.02)
    ask(plane)
    end = time.monotonic() + 120
    while plane.notices.outbox()[0].status is not NoticeStatus.SENT and time.monotonic() < end:
        time.sleep(0.02)
    notifier.stop()
    assert (len(receiver.got), notifier.trouble, failures) == (1, None, [])
    plane.close()


@pytest.fixture
def run(plane, capsys):
    came = []

    class Counting:
        def webhook(self, url, body, headers):
            return Sent(taken=came.pop(0) if came else True, said="answered")

    door = SimpleNamespace(person="ada", open=lambda *_args, **_kw: plane, post=Counting)

    def run(*words, text=False):
        code = run_command([*words, *([] if text else ["--json"])], door)
        out, err = capsys.readouterr()
        return code, (out + err) if text else json.loads(out or err)

    run.came = came
    return run


def test_the_whole_way_on_the_command_line(run, plane, clock):
    code, said = run(
        "notices", "add", "desk", "--webhook", "https://example.org/h", "--role", "call_approver"
    )
    assert (code, len(said["secret"]), "nonce" in said) == (0, 64, False)
    assert run("notices", "secret", "desk")[1]["secret"] == said["secret"]
    assert run("notices", "list")[1][0]["address"] == "https://example.org/h"
    ask(plane)
    run.came.append(False)
    code, said = run("approvals", "notify")
    assert (code, len(said["failed"]), said["waiting"]) == (1, 1, 1)
    clock.advance(timedelta(minutes=1))
    assert run("approvals", "notify")[0] == 0
    (sent,) = run("notices", "outbox", "--status", "sent")[1]
    assert (sent["attempts"], sent["status"]) == (2, "sent")
    assert run("notices", "retry", sent["id"])[0] == 4
    for words in (
        ("notices", "list"),
        ("notices", "outbox"),
        ("approvals", "notify"),
        ("notices", "secret", "desk"),
    ):
        assert run(*words, text=True)[1]
    ask(plane, 9001)
    run.came.append(False)
    assert "was not taken by desk" in run("approvals", "notify", text=True)[1]
    assert run("notices", "remove", "desk")[0] == 0
    (failed,) = run("notices", "outbox", "--status", "failed")[1]
    assert run("notices", "retry", failed["id"])[0] == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", "desk"], 2),
        (["add", "desk", "--webhook", "http://example.org"], 2),
        (["add", "desk", "--email", "a@e.org", "--role", "nobody"], 2),
        (["add", "desk", "--email", "a@e.org", "--as", "ola"], 5),
        (["remove", "desk"], 3),
        (["secret", "desk"], 3),
        (["retry", "ntc_0"], 3),
        (["outbox", "--status", "lost"], 2),
    ],
)
def test_what_goes_wrong_has_its_exit_code(run, plane, words, code):
    before = size(plane)
    assert run("notices", *words)[0] == code
    assert size(plane) == before
