"""The stop switch for agents, tools, models and everything, who may lift it, and the drill that measures it."""

import dataclasses
import json
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.adapters.processes import ProcessProber
from ephor.bootstrap import open_engine
from ephor.edges.cli.app import run as run_command
from ephor.edges.sdk import Plane
from ephor.kernel.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
)
from ephor.rooms.agents.drill import Seen
from ephor.rooms.agents.stop import StopStatus, StopWhat
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.checklist import Checklist
from ephor.settings import Settings
from sample_plane import ID, entries, kinds, manifest, put, ready, size, sqlite_world

LOOK = Call(ID, "customer_lookup", {"id": 7})
PAY = Call(ID, "refund", {"amount_cents": 9000})
ALLOW, ASK, DENY = Outcome.ALLOW, Outcome.ASK, Outcome.DENY
W = StopWhat


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


def codes(decision):
    return [reason.code for reason in decision.reasons]


def model_named(plane, *names):
    """Give the agent models; that they are not registered is another reason beside the stop."""
    agent = plane.agents.show(ID)
    put(plane, dataclasses.replace(agent, manifest=manifest(models=names)))


# --- what is stopped


@pytest.mark.parametrize(
    ("what", "name", "code", "stopped", "free"),
    [
        (
            W.TOOL,
            "customer_lookup",
            "stopped-tool",
            LOOK,
            dataclasses.replace(PAY, arguments={"amount_cents": 1}),
        ),
        (W.AGENT, ID, "stopped-agent", LOOK, None),
        (W.ALL, None, "stopped-all", LOOK, None),
    ],
)
def test_a_stop_holds_from_the_next_decision_on_and_until_it_is_lifted(
    plane, what, name, code, stopped, free
):
    assert plane.decide(stopped).outcome is ALLOW
    before = size(plane)
    done = plane.stops.order(what, name, "leaks addresses", by="ola")
    assert done.agents == [ID]
    decision = plane.decide(stopped)
    assert (decision.outcome, codes(decision)[0]) == (DENY, code)
    assert "leaks addresses" in decision.reasons[0].text
    if free:
        assert plane.decide(free).outcome is ALLOW
    assert kinds(plane, before)[0] == "stop.ordered/1"
    entry = entries(plane)[before]
    assert (entry["actor"], entry["refs"], entry["metadata"]["reason"]) == (
        "person:ola", {"stop": done.stop.id}, "leaks addresses",
    )  # fmt: skip
    if what is W.ALL:
        plane.stops.lift(done.stop.id, "corrected", by="ada")
        assert plane.decide(stopped).outcome is DENY
    lifted = plane.stops.lift(done.stop.id, "corrected", by="ola")
    assert (lifted.status, lifted.lifted_by) == (StopStatus.LIFTED, "ola")
    assert plane.decide(stopped).outcome is ALLOW
    with pytest.raises(ConflictError, match="was lifted"):
        plane.stops.lift(done.stop.id, "again", by="ada")


@pytest.mark.parametrize(
    ("name", "call", "stopped"),
    [
        ("claude@1", None, True),
        ("claude", None, True),
        ("claude@2", None, False),
        ("claud", None, False),
        ("mini", "claude@1", False),
        ("claude", "claude@1", True),
        ("mini", None, True),  # who does not say which model asks may be using it
    ],
)
def test_a_model_is_stopped_by_its_version_or_as_a_whole(plane, name, call, stopped):
    model_named(plane, "claude@1", "mini@3")
    plane.stops.order(W.MODEL, name, "leaks", by="ola")
    said = codes(plane.decide(dataclasses.replace(LOOK, model=call)))
    assert ("stopped-model" in said) is stopped


def test_an_approval_from_before_is_no_way_around_a_stop_and_holds_after_it(plane):
    asked = plane.decide(PAY)
    plane.approvals.approve(asked.approval, by="cal")
    stop = plane.stops.order(W.TOOL, "refund", "wrong sums", by="ola").stop
    assert codes(plane.decide(PAY))[0] == "stopped-tool"
    plane.stops.lift(stop.id, "corrected", by="ola")
    assert plane.decide(PAY).outcome is ALLOW


