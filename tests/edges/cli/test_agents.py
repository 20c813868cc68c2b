"""`ephor agents`, `approvals`, `reviews`, `policies`, `bodies`: what a person reads, what a machine reads, exit codes."""

import json
from types import SimpleNamespace

import pytest

from ephor.adapters.manifests import read_manifest
from ephor.edges.cli.app import run as run_command
from ephor.engine.agents import Agents
from ephor.engine.approvals import Approvals
from ephor.engine.policies import Policies
from ephor.rooms.policies.governance import POLICIES
from sample_agents import TEXT

ID = "support-assistant"


@pytest.fixture
def files():
    return {"ephor.yaml": TEXT}


@pytest.fixture
def run(engine, files, capsysbinary):
    """Run one command; return its exit code, its output and what it said on standard error."""
    plane = SimpleNamespace(
        agents=Agents(engine.world, POLICIES),
        approvals=Approvals(engine.world, POLICIES, lambda _unit, _agent: "limited"),
        policies=Policies(POLICIES),
        bodies=engine.bodies,
        incidents=engine.incidents,
        regulation=engine.regulation,
        calls=engine.calls,
    )
    door = SimpleNamespace(
        open=lambda _database=None, **_other: plane,
        person="eve",
        read_manifest=lambda path: read_manifest(files[path].encode(), path),
    )

    def call(*words):
        code = run_command([str(word) for word in words], door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


@pytest.fixture
def document(run):
    """Run one command with --json; return what it printed."""

    def call(*words):
        code, out, err = run(*words, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return call


def approve(document):
    asked = document("approvals", "request", ID, "--justification", "first release")
    for type, who in (("security", "sam"), ("privacy", "pia")):
        asked = document(
            "reviews", "submit", asked["id"], "--type", type, "--decision", "approve", "--as", who
        )
    return asked


def test_the_whole_way_from_file_to_active(document):
    registered = document("agents", "register", "ephor.yaml")
    assert (registered["id"], registered["status"], registered["outcome"]) == (ID, "draft", "registered")
    asked = document("approvals", "request", ID, "--justification", "first release")
    assert (asked["status"], asked["pending_reviews"]) == ("pending", ["security", "privacy"])
    assert document("agents", "show", ID)["pending"]["id"] == asked["id"]
    half = document(
        "reviews", "submit", asked["id"], "--type", "security", "--decision", "approve",
        "--notes", "scoped", "--condition", "rotate the key", "--condition", "log it", "--as", "sam",
    )  # fmt: skip
    assert (half["status"], half["pending_reviews"]) == ("pending", ["privacy"])
    assert half["reviews"][0]["conditions"] == ["rotate the key", "log it"]
    whole = document(
        "reviews", "submit", asked["id"], "--type", "privacy", "--decision", "approve", "--as", "pia"
    )
    assert (whole["status"], whole["expires_at"]) == ("approved", "2027-11-24T09:00:00Z")
    shown = document("agents", "show", ID)
    assert (shown["status"], shown["approved"], shown["pending"]) == ("active", True, None)
    assert shown["approved_digest"] == shown["digest"] == whole["digest"]
    assert shown["manifest"]["jurisdictions"] == ["DE", "NO"]


def test_the_same_file_again_and_a_changed_one(run, document, files):
    document("agents", "register", "ephor.yaml")
    approve(document)
    code, out, _ = run("agents", "register", "ephor.yaml")
    assert (code, "unchanged" in out) == (0, True)
    files["ephor.yaml"] = TEXT.replace("autonomy: 3", "autonomy: 2").replace("Support Assistant", "Helper")
    changed = document("agents", "register", "ephor.yaml")
    assert (changed["outcome"], changed["status"], len(changed["ended"])) == ("reopened", "draft", 1)
    assert changed["changes"] == [
        {"path": "autonomy", "before": "3", "after": "2", "material": True},
        {"path": "name", "before": "Support Assistant", "after": "Helper", "material": False},
    ]
    files["ephor.yaml"] = TEXT
    _, out, _ = run("agents", "register", "ephor.yaml")
    assert "may not act until that is approved" in out
    assert "autonomy" in out


def test_show_says_in_plain_words_what_the_agent_is_and_may(run, document):
    document("agents", "register", "ephor.yaml")
    out = run("agents", "show", ID)[1]
    assert "draft: newly registered" in out
    assert "none that covers it today" in out
    asked = document("approvals", "request", ID, "--justification", "why")
    assert f"none; {asked['id']} awaits: security, privacy" in run("agents", "show", ID)[1]
    document("approvals", "revoke", asked["id"], "--reason", "a typing error")
    approve(document)
    out = run("agents", "show", ID)[1]
    for piece in (
        "until 2027-11-24 09:00 UTC",
        "customer_service",
        "DE, NO",
        "amount_cents above 5000",
        "sha256:",
        "ola",
    ):
        assert piece in out


def test_stop_resume_retire(run, document):
    document("agents", "register", "ephor.yaml")
    approve(document)
    assert document("agents", "suspend", ID, "--reason", "leaks", "--as", "ola")["status_reason"] == "leaks"
    assert [one["id"] for one in document("agents", "list", "--status", "suspended")] == [ID]
    assert run("agents", "resume", ID)[0] == 5
    assert document("agents", "resume", ID, "--as", "ola")["status"] == "active"
    assert (
        run("agents", "retire", ID, "--reason", "replaced", "--as", "ada")[1] == f"{ID} is retired for good\n"
    )
    code, _, err = run("agents", "suspend", ID, "--reason", "again", "--as", "ola", "--json")
    assert (code, json.loads(err)["error"]) == (4, "conflict")


def test_a_wrong_file_lists_every_fault_and_stores_nothing(run, document, files):
    files["ephor.yaml"] = TEXT.replace("autonomy: 3", 'autonomy: "3"').replace("owner: eve", "onwer: eve")
    code, out, err = run("agents", "register", "ephor.yaml", "--json")
    assert (code, out) == (2, "")
    assert [one["path"] for one in json.loads(err)["facts"]["problems"]] == ["", "onwer", "autonomy"]
    assert document("agents", "list") == []


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("agents", "show", "ghost"), 3, "`ghost`"),
        (("agents", "suspend", "ghost", "--reason", "r", "--as", "ola"), 3, "`ghost`"),
        (("agents", "suspend", ID, "--as", "ola"), 2, "--reason"),
        (("agents", "list", "--status", "asleep"), 2, "unknown status `asleep`"),
        (("agents", "retire", ID, "--reason", "r", "--as", "sam"), 5, "`agents:write`"),
        (("approvals", "show", "apr_ghost"), 3, "`apr_ghost`"),
        (("approvals", "list", "--status", "lost"), 2, "unknown status `lost`"),
        (("approvals", "request", ID), 2, "--justification"),
        (("approvals", "request", ID, "--justification", " "), 2, "justification is missing"),
        (("approvals", "request", ID, "--justification", "x", "--as", "sam"), 5, "`approvals:request`"),
        (("reviews", "submit", "x", "--type", "tax", "--decision", "approve"), 2, "unknown review `tax`"),
        (("reviews", "submit", "x", "--type", "legal", "--decision", "maybe"), 2, "unknown decision `maybe`"),
        (("reviews", "submit", "x", "--type", "legal", "--decision", "approve", "--as", "leo"), 3, "`x`"),
        (("policies", "show", "trading"), 2, "unknown use case `trading`"),
    ],
)
def test_what_goes_wrong_has_its_exit_code_and_says_so(run, document, words, code, says):
    document("agents", "register", "ephor.yaml")
    found, out, err = run(*words)
    assert (found, out, says in err) == (code, "", True), err


