"""When can a rule match at all, and is a call that one rule matches always matched by another?

Conditions become alternatives, each a list of literals that must hold together. What a literal says of a number, a word or
a truth is understood; anything else is taken as it is written. So both answers are sound, and neither is complete: a
rule that is called impossible is, one that is not may still be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeAlias

from ephor.rooms.policies.rule import Rule

MOST_ALTERNATIVES = 200
"""A condition with more is not looked into: nothing is claimed of it."""

Literals: TypeAlias = tuple[tuple[Any, bool], ...]
"""Expressions, and whether each must hold or must not."""

_FLIPPED = {"less": "greater", "greater": "less", "less_eq": "greater_eq", "greater_eq": "less_eq"}
_NEGATED = {"less": "greater_eq", "greater_eq": "less", "greater": "less_eq", "less_eq": "greater"}
_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "context.hour": (0, 23),
        "context.weekday": (1, 7),
        "context.sensitivity_level": (0, 3),
        "context.delegation_depth": (0, 1_000),
        "principal.autonomy": (1, 5),
    }
)
"""What numbers can be at all."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known of one term: a range, the only values it can have, and values it cannot have."""

    low: float = -math.inf
    high: float = math.inf
    only: frozenset[object] | None = None
    never: frozenset[object] = frozenset()

    def __and__(self, other: Bound) -> Bound:
        both = other.only if self.only is None else self.only
        if self.only is not None and other.only is not None:
            both = self.only & other.only
        return Bound(max(self.low, other.low), min(self.high, other.high), both, self.never | other.never)

    @property
    def possible(self) -> bool:
        """Whether any value is left."""
        if self.only is None:
            return self.low <= self.high
        return any(self.admits(value) for value in self.only)

    def admits(self, value: object) -> bool:
        """Tell whether the term can have this value."""
        if value in self.never or (self.only is not None and value not in self.only):
            return False
        return not (type(value) is int and not self.low <= value <= self.high)

    def within(self, wider: Bound) -> bool:
        """Tell whether everything that this admits is admitted by *wider*."""
        if self.only is not None:
            return all(wider.admits(value) for value in self.only if self.admits(value))
        if wider.only is not None:
            return False
        if not (wider.low <= self.low and self.high <= wider.high):
            return False
        return all(not self.admits(value) for value in wider.never)


Known: TypeAlias = Mapping[str, Bound]


def cases_of(rule: Rule) -> tuple[Known, ...] | None:
    """Return the ways in which *rule* can match, contradictory ones left out; None where there are too many to look at."""
    heads: list[Literals] = [()]
    for clause in rule.tree.clauses:
        more = _alternatives(clause.expr, holds=type(clause).__name__ == "When")
        joined = None if more is None else _each(heads, more)
        if joined is None:
            return None
        heads = joined
    found = (_bounds(literals, _head(rule)) for literals in heads)
    return tuple(one for one in found if one is not None)


def covers(wider: Sequence[Known], narrower: Sequence[Known]) -> bool:
    """Tell whether each call that *narrower* matches is matched by *wider* for certain."""
    return all(any(_implies(one, other) for other in wider) for one in narrower)


def _implies(narrow: Known, wide: Known) -> bool:
    return all(narrow.get(term, _start(term)).within(bound) for term, bound in wide.items())


def _head(rule: Rule) -> dict[str, Bound]:
    known: dict[str, Bound] = {}
    if rule.tools is not None:
        known["tool"] = Bound(only=frozenset(rule.tools))
    if rule.agent is not None:
        known["principal"] = Bound(only=frozenset({rule.agent}))
    if rule.role is not None:
        known[f'principal in Role::"{rule.role}"'] = Bound(only=frozenset({True}))
    return known


def _bounds(literals: Literals, known: Mapping[str, Bound]) -> Known | None:
    """Return what all literals say together; None where they contradict each other."""
    found = dict(known)
    for expr, holds in literals:
        for term, bound in _says(expr, holds=holds):
            found[term] = found.get(term, _start(term)) & bound
    return found if all(bound.possible for bound in found.values()) else None


def _start(term: str) -> Bound:
    low, high = _RANGES.get(term, (-math.inf, math.inf))
    return Bound(low, high)


