"""What the organisation lays down and nothing there is can match: a tool, agent or label that nobody knows.

What can never come is refused; what may come later is told, with the name that may be meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.access.roles import Role
from ephor.rooms.agents.manifest import AskRule, Manifest
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.policies.limits import Limit, Measure
from ephor.rooms.policies.sequences import SequenceRule


@dataclass(frozen=True, slots=True)
class Declared:
    """A tool as agents declare it. ``arguments`` are what all of them together declare; empty where none says any."""

    arguments: frozenset[str] = frozenset()
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    """The lowest that an agent declares of it."""


def _no_delegation(_id: str) -> bool | None:
    return None


@dataclass(frozen=True, slots=True)
class Names:
    """What is known on the plane: declared tools, described and granted ones, agents with their tools, and labels."""

    tools: Mapping[str, Declared] = field(default_factory=dict)
    """By the manifests of agents that are not retired."""
    described: frozenset[str] = frozenset()
    """Tools of the catalogue."""
    granted: frozenset[str] = frozenset()
    """Tools that roles allow."""
    agents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    labels: frozenset[str] = frozenset()
    """``data:CATEGORY`` and the catalogue's own, as calls can add them to a session."""
    held: frozenset[PlaneRole] | None = None
    """The roles that people hold; None: not looked up."""
    delegation: Callable[[str], bool | None] = _no_delegation
    """Whether a delegation holds; None where there is none of that id."""

    @property
    def heard_of(self) -> frozenset[str]:
        """Every tool that a manifest, the catalogue or a role names."""
        return self.described | self.granted | self.tools.keys()


def of_limit(limit: Limit, names: Names) -> tuple[str, ...]:
    """Return what *limit* names and nobody knows.

    Raises:
        InvalidInputError: it is for a delegation that there is not: ids are never given twice, so it can never match.
    """
    if limit.delegation is not None and names.delegation(limit.delegation) is None:
        raise InvalidInputError(
            f"`delegation` of limit `{limit.id}` is `{limit.delegation[:80]}`, and there is none of that id, so the limit can "
            "never match; name one of `ephor delegations list`, or leave it out"
        )
    return tuple(_about_limit(limit, names))


def of_sequence(rule: SequenceRule, names: Names) -> tuple[str, ...]:
    """Return what *rule* names and nobody knows."""
    found = [_no_tool(tool, names, "the rule matches nothing of it") for tool in rule.tools]
    for label in rule.after:
        kind, _colon, value = label.partition(":")
        if kind == "tool":
            found.append(_no_tool(value, names, "no session can have touched it"))
        elif kind not in ("effect", "sensitivity") and label not in names.labels:
            found.append(
                f"nothing gives label `{label}` yet: no tool handles or is labelled so, and the rule waits for it"
                f"{_meant(label, names.labels)}"
            )
    return tuple(text for text in found if text)


def of_role(role: Role, names: Names) -> tuple[str, ...]:
    """Return the tools of *role* that nobody declares, and those whose data is above what it admits."""
    found: list[str] = []
    for tool in role.allowed_tools:
        if tool not in names.tools and tool not in names.described:
            found.append(_undeclared(tool, [*names.tools, *names.described]))
        elif tool in names.tools and names.tools[tool].sensitivity > role.max_data_sensitivity:
            found.append(
                f"tool `{tool}` handles {names.tools[tool].sensitivity.value} data, and the role admits "
                f"{role.max_data_sensitivity.value} at most: it allows no call of it"
            )
    return tuple(found)


def of_rights(tools: Iterable[str], names: Names) -> tuple[str, ...]:
    """Return those of *tools*, which somebody may lend, that nobody declares."""
    return tuple(_undeclared(tool, names.tools) for tool in tools if tool not in names.tools)


def of_entry(entry: ToolEntry, names: Names) -> tuple[str, ...]:
    """Return what the catalogue says of a tool that nobody declares, of arguments that it does not have, and of roles that
    nobody holds.
    """
    found: list[str] = []
    if entry.approvers and names.held is not None and names.held.isdisjoint(entry.approvers):
        roles = " or ".join(f"`{role.value}`" for role in entry.approvers)
        found.append(f"nobody is there to approve calls of `{entry.id}`: no one holds {roles}")
    if entry.id not in names.tools:
        return (*found, _undeclared(entry.id, [*names.tools, *names.granted]))
    return (*found, *_unasked(entry.id, entry.ask, names.tools[entry.id].arguments))