def test_requests_are_listed_shown_and_revoked(run, document):
    document("agents", "register", "ephor.yaml")
    assert run("approvals", "list")[1] == "none\n"
    asked = approve(document)
    assert document("approvals", "list", "--agent", ID, "--status", "approved") == [asked]
    assert document("approvals", "list", "--status", "pending") == []
    assert asked["id"] in run("approvals", "list")[1]
    out = run("approvals", "show", asked["id"])[1]
    for piece in ("approved", "sam", "pia", "first release", "2027-11-24", asked["policy_digest"]):
        assert piece in out
    out = run("approvals", "revoke", asked["id"], "--reason", "found a leak", "--as", "sam")[1]
    assert "found a leak, by sam" in out
    assert document("agents", "show", ID)["status"] == "suspended"


def test_what_ran_out_is_recorded_on_demand(document, clock):
    document("agents", "register", "ephor.yaml")
    asked = approve(document)
    assert document("approvals", "expire") == []
    clock.at = clock.at.replace(year=2028)
    assert [one["id"] for one in document("approvals", "expire")] == [asked["id"]]
    assert document("agents", "show", ID)["status"] == "draft"


def test_policies_and_bodies(run, document):
    policies = document("policies", "list")
    assert [one["use_case"] for one in policies] == [
        "customer_service", "content_generation", "code_generation", "decision_support", "autonomous_action",
    ]  # fmt: skip
    assert document("policies", "show", "decision_support") == policies[3]
    assert "730 days at least" in run("policies", "show", "autonomous_action")[1]
    assert "autonomous_action" in run("policies", "list")[1]
    bodies = document("bodies", "list")
    assert [(one["id"], one["members"]) for one in bodies][:2] == [
        ("executive-oversight", ["max"]),
        ("ai-ethics-committee", ["eti", "leo"]),
    ]
    assert "Data Governance" in run("bodies", "list")[1]


@pytest.mark.parametrize("group", ["agents", "approvals", "reviews", "policies", "bodies"])
def test_every_group_explains_itself(run, group):
    code, out, _ = run(group, "--help")
    assert (code, "Usage: ephor " + group in out) == (0, True)