def _says(expr: Any, *, holds: bool) -> Iterable[tuple[str, Bound]]:
    """Return what one literal says of its terms."""
    op, left, right = getattr(expr, "op", None), getattr(expr, "left", None), getattr(expr, "right", None)
    if op in ("eq", "not_eq"):
        for one, other in ((left, right), (right, left)):
            if (value := _constant(other)) is not None and _constant(one) is None:
                same = holds == (op == "eq")
                values = frozenset({value[0]})
                return [(_term(one), Bound(only=values) if same else Bound(never=values))]
    if op in _NEGATED:
        for one, other, way in ((left, right, op), (right, left, _FLIPPED[op])):
            if (value := _constant(other)) is not None and type(value[0]) is int and _constant(one) is None:
                return [(_term(one), _range(way if holds else _NEGATED[way], value[0]))]
    return [(_term(expr), Bound(only=frozenset({holds})))]


def _range(way: str, number: int) -> Bound:
    return {
        "less": Bound(high=number - 1),
        "less_eq": Bound(high=number),
        "greater": Bound(low=number + 1),
        "greater_eq": Bound(low=number),
    }[way]


def _constant(expr: Any) -> tuple[object] | None:
    """Return the value of a literal, in a tuple; an agent, tool or action as its id."""
    kind = type(expr).__name__
    if kind in ("BoolLit", "LongLit", "StringLit"):
        return (expr.value,)
    if kind == "EntityLit":
        plain = str(expr.value.type) in ("Agent", "Tool", "Action")
        return (expr.value.id if plain else str(expr.value),)
    if kind == "UnaryOp" and expr.op == "neg" and type(expr.arg).__name__ == "LongLit":
        return (-expr.arg.value,)
    return None


def _term(expr: Any) -> str:
    """Return one text for one term, whichever way it is written."""
    kind = type(expr).__name__
    if kind == "Var":
        return "tool" if expr.name in ("action", "resource") else str(expr.name)
    if kind == "GetAttr":
        return f"{_path(expr.base)}.{expr.attr}"
    if kind == "BinaryOp" and expr.op == "in" and _term(expr.left) == "principal":
        value = _constant(expr.right)
        return f"principal in {value[0]}" if value else repr(expr)
    return repr(expr)


def _path(expr: Any) -> str:
    kind = type(expr).__name__
    if kind == "Var":
        return str(expr.name)
    return f"{_path(expr.base)}.{expr.attr}" if kind == "GetAttr" else repr(expr)


def _alternatives(expr: Any, *, holds: bool) -> list[Literals] | None:
    """Return the ways in which *expr* can be true (or false, where it must not hold); None for too many."""
    kind, op = type(expr).__name__, getattr(expr, "op", None)
    if kind == "BoolLit":
        return [()] if expr.value == holds else []
    if kind == "UnaryOp" and op == "not":
        return _alternatives(expr.arg, holds=not holds)
    if kind == "IfThenElse":
        ways = [
            _together(_alternatives(expr.cond, holds=then), _alternatives(part, holds=holds))
            for then, part in ((True, expr.then_expr), (False, expr.else_expr))
        ]
        return _either(*ways)
    if kind == "BinaryOp" and op in ("and", "or"):
        sides = _alternatives(expr.left, holds=holds), _alternatives(expr.right, holds=holds)
        return _together(*sides) if (op == "and") == holds else _either(*sides)
    if kind == "HasAttr" and len(expr.attrs) > 1:  # `has a.b` says `has a` and `a has b`
        first = replace(expr, attrs=expr.attrs[:1])
        if str(getattr(expr.base, "name", "")) == "context" and expr.attrs[0] == "arguments":
            inner = type(expr)(_get(expr.base, "arguments"), expr.attrs[1:])
            return _alternatives(inner, holds=holds)
        return [((first, True), (expr, True))] if holds else [((expr, False),)]
    return [((expr, holds),)]


def _get(base: Any, attr: str) -> Any:
    from cedarpy import pst  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    return pst.GetAttr(base, attr)


def _together(one: list[Literals] | None, other: list[Literals] | None) -> list[Literals] | None:
    return None if one is None or other is None else _each(one, other)


def _each(one: list[Literals], other: list[Literals]) -> list[Literals] | None:
    if len(one) * len(other) > MOST_ALTERNATIVES:
        return None
    return [(*left, *right) for left in one for right in other]


def _either(one: list[Literals] | None, other: list[Literals] | None) -> list[Literals] | None:
    if one is None or other is None or len(one) + len(other) > MOST_ALTERNATIVES:
        return None
    return [*one, *other]
