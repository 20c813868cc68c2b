"""Rules from the text of a file: each with its line, its name and its head; what cannot be read is a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.rule import Finding, Force, Rule, reads_of

MOST_RULES = 5_000
MAX_TEXT = 1_000_000
"""Longest file of rules, in characters."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"?|//[^\n]*|;|\n', re.DOTALL)
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The text of one rule, and the line on which it begins."""

    line: int
    text: str
    ended: bool


def read_rules(text: str) -> tuple[tuple[Rule, ...], tuple[Finding, ...]]:
    """Return the rules in *text*, and everything about it that cannot be read.

    >>> rules, findings = read_rules('// all\\npermit(principal, action, resource);')
    >>> rules[0].line, rules[0].force.value, findings
    (2, 'permit', ())
    """
    if len(text) > MAX_TEXT:
        return (), (Finding("rule-syntax", 1, "", f"is longer than {MAX_TEXT} characters; split the file"),)
    rules: list[Rule] = []
    findings: list[Finding] = []
    for number, chunk in enumerate(split(text), 1):
        if number > MOST_RULES:
            findings.append(
                Finding("rule-syntax", chunk.line, "", f"more than {MOST_RULES} rules; split the file")
            )
            break
        one = _rule(chunk, number)
        rules.append(one) if isinstance(one, Rule) else findings.append(one)
    findings += _named_twice(rules)
    return tuple(rules), tuple(findings)


def format_rules(text: str) -> str:
    """Return *text* laid out in Cedar's own way, comments kept.

    Raises:
        InvalidInputError: it cannot be parsed, so nobody knows its layout.
    """
    from cedarpy import format_policies  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    try:
        return format_policies(text, line_width=100, indent_width=2)
    except ValueError as error:
        raise InvalidInputError(
            f"rules that cannot be parsed cannot be formatted: {error}; run `ephor policies check`"
        ) from error


def split(text: str) -> Iterator[Chunk]:
    """Cut *text* behind each semicolon that stands neither in a string nor in a comment.

    >>> [(one.line, one.text) for one in split('a; // b;\\n"c;" d;')]
    [(1, 'a;'), (2, '"c;" d;')]
    """
    line, start, begun = 1, 0, 0
    for found in _TOKENS.finditer(text):
        mark = found[0]
        if begun == 0 and (gap := text[start : found.start()].strip()):
            begun = line
            start = text.index(gap[0], start)
        if mark == ";":
            yield Chunk(begun or line, text[start if begun else found.start() : found.end()], ended=True)
            start, begun = found.end(), 0
        elif mark[0] == '"':
            if begun == 0:
                begun, start = line, found.start()
        elif begun == 0:  # a comment or the end of a line, before a rule
            start = found.end()
        line += mark.count("\n")
    if begun or text[start:].strip():
        yield Chunk(begun or line, text[start:].strip(), ended=False)


def _rule(chunk: Chunk, number: int) -> Rule | Finding:
    from cedarpy import PolicySet  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    if not chunk.ended:
        return Finding("rule-syntax", chunk.line, "", "the last rule does not end; write `;` behind it")
    try:
        parsed = PolicySet.from_str(chunk.text).to_pst()
    except ValueError as error:
        line, text = _faulty(chunk, str(error))
        return Finding("rule-syntax", line, "", text)
    if parsed.templates:
        text = "is a template: nothing fills in `?principal` or `?resource`; write the agent or tool there"
        return Finding("rule-template", chunk.line, "", text)
    if len(parsed.static_policies) != 1:
        return Finding("rule-syntax", chunk.line, "", "no rule stands before `;`; remove it")
    (tree,) = parsed.static_policies.values()
    id = tree.annotations.get("id") or f"rule-{number}"
    if not _ID.fullmatch(id):
        text = f"`{id[:80]}` cannot name a rule; use letters, digits, `.`, `_`, `-`, at most 80"
        return Finding("rule-name", chunk.line, "", text)
    agent, role = _principal(tree.principal)
    return Rule(
        id=id,
        line=chunk.line,
        force=Force(tree.effect),
        text=chunk.text,
        because=tree.annotations.get("because", ""),
        agent=agent,
        role=role,
        tools=_tools(tree),
        reads=reads_of(tree),
        tree=tree,
    )


def _faulty(chunk: Chunk, message: str) -> tuple[int, str]:
    """Return the line that the parser's *message* is about, as far as it names something that stands there."""
    named = _QUOTED.search(message)
    for offset, text in enumerate(chunk.text.split("\n")):
        if named and named[1] in text.partition("//")[0]:
            return chunk.line + offset, _advice(message)
    if "'=' is not" in message:
        for offset, text in enumerate(chunk.text.split("\n")):
            if re.search(r"[^=!<>]=[^=]", text.partition("//")[0]):
                return chunk.line + offset, _advice(message)
    return chunk.line, _advice(message)


def _advice(message: str) -> str:
    """Say what to write instead, where the parser's words alone do not."""
    message = " ".join(message.split())
    if "'=' is not" in message:
        return "`=` compares nothing in Cedar; write `==`"
    if "number too large" in message:
        return "a number beyond 9223372036854775807; write a smaller one"
    if "missing the" in message and "scope" in message:
        return f"{message}; a rule begins `permit(principal, action, resource)` or `forbid(principal, action, resource)`"
    if "not a valid function" in message:
        return f"{message}; Cedar has `.contains`, `.containsAll`, `.containsAny`, `like`, `has`, `in`, `is`"
    if "unexpected end of input" in message:
        return "the rule ends too early; write `permit(principal, action, resource);`, conditions in `when { … }`"
    if "`like` expression" in message:
        return f'{message}; after `like` stands text in quotes, `*` for anything, as in `like "a*"`'
    if _DIGITS.fullmatch(message):
        return f'{message}: numbers have no decimals here; write `decimal("20.5")`, and compare with `.greaterThan(…)`'
    return f"{message}; see `Writing rules` in the documentation"


_DIGITS = re.compile(r"unexpected token `[0-9]+`")


def _principal(scope: Any) -> tuple[str | None, str | None]:
    """Return the agent and the role that the head names. `principal == Role::"x"` matches nobody; the validator says so."""
    uid = getattr(scope, "entity", None)
    if uid is None:
        return None, None
    return (None, uid.id) if str(uid.type) == "Role" else (uid.id, None)


def _tools(tree: Any) -> frozenset[str] | None:
    """Return the tools that the head names by action, by resource, or by both."""
    one, several = getattr(tree.action, "entity", None), getattr(tree.action, "entities", None)
    named = several if one is None else (one,)
    tools = None if named is None else frozenset(uid.id for uid in named)
    if (uid := getattr(tree.resource, "entity", None)) is None:
        return tools
    return frozenset({uid.id}) if tools is None else tools & {uid.id}


def _named_twice(rules: list[Rule]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for rule in rules:
        if rule.id in first:
            text = (
                f"is called `{rule.id}`, as the rule in line {first[rule.id]}; give one of them another @id"
            )
            yield Finding("rule-name", rule.line, rule.id, text)
        first.setdefault(rule.id, rule.line)
