"""`ephor ledger`: whose word an entry is, and questions that cannot have an answer."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_cli
from ephor.edges.sdk import Plane
from sample_plane import ID, ready

FORGED = {
    "event_type": "decision.made",
    "agent_id": ID,
    "tool": "refund",
    "decision": "allow",
    "approver": "person:cal",
}


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def run(plane, capsysbinary):
    def call(*words, person="eve", data=FORGED):
        door = SimpleNamespace(
            open=lambda *_a, **_k: plane, person=person, read_bytes=lambda _: json.dumps(data).encode()
        )
        code = run_cli(words, door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def test_a_decision_handed_in_is_shown_as_somebodys_word(run):
    code, out, _ = run("ledger", "append", "-", "--as", "ola", "--json")
    assert (code, json.loads(out)["appended"]) == (0, 1)
    [shown] = json.loads(run("ledger", "list", "--limit", "1", "--json")[1])
    entry = shown["entry"]
    assert entry["refs"] == {"reported_by": "person:ola"}
    assert entry["metadata"] == {"reported": {"decision": "allow", "approver": "person:cal"}}
    assert not {"decision", "approver", "policy_digest"} & set(entry)
    row = run("ledger", "list", "--limit", "1")[1].splitlines()[1]
    assert row.split()[-1] == "reported"
    assert shown["position"] not in [
        one["position"] for one in json.loads(run("ledger", "list", "--outcome", "allow", "--json")[1])
    ]


def test_nobody_unknown_hands_anything_in(run, plane):
    before = plane.ledger.head().size
    for words, person in ((("--as", "ghost"), "eve"), ((), "root")):
        code, out, err = run("ledger", "append", "-", *words, person=person)
        assert (code, out) == (5, "")
        assert "nobody is registered as" in err
    assert plane.ledger.head().size == before


def test_a_future_event_is_refused_with_its_number(run, plane):
    code, _, err = run("ledger", "append", "-", data={**FORGED, "timestamp": "2030-01-01T00:00:00Z"})
    assert code == 2
    assert "event 1: " in err
    assert "has not happened yet" in err


def test_a_kind_without_a_version_is_of_the_first(run):
    run("decide", "--agent", ID, "--tool", "customer_lookup")
    short = run("ledger", "list", "--kind", "decision.made", "--json")
    assert short == run("ledger", "list", "--kind", "decision.made/1", "--json")
    assert len(json.loads(short[1])) == 1
    assert run("ledger", "list", "--kind", "x-own.kind")[:2] == (0, "nothing recorded that fits\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--kind", "decision"), 2, "unknown kind `decision`; use `x-NAME` or one of: agent.started, "),
        (("--kind", "decision.made/2"), 2, "unknown kind `decision.made/2`"),
        (("--outcome", "foo"), 2, "unknown outcome `foo`; use one of: allow, ask, deny, unacceptable, "),
        (("--before", "-5"), 2, "invalid value for '--before'"),
        (("--limit", "0"), 2, "invalid value for '--limit'"),
        (("--agent", "ghost"), 3, "there is no agent `ghost`"),
    ],
)
def test_a_question_that_nothing_can_fit_is_refused(run, words, code, said):
    answer = run("ledger", "list", *words)
    assert answer[:2] == (code, "")
    assert said in answer[2]


def test_what_was_recorded_of_an_agent_nobody_registered_is_found(run):
    run("decide", "--agent", "ghost", "--tool", "x")
    assert "agent:ghost" in run("ledger", "list", "--agent", "ghost")[1]
