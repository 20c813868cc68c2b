"""A file of rules that cannot work is refused, with the line and what to write instead."""

from __future__ import annotations

import dataclasses

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.check_rules import CatalogueTool, check_rules, near, refuse
from ephor.rooms.policies.reading import MAX_TEXT, MOST_RULES, format_rules, read_rules, split
from ephor.rooms.policies.rule import Finding
from sample_rules import ALL, CATALOGUE

A = "(principal, action, resource)"
R = '(principal, action == Action::"refund", resource)'
GUARD = "context.arguments has amount"


def found(text: str, catalogue: object = CATALOGUE) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in check_rules(text, catalogue)[1] if one.refused]  # type: ignore[arg-type]


def notes(text: str) -> list[tuple[str, str]]:
    return [(one.code, one.rule) for one in check_rules(text, CATALOGUE)[1] if not one.refused]


def said(text: str) -> str:
    return "\n".join(one.text for one in check_rules(text, CATALOGUE)[1] if one.refused)


@pytest.mark.parametrize(
    ("text", "line", "code", "advice"),
    [
        (f"permit{A}", 1, "rule-syntax", "write `;` behind it"),
        (f"permit{A}; ;", 1, "rule-syntax", ""),
        ("permit(principal, action);", 1, "rule-syntax", "a rule begins `permit(principal, action, resource)`"),
        (f"// hours\n\nforbid{A} when {{\n  context.hour = 3\n}};", 4, "rule-syntax", "write `==`"),
        (f"forbid{A} when {{\n  frobnicate(context)\n}};", 2, "rule-syntax", "Cedar has `.contains`"),
        (f"forbid{A} when {{ context.hour > 99999999999999999999 }};", 1, "rule-syntax", "9223372036854775807"),
        ("hello;", 1, "rule-syntax", "Writing rules"),
        ("", 1, "rule-syntax", "write at least one"),
        ("// nothing\n", 1, "rule-syntax", "write at least one"),
        ("permit(principal == ?principal, action, resource);", 1, "rule-template", "write the agent or tool there"),
        (f'@id("a b") permit{A};', 1, "rule-name", "use letters"),
        (f'@id("a") permit{A};\n@id("a") forbid{R};', 2, "rule-name", "line 1"),
        ('forbid(principal, action == Action::"refnud", resource);', 1, "rule-unknown-tool", "did you mean `refund`?"),
        ('forbid(principal, action, resource == Tool::"zz");', 1, "rule-unknown-tool", "use one of: lookup, refund"),
        ('forbid(principal == Agent::"bto", action, resource);', 1, "rule-unknown-agent", "did you mean `bot`?"),
        ('forbid(principal in Role::"clrk", action, resource);', 1, "rule-unknown-role", "did you mean `clerk`?"),
        (f'forbid{A} when {{\n principal in Role::"clrk" }};', 2, "rule-unknown-role", "did you mean `clerk`?"),
        ('forbid(principal == Agnt::"bot", action, resource);', 1, "rule-unknown-type", "did you mean `Agent`?"),
        (f'forbid{A} when {{ resource.effect == Effect::"extrenal" }};', 1, "rule-unknown-word", "did you mean `external`?"),
        (f"forbid{A} when {{\n context.hours > 3 }};", 2, "rule-unknown-attribute", "did you mean `hour`?"),
        (f"forbid{A} when {{ context has purpos }};", 1, "rule-unknown-attribute", "did you mean `purpose`?"),
        (f'forbid{A} when {{ principal.ownr == "x" }};', 1, "rule-unknown-attribute", "did you mean `owner`?"),
        (f'forbid{A} when {{ resource.efect == Effect::"read" }};', 1, "rule-unknown-attribute", "did you mean `effect`?"),
        (f"forbid{R} when {{ context.arguments has amuont && context.arguments.amuont > 1 }};", 1, "rule-unknown-attribute",
         "did you mean `amount`?"),
        (f"forbid{R} when {{\n context.arguments.amount > 1 }};", 2, "rule-unguarded", f"write `{GUARD} &&` before it"),
        (f'forbid{A} when {{ context.purpose == "x" }};', 1, "rule-unguarded", "write `context has purpose &&`"),
        ('forbid(principal, action in [Action::"lookup", Action::"refund"], resource) '
         f"when {{ {GUARD} && context.arguments.amount > 1 }};", 1, "rule-unknown-attribute", 'write `action in [Action::"refund"]`'),
        ('forbid(principal, action == Action::"lookup", resource) when { context.arguments has id };', 1,
         "rule-unknown-attribute", "declare it under `arguments:`"),
        (f'forbid{A} when {{ context.hour > "3" }};', 1, "rule-type", "expected Long but saw String"),
        (f'forbid{A} when {{ context.hour == "3" }};', 1, "rule-type", "not compatible"),
        (f'forbid{A} when {{ context.hour > "3" }};', 1, "rule-type", "write numbers without quotes"),
        (f'forbid{A} when {{ context.hour == "3" }};', 1, "rule-type", "write numbers without quotes"),
        (f"forbid{A} when {{ context.hour > 22.5 }};", 1, "rule-syntax", 'write `decimal("20.5")`'),
        (f'forbid{A} when {{ context.sensitivity == "restricted" }};', 1, "rule-type", 'write the word as `Sensitivity::"restricted"`'),
        (f'forbid{A} when {{ context.labels == "x" }};', 1, "rule-type", "`.contains(…)`"),
        (f"forbid{A} when {{ context.hour }};", 1, "rule-type", "compare it, as in `context.hour >= 22`"),
        (f'forbid{A} when {{ context.at > "2026-01-01" }};', 1, "rule-type", 'write a time as `datetime("2026-12-31")`'),
        (f'forbid{A} when {{ principal.owner in ["a"] }};', 1, "rule-type", '`["a", "b"].contains(principal.owner)`'),
        (f"forbid{A} when {{ principal.owner like 3 }};", 1, "rule-syntax", 'as in `like "a*"`'),
        (f'forbid{A} when {{ context.approved + 1 > 2 }};', 1, "rule-type", "join conditions with `&&`"),
        ('forbid(principal == Role::"clerk", action, resource);', 1, "rule-never-matches", "principal in Role"),
        (f"forbid{A} when {{ context.hour > 5 && context.hour < 3 }};", 1, "rule-never-matches", "contradict"),
        (f"forbid{A} when {{ context.hour > 23 }};", 1, "rule-never-matches", "contradict"),
        (f"forbid{A} when {{ false }};", 1, "rule-never-matches", "contradict"),
        (f"forbid{A} when {{ context.approved }} unless {{ context.approved }};", 1, "rule-never-matches", "contradict"),
        (f"forbid{R} when {{ resource == Tool::\"lookup\" }};", 1, "rule-never-matches", "contradict"),
        ('forbid(principal, action == Action::"refund", resource == Tool::"lookup");', 1, "rule-never-matches", "contradict"),
        ('forbid(principal == Agent::"scout", action == Action::"refund", resource);', 1, "rule-never-matches", "declares none"),
        (f'@id("x") forbid{R};\npermit{R} when {{ context.hour > 3 }};', 2, "rule-overruled", "rule `x` in line 1 forbids"),
    ],
)  # fmt: skip
def test_a_faulty_rule_is_refused_with_its_line_and_what_to_write(
    text: str, line: int, code: str, advice: str
) -> None:
    assert (line, code) in found(text), check_rules(text, CATALOGUE)[1]
    assert advice in said(text)


