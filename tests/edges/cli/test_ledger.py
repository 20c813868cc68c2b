"""`ephor ledger`: whose word an entry is, and questions that cannot have an answer."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_cli
from ephor.edges.sdk import Plane
from ephor.rooms.decisions.model import Call
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
    [shown] = json.loads(run("ledger", "list", "--limit", "1", "--json")[1])["entries"]
    entry = shown["entry"]
    assert entry["refs"] == {"reported_by": "person:ola"}
    assert entry["metadata"] == {"reported": {"decision": "allow", "approver": "person:cal"}}
    assert not {"decision", "approver", "policy_digest"} & set(entry)
    row = run("ledger", "list", "--limit", "1")[1].splitlines()[1]
    assert row.split()[-1] == "reported"
    assert shown["position"] not in [
        one["position"]
        for one in json.loads(run("ledger", "list", "--outcome", "allow", "--json")[1])["entries"]
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
    assert len(json.loads(short[1])["entries"]) == 1
    assert run("ledger", "list", "--kind", "x-own.kind")[:2] == (0, "nothing recorded that fits\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--kind", "decision"), 2, "unknown kind `decision`; use `x-NAME` or one of: agent.started, "),
        (("--kind", "decision.made/2"), 2, "unknown kind `decision.made/2`"),
        (("--outcome", "foo"), 2, "unknown outcome `foo`; use one of: allow, ask, deny, "),
        (
            ("--outcome", "approve", "--kind", "decision.made"),
            2,
            "`decision.made/1` have no outcome `approve`; use one of: allow, ask, deny",
        ),
        (
            ("--outcome", "allow", "--kind", "tool.invoked"),
            2,
            "`tool.invoked/1` have no outcome; leave --outcome out",
        ),
        (("--before", "-5"), 2, "invalid value for '--before'"),
        (("--limit", "0"), 2, "invalid value for '--limit'"),
        (("--agent", "ghost"), 3, "there is no agent `ghost`"),
        (("--agent", "bot", "--actor", "person:ola"), 2, "name two who acted"),
        (("--text", "?!"), 2, "holds no word to search for"),
        (("--text", ""), 2, "an empty --text names nothing"),
        (("--since", "yesterday"), 2, "`yesterday` is not a"),
        (("--stream", "none"), 3, "there is no stream `none`"),
    ],
)
def test_a_question_that_nothing_can_fit_is_refused(run, words, code, said):
    answer = run("ledger", "list", *words)
    assert answer[:2] == (code, "")
    assert said in answer[2]


def test_what_was_recorded_of_an_agent_nobody_registered_is_found(run):
    run("decide", "--agent", "ghost", "--tool", "x")
    assert "agent:ghost" in run("ledger", "list", "--agent", "ghost")[1]


def entries_of(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)["entries"]


def test_entries_are_found_by_everything_they_say(run, plane):
    run(
        "ledger",
        "append",
        "-",
        data={**FORGED, "event_type": "tool.failed", "session_id": "s-9", "error": "Timed out twice"},
    )
    plane.decide(Call(ID, "customer_lookup", {"id": 7}, subject="c-7", session="s-1"))
    pseudonym = plane.world.pseudonyms.of("c-7")
    asked = {
        ("--text", "timed OUT"): "tool.failed/1",
        ("--text", "tim*", "--tool", "refund", "--session", "s-9"): "tool.failed/1",
        ("--subject", "c-7", "--as", "dora"): "decision.made/1",
        ("--subject-pseudonym", pseudonym): "decision.made/1",
        ("--type", "decision.made", "--actor", f"agent:{ID}", "--session", "s-1"): "decision.made/1",
        ("--resource", f"agent:{ID}", "--type", "agent.registered"): "agent.registered/1",
    }
    for words, kind in asked.items():
        assert {one["entry"]["kind"] for one in entries_of(run("ledger", "list", *words, "--json"))} == {
            kind
        }, words
    assert entries_of(run("ledger", "list", "--text", "timed", "--session", "s-1", "--json")) == []


def test_only_who_handles_personal_data_looks_for_a_person_by_name(run):
    code, out, err = run("ledger", "list", "--subject", "c-7", "--as", "aud")
    assert (code, out) == (5, "")
    assert "`privacy:write` needs one of" in err
    assert run("ledger", "list", "--subject", "c-7", "--subject-pseudonym", "sub_0", "--as", "dora")[0] == 2


def test_pages_follow_each_other_to_the_first_entry(run, plane):
    size, before, seen = plane.ledger.head().size, [], []
    while True:
        page = json.loads(run("ledger", "list", "--limit", "5", *before, "--json")[1])
        seen += [one["position"] for one in page["entries"]]
        if page["next"] is None:
            break
        before = ["--before", str(page["next"])]
    assert seen == list(range(size - 1, -1, -1))


def test_times_bound_what_is_found(run, plane):
    at = plane.world.clock.now()
    day = f"{at:%Y-%m-%d}"
    assert entries_of(run("ledger", "list", "--since", day, "--json"))
    assert entries_of(run("ledger", "list", "--since", "7d", "--json"))
    assert entries_of(run("ledger", "list", "--until", day, "--json")) == []
    code, _, err = run("ledger", "list", "--since", day, "--until", day)
    assert (code, "nothing lies between" in err) == (2, True)


def test_another_stream_is_searched_and_indexed_as_well(run, plane):
    plane.streams.open("telemetry", by="ola")
    run("ledger", "append", "-", "--stream", "telemetry")
    [found] = entries_of(run("ledger", "list", "--stream", "telemetry", "--text", "refund", "--json"))
    assert found["position"] == 0
    told = json.loads(run("ledger", "reindex", "--json")[1])
    assert told["logs"] == [
        {"stream": "main", "epoch": 1, "size": plane.ledger.head().size},
        {"stream": "telemetry", "epoch": 1, "size": 1},
    ]
    assert run("ledger", "reindex")[1].splitlines()[-1].split() == ["telemetry", "1", "1"]


def test_fsck_says_that_everything_holds_and_what_it_looked_at(run, plane):
    code, out, _ = run("ledger", "fsck")
    assert code == 0
    assert "everything holds; looked at: plane 1, verify " in out
    assert "the key was taken from the database itself" in out
    told = json.loads(run("ledger", "fsck", "--key", plane.ledger.head().key, "--json")[1])
    assert (told["holds"], told["faults"]) == (True, [])
    assert told["checked"]["verify"] == plane.ledger.head().size


def test_fsck_names_what_does_not_hold_and_what_to_do(run, plane):
    entries = plane.world.storage._state.logs[0].entries
    entries[3] = entries[4]
    code, out, _ = run("ledger", "fsck")
    assert code == 1
    assert "verify of test.local/ephor/main entry 3: " in out
    assert "\n  means: " in out
    assert "\n  do: " in out
    assert "NOT EVERYTHING HOLDS" in out
    code, out, _ = run("ledger", "fsck", "--json")
    told = json.loads(out)
    assert (code, told["holds"]) == (1, False)
    assert ("verify", 3) in [(one["check"], one["position"]) for one in told["faults"]]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            '{"event_type": "tool.invoked", "agent_id": "a", "agent_id": "b"}',
            "the key `agent_id` stands twice",
        ),
        ('{"event_type": "tool.invoked", "agent_id": "a", "metadata": {"x": NaN}}', "`NaN` is no number"),
        ("[" * 100_000, "line 1 is not JSON"),
    ],
)
def test_a_line_that_could_be_read_two_ways_is_refused(plane, capsysbinary, line, says):
    door = SimpleNamespace(open=lambda *_a, **_k: plane, person="ola", read_bytes=lambda _: line.encode())
    before = plane.ledger.head().size
    assert run_cli(("ledger", "append", "-"), door) == 2
    told = capsysbinary.readouterr().err.decode()
    assert says in told
    assert "nothing was recorded" in told
    assert plane.ledger.head().size == before


def test_an_event_that_is_refused_is_told_with_file_and_line(plane, tmp_path, capsysbinary):
    good = '{"event_type": "tool.invoked", "agent_id": "bot", "action": "call"}'
    for bad, said in (
        ('{"event_type": "tool.invoked", "agent_id": "bot", "actoin": "x"}', "unknown field `actoin`"),
        ("{", "line 4 is not JSON"),
        ("[]", "line 4 is no JSON object"),
    ):
        data = f"{good}\n\n{good}\n{bad}\n".encode()
        door = SimpleNamespace(
            open=lambda *_a, **_k: plane, person="eve", read_bytes=lambda _, data=data: data
        )
        for more in ((), ("--skip", "1")):
            code = run_cli(("ledger", "append", "events.jsonl", *more, "--json"), door)
            told = json.loads(capsysbinary.readouterr().err)
            assert (code, told["facts"]["line"], said in told["message"]) == (2, 4, True)
            assert told["message"].startswith("events.jsonl:4: ")
