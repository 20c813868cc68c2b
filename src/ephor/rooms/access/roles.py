"""Roles of agents: which permissions, which tools, up to which sensitivity, and every reason against a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from ephor.kernel import ids
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.vocabulary import Objection, Sensitivity, word


@unique
class Permission(StrEnum):
    """What an agent may be permitted to do; the guide's strings."""

    READ_PII = "data:pii:read"
    WRITE_PII = "data:pii:write"
    DELETE_PII = "data:pii:delete"
    READ_PHI = "data:phi:read"
    WRITE_PHI = "data:phi:write"
    READ_FINANCIAL = "data:financial:read"
    WRITE_FINANCIAL = "data:financial:write"
    TOOL_WEB_SEARCH = "tool:web_search:execute"
    TOOL_DATABASE = "tool:database:execute"
    TOOL_EMAIL = "tool:email:execute"
    TOOL_FILE_SYSTEM = "tool:filesystem:execute"
    AGENT_SPAWN = "agent:spawn"
    AGENT_DELEGATE = "agent:delegate"


@dataclass(frozen=True, slots=True)
class Role:
    """What an agent may do in one capacity. ``id`` is the role's name."""

    id: str
    permissions: tuple[Permission, ...]
    max_data_sensitivity: Sensitivity
    allowed_tools: tuple[str, ...]
    builtin: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do: permissions, and for each tool the highest sensitivity it may touch.

    The ceiling stands beside each tool because two roles must not lend each other theirs: a role for `mail` up to
    *internal* and a role for `records` up to *restricted* do not add up to mail with restricted data.
    """

    permissions: frozenset[Permission]
    tools: Mapping[str, Sensitivity]


NOTHING = Rights(frozenset(), MappingProxyType({}))
"""No rights at all."""

_P = Permission
STANDARD_ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.id: role
        for role in (
            Role(
                "customer_service_agent",
                (_P.READ_PII, _P.TOOL_DATABASE, _P.TOOL_EMAIL),
                Sensitivity.CONFIDENTIAL,
                ("customer_lookup", "email_send", "ticket_management"),
                builtin=True,
            ),
            Role(
                "analytics_agent",
                (_P.READ_FINANCIAL, _P.TOOL_DATABASE),
                Sensitivity.INTERNAL,
                ("database_query", "report_generator"),
                builtin=True,
            ),
            Role(
                "healthcare_agent",
                (_P.READ_PHI, _P.WRITE_PHI, _P.TOOL_DATABASE),
                Sensitivity.RESTRICTED,
                ("clinical_notes", "ehr_access", "lab_results"),
                builtin=True,
            ),
        )
    }
)
"""The guide's three roles. They cannot be redefined."""

_TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]{0,127}")


def custom_role(name: str, permissions: Iterable[str], tools: Iterable[str], max_sensitivity: str) -> Role:
    """Return a new role of the customer's own, checked word by word.

    Raises:
        ConflictError: *name* is one of the standard roles.
        InvalidInputError: an unknown permission or sensitivity, a tool's name that no tool can have (a pattern
            such as ``*`` included), or a role that grants nothing.
    """
    if name in STANDARD_ROLES:
        raise ConflictError(
            f"role `{name}` is a standard role and cannot be redefined; choose another name", role=name
        )
    ids.name(name, "a role")
    role = Role(
        name,
        read_permissions(permissions),
        word(Sensitivity, max_sensitivity, "sensitivity"),
        read_tools(tools),
    )
    if not role.permissions and not role.allowed_tools:
        raise InvalidInputError(f"role `{name}` grants nothing; give it a permission or a tool")
    return role