@pytest.mark.parametrize(
    "text",
    [
        ALL,
        f'@id("x") @owner("desk") forbid{R} when {{ {GUARD} && context.arguments.amount > 1 }} unless {{ context.approved }};',
        f"forbid{A} when {{ {GUARD} && context.arguments.amount > 1 }};",
        f"forbid{A} when {{ context has arguments.amount && context.arguments.amount > 1 }};",
        f'forbid{R} when {{ context.hour == 3 || context.purpose like "*mail*" && false }} unless {{ context has purpose }};',
        f'permit{R} when {{ "//; }}" == principal.owner }}; // trailing ; comment',
        f"permit{A} when {{ if context.approved then true else context.hour > 3 }};",
        f"permit{A} when {{ principal.autonomy - 1 < -2 }};",
    ],
)  # fmt: skip
def test_a_sound_rule_is_taken(text: str) -> None:
    if "purpose like" in text:
        assert found(text) == [(1, "rule-unguarded")]
    else:
        assert found(text) == []


def test_a_rule_that_another_makes_needless_is_told_of_and_loaded() -> None:
    assert ("rule-shadowed", "rule-2") in notes(f"{ALL}permit{R} when {{ context.hour > 3 }};")
    assert ("rule-shadowed", "b") in notes(
        f'@id("a") forbid{R} when {{ context.hour > 3 }};@id("b") forbid{R} when {{ context.hour > 4 }};'
    )
    twice = notes(f"{ALL}permit{A};")
    assert [code for code, _ in twice] == ["rule-shadowed"]  # the second, not both
    assert (
        notes(
            f"{ALL}forbid{R} when {{ {GUARD} && context.arguments.amount > 1 }} unless {{ context.approved }};"
        )
        == []
    )


