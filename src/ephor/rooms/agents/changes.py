"""What changed between two manifests, in words a reviewer can read, and whether it matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ephor.kernel.canonical import canonical
from ephor.rooms.agents.manifest import Manifest, plain

_KEYED = ("tools", "data_stores")
"""Lists whose items have a name: they are compared item by item."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. None stands for what was not there before, or is not there now."""

    path: str
    before: str | None
    after: str | None
    material: bool
    """Whether an approval given before does not cover it."""


def changes(old: Manifest, new: Manifest) -> tuple[Change, ...]:
    """Return what differs from *old* to *new*, by path; nothing when both have one digest.

    >>> from ephor.kernel.vocabulary import Sensitivity, UseCase
    >>> from ephor.rooms.agents.manifest import DataUse, OperatorRole
    >>> shop = Manifest("shop", "Shop", "eve", "Answers.", UseCase.CUSTOMER_SERVICE, OperatorRole.DEPLOYER, 2,
    ...                 DataUse(Sensitivity.INTERNAL))
    >>> import dataclasses
    >>> changes(shop, dataclasses.replace(shop, autonomy=3))
    (Change(path='autonomy', before='2', after='3', material=True),)
    """
    return tuple(
        Change(".".join(path), _text(before), _text(after), _material(path))
        for path, before, after in _differences((), plain(old), plain(new))
    )


def _material(path: tuple[str, ...]) -> bool:
    """Everything is material but what `material_digest` leaves out."""
    return path != ("name",) and not (len(path) == 3 and path[0] == "tools" and path[2] == "description")


def _differences(
    path: tuple[str, ...], old: object, new: object
) -> Iterator[tuple[tuple[str, ...], object, object]]:
    old, new = _named(path, old), _named(path, new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differences((*path, key), old.get(key), new.get(key))
    elif canonical(old) != canonical(new):  # bytes, because 1 == True in Python and not in a manifest
        yield path, old, new


def _named(path: tuple[str, ...], value: object) -> object:
    """Return a list of named things as a mapping by name; an absent list as an empty one."""
    if len(path) != 1 or path[0] not in _KEYED:
        return value
    items = value if isinstance(value, list) else []
    return {item["name"]: item for item in items}


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(part) or "" for part in value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(part)}" for key, part in sorted(value.items())) + "}"
    return str(value)