def read_role(raw: Mapping[str, object]) -> Role:
    """Read one role as a file has it: ``{name, permissions, allowed_tools, max_data_sensitivity}``.

    Raises:
        ConflictError: it is one of the standard roles.
        InvalidInputError: a field is missing, unknown or cannot be read; the message says which and what to write.
    """
    known = ("name", "permissions", "tools", "allowed_tools", "max_data_sensitivity")
    if "tools" in raw:  # the ledger's word for them
        if "allowed_tools" in raw:
            raise InvalidInputError("a role has `tools` and `allowed_tools`, which mean the same; write one")
        raw = {("allowed_tools" if key == "tools" else key): value for key, value in raw.items()}
    if unknown := sorted(set(raw) - set(known)):
        raise InvalidInputError(f"unknown key `{unknown[0]}` in a role; use some of: {', '.join(known)}")
    check_texts(raw, ("name", "max_data_sensitivity"), "a role")
    lists: dict[str, list[str]] = {}
    for key in ("permissions", "allowed_tools"):
        value = raw.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise InvalidInputError(f"`{key}` of role `{raw['name']}` is no list of text; write a list")
        lists[key] = list(value)
    return custom_role(
        str(raw["name"]), lists["permissions"], lists["allowed_tools"], str(raw["max_data_sensitivity"])
    )


def check_texts(raw: Mapping[str, object], keys: Iterable[str], what: str) -> None:
    """Check that what must be text in a definition is.

    Raises:
        InvalidInputError: one is missing, or is something else.
    """
    for key in keys:
        if raw.get(key) in (None, ""):
            raise InvalidInputError(f"{what} has no `{key}`; write one")
        if not isinstance(raw[key], str):
            raise InvalidInputError(f"`{key}` of {what} is no text; write a word")


def plain_role(role: Role) -> dict[str, Json]:
    """Return what a role grants, as JSON."""
    return {
        "permissions": [permission.value for permission in role.permissions],
        "tools": list(role.allowed_tools),
        "max_data_sensitivity": role.max_data_sensitivity.value,
    }


def read_permissions(texts: Iterable[str]) -> tuple[Permission, ...]:
    """Return the permissions spelled so, each once, in the guide's order.

    Raises:
        InvalidInputError: there is no such permission; the message lists those there are.
    """
    read = {word(Permission, text, "permission") for text in texts}
    return tuple(permission for permission in Permission if permission in read)


