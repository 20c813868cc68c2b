"""What an agent declares about itself: the manifest, and the digests that name it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, unique
from typing import TypeAlias

from ephor.kernel.canonical import canonical, digest
from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase

SCHEMA = "ephor/1"
"""The version of the manifest's format, as its `schema` key states it."""

Fact: TypeAlias = str | bool | int | tuple[str, ...]
"""A fact for classification: a word, a truth, a number or several words."""


@unique
class OperatorRole(StrEnum):
    """What the organisation is for this AI system (AI Act, Article 3(3) to (7) and Article 2(1)(e))."""

    PROVIDER = "provider"
    DEPLOYER = "deployer"
    IMPORTER = "importer"
    DISTRIBUTOR = "distributor"
    AUTHORISED_REPRESENTATIVE = "authorised_representative"
    PRODUCT_MANUFACTURER = "product_manufacturer"


@dataclass(frozen=True, slots=True)
class AskRule:
    """When a person must approve a call: always, or when the number in *argument* is greater than *above*."""

    always: bool = False
    argument: str | None = None
    above: int | None = None


@unique
class ArgumentType(StrEnum):
    """What kind of value an argument of a tool is, in JSON's words; the last two are lists."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    STRINGS = "strings"
    INTEGERS = "integers"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool that rules may look at, and its type."""

    name: str
    type: ArgumentType


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool the agent may call, and what calling it does."""

    name: str
    effect: Effect
    sensitivity: Sensitivity
    description: str = ""
    data: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    """Permissions the agent's roles must grant before it may call this tool."""
    reveals: tuple[str, ...] = ()
    """PII types that pass unmasked in results; all else that is found is masked."""
    ask: tuple[AskRule, ...] = ()
    masks: tuple[str, ...] = ()
    """``arguments``: personal data in them is masked before the tool sees them, but for the types in ``reveals``."""
    arguments: tuple[Argument, ...] = ()
    """Arguments that the customer's own rules may look at; a call may have others."""


@dataclass(frozen=True, slots=True)
class DataUse:
    """What data the agent handles as a whole. No tool is more sensitive than ``sensitivity``."""

    sensitivity: Sensitivity
    categories: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataStore:
    """Where data of the agent's lies, and the map that finds a person in it."""

    name: str
    kind: str
    location: str
    data_map: str | None = None


@dataclass(frozen=True, slots=True)
class Oversight:
    """Who watches the agent, how, and how it is stopped (AI Act, Article 14 and Article 26(2))."""

    people: tuple[str, ...]
    means: str
    stop: str


@dataclass(frozen=True, slots=True)
class Disclosure:
    """How people learn that they deal with an AI system (AI Act, Article 50(1))."""

    tells_people: bool
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an agent declares about itself. ``oversight`` and ``disclosure`` are None where nothing was said."""

    id: str
    name: str
    owner: str
    purpose: str
    use_case: UseCase
    operator_role: OperatorRole
    autonomy: int
    data: DataUse
    tools: tuple[Tool, ...] = ()
    models: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    data_stores: tuple[DataStore, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    oversight: Oversight | None = None
    disclosure: Disclosure | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


def plain(manifest: Manifest) -> dict[str, object]:
    """Return the manifest as JSON in one form: order never matters, and what was left empty is left out.

    Leaving empty fields out keeps today's digests when a later version of the format adds a field.
    """
    parts = _plain(manifest)
    return {"schema": SCHEMA, **parts} if isinstance(parts, dict) else {}


def manifest_digest(manifest: Manifest) -> str:
    """Return the digest of everything the manifest says: what a reviewer is shown and what an approval names.

    Raises:
        InvalidInputError: a value has no canonical form, such as an integer beyond 2^53 - 1.
    """
    return digest(plain(manifest))


def material_digest(manifest: Manifest) -> str:
    """Return the digest of what an approval covers: everything but the agent's name and its tools' descriptions.

    Whatever is not on that short list is material, fields of later versions included. The owner is material: a
    reviewer of yesterday who became the owner today would own what they approved.
    """
    tools = tuple(dataclasses.replace(tool, description="") for tool in manifest.tools)
    return digest(plain(dataclasses.replace(manifest, name="", tools=tools)))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        parts = ((one.name, getattr(value, one.name)) for one in dataclasses.fields(value))
        return {
            name: _plain(part)
            for name, part in parts
            if part is not None and part not in ("", ()) and part != {}
        }
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return sorted((_plain(part) for part in value), key=canonical)
    return value.value if isinstance(value, Enum) else value