def test_each_stop_is_lifted_by_itself(plane):
    first = plane.stops.order(W.TOOL, "customer_lookup", "one", by="ola").stop
    second = plane.stops.order(W.AGENT, ID, "two", by="sam").stop
    assert codes(plane.decide(LOOK))[:2] == ["stopped-tool", "stopped-agent"]
    plane.stops.lift(first.id, "done", by="ola")
    assert codes(plane.decide(LOOK)) == ["stopped-agent"]
    assert [one.id for one in plane.stops.all(open_only=True)] == [second.id]
    assert [one.id for one in plane.stops.all()] == [first.id, second.id]
    assert plane.stops.show(second.id).agents == [ID]


def test_a_stop_on_another_plane_of_the_same_database_counts_at_once(tmp_path, clock):
    one, other = (Plane(sqlite_world(tmp_path, clock)) for _ in range(2))
    ready(populate(one))
    assert one.decide(LOOK).outcome is other.decide(LOOK).outcome is ALLOW
    stop = one.stops.order(W.ALL, None, "everything", by="ola").stop
    assert codes(other.decide(LOOK)) == ["stopped-all"]
    other.stops.lift(stop.id, "fine", by="ola")
    assert codes(one.decide(LOOK)) == ["stopped-all"]
    other.stops.lift(stop.id, "fine", by="ada")
    assert one.decide(LOOK).outcome is ALLOW
    one.close()
    other.close()


# --- who may


@pytest.mark.parametrize("who", ["cal", "aud", "dora", "val", "ghost"])
def test_not_everybody_stops(plane, who):
    before = size(plane)
    with pytest.raises(NotPermittedError):
        plane.stops.order(W.ALL, None, "x", by=who)
    assert size(plane) == before


@pytest.mark.parametrize("who", ["eve", "sam", "cal", "ghost"])
def test_fewer_lift(plane, who):
    stop = plane.stops.order(W.TOOL, "refund", "x", by="eve").stop
    with pytest.raises(NotPermittedError):
        plane.stops.lift(stop.id, "x", by=who)
    assert plane.stops.all(open_only=True) == [stop]


def test_everything_is_lifted_by_two_people_and_both_are_on_record(plane):
    stop = plane.stops.order(W.ALL, None, "x", by="ola").stop
    before = size(plane)
    assert plane.stops.lift(stop.id, "fine", by="ola").status is StopStatus.OPEN
    with pytest.raises(NotPermittedError, match="somebody else"):
        plane.stops.lift(stop.id, "fine, really", by="ola")
    plane.stops.lift(stop.id, "I looked, too", by="ada")
    assert [(one["kind"], one["actor"]) for one in entries(plane)[before:]] == [
        ("stop.lift-asked/1", "person:ola"),
        ("stop.lifted/1", "person:ada"),
    ]


@pytest.mark.parametrize(
    ("what", "name", "reason", "error"),
    [
        (W.ALL, "x", "r", InvalidInputError),
        (W.TOOL, None, "r", InvalidInputError),
        (W.TOOL, " ", "r", InvalidInputError),
        (W.TOOL, "a\nb", "r", InvalidInputError),
        (W.TOOL, "x" * 201, "r", InvalidInputError),
        (W.TOOL, "refund_*", "r", InvalidInputError),
        (W.MODEL, "*", "r", InvalidInputError),
        (W.TOOL, "x", " ", InvalidInputError),
        (W.AGENT, "nobody", "r", NotFoundError),
    ],
)
def test_a_stop_that_says_nothing_is_refused(plane, what, name, reason, error):
    before = size(plane)
    with pytest.raises(error):
        plane.stops.order(what, name, reason, by="ola")
    assert size(plane) == before


# --- the drill


class Fake:
    """Processes that see what a test wants them to; the clock is counted."""

    def __init__(self, plane, after=(), running=True, stopping=True):
        self.plane, self.after, self.running, self.stopping, self.now = plane, after, running, stopping, 0

    @contextmanager
    def start(self, count, agent, tool, arguments, session):
        assert (agent, tool, session[:4]) == (ID, "customer_lookup", "drl_")
        self.before = [[Seen(n, n + 1, True) for n in range(3)] for _ in range(count)]
        self.stopped_at = None
        yield self

    def ticks(self):
        self.now += 1_000_000
        if self.stopped_at is None and self.plane.stops.all(open_only=True):
            self.stopped_at = self.now
        return self.now

    def pause(self):
        self.now += 20_000_000

    def failed(self):
        return None if self.running else "killed"

    def seen(self):
        if not self.running:
            return [[] for _ in self.before]
        if self.stopped_at is None:
            return self.before
        added = [
            Seen(0, self.stopped_at + int(ms * 1e6), allowed, self.stopping and not allowed)
            for ms, allowed in self.after
        ]
        return [[*one, *added] for one in self.before]


