"""`ephor classify`, `policies` and `bodies` where there is no plane: what a person reads, what a machine reads."""

import json
from datetime import date
from types import SimpleNamespace

import pytest

from ephor.adapters.packs import BundledPacks
from ephor.edges.cli.app import run as run_command
from ephor.engine.regulation import Law
from ephor.kernel.errors import NotFoundError


@pytest.fixture
def files():
    return {}


@pytest.fixture
def run(files, capsysbinary):
    """Run one command; return its exit code, its output and what it said on standard error."""

    def nothing(_database=None, **_other):
        raise NotFoundError("there is no database")

    door = SimpleNamespace(
        open=nothing,
        person="eve",
        law=Law(BundledPacks()),
        today=lambda: date(2026, 11, 24),
        read_yaml=lambda path: files[path],
    )

    def call(*words):
        code = run_command([str(word) for word in words], door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


@pytest.fixture
def classified(run, files):
    """Classify facts; return what a person reads, in one line."""

    def call(**facts):
        files["f.yaml"] = {"facts": facts}
        code, out, err = run("classify", "f.yaml")
        assert (code, err) == (0, "")
        assert all(len(line) <= 80 for line in out.splitlines())
        return " ".join(out.split())

    return call


def test_a_word_the_pack_does_not_know_is_not_called_unstated(classified):
    said = classified(complete=True, domain="zzz", function="other", subjects=["none"])
    assert (
        "stated with a word the pack does not know: `function` is `other`; see ephor classify --facts" in said
    )
    assert "stated with a word the pack does not know: `domain` is `zzz`" in said
    assert "not stated" not in said


def test_what_must_be_stated_although_the_list_is_complete_is_told(classified):
    said = classified(complete=True, domain="it")
    assert said.startswith("needs_review ")
    assert (
        "not stated, and it matters, first things first: function never minimal by omission: `function`"
        in said
    )


def test_the_answer_comes_first_then_what_is_missing_then_what_holds_then_how_much_is_open(classified):
    said = classified(domain="customer_service", function="chatbot", interacts_with_persons=True)
    places = [
        said.index(one) for one in ("needs_review", "not stated", "yes Art 50(1)", "elements are open;")
    ]
    assert places == sorted(places)
    assert ": open" not in said


def test_what_is_settled_has_no_open_elements(classified):
    said = classified(
        complete=True, domain="customer_service", function="chatbot", interacts_with_persons=True
    )
    assert said.startswith("limited, applies from 2026-08-02")
    assert "open" not in said
    assert "never minimal" not in said


def test_the_words_can_be_read_without_a_file(run):
    code, out, _ = run("classify", "--facts")
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "function (text, open): what the system does for its intended purpose" in out
    assert "personal_use (boolean, claim)" in out
    document = json.loads(run("classify", "--facts", "--json")[1])
    assert document["never_omitted"] == ["function"]
    assert document["facts"][0]["name"] == "function"
    assert "chatbot" in document["facts"][0]["values"]


@pytest.mark.parametrize("words", [(), ("f.yaml", "--facts"), ("--as-of", "2026-01-01")])
def test_a_file_or_the_words_but_not_both_nor_neither(run, words):
    code, out, err = run("classify", *words)
    assert (code, out) == (2, "")
    assert "--facts" in err


def test_the_json_keeps_missing_facts_and_says_which_were_stated_in_unknown_words(run, files):
    files["f.yaml"] = {"facts": {"complete": True, "function": "other"}}
    document = json.loads(run("classify", "f.yaml", "--json")[1])
    assert "function" in document["missing_facts"]
    assert document["unlisted_facts"] == {"function": ["other"]}
    assert document["never_omitted"] == []


def test_policies_need_no_plane_and_say_how_long_an_approval_lasts(run):
    assert run("policies", "list")[0] == 0
    said = run("policies", "show", "decision_support")[1]
    assert "approval lasts   180 days" in said
    assert "to every call of a tool that does more than read" in said
    assert json.loads(run("policies", "show", "autonomous_action", "--json")[1])["approval_days"] == 90


def test_bodies_without_a_plane_have_no_members_and_a_named_plane_must_be_there(run):
    code, out, _ = run("bodies", "list")
    assert code == 0
    assert "Data Governance" in out
    assert "members: no plane" in out
    assert {one["members"] for one in json.loads(run("bodies", "list", "--json")[1])} == {None}
    assert run("bodies", "list", "--database", "sqlite:///no.db")[0] == 3


def test_a_use_case_beside_the_facts_counts_and_what_is_stated_among_them_comes_first(run, files):
    files["f.yaml"] = {"use_case": "social_scoring", "facts": {"complete": True, "function": "faq"}}
    said = json.loads(run("classify", "f.yaml", "--json")[1])
    files["g.yaml"] = {"facts": {"complete": True, "function": "faq", "use_case": "social_scoring"}}
    assert said == json.loads(run("classify", "g.yaml", "--json")[1])
    assert said["category"] == "unacceptable"
