"""Audit reports: figures that a naive count repeats, proofs that hold, and a bundle that shows every change."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conftest import populate
from ephor import verifier
from ephor.adapters.files import new_folder
from ephor.edges.cli.audit import render
from ephor.edges.sdk import Plane
from ephor.engine.audit import Issued
from ephor.kernel.errors import InvalidInputError, NotFoundError, NotPermittedError
from ephor.rooms.decisions.model import Call
from ephor.rooms.exports.audit_report import AuditReport, plain
from ephor.rooms.incidents.record import Severity
from ephor.rooms.ledger import proof_file
from ephor.testing import FrozenClock
from sample_plane import ID, entries, manifest, ready

OTHER = "other-assistant"
LOOK = Call(ID, "customer_lookup", {"id": 7}, subject="jane@example.com")


@pytest.fixture
def plane(world: Any, clock: FrozenClock) -> Plane:
    """A plane with two agents, whose days hold different things."""
    made = ready(populate(Plane(world)))
    ready(made, manifest(id=OTHER))
    for day in range(4):
        clock.advance(timedelta(days=1))
        for _ in range(day + 1):
            made.decide(LOOK)
            made.decide(dataclasses.replace(LOOK, tool="no_such_tool"))
        made.decide(dataclasses.replace(LOOK, agent=OTHER))
        made.incidents.open("Mail astray", "One mail went wrong", Severity.HIGH, by="ola", agents=[ID])
        made.agents.suspend(OTHER, "a look", by="ola")
        made.agents.resume(OTHER, "looked at", by="ada")
    clock.advance(timedelta(days=1))
    return made


def within(plane: Plane, since: datetime, until: datetime) -> list[dict[str, Any]]:
    return [one for one in entries(plane) if since <= datetime.fromisoformat(one["at"]) < until]


def whole(plane: Plane) -> tuple[datetime, datetime]:
    return datetime(2020, 1, 1, tzinfo=UTC), plane.world.clock.now() + timedelta(days=1)


def issued(plane: Plane, folder: Path, *agents: str) -> Issued:
    return plane.audit.issue(*whole(plane), agents, new_folder(str(folder)), render, by="aud")


def test_figures_are_those_of_a_naive_count_for_every_period(plane: Plane) -> None:
    start, end = whole(plane)
    times = sorted({datetime.fromisoformat(one["at"]) for one in entries(plane)})
    for since, until in (
        (start, end),
        (times[3], times[-1]),
        (times[-4], times[-2]),
        (times[0], times[0] + timedelta(1)),
    ):
        told = plain(plane.audit.compile(since, until, (), by="aud"))
        found = within(plane, since, until)
        decided = [one for one in found if one["kind"] == "decision.made/1"]
        assert told["entries"] == len(found)
        assert told["kinds"] == dict(sorted(Counter(one["kind"] for one in found).items()))
        assert told["actors"] == dict(sorted(Counter(one["actor"] for one in found).items()))
        for outcome in ("allow", "ask", "deny"):
            assert told["decisions"][outcome] == sum(one["decision"] == outcome for one in decided)
        by_agent = Counter((one["actor"], one["decision"]) for one in decided)
        assert {
            (one["actor"], one["outcome"]): one["count"] for one in told["decisions"]["by_agent"]
        } == by_agent
        reasons = Counter(
            (one["decision"], reason)
            for one in decided
            if one["decision"] != "allow"
            for reason in one["reasons"]
        )
        assert {
            (one["outcome"], one["reason"]): one["count"] for one in told["decisions"]["reasons"]
        } == reasons
        reviews = Counter(
            (one["metadata"]["type"], one["decision"], one["actor"])
            for one in found
            if one["kind"] == "review.submitted/1"
        )
        assert {
            (one["type"], one["decision"], one["reviewer"]): one["count"] for one in told["reviews"]
        } == reviews
        happened = Counter(
            tuple(one["kind"].partition("/")[0].partition(".")[::2]) for one in found if one not in decided
        )
        assert {(one["room"], one["what"]): one["count"] for one in told["happened"]} == happened
        denied = {one["id"] for one in decided if one["decision"] == "deny"}
        assert denied <= {one["id"] for one in told["cited"]}
    assert told["decisions"]["deny"] == 0


def test_a_scope_holds_what_an_agent_did_and_what_was_done_about_it(plane: Plane) -> None:
    told = plain(plane.audit.compile(*whole(plane), [OTHER], by="aud"))
    named = [
        one
        for one in entries(plane)
        if f"agent:{OTHER}" in (one["actor"], one.get("resource"))
        or one.get("refs", {}).get("agent") == OTHER
    ]
    assert told["entries"] == len(named)
    assert set(told["decisions"]["by_agent"][0].values()) >= {f"agent:{OTHER}"}
    assert told["kinds"]["agent.suspended/1"] == 4
    assert told["kinds"]["approval.approved/1"] == 1
    assert "incident.opened/1" not in told["kinds"]
    about = plain(plane.audit.compile(*whole(plane), [ID], by="aud"))
    assert about["kinds"]["incident.opened/1"] == 4


def test_what_is_cited_is_proven_and_the_bundle_verifies_offline(plane: Plane, tmp_path: Path) -> None:
    made = issued(plane, tmp_path / "audit")
    report = json.loads((tmp_path / "audit" / "report" / "report.json").read_text())
    assert report == plain(made.report)
    assert report["cited"]
    for one in report["cited"]:
        proof = proof_file.parse(
            (tmp_path / "audit" / "report" / "proofs" / f"{one['position']}.tlog-proof").read_bytes()
        )
        data = next(iter(plane.world.storage.ledger.entries(one["position"], one["position"] + 1)))
        assert proof_file.verify(proof, data, made.key).size >= report["ledger"]["size"]
    found = verifier.verify(tmp_path / "audit", made.key, made.report.checkpoint.encode())
    assert (found.verdict, found.size) == ("CONSISTENT", report["ledger"]["size"] + 1)
    entry = plane.ledger.show(made.entry).entry
    manifest = (tmp_path / "audit" / "report" / "SHA256SUMS").read_bytes()
    assert entry["output_hash"] == f"sha256:{hashlib.sha256(manifest).hexdigest()}" == made.manifest
    page = (tmp_path / "audit" / "report" / "report.html").read_text()
    assert all(word in page for word in ("Audit report", "What was decided", report["ledger"]["root"]))
    assert "jane@example.com" not in page


Spoil = Callable[[Path], object]
SPOILT: dict[str, Spoil] = {
    "a figure is changed": lambda one: (one / "report.json").write_text((one / "report.json").read_text().replace("1", "2", 1)),
    "a page is gone": lambda one: (one / "report.md").unlink(),
    "a proof is gone": lambda one: next((one / "proofs").iterdir()).unlink(),
    "a file is added": lambda one: (one / "extra.html").write_text("<p>all is well</p>"),
    "the manifest is made anew": lambda one: (
        (one / "report.md").write_text("all is well"),
        (one / "SHA256SUMS").write_text(f"{hashlib.sha256(b'all is well').hexdigest()}  report.md\n"),
    ),
    "the manifest is gone": lambda one: (one / "SHA256SUMS").unlink(),
    "another entry is named": lambda one: (one / "entry.json").write_text('{"position": 3}'),
    "no entry is named": lambda one: (one / "entry.json").write_text('{"position": 10000000}'),
    "a page is a link": lambda one: (
        shutil.move(one / "report.md", one.parent / "elsewhere"),
        (one / "report.md").symlink_to(one.parent / "elsewhere"),
    ),
}  # fmt: skip


@pytest.fixture
def made(plane: Plane, tmp_path: Path) -> Issued:
    return issued(plane, tmp_path / "audit")


def test_whatever_is_changed_in_a_report_is_found(made: Issued, tmp_path: Path) -> None:
    for name, spoil in SPOILT.items():
        copy = tmp_path / "copy"
        shutil.copytree(tmp_path / "audit", copy)
        spoil(copy / "report")
        found = verifier.verify(copy, made.key)
        assert found.verdict == verifier.INVALID, name
        assert found.findings, name
        shutil.rmtree(copy)


def test_a_report_of_another_plane_is_none_of_this_log(made: Issued, tmp_path: Path) -> None:
    from ephor.testing import memory_world  # noqa: PLC0415 - only here

    other = ready(populate(Plane(memory_world(FrozenClock()))))
    theirs = issued(other, tmp_path / "theirs")
    shutil.rmtree(tmp_path / "theirs" / "report")
    shutil.copytree(tmp_path / "audit" / "report", tmp_path / "theirs" / "report")
    found = verifier.verify(tmp_path / "theirs", theirs.key)
    assert found.verdict == verifier.INVALID


def test_who_asks_wrongly_gets_no_report_and_nothing_is_recorded(plane: Plane, tmp_path: Path) -> None:
    start, end = whole(plane)
    before = plane.ledger.head().size
    write = new_folder(str(tmp_path / "audit"))
    with pytest.raises(InvalidInputError, match="ends before"):
        plane.audit.issue(end, start, (), write, render, by="aud")
    with pytest.raises(NotFoundError):
        plane.audit.issue(start, end, ["nobody"], write, render, by="aud")
    with pytest.raises((NotFoundError, NotPermittedError)):
        plane.audit.issue(start, end, (), write, render, by="stranger")
    assert plane.ledger.head().size == before
    assert not (tmp_path / "audit").exists()


def test_the_same_ledger_gives_the_same_figures(plane: Plane) -> None:
    def without_id(report: AuditReport) -> dict[str, Any]:
        return {name: value for name, value in plain(report).items() if name != "id"}

    one = plane.audit.compile(*whole(plane), (), by="aud")
    assert without_id(plane.audit.compile(*whole(plane), (), by="aud")) == without_id(one)
    laws = {each.law for each in one.coverage}
    assert {"eu-ai-act", "gdpr", "hipaa"} <= laws
    assert any(each.missing for each in one.coverage)
