"""`ephor ledger coverage`, `open-acts` and `sources`: what is told, and the exit codes a script goes by."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_cli
from ephor.edges.sdk import Plane
from ephor.rooms.decisions.model import Call
from sample_plane import ID, ready


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def run(plane, capsysbinary):
    def call(*words, person="ola", data=()):
        lines = "\n".join(json.dumps(one) for one in data).encode()
        door = SimpleNamespace(open=lambda *_a, **_k: plane, person=person, read_bytes=lambda _: lines)
        code = run_cli(words, door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def beat(number, **more):
    return {"event_type": "source.heartbeat", "source": "gw", "sequence": number, **more}


def decide(plane, *, intent=False):
    return plane.decisions.decide(Call(ID, "customer_lookup", {"id": 1}), intent=intent)


def test_coverage_names_what_never_came_and_why_that_is_suspicious(plane, run):
    decide(plane)
    code, out, _ = run("ledger", "coverage", "--regulation", "eu ai act", "--agent", ID)
    assert code == 0
    assert f"eu-ai-act 1.4.0, agent {ID}, from the beginning to 2026-11-24 09:00 UTC" in out
    assert "tool.invoked/1: yes: never, though calls were allowed: 1; demanded from 2027-12-02" in out
    assert "agent.error/1: not known: " in out
    assert "never seen: agent.started/1, agent.stopped/1, tool.invoked/1" in out
    told = json.loads(run("ledger", "coverage", "--regulation", "HIPAA", "--agent", ID, "--json")[1])
    assert told["regulation"] == "hipaa"
    assert [one["suspicious"] for one in told["demands"]] == [False, None, False, False]
    assert told["demands"][2]["seen_as"] == {"decision.made/1": 1}
    assert told["missing"] == ["data.accessed/1", "data.modified/1", "auth.denied/1"]


@pytest.mark.parametrize(
    ("bar", "idle", "busy", "quiet"),
    [("missing", 1, 1, 1), ("suspicious", 1, 1, 0), ("unknown", 1, 1, 1)],
)
def test_nobody_s_silence_passes_for_an_answer(plane, run, bar, idle, busy, quiet):
    words = ("ledger", "coverage", "--regulation", "hipaa", "--agent", ID)
    assert run(*words)[0] == 0
    assert run(*words, "--fail-on", bar)[0] == idle

    @plane.governed(agent=ID)
    def customer_lookup(id: int) -> int:
        return id

    customer_lookup(1)
    assert run(*words, "--fail-on", bar)[0] == busy
    run("ledger", "append", "-", data=[{"event_type": "data.accessed", "agent_id": ID}])
    assert run(*words, "--fail-on", bar)[0] == quiet


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("--regulation", "hippa"),
            3,
            "use one of: ccpa, eu-ai-act, gdpr, hipaa, iso-42001, nist-ai-rmf, nyc-ll144, pci-dss, soc2, us-co-sb26-189",
        ),
        (("--regulation", ""), 2, "an empty --regulation names nothing"),
        ((), 2, "--regulation"),
        (("--regulation", "hipaa", "--agent", "ghost"), 3, "there is no agent `ghost`"),
        (("--regulation", "hipaa", "--since", "7 days"), 2, "`7 days`"),
        (("--regulation", "hipaa", "--since", "0d"), 2, "no length of time"),
        (("--regulation", "hipaa", "--since", "2027-01-01"), 2, "let it begin before it ends"),
        (("--regulation", "hipaa", "--since", "9999999d"), 2, "no length of time"),
        (("--regulation", "hipaa", "--since", "100000w"), 2, "no length of time"),
        (("--regulation", "hipaa", "--until", "soon"), 2, "`soon`"),
        (("--regulation", "hipaa", "--fail-on", "bad"), 2, "use one of: missing, suspicious, unknown"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(plane, run, words, code, said):
    answer = run("ledger", "coverage", *words)
    assert answer[:2] == (code, "")
    assert said in answer[2]


def test_the_longest_time_that_can_be_written_is_within_the_calendar(plane, run):
    decide(plane)
    assert run("ledger", "coverage", "--regulation", "hipaa", "--since", "99999w")[0] == 0
    assert run("ledger", "open-acts", "--older-than", "99999w")[0] == 0


def test_open_acts_are_listed_with_their_entry(plane, run, clock):
    decide(plane, intent=True)
    assert "none is open\n1 invoked, 0 ended, 0 open for longer than 10 min" in run("ledger", "open-acts")[1]
    clock.advance(timedelta(minutes=11))
    out = run("ledger", "open-acts")[1]
    assert f"agent:{ID}  customer_lookup  evt_" in out
    told = json.loads(run("ledger", "open-acts", "--older-than", "30s", "--json")[1])
    assert (told["open"], told["oldest"][0]["tool"]) == (1, "customer_lookup")
    assert told["oldest"][0]["log"] == "test.local/ephor/main"
    assert json.loads(run("ledger", "open-acts", "--agent", "other", "--json")[1])["open"] == 0
    assert run("ledger", "open-acts", "--older-than", "soon")[0] == 2


def test_a_source_is_counted_refused_told_and_waited_for(run, clock):
    assert run("ledger", "append", "-", data=[beat(1), beat(2)])[1] == "2 recorded\n"
    code, out, _ = run("ledger", "append", "-", data=[beat(1), beat(2)])
    assert (code, out) == (0, "2 recorded already: exactly these were handed in last\n")
    code, out, err = run("ledger", "append", "-", data=[beat(2, metadata={"late": True})])
    assert (code, out) == (4, "")
    assert "source `gw` of `ola` has counted to 2, and 2 came again or late" in err
    assert "1 never arrived" in run("ledger", "append", "-", data=[beat(4)])[1]
    told = json.loads(run("ledger", "append", "-", "--json", data=[beat(7)])[1])
    assert (told["appended"], told["already"], told["missing"]) == (1, 0, 2)

    assert "must be heard every 5 min" in run("ledger", "sources", "expect", "gw", "--every", "5m")[1]
    clock.advance(timedelta(minutes=6))
    row = run("ledger", "sources")[1].splitlines()[1]
    assert row.split() == [
        "gw",
        "ola",
        "7",
        "3",
        "(gaps:",
        "2)",
        "2026-11-24",
        "09:00",
        "UTC",
        "5",
        "min",
        "1",
        "min",
    ]
    [source] = json.loads(run("ledger", "sources", "--json")[1])
    assert (source["overdue"], source["overdue_seconds"], source["gaps"][1]["first"]) == (True, 60, 5)
    assert "need not be heard" in run("ledger", "sources", "release", "gw")[1]
    assert json.loads(run("ledger", "sources", "--json")[1])[0]["overdue"] is None
    assert run("ledger", "sources", "release", "gw")[0] == 3


def test_a_source_may_be_expected_of_another_person(run):
    told = json.loads(
        run("ledger", "sources", "expect", "gw", "--every", "1h", "--reporter", "eve", "--json")[1]
    )
    assert (told["reporter"], told["expected_by"], told["every_seconds"]) == ("eve", "ola", 3600)


@pytest.mark.parametrize(
    ("words", "person", "code", "said"),
    [
        (("expect", "gw", "--every", "5m"), "aud", 5, "`sources:write` needs one of: administrator"),
        (("expect", "gw", "--every", "5m"), "ghost", 5, "nobody is registered as `ghost`"),
        (("expect", "gw", "--every", "5m", "--reporter", "ghost"), "ola", 5, "nobody is registered as"),
        (("expect", "g w", "--every", "5m"), "ola", 2, "cannot name a source"),
        (("expect", "gw", "--every", "60w"), "ola", 2, "one second to 366 days"),
        (("expect", "gw", "--every", "often"), "ola", 2, "`often` is no length of time"),
        (("--json", "expect", "gw", "--every", "5m"), "ola", 2, "write --json and --database after `expect`"),
        (("lose", "gw"), "ola", 2, "lose"),
    ],
)
def test_a_declaration_that_cannot_stand_is_refused(run, words, person, code, said):
    answer = run("ledger", "sources", *words, person=person)
    assert answer[:2] == (code, "")
    assert said in answer[2]
    assert json.loads(run("ledger", "sources", "--json")[1]) == []
