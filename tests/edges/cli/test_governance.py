"""`ephor roles`, `delegations`, `models` and `assess`: the same words in, one JSON document or plain words out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from ephor.edges.cli.app import run as run_cli
from ephor.engine.plane import Engine
from sample_agents import support

FILES: dict[str, Any] = {
    "model.yaml": {
        "name": "llm", "version": "1", "provider": "example", "model_type": "llm", "owner": "eve",
        "use_cases": ["customer_service"], "risk_tier": "low", "validation_thresholds": {"accuracy": {"at_least": 0.9}},
        "performance_baseline": {"accuracy": 0.95}, "drift_thresholds": {"accuracy": 0.02},
    },
    "good.yaml": {"validation_date": "today", "dataset": "held-out", "validation_results": {"accuracy": 0.95}},
    "bad.yaml": {"validation_date": "today", "dataset": "held-out", "validation_results": {"accuracy": 0.5}},
    "steady.yaml": {"accuracy": 0.95},
    "silent.yaml": {},
}  # fmt: skip
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(engine: Engine, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    door = SimpleNamespace(
        open=lambda database=None, create=False: engine,
        person="eve",
        today=lambda: date(2026, 11, 24),
        read_yaml=FILES.__getitem__,
        read_manifest=lambda path: support(),
    )

    def call(*words: str) -> tuple[int, str, str]:
        code = run_cli(words, door)  # type: ignore[arg-type]  # only the part of a door these commands use
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def test_a_file_is_assessed_in_the_published_shape_and_nothing_is_kept(run: Run, engine: Engine) -> None:
    code, out, _ = run("assess", "ephor.yaml", "--as-of", "2027-08-02", "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found) >= {
        "factors",
        "overall",
        "approval_required",
        "recommendations",
        "input_digest",
        "as_of",
    }
    assert set(found["factors"][0]) >= {"category", "inherent", "residual", "drivers", "mitigations"}
    assert set(found["factors"][0]["inherent"]) == {"likelihood", "impact", "score", "level"}
    assert (found["as_of"], set(found["overall"])) == ("2027-08-02", {"inherent", "residual"})
    assert engine.risk.latest("support-assistant") is None


def test_a_registered_agents_assessment_is_kept_unless_it_is_for_another_day(
    run: Run, engine: Engine
) -> None:
    engine.agents.register(support(), by="eve")
    assert run("assess", "support-assistant", "--as-of", "2027-08-02")[0] == 0
    assert engine.risk.latest("support-assistant") is None
    code, out, _ = run("assess", "support-assistant")
    assert (code, "support-assistant: medium" in out, "accountability" in out) == (0, True, True)
    assert engine.risk.latest("support-assistant") is not None
    assert run("assess", "nobody")[0] == 3


def test_roles_are_added_shown_and_listed(run: Run) -> None:
    added = run(
        "roles", "add", "clerk", "--tool", "refund", "--max-sensitivity", "internal", "--as", "ada", "--json"
    )
    assert json.loads(added[1])["allowed_tools"] == ["refund"]
    assert "custom" in run("roles", "show", "clerk")[1]
    listed = json.loads(run("roles", "list", "--json")[1])
    assert [role["id"] for role in listed][-1] == "clerk"
    assert "healthcare_agent" in run("roles", "list")[1]
    assert (
        run("roles", "add", "analytics_agent", "--tool", "x", "--max-sensitivity", "public", "--as", "ada")[0]
        == 4
    )
    assert run("roles", "add", "other", "--tool", "*", "--max-sensitivity", "public", "--as", "ada")[0] == 2


def test_authority_is_lent_listed_and_taken_back(run: Run, engine: Engine) -> None:
    engine.agents.register(support(), by="eve")
    scope = (
        "--tool",
        "customer_lookup",
        "--permission",
        "data:pii:read",
        "--max-sensitivity",
        "confidential",
    )
    terms = ("--purpose", "inbox", "--until", "2026-12-01")
    assert run("delegations", "grant", "support-assistant", *scope, *terms)[0] == 5
    assert run("delegations", "allow", "eve", *scope)[0] == 5
    assert "eve may lend" in run("delegations", "allow", "eve", *scope, "--as", "ada")[1]
    lent = json.loads(run("delegations", "grant", "support-assistant", *scope, *terms, "--json")[1])
    assert (lent["from_kind"], lent["expires_at"]) == ("person", "2026-12-01T00:00:00Z")
    assert "holds" in run("delegations", "list")[1]
    assert run("delegations", "revoke", lent["id"])[0] == 0
    (gone,) = json.loads(run("delegations", "list", "--agent", "support-assistant", "--json")[1])
    assert [reason["code"] for reason in gone["reasons"]] == ["delegation-revoked"]
    assert run("delegations", "revoke", lent["id"])[0] == 4
    assert run("delegations", "list", "--agent", "support-asistant")[0] == 3


def test_what_somebody_may_lend_and_never_can_is_warned_of(run: Run, engine: Engine) -> None:
    engine.agents.register(support(), by="eve")
    scope = ("--tool", "customer_lokup", "--tool", "refund", "--max-sensitivity", "internal", "--as", "ada")
    told = json.loads(run("delegations", "allow", "cal", *scope, "--json")[1])
    assert (told["id"], told["tools"]) == ("cal", ["customer_lokup", "refund"])
    assert told["warnings"] == [
        "no agent declares tool `customer_lokup` yet; did you mean `customer_lookup`?",
        "`cal` can lend nothing yet: it takes the role administrator or engineer",
    ]
    assert "  warning: no agent declares" in run("delegations", "allow", "eve", *scope)[1]
    taken = ("--max-sensitivity", "internal", "--as", "ada", "--json")
    assert json.loads(run("delegations", "allow", "cal", *taken)[1])["warnings"] == []


@pytest.mark.parametrize(
    "until",
    ["soon", "2026-12-01T10:00:00", "2026-13-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+01:00"],
)
def test_an_end_that_is_no_time_is_refused(run: Run, until: str) -> None:
    code, _, err = run("delegations", "grant", "a", "--max-sensitivity", "public", "--until", until, "--json")
    assert (code, json.loads(err)["error"]) == (2, "invalid-input")


def test_a_model_goes_its_way_on_the_command_line(run: Run) -> None:
    assert run("models", "register", "model.yaml")[0] == 0
    assert run("models", "register", "model.yaml")[0] == 4
    code, out, _ = run("models", "validate", "llm@1", "--results", "bad.yaml", "--as", "val")
    assert (code, "FAIL" in out) == (0, True)
    assert run("models", "approve", "llm@1", "--reason", "fine", "--as", "val")[0] == 4
    assert json.loads(
        run("models", "validate", "llm@1", "--results", "good.yaml", "--as", "val", "--json")[1]
    )["validations"][-1]["passed"]
    assert run("models", "approve", "llm@1", "--reason", "mine", "--as", "eve")[0] == 5
    assert run("models", "approve", "llm@1", "--reason", "passes", "--as", "val")[0] == 0
    assert run("models", "promote", "llm@1", "--to", "retired soon", "--reason", "x")[0] == 2
    assert "production" in run("models", "promote", "llm@1", "--to", "production", "--reason", "rollout")[1]
    assert "approved -> production, by eve: rollout" in run("models", "show", "llm@1")[1]
    assert "llm@1" in run("models", "list")[1]


@pytest.mark.parametrize(("file", "code"), [("steady.yaml", 0), ("silent.yaml", 1)])
def test_only_what_was_observed_and_steady_passes(run: Run, file: str, code: int) -> None:
    run("models", "register", "model.yaml")
    assert run("models", "drift", "llm@1", "--observed", file)[0] == code


def test_lending_to_an_agent_that_is_not_there_is_not_found(run: Run) -> None:
    words = ("--tool", "x", "--max-sensitivity", "public", "--purpose", "p", "--until", "2026-12-31")
    code, _, err = run("delegations", "grant", "nobody", *words)
    assert (code, err) == (3, "ephor: not-found: there is no agent `nobody`\n")


def test_a_models_approval_ends_it_is_deprecated_with_a_successor_and_retirement_stops_it(run: Run) -> None:
    assert run("models", "register", "model.yaml")[0] == 0
    assert run("models", "validate", "llm@1", "--results", "good.yaml", "--as", "val")[0] == 0
    until = ("--until", "2027-02-01")
    code, out, _ = run("models", "approve", "llm@1", "--reason", "passes", *until, "--as", "val", "--json")
    assert (code, json.loads(out)["approved_until"]) == (0, "2027-02-01")
    assert run("models", "promote", "llm@1", "--to", "production", "--reason", "go")[0] == 0
    assert run("models", "renew", "llm@1", "--reason", "mine")[0] == 5
    code, out, _ = run(
        "models", "renew", "llm@1", "--reason", "again", "--until", "2027-03-01", "--as", "val"
    )
    assert (code, out) == (0, "llm@1 is approved through 2027-03-01\n")
    assert run("models", "deprecate", "llm@1", "--reason", "old", "--successor", "llm@9")[0] == 3
    FILES["next.yaml"] = {**FILES["model.yaml"], "version": "2"}
    assert run("models", "register", "next.yaml")[0] == 0
    code, out, _ = run("models", "deprecate", "llm@1", "--reason", "old", "--successor", "llm@2", *until)
    assert (code, out) == (0, "llm@1 is deprecated; used through 2027-02-01; successor: llm@2\n")
    assert "used through 2027-02-01; successor: llm@2" in run("models", "show", "llm@1")[1]
    assert run("models", "complete", "llm@2", "steady.yaml")[0] == 2
    assert run("models", "promote", "llm@1", "--to", "retired", "--reason", "gone")[0] == 0
    assert run("models", "promote", "llm@1", "--to", "production", "--reason", "back")[0] == 4
