"""What a manifest must satisfy beyond its shape: names, ranges, and statements that must agree with each other."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.visible import hidden
from ephor.rooms.agents.manifest import AskRule, Manifest, Tool
from ephor.rooms.agents.wording import LINES

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]{0,127}")
"""What agent roles can grant; wider than MCP, for gateways that write `server:tool` or `server/tool`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a manifest, and where: ``tools[1].name``."""

    path: str
    message: str


def check(manifest: Manifest) -> None:
    """Check that *manifest* makes sense in itself.

    Raises:
        InvalidInputError: it does not; the message lists every problem.
    """
    refuse(f"manifest of `{manifest.id[:80]}`", tuple(problems(manifest)))


def refuse(what: str, found: Iterable[Problem], lines: Mapping[str, int] | None = None) -> None:
    """Raise one error that lists every problem, in the order of their lines where known; nothing when there is none.

    Raises:
        InvalidInputError: there are problems.
    """
    where = lines or {}
    placed = sorted(((_line(problem.path, where), problem) for problem in found), key=lambda pair: pair[0])
    if not placed:
        return
    texts = [_sentence(line, problem) for line, problem in placed]
    head = f"{what} has {len(texts)} problems:\n  " if len(texts) > 1 else f"{what}: "
    facts = [{"line": line or None, "path": one.path, "message": one.message} for line, one in placed]
    raise InvalidInputError(head + "\n  ".join(texts), problems=facts)


def problems(manifest: Manifest) -> Iterator[Problem]:
    """Return everything that is wrong with *manifest* in itself, by path."""
    if not _NAME.fullmatch(manifest.id):
        yield Problem(
            "id", f"`{manifest.id[:80]}` cannot name an agent; use lower-case letters, digits, `.`, `_`, `-`"
        )
    if type(manifest.autonomy) is not int or not 1 <= manifest.autonomy <= 5:
        yield Problem("autonomy", f"`{manifest.autonomy}` is not a level; write a whole number from 1 to 5")
    for key in ("name", "owner", "purpose"):
        if not getattr(manifest, key):
            yield Problem(key, "is empty; say it in a few words")
    yield from _repeated("tools[{}].name", [tool.name for tool in manifest.tools])
    yield from _repeated("data_stores[{}].name", [store.name for store in manifest.data_stores])
    for key in ("models", "roles", "jurisdictions"):
        yield from _repeated(key + "[{}]", getattr(manifest, key))
    yield from _obscured("", manifest)
    for index, tool in enumerate(manifest.tools):
        yield from _tool(f"tools[{index}]", tool, manifest)


def _tool(path: str, tool: Tool, manifest: Manifest) -> Iterator[Problem]:
    if not _TOOL.fullmatch(tool.name):
        yield Problem(
            f"{path}.name", f"`{tool.name[:80]}` cannot name a tool; use letters, digits, `_`, `-`, `.`, `/`"
        )
    if tool.sensitivity > manifest.data.sensitivity:
        yield Problem(
            f"{path}.sensitivity",
            f"`{tool.sensitivity.value}` is above `{manifest.data.sensitivity.value}`, which data.sensitivity states; "
            "lower the one or raise the other",
        )
    for index, rule in enumerate(tool.ask):
        if not _says_when(rule):
            yield Problem(
                f"{path}.ask[{index}]", "write either {always: true} or {argument: NAME, above: NUMBER}"
            )


def _says_when(rule: AskRule) -> bool:
    bounded = rule.argument is not None and rule.above is not None
    nothing = rule.argument is None and rule.above is None
    return nothing if rule.always else bounded


def _repeated(path: str, names: Sequence[str]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            there = path.format(first[name])
            yield Problem(
                path.format(index), f"`{name[:80]}` stands at {there} already; rename or remove one"
            )
        first.setdefault(name, index)


def _obscured(path: str, value: object) -> Iterator[Problem]:
    """Return every text, anywhere in *value*, that a reviewer would not see as it is, or that says nothing."""
    if isinstance(value, str):
        if value and not value.strip():
            yield Problem(path, "is blank; say it in a few words, or leave it out")
        elif mark := hidden(value, keep=LINES):
            yield Problem(path, f"holds the control character {mark}; remove it")
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _obscured(f"{path}[{index}]", part)
    else:
        for key, part in _parts(value):
            yield from _obscured(f"{path}.{key}" if path else key, part)


def _parts(value: object) -> Iterable[tuple[str, object]]:
    if dataclasses.is_dataclass(value):
        return [(one.name, getattr(value, one.name)) for one in dataclasses.fields(value)]
    return value.items() if isinstance(value, Mapping) else ()


def _line(path: str, lines: Mapping[str, int]) -> int:
    """Return the line of *path*, or of the nearest thing around it; 0 when unknown."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 0)


def _sentence(line: int, problem: Problem) -> str:
    place = f"line {line}: " if line else ""
    return place + (f"{problem.path}: " if problem.path else "") + problem.message
