"""The manifests that an agent was registered with, one after the other, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.kernel.errors import NotFoundError
from ephor.rooms.agents.changes import Change, changes
from ephor.rooms.agents.manifest import Manifest

REOPENS: tuple[str, ...] = ("approval", "class", "assessment")
"""What a material change ends: the approval and its reviews, the sign-off of the class, and the assessment of risk."""


@dataclass(frozen=True, slots=True)
class ManifestVersion:
    """One manifest as it was registered. Never changed, never removed."""

    id: str
    """The agent and the number: `support-assistant@2`."""
    agent: str
    number: int
    digest: str
    material_digest: str
    manifest: Manifest
    registered_by: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs from one version to another, and what that ends."""

    agent: str
    older: ManifestVersion
    newer: ManifestVersion
    changes: tuple[Change, ...]
    material: bool
    """Whether an approval of the one does not cover the other."""
    reopens: tuple[str, ...]
    reviews: tuple[str, ...]
    """The reviews that the newer one's policy then needs again."""


def version_id(agent: str, number: int) -> str:
    """Return the id of a version.

    >>> version_id("support-assistant", 2)
    'support-assistant@2'
    """
    return f"{agent}@{number}"


def in_order(versions: Iterable[ManifestVersion]) -> tuple[ManifestVersion, ...]:
    """Return versions by number, the first one first."""
    return tuple(sorted(versions, key=lambda one: one.number))


def find(versions: Sequence[ManifestVersion], name: str) -> ManifestVersion:
    """Return the version of a number, an id, or a digest or the beginning of one.

    Raises:
        NotFoundError: there is none, or the beginning fits several.
    """
    if name.isascii() and name.isdigit():
        found = [one for one in versions if str(one.number) == name.lstrip("0")]
    elif "@" in name:
        found = [one for one in versions if one.id == name]
    else:
        start = name.removeprefix("sha256:")
        fitting = [one for one in versions if start and one.digest.removeprefix("sha256:").startswith(start)]
        # The same manifest may have been registered again: the newest of one digest stands for it.
        found = fitting[-1:] if len({one.digest for one in fitting}) == 1 else []
    if not found:
        known = ", ".join(f"{one.number} ({one.digest.removeprefix('sha256:')[:12]})" for one in versions)
        raise NotFoundError(
            f"there is no version `{name[:80]}`; use a number, or the beginning of a digest that fits one alone: {known}"
        )
    return found[0]


def compare(older: ManifestVersion, newer: ManifestVersion, reviews: Sequence[str]) -> Comparison:
    """Return what differs. *reviews* are those that the newer one's policy asks for."""
    found = changes(older.manifest, newer.manifest)
    material = any(one.material for one in found)
    return Comparison(
        older.agent,
        older,
        newer,
        found,
        material,
        REOPENS if material else (),
        tuple(reviews) if material else (),
    )
