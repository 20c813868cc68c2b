"""Fields of other policy engines as terms of the schema here, and comparisons with them in Cedar."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.policies.check_rules import Catalogue, near
from ephor.rooms.policies.conditions import (
    AllOf,
    Always,
    AnyOf,
    Compares,
    Condition,
    Literal,
    Not,
)
from ephor.rooms.policies.rule_schema import WORDS

FIELDS: Mapping[str, str] = {
    **dict.fromkeys(("tool", "tool_name", "tool.name", "action", "action.tool", "action.type", "action.name"), "tool"),
    **dict.fromkeys(("agent", "agent_id", "agent.id", "agent_did", "agent.did"), "agent"),
    **dict.fromkeys(("role", "agent.role", "agent_role", "agent.roles"), "role"),
    **dict.fromkeys(("effect", "tool.effect", "action.effect"), "effect"),
    **dict.fromkeys(("sensitivity", "data.sensitivity", "data.classification", "classification"), "sensitivity"),
    **dict.fromkeys(("purpose", "context.purpose"), "purpose"),
    **dict.fromkeys(("model", "model.name", "model_name"), "model"),
    **dict.fromkeys(("session", "session.id", "session_id"), "session"),
    **dict.fromkeys(("hour", "time.hour"), "hour"),
    **dict.fromkeys(("weekday", "time.weekday"), "weekday"),
    **dict.fromkeys(("delegation.depth", "delegation_depth"), "delegation_depth"),
    **dict.fromkeys(("autonomy", "agent.autonomy"), "autonomy"),
}  # fmt: skip
"""Names that other engines use, and what they are here."""
_PREFIXES = ("arguments.", "args.", "params.", "parameters.", "tool_args.", "input.")


@dataclass(frozen=True, slots=True)
class Term:
    """One field as Cedar reads it: its type, what must hold before it is there, and the tools that have it at all."""

    cedar: str
    type: str
    guard: str = ""
    tools: tuple[str, ...] = ()


def term_of(field: str, catalogue: Catalogue, own: Mapping[str, str]) -> Term:
    """Return what *field* is here; *own* are the user's own names for fields.

    Raises:
        InvalidInputError: nobody knows.
    """
    name = own.get(field, FIELDS.get(field, field))
    if name in _SIMPLE:
        return _SIMPLE[name]
    argument = name
    for prefix in _PREFIXES:
        argument = argument.removeprefix(prefix)
    tools = {
        tool: one.arguments[argument] for tool, one in catalogue.tools.items() if argument in one.arguments
    }
    if not tools:
        known = sorted({argument for one in catalogue.tools.values() for argument in one.arguments})
        advice = (
            near(argument, known, "") if known else "declare it under `arguments:` of a tool in its manifest"
        )
        if field.casefold() in FIELDS:
            advice = f"write `{field.casefold()}`, as case counts"
        raise InvalidInputError(
            f"nothing here is `{field}`; {advice}, or say what it is with `--map {field}=NAME`"
        )
    if len(set(tools.values())) > 1:
        raise InvalidInputError(
            f"`{field}` is of different types in different tools; write one rule for each tool"
        )
    type_ = next(iter(tools.values()))
    cedar = (
        f"context.arguments[{json.dumps(argument)}]" if "-" in argument else f"context.arguments.{argument}"
    )
    has = json.dumps(argument) if "-" in argument else argument
    return Term(cedar, type_, f"context.arguments has {has}", tuple(sorted(tools)))


def cedar_of(
    condition: Condition, terms: Callable[[str], Term], catalogue: Catalogue, *, unknown: bool
) -> str:
    """Return *condition* in Cedar: what it says where everything is there, and *unknown* where that rests on what is not.

    A prohibition takes what it cannot check for true, a permission for false: what is not known is never a pass.

    Raises:
        InvalidInputError: a field that nobody knows, or a comparison that its type does not have.
    """

    def told(part: Condition, unknown: bool) -> str:
        match part:
            case Always(value=value):
                return "true" if value else "false"
            case Not(part=inner):
                return f"!({told(inner, not unknown)})"
            case AllOf(parts=parts):
                return " && ".join(f"({told(one, unknown)})" for one in parts)
            case AnyOf(parts=parts):
                return " || ".join(f"({told(one, unknown)})" for one in parts)
            case Compares():
                return _guarded(part, terms(part.field), catalogue, unknown=unknown)

    return told(condition, unknown)


def _guarded(part: Compares, term: Term, catalogue: Catalogue, *, unknown: bool) -> str:
    compared = _compared(part, term, catalogue)
    if not term.guard:
        return compared
    if not unknown:
        return f"{term.guard} && {compared}"
    if not term.tools:
        return f"if {term.guard} then {compared} else true"
    listed = ", ".join(f"Action::{json.dumps(tool)}" for tool in term.tools)
    return f"if {term.guard} then {compared} else action in [{listed}]"


def _compared(part: Compares, term: Term, catalogue: Catalogue) -> str:
    op, value = part.op, part.value
    if op == "is":
        if term.type != "boolean":
            raise InvalidInputError(
                f"`{part.field}` is {_NOUNS[term.type]}, no truth value; compare it with something"
            )
        return term.cedar
    if op in ("in", "not in"):
        values = value if isinstance(value, tuple) else (value,)
        some = " || ".join(_one(part, term, "==", one, catalogue) for one in values) or "false"
        return f"({some})" if op == "in" else f"!({some})"
    return _one(part, term, op, value, catalogue)


def _one(part: Compares, term: Term, op: str, value: Literal, catalogue: Catalogue) -> str:
    if term.type in _WORDS:
        return _word(part, term, op, value, catalogue)
    told = _of_text(term, op, value) if isinstance(value, str) else _of_number(term, op, value)
    if told is None:
        raise _misfit(part, term)
    return told


def _of_text(term: Term, op: str, value: str) -> str | None:
    if term.type == "strings" and op == "contains":
        return f"{term.cedar}.contains({_text(value)})"
    if term.type != "string":
        return None
    if op == "contains":
        return f"{term.cedar} like {_pattern(value)}"
    return f"{term.cedar} {op} {_text(value)}" if op in ("==", "!=") else None


def _of_number(term: Term, op: str, value: Literal) -> str | None:
    """Compare with a number or a truth; a whole number may be written with a point, a truth is no number."""
    if type(value) is bool:
        return (
            f"{term.cedar} {op} {str(value).lower()}"
            if term.type == "boolean" and op in ("==", "!=")
            else None
        )
    if type(value) is float and term.type != "number" and value.is_integer():
        value = int(value)
    if type(value) is int and abs(value) < 2**63:
        if term.type == "integers" and op == "contains":
            return f"{term.cedar}.contains({value})"
        if term.type == "integer" and op in _ORDERS:
            return f"{term.cedar} {op} {value}"
    if term.type == "number" and isinstance(value, int | float) and op in _ORDERS:
        return _number(term, op, value)
    return None


def _number(term: Term, op: str, value: float) -> str:
    text = f"{value:.4f}"
    if float(text) != value:
        raise InvalidInputError(f"`{value}` has more than four decimals; Cedar compares four")
    number = f'decimal("{text}")'
    if op in ("==", "!="):
        return f"{term.cedar} {op} {number}"
    return f"{term.cedar}.{_ORDERS[op]}({number})"


def _word(part: Compares, term: Term, op: str, value: Literal, catalogue: Catalogue) -> str:
    """Compare a tool, an agent, a role, an effect or a sensitivity with one that there is."""
    ranked = term.type == "sensitivity" and op in _ORDERS
    if type(value) is not str or not (
        ranked or op in ("==", "!=") or (term.type == "role" and op == "contains")
    ):
        raise _misfit(part, term)
    known = {
        "tool": catalogue.tools,
        "agent": catalogue.agents,
        "role": catalogue.roles,
        "effect": WORDS["Effect"],
        "sensitivity": WORDS["Sensitivity"],
    }[term.type]
    if value not in known:
        raise InvalidInputError(f"there is no {term.type} `{value[:80]}`; {near(value, known, '')}")
    if ranked and op not in ("==", "!="):
        return f"context.sensitivity_level {op} {WORDS['Sensitivity'].index(value)}"
    if term.type == "role":
        held = f"principal in Role::{json.dumps(value)}"
        return f"!({held})" if op == "!=" else held
    return f"{term.cedar} {op} {_WORDS[term.type]}::{json.dumps(value)}"


def _misfit(part: Compares, term: Term) -> InvalidInputError:
    shown = json.dumps(part.value, ensure_ascii=False)
    return InvalidInputError(
        f"`{part.field} {part.op} {shown[:60]}` compares {_NOUNS[term.type]} with what it cannot be compared with; "
        "compare like with like"
    )


def _text(value: str) -> str:
    """Write text as Cedar reads it: its escapes are those of Rust."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in escaped) + '"'


