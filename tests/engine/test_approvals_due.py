"""What waits and whom to remind; files a review rests on; and what changed since the last approval."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ephor.adapters.files import read_bytes
from ephor.edges.cli.app import run
from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.due import Step
from ephor.rooms.approvals.request import Verdict
from ephor.testing import FrozenClock
from sample_gate import AGENT, approve, ready_manifest, register

SECURITY, PRIVACY = ReviewType.SECURITY, ReviewType.PRIVACY


@pytest.fixture
def plane(engine: Engine) -> Engine:
    register(engine)
    return engine


def test_a_review_is_waited_for_then_reminded_of_then_escalated_to_the_body_above(
    plane: Engine, clock: FrozenClock
) -> None:
    assert plane.approvals.due() == ()
    plane.access.add_person("sue", "Sue", [PlaneRole.SECURITY_REVIEWER, PlaneRole.ENGINEER], by="ada")
    asked = plane.approvals.request(AGENT, "first release", by="sue")
    told = {one.review: one for one in plane.approvals.due()}
    assert set(told) == {SECURITY, PRIVACY}
    assert (told[SECURITY].step, told[SECURITY].people, told[SECURITY].body) == (
        Step.WAIT,
        ("sam",),  # sue asked for it, and could not give it
        "operations-governance",
    )
    clock.advance(timedelta(days=3))
    assert {one.step for one in plane.approvals.due()} == {Step.REMIND}
    assert {one.escalate_to for one in plane.approvals.due()} == {()}
    clock.advance(timedelta(days=4))
    late = {one.review: one for one in plane.approvals.due()}[SECURITY]
    assert (late.step, late.days, late.since) == (Step.ESCALATE, 7, asked.requested_at)
    above = {PlaneRole.ETHICS_REVIEWER, PlaneRole.LEGAL_REVIEWER}
    assert (
        set(late.escalate_to) == {one.id for one in plane.access.people() if above & set(one.roles)} != set()
    )
    plane.approvals.submit_review(asked.id, SECURITY, Verdict.APPROVE, by="sam")
    assert [one.review for one in plane.approvals.due()] == [PRIVACY]


def test_an_approval_that_runs_out_is_named_a_month_before_unless_it_is_under_way(
    plane: Engine, clock: FrozenClock
) -> None:
    plane.regulation.classify_agent(AGENT, by="eve")
    approve(plane)
    clock.advance(timedelta(days=334))
    assert plane.approvals.due() == ()
    clock.advance(timedelta(days=2))
    (found,) = plane.approvals.due()
    assert (found.step, found.review, found.people, found.days) == (Step.RENEW, None, ("eve",), 29)
    plane.approvals.request(AGENT, "again", by="eve")
    assert {one.step for one in plane.approvals.due()} == {Step.WAIT}


def test_the_files_of_a_review_are_kept_by_digest_in_the_review_and_in_its_entry(plane: Engine) -> None:
    asked = plane.approvals.request(AGENT, "first release", by="eve")
    with pytest.raises(InvalidInputError, match="empty"):
        plane.approvals.submit_review(asked.id, SECURITY, Verdict.APPROVE, by="sam", evidence={"a.pdf": b""})
    given = plane.approvals.submit_review(
        asked.id, SECURITY, Verdict.APPROVE, by="sam", evidence={"pentest.pdf": b"found nothing"}
    ).reviews[0]
    digest = "sha256:" + sha256(b"found nothing").hexdigest()
    assert [(one.name, one.digest) for one in given.evidence] == [("pentest.pdf", digest)]
    entry = plane.ledger.list({"kind": "review.submitted/1"}, limit=1)[0].entry
    assert entry["metadata"]["evidence"] == [{"name": "pentest.pdf", "digest": digest}]


def test_a_new_request_says_what_changed_since_the_last_approval(plane: Engine) -> None:
    first = approve(plane)
    assert plane.approvals.changed(first) is None
    plane.agents.register(ready_manifest(autonomy=2), by="eve")
    plane.agents.register(ready_manifest(autonomy=1), by="eve")
    asked = plane.approvals.request(AGENT, "less free", by="eve")
    changed = plane.approvals.changed(asked.id)
    assert changed is not None
    assert [(one.path, one.before, one.after, one.material) for one in changed] == [
        ("autonomy", "3", "1", True)
    ]
    with pytest.raises(NotFoundError):
        plane.approvals.changed("apr_none")


def test_the_commands(plane: Engine, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    door: Any = SimpleNamespace(open=lambda _database: plane, person="sam", read_bytes=read_bytes)

    def ephor(*words: str, code: int = 0) -> str:
        assert run(words, door) == code
        return "".join(capsys.readouterr())

    assert "nothing waits" in ephor("approvals", "due")
    approve(plane)
    plane.agents.register(ready_manifest(autonomy=2), by="eve")
    asked = plane.approvals.request(AGENT, "less free", by="eve")
    shown = ephor("approvals", "show", asked.id)
    assert "since what was approved before" in shown
    document = json.loads(ephor("approvals", "show", asked.id, "--json"))
    assert document["changes"] == [{"path": "autonomy", "before": "3", "after": "2", "material": True}]
    assert "manifest" not in document
    (tmp_path / "report.txt").write_text("scoped")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "report.txt").write_text("another")
    submit = ("reviews", "submit", asked.id, "--type", "security", "--decision", "approve")
    report = ("--evidence", str(tmp_path / "report.txt"))
    assert "one name" in ephor(*submit, *report, "--evidence", str(tmp_path / "other" / "report.txt"), code=2)
    assert "rests on: report.txt, sha256:" in ephor(*submit, *report)
    assert "privacy" in ephor("approvals", "due")
    assert [one["review"] for one in json.loads(ephor("approvals", "due", "--json"))] == ["privacy"]
