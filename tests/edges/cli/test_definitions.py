"""Files of definitions: what they name and nobody knows is told or refused, and every refusal says where it stands."""

import json
from pathlib import Path

import pytest

from ephor.bootstrap import _door
from ephor.edges.cli.app import run as run_cli
from ephor.edges.cli.placed import line_of
from ephor.settings import Settings
from sample_plane import ID, ready
from sample_rules import typed


@pytest.fixture
def run(engine, tmp_path, monkeypatch, capfdbinary):
    ready(engine, typed())
    monkeypatch.chdir(tmp_path)
    door = _door(Settings(person="ada"), lambda _database=None, **_other: engine)

    def call(*words, text=None):
        if text is not None:
            Path("given.yaml").write_text(text)
        code = run_cli(words, door)
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def warnings(run, group, text):
    """Return what loading *text* warns of, as JSON has it, and check that people are told the same."""
    code, out, err = run(group, "load", "given.yaml", "--json", text=text)
    assert (code, err) == (0, "")
    said = [warning for one in json.loads(out) for warning in one["warnings"]]
    told = run(group, "load", "given.yaml")[1]
    assert all(f"  warning: {one}" in told for one in said)
    return said


def test_a_limit_for_what_nobody_knows_is_warned_of_with_the_name_that_may_be_meant(run):
    said = warnings(
        run,
        "limits",
        "limits:\n"
        "  - {id: a, measure: calls, most: 3, window: day, tool: refnud}\n"
        f"  - {{id: b, measure: calls, most: 3, window: day, agent: {ID[:-1]}}}\n"
        "  - {id: c, measure: money, most: 3, window: day, tool: refund, argument: amonut_cents}\n"
        f"  - {{id: d, measure: calls, most: 3, window: day, tool: report_generator, agent: {ID}}}\n"
        f"  - {{id: e, measure: money, most: 3, window: day, tool: refund, argument: amount_cents, agent: {ID}}}\n",
    )
    assert said == [
        "nobody knows tool `refnud` yet, so the limit counts nothing of it; did you mean `refund`?",
        f"agent `{ID[:-1]}` is not registered yet, so nothing of it matches; did you mean `{ID}`?",
        "tool `refund` declares no argument `amonut_cents`: every call of it that lacks it is denied; "
        "did you mean `amount_cents`?",
    ]


def test_tools_that_only_a_role_or_the_catalogue_names_count_as_known(run):
    text = "limits:\n  - {id: a, measure: calls, most: 3, window: day, tool: TOOL}\n"
    assert warnings(run, "limits", text.replace("TOOL", "lab_results")) == []
    assert len(warnings(run, "limits", text.replace("TOOL", "crm_export"))) == 1
    warnings(run, "tools", "tools:\n  - {name: crm_export, effect: read, sensitivity: internal}\n")
    assert warnings(run, "limits", text.replace("TOOL", "crm_export")) == []


def test_a_limit_for_a_delegation_that_there_is_not_is_refused(run):
    text = "limits:\n  - id: a\n    measure: calls\n    most: 3\n    window: day\n    delegation: dlg_x\n"
    code, out, err = run("limits", "load", "given.yaml", "--json", text=text)
    told = json.loads(err)
    assert (code, out, told["facts"]["line"], told["facts"]["file"]) == (2, "", 6, "given.yaml")
    assert told["message"].startswith("given.yaml:6: limit 1: `delegation` of limit `a` is `dlg_x`")
    assert json.loads(run("limits", "list", "--json")[1]) == []


def test_a_sequence_rule_for_what_nobody_knows_is_warned_of_and_one_that_cannot_match_is_refused(run):
    said = warnings(
        run,
        "sequences",
        "sequences:\n"
        "  - {id: a, after: 'tool:customer_lokup', tool: refnud}\n"
        "  - {id: b, after: ['data:cntact', seen-by-nobody], effect: external}\n"
        "  - {id: c, after: ['tool:customer_lookup', 'data:contact', 'sensitivity:internal'], tool: refund}\n",
    )
    assert [text.partition("; ")[2] for text in said] == [
        "did you mean `refund`?",
        "did you mean `customer_lookup`?",
        "did you mean `data:contact`?",
        "",
    ]
    for label in ("sensitivity:public", "effect:none"):
        code, _, err = run(
            "sequences", "load", "given.yaml", text=f"sequences:\n  - id: a\n    after: {label}\n"
        )
        assert code == 2
        assert err.startswith(
            f"ephor: invalid-input: given.yaml:3: sequence 1: sequence rule `a` comes after `{label}`"
        )