def _pattern(value: str) -> str:
    return f'"*{_text(value)[1:-1].replace("*", chr(92) + "*")}*"'


_ORDERS = {
    "==": "==", "!=": "!=", "<": "lessThan", "<=": "lessThanOrEqual", ">": "greaterThan", ">=": "greaterThanOrEqual",
}  # fmt: skip
_WORDS = {
    "tool": "Action", "agent": "Agent", "role": "Role", "effect": "Effect", "sensitivity": "Sensitivity",
}  # fmt: skip
_NOUNS = {
    **{name: name for name in _WORDS},
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "a truth value",
    "strings": "a list of text",
    "integers": "a list of whole numbers",
}
_SIMPLE: Mapping[str, Term] = {
    "tool": Term("action", "tool"),
    "agent": Term("principal", "agent"),
    "role": Term("principal", "role"),
    "effect": Term("resource.effect", "effect"),
    "sensitivity": Term("context.sensitivity", "sensitivity"),
    "purpose": Term("context.purpose", "string", "context has purpose"),
    "model": Term("context.model", "string", "context has model"),
    "session": Term("context.session", "string", "context has session"),
    "hour": Term("context.hour", "integer"),
    "weekday": Term("context.weekday", "integer"),
    "delegation_depth": Term("context.delegation_depth", "integer"),
    "autonomy": Term("principal.autonomy", "integer"),
}