def test_a_drill_measures_stops_resumes_and_is_evidence(plane):
    before = size(plane)
    done = plane.drills.run(ID, Fake(plane, [(4, True), (12, True), (15, False)]), by="ola")
    assert (done.passed, done.last_allowed_ms, done.allowed_after) == (True, 12.0, 6)
    assert [one.first_denied_ms for one in done.processes] == [15.0] * 3
    assert plane.decide(LOOK).outcome is ALLOW
    assert kinds(plane, before)[:4] == [
        "stop.ordered/1",
        "stop.lifted/1",
        "evidence.recorded/1",
        "drill.recorded/1",
    ]
    (entry,) = entries(plane, "drill.recorded/1")
    assert (entry["metadata"]["last_allowed_us"], entry["metadata"]["bound_us"]) == (12_000, 1_000_000)
    (evidence,) = plane.evidence.all(ID)
    assert (evidence.kind, evidence.id) == (EvidenceKind.INCIDENT_DRILL, done.evidence)
    items = {one.id: one for one in plane.gate.check(ID, Checklist.ONGOING).items}
    (drills,) = [one for id, one in items.items() if "drill" in id]
    assert drills.status.value == "met", drills


@pytest.mark.parametrize("after", [[(1001, True), (1002, False)], [(5, True)], []])
def test_a_call_after_the_bound_or_a_process_that_was_never_refused_fails_the_drill(plane, after):
    done = plane.drills.run(ID, Fake(plane, after), by="ola")
    assert (done.passed, done.evidence) == (False, None)
    assert plane.evidence.all(ID) == []
    assert entries(plane, "drill.recorded/1")[0]["metadata"]["passed"] is False
    assert plane.decide(LOOK).outcome is ALLOW


def test_a_refusal_for_another_reason_proves_nothing_of_the_switch(plane):
    done = plane.drills.run(ID, Fake(plane, [(5, False)], stopping=False), by="ola")
    assert (done.passed, done.processes[0].first_denied_ms) == (False, None)


def test_a_stop_in_earnest_during_a_drill_stays(plane):
    class Meanwhile(Fake):
        def pause(self):
            super().pause()
            if self.stopped_at and plane.agents.show(ID).status.value == "active":
                plane.agents.suspend(ID, "for real", by="sam")

    plane.drills.run(ID, Meanwhile(plane, [(1, False)]), by="ola")
    assert codes(plane.decide(LOOK)) == ["agent-not-active"]


def test_whatever_goes_wrong_in_a_drill_the_agent_goes_on(plane):
    class Broken(Fake):
        def pause(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plane.drills.run(ID, Broken(plane, [(1, False)]), by="ola")
    assert plane.decide(LOOK).outcome is ALLOW
    with pytest.raises(UnavailableError, match="killed"):
        plane.drills.run(ID, Fake(plane, running=False), by="ola")
    assert plane.stops.all(open_only=True) == []


def test_a_drill_whose_calls_are_refused_before_the_stop_says_so_and_stops_nothing(plane):
    class Limited(Fake):
        def seen(self):
            return [[Seen(0, 1, True), Seen(2, 3, False)] for _ in self.before]

    before = size(plane)
    with pytest.raises(
        UnavailableError, match=r"were allowed 2 of 4 calls in a minute.*a limit may be used up"
    ):
        plane.drills.run(ID, Limited(plane), by="ola", processes=2)
    assert size(plane) == before


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"by": "cal"}, NotPermittedError),
        ({"by": "sam"}, NotPermittedError),
        ({"processes": 0}, InvalidInputError),
        ({"bound": timedelta(0)}, InvalidInputError),
        ({"bound": timedelta(minutes=2)}, InvalidInputError),
        ({"tool": "format_disk"}, ConflictError),
        ({"tool": "refund"}, ConflictError),
    ],
)
def test_a_drill_that_would_prove_nothing_is_refused(plane, more, error):
    before = size(plane)
    with pytest.raises(error):
        plane.drills.run(ID, Fake(plane), **({"by": "ola"} | more))
    assert size(plane) == before


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_drill_over_real_processes_passes_on_both_databases(
    database, request, tmp_path, monkeypatch, capsys
):
    url = (
        f"sqlite:///{tmp_path / 'e.db'}" if database == "sqlite" else request.getfixturevalue("postgres_url")
    )
    monkeypatch.setenv("EPHOR_KEYS", str(tmp_path / "keys"))
    plane = open_engine(url, settings=Settings(keys=str(tmp_path / "keys")))
    ready(populate(plane))
    door = SimpleNamespace(person="ola", open=lambda *_a, **_k: plane, prober=lambda _: ProcessProber(url))
    code = run_command(
        ["agents", "drill", ID, "--processes", "2", "--within", "60s", "--json"],
        door,
    )
    said = json.loads(capsys.readouterr().out)
    assert (code, said["passed"], len(said["processes"])) == (0, True, 2)
    assert all(one["calls"] > 3 and one["first_denied_ms"] is not None for one in said["processes"])
    assert said["last_allowed_ms"] <= said["bound_ms"]
    decisions = [one for one in entries(plane, "decision.made/1") if one.get("session") == said["id"]]
    stopped = next(one for one in entries(plane, "stop.ordered/1"))
    assert {one["decision"] for one in decisions} == {"allow", "deny"}
    assert {one["reasons"][0] for one in decisions if one["decision"] == "deny"} == {"stopped-agent"}
    assert stopped["metadata"]["reason"] == f"drill {said['id']}"
    assert plane.decide(LOOK).outcome is ALLOW
    assert plane.evidence.all(ID)[0].id == said["evidence"]
    if database == "sqlite":
        with pytest.raises(UnavailableError, match="nothing was stopped"):
            plane.drills.run(ID, ProcessProber("sqlite:////nowhere/at/all.db"), by="ola", processes=1)
    plane.close()


