"""`ephor decide` in plain words: what the caller must do, and where a person's answer is."""

from __future__ import annotations

import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from rich.console import Console

from ephor.edges.cli.app import run
from ephor.edges.cli.calls import print_call
from ephor.rooms.approvals.call import CallApproval, CallStatus
from ephor.rooms.approvals.lasting import Lasting, Scope
from ephor.rooms.decisions.model import Decision, Obligation, Outcome, Reason
from sample_agents import AT

DUTIES = (
    Obligation("mask", where="result", reveal=("email",)),
    Obligation("notice", text="You are talking to a machine."),
    Obligation("log", text="enhanced"),
    Obligation("retain", text="184 days"),
)


@pytest.fixture
def told(capfdbinary):
    def told(outcome: Outcome, approval: str | None = None) -> str:
        reason = Reason("allowed", outcome, "because")
        made = Decision("dec_1", outcome, (reason,), DUTIES, "evt_1", "sha256:0", approval)
        decisions = SimpleNamespace(decide=lambda call, explain: made)
        door = SimpleNamespace(open=lambda database=None: SimpleNamespace(decisions=decisions))
        assert run(("decide", "--agent", "a", "--tool", "t"), door) == 0
        return capfdbinary.readouterr().out.decode()

    return told


def test_each_duty_is_told_in_the_words_of_its_kind(told):
    out = told(Outcome.ALLOW)
    assert "  must  mask personal data in the result, except email\n" in out
    assert "  must  show: You are talking to a machine.\n" in out
    assert "  must  log what happens: enhanced\n" in out
    assert "  must  keep the record for 184 days\n" in out


def test_only_a_call_that_is_asked_about_waits(told):
    assert "  waits for a person: ephor approvals show apr_1\n" in told(Outcome.ASK, "apr_1")
    denied = told(Outcome.DENY, "apr_1")
    assert "  what was asked: ephor approvals show apr_1\n" in denied
    assert "waits" not in denied
    assert "approvals show" not in told(Outcome.ALLOW, "apr_1")


def test_an_approval_for_a_while_is_told_with_its_own_end():
    reach = Lasting(Scope.CALL, AT + timedelta(hours=1), 2)
    asked = CallApproval(
        id="apr_1", agent="bot", owner="eve", tool="pay", call_digest="call", authority="auth", reasons=("tool-asks",),
        shown="null", shown_digest="sha256:1", asked_at=AT, expires_at=AT + timedelta(hours=4),
        status=CallStatus.APPROVED, decided_by="cal", decided_at=AT, lasting=reach,
    )  # fmt: skip
    out = io.StringIO()
    print_call(Console(file=out, width=200), asked)
    assert f"approved by cal, until {AT + timedelta(hours=1):%Y-%m-%d %H:%M} UTC" in out.getvalue()
