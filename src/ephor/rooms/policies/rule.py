"""The customer's own rules: one rule in Cedar, the set it stands in, and what of a call it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from ephor.kernel.vocabulary import Outcome, Reason


@unique
class Force(StrEnum):
    """What a rule does when it matches."""

    PERMIT = "permit"
    FORBID = "forbid"


@unique
class SetStatus(StrEnum):
    """What a version of a rule set is worth."""

    ACTIVE = "active"
    SHADOW = "shadow"
    """Evaluated and recorded, without any effect on the answer."""
    REPLACED = "replaced"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a file of rules. ``id`` is ``NAME@VERSION``; its text never changes.

    ``by`` and ``at`` are who loaded the text and when; ``changed_by`` and ``changed_at`` who gave it the status it has, by
    loading, activating or removing it or by putting another version in its place.
    """

    id: str
    name: str
    version: int
    status: SetStatus
    text: str
    digest: str
    by: str
    at: datetime
    changed_by: str | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleRef:
    """The name of one version of a rule set, and the digest of its text."""

    id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Reads:
    """What of a call a rule looks at; None: all there is."""

    context: frozenset[str] | None = frozenset()
    arguments: frozenset[str] | None = frozenset()

    def __or__(self, other: Reads) -> Reads:
        return Reads(_both(self.context, other.context), _both(self.arguments, other.arguments))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it stands in its file. ``agent``, ``role`` and ``tools`` are what its head names; None: any."""

    id: str
    line: int
    force: Force
    text: str
    because: str
    agent: str | None
    role: str | None
    tools: frozenset[str] | None
    reads: Reads
    tree: Any = field(compare=False, repr=False)
    """The parsed rule: a `cedarpy.pst.Template`."""
    set: str = ""
    said: dict[str, Said] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What it says when it speaks, by code, made when it first does: memory, not meaning."""

    @property
    def name(self) -> str:
        """How people call it: ``SET@VERSION/ID``."""
        return f"{self.set}/{self.id}" if self.set else self.id


@dataclass(frozen=True, slots=True)
class Spoken:
    """One of the customer's rules that matched the call, or could not be evaluated for it, with its text."""

    rule: str
    """``SET@VERSION/ID``."""
    effect: str
    outcome: Outcome
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that the rules say: the reason it is, and the rule that says it, where it is one of them."""

    reason: Reason
    rule: Rule | None = None
    spoken: Spoken | None = None

    @property
    def code(self) -> str:
        """The public code of the reason."""
        return self.reason.code

    @property
    def text(self) -> str:
        """The sentence for people."""
        return self.reason.text


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a rule, with its line: what is wrong and what to write instead.

    ``refused``: the file is not loaded because of it; otherwise it is for whoever wrote it to think about.
    """

    code: str
    line: int
    rule: str
    text: str
    refused: bool = True


def speaks_of(rule: Rule, tool: str) -> bool:
    """Tell whether the rule's head lets it match calls of *tool*."""
    return rule.tools is None or tool in rule.tools


def reads_of(tree: Any) -> Reads:
    """Return what the conditions of a parsed rule look at."""
    found = Reads()
    for clause in tree.clauses:
        for one in _reads(clause.expr):
            found = found | one
    return found


def actions_in(tree: Any) -> frozenset[str]:
    """Return the tools that the conditions of a parsed rule name as actions."""
    from cedarpy import pst  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    return frozenset(
        node.value.id
        for clause in tree.clauses
        for node in nodes(clause.expr)
        if isinstance(node, pst.EntityLit) and str(node.value.type) == "Action"
    )


def nodes(node: Any) -> Iterator[Any]:
    """Return a node of a parsed expression and everything inside it."""
    yield node
    for part in _parts(node):
        yield from nodes(part)


def _reads(node: Any) -> Iterator[Reads]:
    from cedarpy import pst  # noqa: PLC0415 - costs 100 ms; only who has rules pays

    match node:
        case pst.GetAttr(base=pst.GetAttr(base=pst.Var(name="context"), attr="arguments"), attr=name):
            yield Reads(frozenset({"arguments"}), frozenset({name}))
        case pst.HasAttr(base=pst.GetAttr(base=pst.Var(name="context"), attr="arguments"), attrs=(name, *_)):
            yield Reads(frozenset({"arguments"}), frozenset({name}))
        case pst.HasAttr(base=pst.Var(name="context"), attrs=("arguments", name, *_)):
            yield Reads(frozenset({"arguments"}), frozenset({name}))
        case pst.GetAttr(base=pst.Var(name="context"), attr="arguments"):
            yield Reads(frozenset({"arguments"}), None)
        case pst.HasAttr(base=pst.Var(name="context"), attrs=(name, *_)):
            yield Reads(frozenset({name}))
        case pst.GetAttr(base=pst.Var(name="context"), attr=name):
            yield Reads(frozenset({name}))
        case pst.Var(name="context"):
            yield Reads(None, None)
        case _:
            for part in _parts(node):
                yield from _reads(part)


def _parts(node: Any) -> Iterator[Any]:
    from cedarpy import pst  # noqa: PLC0415 - as above

    match node:
        case pst.UnaryOp(arg=arg):
            yield arg
        case pst.BinaryOp(left=left, right=right):
            yield from (left, right)
        case pst.GetAttr(base=base) | pst.HasAttr(base=base) | pst.Like(base=base):
            yield base
        case pst.Is(base=base, in_expr=inside):
            yield from (base,) if inside is None else (base, inside)
        case pst.IfThenElse(cond=one, then_expr=two, else_expr=three):
            yield from (one, two, three)
        case pst.Set(elements=elements):
            yield from elements
        case pst.Record(fields=parts):
            yield from parts.values()
        case _:
            pass


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