# --- the command line


@pytest.fixture
def run(plane, capsys):
    door = SimpleNamespace(
        person="ola", open=lambda *_args, **_kw: plane, prober=lambda _: Fake(plane, [(1, False)])
    )

    def run(*words, text=False):
        code = run_command([*words, *([] if text else ["--json"])], door)
        out, err = capsys.readouterr()
        return code, (out + err) if text else json.loads(out or err)

    return run


def test_stopping_and_lifting_on_the_command_line(run, plane):
    code, said = run("stop", "--tool", "refund", "--reason", "wrong sums")
    assert (code, said["what"], said["agents"]) == (0, "tool", [ID])
    assert "is it spelled right?" in run("stop", "--tool", "refnud", "--reason", "typo", text=True)[1]
    code, told = run("stop", "--all", "--reason", "everything", text=True)
    assert "everything is stopped" in told
    found = run("stops", "list")[1]
    assert [one["what"] for one in found] == ["tool", "tool", "all"]
    assert "somebody else" in run("stops", "lift", found[2]["id"], "--reason", "ok", text=True)[1]
    assert "ola asks to lift it" in run("stops", "list", text=True)[1]
    assert (
        "may act again" in run("stops", "lift", found[2]["id"], "--reason", "ok", "--as", "ada", text=True)[1]
    )
    assert run("stops", "lift", found[0]["id"], "--reason", "ok")[1]["status"] == "lifted"
    assert [one["name"] for one in run("stops", "list")[1]] == ["refnud"]
    assert len(run("stops", "list", "--lifted")[1]) == 3


def test_a_drill_on_the_command_line_exits_1_when_it_fails(run, plane):
    code, told = run("agents", "drill", ID, text=True)
    assert (code, "passed" in told, "evd_" in told) == (0, True, True)
    door = SimpleNamespace(
        person="ola", open=lambda *_a, **_k: plane, prober=lambda _: Fake(plane, [(1500, True)])
    )
    assert run_command(["agents", "drill", ID], door) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["stop", "--reason", "x"], 2),
        (["stop", "--all", "--tool", "x", "--reason", "x"], 2),
        (["stop", "--all", "--reason", " "], 2),
        (["stop", "--tool", "", "--reason", "x"], 2),
        (["stop", "--agent", "nobody", "--reason", "x"], 3),
        (["stop", "--all", "--reason", "x", "--as", "cal"], 5),
        (["stops", "lift", "stp_0", "--reason", "x"], 3),
        (["agents", "drill", ID, "--within", "x"], 2),
        (["agents", "drill", ID, "--arguments", "[]"], 2),
        (["agents", "drill", "nobody"], 3),
        (["agents", "drill", ID, "--as", "cal"], 5),
    ],
)
def test_what_goes_wrong_has_its_exit_code(run, plane, words, code):
    before = size(plane)
    assert run(*words)[0] == code
    assert size(plane) == before
