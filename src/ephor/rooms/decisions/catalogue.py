"""The tool catalogue: what the organisation says of a tool, whatever a manifest says; the stricter of the two counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import check_visible
from ephor.kernel.vocabulary import Effect, Sensitivity, word
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.access.roles import check_texts, read_permissions, read_tools
from ephor.rooms.agents.manifest import AskRule, Tool
from ephor.rooms.pii.catalogue import correction
from ephor.rooms.policies.sequences import read_labels

_BARRED = frozenset({PlaneRole.ADMINISTRATOR, PlaneRole.ENGINEER, PlaneRole.AUDITOR})
"""Who sets the rules, builds the agents or audits does not answer for their calls."""


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """One tool as the organisation describes it. ``id`` is the tool's name.

    ``reveals`` is None where the catalogue says nothing of it; else only what both reveal passes unmasked.
    ``approvers`` are the roles of people one of which must approve a call; without ``ask``, every call.
    """

    id: str
    effect: Effect
    sensitivity: Sensitivity
    description: str = ""
    data: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    reveals: tuple[str, ...] | None = None
    ask: tuple[AskRule, ...] = ()
    approvers: tuple[PlaneRole, ...] = ()
    labels: tuple[str, ...] = ()


def stricter(tool: Tool, entry: ToolEntry | None) -> Tool:
    """Return *tool* as manifest and catalogue say together: the graver effect, the higher sensitivity, all that either asks.

    >>> mail = Tool("mail", Effect.WRITE, Sensitivity.INTERNAL, permissions=("tool:email:execute",))
    >>> stricter(mail, ToolEntry("mail", Effect.EXTERNAL, Sensitivity.PUBLIC)).effect.value
    'external'
    """
    if entry is None:
        return tool
    ask = entry.ask
    if entry.approvers and not ask:
        ask = (AskRule(always=True),)
    return dataclasses.replace(
        tool,
        effect=max(tool.effect, entry.effect),
        sensitivity=max(tool.sensitivity, entry.sensitivity),
        data=_both(tool.data, entry.data),
        permissions=_both(tool.permissions, entry.permissions),
        reveals=tool.reveals
        if entry.reveals is None
        else tuple(one for one in tool.reveals if one in entry.reveals),
        ask=_rules((*tool.ask, *ask)),
    )


def read_entry(raw: Mapping[str, object]) -> ToolEntry:
    """Read one tool as a catalogue file has it.

    Raises:
        InvalidInputError: a field is missing, unknown or cannot be read; the message says which and what to write.
    """
    known = (
        "name",
        *(name for name in ToolEntry.__dataclass_fields__ if name != "id"),
    )
    if unknown := sorted(set(raw) - set(known)):
        raise InvalidInputError(f"unknown key `{unknown[0]}` in a tool; use some of: {', '.join(known)}")
    check_texts(raw, ("name", "effect", "sensitivity"), "a tool")
    (name,) = read_tools([str(raw["name"])])
    what = f"of tool `{name}`"
    description = raw.get("description", "")
    if not isinstance(description, str) or not description.isprintable() or len(description) > 1_000:
        raise InvalidInputError(f"`description` {what} is no line of text; write a sentence")
    reveals = raw.get("reveals")
    return ToolEntry(
        name,
        word(Effect, str(raw["effect"]), "effect"),
        word(Sensitivity, str(raw["sensitivity"]), "sensitivity"),
        description,
        read_labels(raw.get("data", ()), f"`data` {what}"),
        tuple(
            one.value
            for one in read_permissions(read_labels(raw.get("permissions", ()), f"`permissions` {what}"))
        ),
        None if reveals is None else _reveals(read_labels(reveals, f"`reveals` {what}"), what),
        _ask(raw.get("ask", ()), what),
        _approvers(read_labels(raw.get("approvers", ()), f"`approvers` {what}"), what),
        read_labels(raw.get("labels", ()), f"`labels` {what}"),
    )


def _reveals(types: tuple[str, ...], what: str) -> tuple[str, ...]:
    for type in types:
        if wrong := correction(type):
            raise InvalidInputError(f"`reveals` {what} names an {wrong}")
    return types


def _ask(raw: object, what: str) -> tuple[AskRule, ...]:
    rules = []
    for one in raw if isinstance(raw, list | tuple) else [raw]:
        match one:
            case {"always": True, **rest} if not rest:
                rules.append(AskRule(always=True))
            case {"argument": str() as argument, "above": int() as above, **rest} if (
                not rest and type(above) is int and argument.strip()
            ):
                check_visible(argument, f"`ask` {what}")
                rules.append(AskRule(argument=argument, above=above))
            case _:
                raise InvalidInputError(
                    f"`ask` {what} holds `{str(one)[:60]}`; write {{always: true}} or {{argument: NAME, above: NUMBER}}"
                )
    return tuple(rules)


def _approvers(texts: Iterable[str], what: str) -> tuple[PlaneRole, ...]:
    read = {word(PlaneRole, text, "role") for text in texts}
    if unable := sorted(read & _BARRED):
        able = ", ".join(one.value for one in PlaneRole if one not in _BARRED)
        raise InvalidInputError(
            f"`approvers` {what} names `{unable[0].value}`, which may not approve calls; use one of: {able}"
        )
    return tuple(one for one in PlaneRole if one in read)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _rules(rules: Iterable[AskRule]) -> tuple[AskRule, ...]:
    return tuple(dict.fromkeys(rules))
