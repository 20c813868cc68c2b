"""Declared against observed: tools, models and data that the ledger saw an agent use and its manifest does not name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.agents.manifest import Manifest


@unique
class Aspect(StrEnum):
    """What an agent was seen to use."""

    TOOL = "tool"
    MODEL = "model"
    DATA = "data"
    SENSITIVITY = "sensitivity"


@dataclass(frozen=True, slots=True)
class Departure:
    """Something the ledger saw that the manifest does not name."""

    aspect: Aspect
    name: str
    times: int
    first: str
    """The entry that saw it first."""
    last_at: str
    denied: bool
    """Whether every one of these calls was denied: it was tried, and did not happen."""


_MODEL_KEYS = ("model", "model_id", "model_name", "gen_ai.request.model", "gen_ai.response.model")
_DATA_KEYS = ("data", "data_categories", "data_category")
_SENSITIVITY_KEYS = ("sensitivity", "data_sensitivity")


def departures(
    manifest: Manifest, entries: Iterable[Mapping[str, Any]], data_of: Mapping[str, tuple[str, ...]]
) -> tuple[Departure, ...]:
    """Return what *entries* of the agent's, newest first, name and its manifest does not, by aspect and name.

    *data_of* says which data each tool touches by the tool catalogue: what a tool that went ahead touches, the agent did.
    """
    found: dict[tuple[Aspect, str], Departure] = {}
    for entry in entries:
        denied = entry.get("decision") in ("deny", "ask")
        id, at = str(entry.get("id", "")), str(entry.get("at", ""))
        for aspect, name in dict.fromkeys(_seen(entry, data_of, denied=denied)):
            if _names(manifest, aspect, name):
                continue
            known = found.get((aspect, name))
            found[aspect, name] = Departure(
                aspect,
                name,
                1 + (known.times if known else 0),
                id,
                known.last_at if known else at,
                denied and (known is None or known.denied),
            )
    return tuple(found[key] for key in sorted(found, key=_order))


def _order(key: tuple[Aspect, str]) -> tuple[int, str]:
    return list(Aspect).index(key[0]), key[1]


def _seen(
    entry: Mapping[str, Any], data_of: Mapping[str, tuple[str, ...]], *, denied: bool
) -> Iterator[tuple[Aspect, str]]:
    """Return everything one entry says the agent used."""
    tool = entry.get("tool")
    if isinstance(tool, str) and tool:
        yield Aspect.TOOL, tool
        if not denied:
            for name in data_of.get(tool, ()):
                yield Aspect.DATA, name
    metadata = entry.get("metadata")
    for told in _tellings(metadata if isinstance(metadata, Mapping) else {}):
        for aspect, keys in (
            (Aspect.MODEL, _MODEL_KEYS),
            (Aspect.DATA, _DATA_KEYS),
            (Aspect.SENSITIVITY, _SENSITIVITY_KEYS),
        ):
            for key in keys:
                yield from ((aspect, name) for name in _words(told.get(key)))


def _tellings(metadata: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield metadata
    looked = metadata.get("looked_at")
    if isinstance(looked, Mapping):
        yield looked


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, str) and one)


def _names(manifest: Manifest, aspect: Aspect, name: str) -> bool:
    """Tell whether the manifest covers it. A sensitivity that nobody knows is covered by none."""
    if aspect is Aspect.TOOL:
        return any(tool.name == name for tool in manifest.tools)
    if aspect is Aspect.MODEL:
        return name in manifest.models
    if aspect is Aspect.DATA:
        return name in manifest.data.categories or any(name in tool.data for tool in manifest.tools)
    return name in set(Sensitivity) and Sensitivity(name) <= manifest.data.sensitivity