def of_manifest(manifest: Manifest, roles: Iterable[Role], models: Iterable[str]) -> tuple[str, ...]:
    """Return the tools of an agent that none of its roles allows, its models that are not registered, and arguments on
    which a question rests and which their tool does not have.
    """
    allowed = {tool for role in roles if role.id in manifest.roles for tool in role.allowed_tools}
    known = set(models)
    return (
        *(
            f"no role of agent `{manifest.id}` allows tool `{tool.name}`: its calls are denied{_meant(tool.name, allowed)}"
            for tool in manifest.tools
            if tool.name not in allowed
        ),
        *(
            f"model `{model}` is not registered: calls of agent `{manifest.id}` are denied until it is{_meant(model, known)}"
            for model in manifest.models
            if model not in known
        ),
        *(
            text
            for tool in manifest.tools
            for text in _unasked(tool.name, tool.ask, {one.name for one in tool.arguments})
        ),
    )


def of_question(agent: str | None, tool: str | None, names: Names) -> tuple[str, ...]:
    """Return what a rule about who approves names and nobody knows."""
    found = [_no_agent(agent, names)] if agent is not None else []
    if tool is not None:
        found.append(_no_tool(tool, names, "the rule matches nothing of it"))
    return tuple(text for text in found if text)


def _about_limit(limit: Limit, names: Names) -> Iterator[str]:
    if limit.agent is not None and (text := _no_agent(limit.agent, names)):
        yield text
    if limit.tool is not None and (text := _no_tool(limit.tool, names, "the limit counts nothing of it")):
        yield text
    if limit.delegation is not None and names.delegation(limit.delegation) is False:
        yield f"delegation `{limit.delegation}` has ended: the limit counts nothing any more"
    own = names.agents.get(limit.agent or "")
    if own is not None and limit.tool in names.tools and limit.tool not in own:
        yield f"agent `{limit.agent}` does not declare tool `{limit.tool}`: the limit counts nothing{_meant(limit.tool or '', own)}"
    if limit.measure is not Measure.CALLS:
        yield from _lacking(limit, names)


def _lacking(limit: Limit, names: Names) -> Iterator[str]:
    own = names.agents.get(limit.agent or "", names.tools.keys())
    wanted = [limit.argument]
    if limit.currency is not None:
        wanted.append(limit.currency_argument or "currency")
    for tool in sorted(names.tools.keys() & own if limit.tool is None else names.tools.keys() & {limit.tool}):
        has = names.tools[tool].arguments
        for argument in wanted:
            if has and argument is not None and argument not in has:
                yield (
                    f"tool `{tool}` declares no argument `{argument}`: every call of it that lacks it is denied"
                    f"{_meant(argument, has)}"
                )


def _unasked(tool: str, asks: Iterable[AskRule], has: Set[str]) -> Iterator[str]:
    for rule in asks:
        if rule.argument is not None and has and rule.argument not in has:
            yield (
                f"tool `{tool}` declares no argument `{rule.argument}`: a person is asked about every call that lacks it"
                f"{_meant(rule.argument, has)}"
            )


def _no_agent(agent: str, names: Names) -> str:
    if agent in names.agents:
        return ""
    return f"agent `{agent}` is not registered yet, so nothing of it matches{_meant(agent, names.agents)}"


def _no_tool(tool: str, names: Names, what: str) -> str:
    if tool in names.heard_of:
        return ""
    return f"nobody knows tool `{tool}` yet, so {what}{_meant(tool, names.heard_of)}"


def _undeclared(tool: str, known: Iterable[str]) -> str:
    return f"no agent declares tool `{tool}` yet{_meant(tool, known)}"


def _meant(name: str, known: Iterable[str]) -> str:
    """Return the known name that may be meant, as a question; nothing where none is near."""
    close = difflib.get_close_matches(name, sorted(known), 1)
    return f"; did you mean `{close[0]}`?" if close and close[0] != name else ""