def read_tools(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the tools' names, each once, sorted.

    Raises:
        InvalidInputError: no tool can be named so.
    """
    names = sorted(set(texts))
    for text in names:
        if not _TOOL.fullmatch(text):
            raise InvalidInputError(
                f"`{text[:80]}` cannot name a tool; name one tool exactly, patterns are not read"
            )
    return tuple(names)


def known_roles(custom: Iterable[Role]) -> Mapping[str, Role]:
    """Return every role by name: the standard ones and *custom*, which never displace a standard one."""
    return MappingProxyType({**{role.id: role for role in custom}, **STANDARD_ROLES})


def named(names: Iterable[str], known: Mapping[str, Role]) -> tuple[Role, ...]:
    """Return the roles of these names, each once, in the order first named.

    Raises:
        InvalidInputError: there is no such role; the message lists those there are.
    """
    wanted = tuple(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in known]:
        listed = ", ".join(f"`{name}`" for name in unknown)
        raise InvalidInputError(
            f"unknown role {listed}; use one of: {', '.join(sorted(known))}", roles=unknown
        )
    return tuple(known[name] for name in wanted)


def rights(roles: Iterable[Role]) -> Rights:
    """Return what the roles allow together: every permission; each tool up to the highest ceiling a role has for it.

    >>> held = rights([STANDARD_ROLES["analytics_agent"], STANDARD_ROLES["healthcare_agent"]])
    >>> held.tools["database_query"].value, held.tools["ehr_access"].value
    ('internal', 'restricted')
    """
    permissions: set[Permission] = set()
    tools: dict[str, Sensitivity] = {}
    for role in roles:
        permissions.update(role.permissions)
        for tool in role.allowed_tools:
            tools[tool] = max(tools.get(tool, role.max_data_sensitivity), role.max_data_sensitivity)
    return Rights(frozenset(permissions), MappingProxyType(tools))


def lend(permissions: Iterable[Permission], tools: Iterable[str], ceiling: Sensitivity) -> Rights:
    """Return rights with one ceiling for all *tools*: the scope of a delegation, or what a person may lend."""
    return Rights(frozenset(permissions), MappingProxyType(dict.fromkeys(tools, ceiling)))


def narrow(held: Rights, scope: Rights) -> Rights:
    """Return what both hold; never more than either.

    >>> narrow(rights([STANDARD_ROLES["healthcare_agent"]]), lend([], ["ehr_access"], Sensitivity.INTERNAL)).tools
    mappingproxy({'ehr_access': <Sensitivity.INTERNAL: 'internal'>})
    """
    both = sorted(held.tools.keys() & scope.tools.keys())
    tools = {tool: min(held.tools[tool], scope.tools[tool]) for tool in both}
    return Rights(held.permissions & scope.permissions, MappingProxyType(tools))


def beyond(wanted: Rights, held: Rights, whose: str) -> tuple[Objection, ...]:
    """Return everything in *wanted* that *whose* rights do not cover; empty when all of it is covered."""
    reasons = [
        Objection("permission-not-held", f"{whose} does not hold permission `{permission.value}`")
        for permission in Permission
        if permission in wanted.permissions - held.permissions
    ]
    for tool in sorted(wanted.tools):
        ceiling = held.tools.get(tool)
        if ceiling is None:
            reasons.append(Objection("tool-not-held", f"{whose} does not hold tool `{tool}`"))
        elif wanted.tools[tool] > ceiling:
            asked = wanted.tools[tool].value
            reasons.append(
                Objection(
                    "sensitivity-not-held", f"{whose} holds `{tool}` up to {ceiling.value} data, not {asked}"
                )
            )
    return tuple(reasons)


def allowed_by(
    roles: Sequence[Role], tool: str, sensitivity: Sensitivity, needed: Iterable[Permission]
) -> tuple[Objection, ...]:
    """Return every reason these roles give against the call; empty when they allow it.

    One and the same role must allow the tool and admit the sensitivity; the permissions may come from any of them.

    >>> for reason in allowed_by([STANDARD_ROLES["analytics_agent"]], "email_send", Sensitivity.PUBLIC,
    ...                          [Permission.TOOL_EMAIL]):
    ...     print(reason.text)
    `email_send` is not among the tools of role `analytics_agent`
    permission `tool:email:execute` is not granted by role `analytics_agent`
    """
    if not roles:
        return (Objection("no-role", "the agent has no role; nothing said means no"),)
    who = _who(roles)
    reasons = [_against_tool(roles, tool, sensitivity, who)]
    granted = {permission for role in roles for permission in role.permissions}
    lacking = set(needed) - granted
    if lacking:
        reasons += [
            Objection("permission-missing", f"permission `{permission.value}` is not granted by {who}")
            for permission in Permission
            if permission in lacking
        ]
    return tuple(reason for reason in reasons if reason is not None)


def within(
    held: Rights, tool: str, sensitivity: Sensitivity, needed: Iterable[Permission]
) -> tuple[Objection, ...]:
    """Return every reason that lent rights give against the call; empty when they allow it."""
    return beyond(lend(needed, (tool,), sensitivity), held, "the delegation")


def _against_tool(roles: Sequence[Role], tool: str, sensitivity: Sensitivity, who: str) -> Objection | None:
    bearers = [role for role in roles if tool in role.allowed_tools]
    if not bearers:
        return Objection("tool-not-in-role", f"`{tool}` is not among the tools of {who}")
    if any(sensitivity <= role.max_data_sensitivity for role in bearers):
        return None
    limits = ", ".join(f"`{role.id}` up to {role.max_data_sensitivity.value}" for role in bearers)
    return Objection(
        "sensitivity-above-ceiling", f"{sensitivity.value} data is above what allows `{tool}`: {limits}"
    )


def _who(roles: Sequence[Role]) -> str:
    names = ", ".join(f"`{role.id}`" for role in roles)
    return f"role {names}" if len(roles) == 1 else f"roles {names}"
