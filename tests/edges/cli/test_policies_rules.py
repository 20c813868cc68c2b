"""`ephor policies`: rules checked, loaded, tried and translated from the command line, with the exit codes that are promised."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from ephor.adapters import files
from ephor.edges.cli.app import run as run_cli
from ephor.engine.plane import Engine
from ephor.rooms.access.people import PlaneRole
from ephor.testing import FrozenClock
from sample_plane import ID, ready
from sample_rules import ALL, typed

Run = Callable[..., tuple[int, str, str]]
LARGE = (
    '@id("large")\nforbid (principal, action == Action::"refund", resource)\n'
    "when { context.arguments has amount_cents && context.arguments.amount_cents > 2000 };\n"
)
CASES = """\
cases:
  - {name: small, agent: support-assistant, tool: refund, arguments: {amount_cents: 5}, expect: allow}
  - {name: large, agent: support-assistant, tool: refund, arguments: {amount_cents: 5000}, expect: deny}
"""


@pytest.fixture
def run(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    ready(engine, typed())
    monkeypatch.chdir(tmp_path)
    Path("refunds.cedar").write_text("permit (principal, action, resource);\n\n" + LARGE)
    Path("refunds.cases.yaml").write_text(CASES)
    Path("bad.cedar").write_text(
        'permit(principal, action, resource);\nforbid(principal, action == Action::"refnud", resource);\n'
    )
    door = SimpleNamespace(
        open=lambda database=None, create=False: engine,
        person="sam",
        today=lambda: date(2026, 11, 24),
        read_bytes=files.read_bytes,
        read_yaml=files.read_mapping,
        read_placed=files.read_placed,
        replace_file=files.replace_file,
        new_file=files.new_file,
    )

    def call(*words: str) -> tuple[int, str, str]:
        code = run_cli(words, door)  # type: ignore[arg-type]  # only the part of a door these commands use
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def test_rules_are_checked_before_they_are_loaded(run: Run) -> None:
    code, out, _ = run("policies", "check", "refunds.cedar", "--json")
    found = json.loads(out)
    assert (code, found["passed"], found["rules"], found["findings"]) == (0, True, 2, [])
    code, out, _ = run("policies", "check", "bad.cedar")
    assert code == 1
    assert (
        "bad.cedar:2: error rule-unknown-tool: rule `rule-2`: there is no tool `refnud`; did you mean `refund`?"
        in out
    )
    code, out, _ = run("policies", "check", "bad.cedar", "--json")
    assert (code, json.loads(out)["findings"][0]["code"]) == (1, "rule-unknown-tool")


def test_rules_are_formatted(run: Run) -> None:
    Path("wide.cedar").write_text("// kept\npermit(principal,action,resource);\n")
    code, out, _ = run("policies", "check", "wide.cedar", "--diff")
    assert (code, "+permit (principal, action, resource);" in out) == (1, True)
    assert json.loads(run("policies", "check", "wide.cedar", "--json")[1])["formatted"] is False
    assert run("policies", "check", "wide.cedar", "--write")[0] == 0
    assert Path("wide.cedar").read_text() == "// kept\npermit (principal, action, resource);\n"
    assert run("policies", "check", "wide.cedar", "--diff")[:2] == (0, "")


def test_rules_go_into_force_and_out_of_it(run: Run) -> None:
    code, out, _ = run("policies", "load", "refunds.cedar", "--json")
    assert (code, json.loads(out)["id"], json.loads(out)["status"]) == (0, "refunds@1", "active")
    asked = ("decide", "--agent", ID, "--tool", "refund", "--arguments", '{"amount_cents": 3000}')
    found = json.loads(run(*asked, "--explain", "--json")[1])
    assert (found["outcome"], found["rules"][0]["rule"]) == ("deny", "refunds@1/large")
    assert "context.arguments.amount_cents > 2000" in found["rules"][0]["text"]
    assert "rules" not in json.loads(run(*asked, "--json")[1])
    assert "rule  refunds@1/large, line 3, deny:" in run(*asked, "--explain")[1]
    Path("refunds.cedar").write_text(ALL)
    assert run("policies", "shadow", "refunds.cedar")[0] == 0
    assert "with the rules in shadow: allow" in run(*asked)[1]
    assert json.loads(run("policies", "shadowed", "--json")[1])["changed"][0]["shadow"] == "allow"
    assert run("policies", "activate", "refunds@2")[0] == 0
    assert run("policies", "remove", "refunds@2")[0] == 0
    listed = json.loads(run("policies", "rules", "--json")[1])
    assert [(one["id"], one["status"]) for one in listed] == [
        ("refunds@2", "removed"),
        ("refunds@1", "replaced"),
    ]
    assert json.loads(run("policies", "rules", "refunds@2", "--json")[1])["text"] == ALL
    assert "refunds@2" in run("policies", "rules")[1]
    assert ALL.strip() in run("policies", "rules", "refunds@2")[1]


def test_what_cannot_be_loaded_is_refused_with_its_line_and_exit_code(run: Run) -> None:
    code, _, err = run("policies", "load", "bad.cedar", "--json")
    told = json.loads(err)
    assert (code, "invalid-input" in json.dumps(told)) == (2, True)
    assert "bad.cedar:2: " in json.dumps(told)
    assert run("policies", "load", "refunds.cedar", "--as", "ola")[0] == 5
    assert run("policies", "load", "gone.cedar")[0] == 3
    assert run("policies", "rules", "gone")[0] == 3
    Path("latin.cedar").write_bytes(b"// \xff\n")
    assert run("policies", "check", "latin.cedar")[0] == 2
    Path("hidden.cedar").write_text("// \u202e\n")
    assert "`hidden.cedar`: line 1" in run("policies", "check", "hidden.cedar")[2]
    assert run("policies", "load", "refunds.cedar")[0] == 0
    assert run("policies", "load", "refunds.cedar")[0] == 4


def test_cases_beside_the_rules_are_answered(run: Run) -> None:
    code, out, _ = run("policies", "test", "refunds.cedar", "--junit", "out.xml")
    assert (code, "2 cases, all passed" in out) == (0, True)
    suite = ElementTree.parse("out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")
    Path("other.yaml").write_text(CASES.replace("expect: deny", "expect: ask"))
    code, out, _ = run(
        "policies", "test", "refunds.cedar", "--cases", "other.yaml", "--junit", "two.xml", "--json"
    )
    assert (code, [one["passed"] for one in json.loads(out)["results"]]) == (1, [True, False])
    failure = ElementTree.parse("two.xml").getroot().find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "expected ask, and the rules say deny"
    assert "FAILED  large" in run("policies", "test", "refunds.cedar", "--cases", "other.yaml")[1]


def test_two_versions_are_compared(run: Run) -> None:
    run("policies", "load", "refunds.cedar")
    run(
        "decide",
        "--agent",
        ID,
        "--tool",
        "refund",
        "--arguments",
        '{"amount_cents": 3000}',
        "--subject",
        "c:1",
        "--purpose",
        "p",
    )
    run("decide", "--agent", ID, "--tool", "refund", "--arguments", '{"amount_cents": 3000}')
    Path("new.cedar").write_text(ALL)
    found = json.loads(run("policies", "diff", "refunds@1", "new.cedar", "--json")[1])
    assert (found["calls"], len(found["flips"]), len(found["not_known"])) == (2, 1, 1)
    out = run("policies", "diff", "refunds@1", "new.cedar", "--since", "1d")[1]
    assert "deny -> allow" in out
    assert "the record does not hold arguments" in out
    out = run("policies", "diff", "refunds.cedar", "new.cedar", "--cases", "refunds.cases.yaml")[1]
    assert "2 calls: 1 answered alike, 1 flip, 0 not known" in out


def test_policies_of_another_engine_are_translated(run: Run) -> None:
    Path("agt.yaml").write_text(
        'name: shop\nagents: ["*"]\ndefault_action: allow\nrules:\n'
        "  - {name: much, condition: not (amount_cents <= 2000), action: deny}\n"
    )
    code, out, _ = run("policies", "import", "agt.yaml")
    assert (code, '@id("much")' in out) == (0, True)
    assert "its engine knows no parentheses" in out
    assert "written to agt.cedar" in run("policies", "import", "agt.yaml", "--out", "agt.cedar")[1]
    assert run("policies", "check", "agt.cedar")[0] == 0
    assert (
        json.loads(run("policies", "import", "agt.yaml", "--json")[1])["rules"][0]["outcome"] == "translated"
    )
    Path("worse.yaml").write_text(
        "name: x\nrules:\n  - name: a\n    condition: amount_cents ~ 3\n    action: deny\n"
    )
    code, _, err = run("policies", "import", "worse.yaml")
    assert (code, "worse.yaml:4: " in err) == (2, True)
    assert run("policies", "import", "agt.yaml", "--map", "x")[0] == 2


def test_who_put_rules_in_force_and_when_is_shown_beside_who_loaded_them(
    run: Run, engine: Engine, clock: FrozenClock
) -> None:
    assert run("policies", "shadow", "refunds.cedar", "--as", "sam")[0] == 0
    engine.access.add_person("sue", "Sue", [PlaneRole.SECURITY_REVIEWER], by="ada")
    clock.advance(timedelta(days=2))
    assert run("policies", "activate", "refunds@1", "--as", "sue")[0] == 0
    [one] = json.loads(run("policies", "rules", "--json")[1])
    assert (one["by"], one["changed_by"], one["status"]) == ("sam", "sue", "active")
    assert one["at"] < one["changed_at"]
    row = run("policies", "rules")[1].splitlines()[1]
    assert row.split()[:3] == ["refunds@1", "active", "sue"]
    assert f"{one['changed_at'][:10]}" in row
    assert one["digest"] in row
    assert f"active by sue, since {one['changed_at'][:10]}" in run("policies", "rules", "refunds@1")[1]
    Path("refunds.cedar").write_text("permit (principal, action, resource);\n")
    clock.advance(timedelta(days=1))
    assert run("policies", "load", "refunds.cedar", "--as", "sam")[0] == 0
    new, old = json.loads(run("policies", "rules", "--json")[1])
    assert (new["changed_by"], old["status"], old["changed_by"]) == ("sam", "replaced", "sam")