def test_a_role_for_a_tool_that_nobody_declares_or_whose_data_is_above_it_is_warned_of(run):
    role = "  - {name: NAME, permissions: [data:pii:read], allowed_tools: [TOOL], max_data_sensitivity: internal}\n"
    text = "roles:\n" + role.replace("NAME", "one").replace("TOOL", "customer_lookupp")
    text += role.replace("NAME", "two").replace("TOOL", "customer_lookup")
    assert warnings(run, "roles", text) == [
        "no agent declares tool `customer_lookupp` yet; did you mean `customer_lookup`?",
        "tool `customer_lookup` handles confidential data, and the role admits internal at most: it allows no call of it",
    ]
    out = run("roles", "add", "three", "--tool", "refnud", "--max-sensitivity", "internal", "--json")[1]
    assert json.loads(out)["warnings"] == ["no agent declares tool `refnud` yet; did you mean `refund`?"]
    assert "did you mean `refund`?" in run("roles", "change", "three", "--tool", "refunds")[1]


def test_what_the_catalogue_and_rules_of_approval_say_of_nothing_is_warned_of(run):
    assert warnings(
        run,
        "tools",
        "tools:\n"
        "  - {name: refnud, effect: read, sensitivity: internal}\n"
        "  - {name: refund, effect: read, sensitivity: internal, ask: [{argument: cents, above: 5}]}\n",
    ) == [
        "no agent declares tool `refnud` yet; did you mean `refund`?",
        "tool `refund` declares no argument `cents`: a person is asked about every call that lacks it",
    ]
    run("people", "remove", "val", "--reason", "left")
    text = "tools:\n  - {name: refund, effect: read, sensitivity: internal, approvers: [ROLES]}\n"
    assert warnings(run, "tools", text.replace("ROLES", "model_validator")) == [
        "nobody is there to approve calls of `refund`: no one holds `model_validator`"
    ]
    assert warnings(run, "tools", text.replace("ROLES", "model_validator, operator")) == []
    out = run("approvals", "rules", "set", "--tool", "refunt", "--agent", ID, "--json")[1]
    assert len(json.loads(out)["warnings"]) == 1


@pytest.mark.parametrize(
    ("group", "text", "line"),
    [
        ("limits", "limits:\n  - {id: a, measure: calls, most: 1, window: day}\n  - id: b\n    measure: cals\n    most: 1\n    window: day\n", 4),
        ("limits", "limits:\n  - {id: a, measure: calls, most: 1, window: day}\n  - measure: calls\n", 3),
        ("limits", "limits:\n  - {id: a, measure: calls, most: 1, window: day}\n  - {id: a, measure: calls, most: 1, window: day}\n", 3),
        ("limits", "limits:\n  - {id: a,\n     measure: calls, mots: 1}\n", 3),
        ("limits", "\nlimit: []\n", 2),
        ("limits", "limits:\n  - id: a\n    id: b\n", 3),
        ("limits", "- a\n", 1),
        ("roles", "roles:\n\n  - name: analytics_agent\n    max_data_sensitivity: internal\n    permissions: []\n", 3),
        ("roles", "roles:\n  - name: x\n    max_data_sensitivity: internal\n    allowed_tools: ['*']\n", 4),
        ("tools", "tools:\n  - name: mail\n    effect: external\n    sensitivity: internal\n    approvers: [auditor]\n", 5),
        ("tools", "tools:\n  - name: mail\n    effect: external\n    sensitivity: internal\n    reveals: [email, emial]\n", 5),
        ("tools", 'tools:\n  - name: mail\n    effect: read\n    sensitivity: internal\n    ask: [{argument: "a\\u202e", above: 5}]\n', 5),
        ("tools", "tools:\n  - name: mail\n    effect: 3\n    sensitivity: internal\n", 3),
        ("roles", "roles:\n  - name: x\n    tools: [mail]\n    allowed_tools: [mail]\n", 3),
        ("roles", "roles:\n  - name: x\n    tools: [mail]\n    max_data_sensitivity: 3\n", 4),
        ("sequences", "sequences:\n  - id: a\n    after: x\n    then: alow\n", 4),
        ("purposes", "purposes:\n  - name: a\n    serves: [sell]\n", 3),
    ],
)  # fmt: skip
def test_every_refusal_names_the_file_and_the_line(run, group, text, line):
    code, out, err = run(group, "load", "given.yaml", "--json", text=text)
    told = json.loads(err)
    assert (code in (2, 4), out) == (True, "")
    assert told["message"].startswith(f"given.yaml:{line}: "), told["message"]
    assert (told["facts"]["file"], told["facts"]["line"]) == ("given.yaml", line)