def test_a_permit_under_a_forbid_that_approval_lifts_is_not_overruled() -> None:
    assert found(f"forbid{R} unless {{ context.approved }};permit{R};") == []


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [
        (f'forbid{R} when {{ context.labels.contains("data:contact") }};', True),
        (f'permit{R} unless {{ context.labels.contains("data:contact") }};', True),
        (f'forbid{R} when {{ !(context has session) || context.labels.contains("data:contact") }};', False),
        (f'forbid{R} unless {{ context.labels.contains("data:contact") }};', False),
        (f'permit{R} when {{ context.labels.contains("data:contact") }};', False),
    ],
)
def test_a_rule_against_labels_that_a_call_without_a_session_passes_is_told_of(
    rule: str, is_told: bool
) -> None:
    assert (("session-not-asked-for", "rule-2") in notes(f"{ALL}{rule}")) is is_told
    assert found(f"{ALL}{rule}") == []


def test_whoever_only_forbids_is_told_that_nothing_is_left() -> None:
    (note,) = [one for one in check_rules(f"forbid{R};", CATALOGUE)[1] if not one.refused]
    assert note.code == "tools-not-permitted"
    assert "`lookup`, `refund`" in note.text
    assert "permit(principal, action, resource);" in note.text


def test_a_rule_about_an_argument_says_of_which_tools_it_says_nothing() -> None:
    text = f"{ALL}forbid{A} when {{ {GUARD} && context.arguments.amount > 1 }};"
    assert notes(text) == [("argument-not-declared", "rule-2")]


def test_an_argument_on_whose_type_agents_differ_cannot_be_read() -> None:
    tool = CatalogueTool({}, frozenset({"bot"}), {"amount": "bot says integer, scout says string"})
    catalogue = dataclasses.replace(CATALOGUE, tools={**CATALOGUE.tools, "refund": tool})
    text = f"forbid{R} when {{ {GUARD} && context.arguments.amount > 1 }};"
    findings = check_rules(text, catalogue)[1]
    assert "bot says integer, scout says string" in findings[0].text


def test_all_faults_are_listed_at_once_in_the_order_of_their_lines() -> None:
    text = "\n".join(
        (
            f"forbid{A} when {{ context.hours > 1 }};",
            "hello;",
            'forbid(principal == Agent::"x", action, resource);',
        )
    )
    assert [line for line, _ in found(text)] == [1, 2, 3]
    with pytest.raises(InvalidInputError, match=r"3 faults: f\.cedar:1: ") as caught:
        refuse("f.cedar", check_rules(text, CATALOGUE)[1])
    assert [one["line"] for one in caught.value.facts["problems"]] == [1, 2, 3]  # type: ignore[attr-defined]
    refuse("f.cedar", [Finding("x", 1, "", "a note", refused=False)])


def test_the_cut_between_rules_knows_strings_and_comments() -> None:
    text = '// a; b\npermit(1) when { "x;\\"y;" };\n\n// c\n@id(";") forbid; left'
    assert [(one.line, one.ended) for one in split(text)] == [(2, True), (5, True), (5, False)]
    assert [one.text for one in split(text)][1] == '@id(";") forbid;'


def test_a_file_of_unreasonable_size_is_refused() -> None:
    assert read_rules(" " * (MAX_TEXT + 1))[1][0].code == "rule-syntax"
    rules, findings = read_rules(";" * (MOST_RULES + 5))
    assert not rules
    assert "split the file" in findings[-1].text
    assert "nested" in said(f"permit{A} when {{ {'!' * 3}{'(' * 300}true{')' * 300} }};") or found(
        f"permit{A} when {{ {' && '.join(['context.approved'] * 300)} }};"
    )


def test_formatting_keeps_comments_and_changes_no_rule() -> None:
    text = f"// why\npermit{A}; // all\n"
    formatted = format_rules(text)
    assert "// why" in formatted
    assert "// all" in formatted
    assert format_rules(formatted) == formatted
    with pytest.raises(InvalidInputError, match="ephor policies check"):
        format_rules("permit")


def test_advice_names_what_is_near_or_what_there_is() -> None:
    assert near("x", [], "ephor agents list") == "there is none yet; see `ephor agents list`"
    assert near("zzz", [f"tool{n}" for n in range(20)], "").endswith(", …")