def test_what_the_catalogue_reveals_is_shown_and_a_type_that_nobody_looks_for_is_refused_by_name(run):
    text = "tools:\n  - {name: mail, effect: external, sensitivity: internal, reveals: [email, TYPE]}\n"
    assert run("tools", "load", "given.yaml", text=text.replace("TYPE", "emial"))[2] == (
        "ephor: invalid-input: given.yaml:2: tool 1: `reveals` of tool `mail` names an unknown type `emial` of personal data; "
        "did you mean `email`?; nothing was changed\n"
    )
    run("tools", "load", "given.yaml", text=text.replace("TYPE", "phone"))
    assert "reveals            email, phone\n" in run("tools", "show", "mail")[1]
    run("tools", "load", "given.yaml", text=text.replace(", reveals: [email, TYPE]", ""))
    assert "reveals            as manifests say\n" in run("tools", "show", "mail")[1]


def test_cases_of_rules_and_policies_are_refused_with_their_line(run):
    Path("r.cedar").write_text("permit (principal, action, resource);\n")
    cases = "cases:\n  - {agent: a, tool: refund, expect: allow}\n  - agent: a\n    tool: refund\n    expect: maybe\n"
    code, _, err = run("policies", "test", "r.cedar", "--cases", "given.yaml", text=cases)
    assert (code, err.startswith("ephor: invalid-input: given.yaml:5: `expect` of case 2")) == (2, True)
    Path("r.cedar").write_text("forbid (principal, action, resource) when { context.hour > 21 };\n")
    cases = f"cases:\n  - {{agent: {ID}, tool: refund, at: 2026-11-27T10:00:00Z, expect: deny}}\n  - agent: {ID}\n    tool: refund\n    expect: deny\n"
    code, _, err = run("policies", "test", "r.cedar", "--cases", "given.yaml", text=cases)
    assert (code, err.startswith("ephor: invalid-input: given.yaml:3: case `case 2` names no time")) == (
        2,
        True,
    ), err
    policy = "use_case: customer_service\nmax_autonomy_level: 9\n"
    code, _, err = run("policies", "override", "given.yaml", text=policy)
    assert (code, err.startswith("ephor: invalid-input: given.yaml:2: ")) == (2, True)


def test_a_refusal_that_is_about_no_file_names_none(run):
    code, _, err = run("approvals", "rules", "set", "--quorum", "0")
    assert (code, "given.yaml" in err) == (2, False)


def test_the_line_is_that_of_what_is_quoted_and_else_that_of_the_item():
    document = {"rows": [{"id": "a", "most": 1}, {"id": "b", "most": 1}]}
    lines = {
        "rows": 1,
        "rows[0]": 2,
        "rows[0].id": 2,
        "rows[0].most": 3,
        "rows[1]": 4,
        "rows[1].id": 4,
        "rows[1].most": 5,
    }
    assert line_of(document, lines, "`most` of `a` is too small") == 3
    assert line_of(document, lines, "`most` is too small", "rows[1]") == 5
    assert line_of(document, lines, "it has no `window`", "rows[1]") == 4
    assert line_of(document, lines, "`most` is too small") is None


def test_a_rule_that_too_few_people_can_answer_by_is_warned_of(run):
    def said(*words):
        code, out, err = run("approvals", "rules", "set", "--tool", "refund", *words, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)["warnings"]

    assert said("--escalate", "30m:operator") == []
    by = ("--approver", "model_validator")
    run("people", "remove", "eti", "--reason", "left")
    assert said("--quorum", "10", *by, "--escalate", "30m:ethics_reviewer") == [
        "after 0:30:00 nobody is there to answer: no one holds `ethics_reviewer`",
        "10 must approve, and 1 may: every question runs out, which denies the call",
    ]
    run("people", "remove", "val", "--reason", "left")
    nobody = "nobody is there to answer: no one holds `model_validator`"
    assert said(*by) == [nobody, "1 must approve, and 0 may: every question runs out, which denies the call"]
    assert said(*by, "--escalate", "30m:operator") == [nobody]
    assert f"warning: {nobody}" in run("approvals", "rules", "set", *by)[1]
