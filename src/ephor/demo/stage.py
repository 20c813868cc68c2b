"""What every chapter works with: the plane, the shop, the folder, and who tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ephor.demo.narrator import Narrator
from ephor.edges.sdk import Plane
from ephor.engine.ports_data import DataStore
from ephor.examples.shop.shop import Shop
from ephor.kernel.errors import EphorError, UnavailableError
from ephor.rooms.agents.manifest import Manifest

SUPPORT, RANKER, MOOD = "support-assistant", "recruiting-ranker", "workplace-mood"


@dataclass(slots=True)
class Stage:
    """The story's place and props."""

    folder: Path
    plane: Plane
    shop: Shop
    tell: Narrator
    read_manifest: Callable[[str], Manifest]
    read_yaml: Callable[[str], Mapping[str, Any]]
    open_store: Callable[[str], DataStore]
    requests: dict[str, str] = field(default_factory=dict)
    """Approval requests by agent."""

    @property
    def database(self) -> str:
        """The plane's database URL."""
        return f"sqlite:///{self.folder / 'ephor.db'}"

    def example(self, name: str) -> str:
        """Return the path of a copied example file."""
        return str(self.folder / "examples" / name)

    def refused(self, what: str, act: Callable[[], object]) -> str:
        """Do something that must be refused, and tell the refusal. The story must not go on if it was not.

        Raises:
            UnavailableError: nothing refused it.
        """
        try:
            act()
        except EphorError as error:
            self.tell.no(f"{what}: refused, {error}")
            return str(error)
        raise UnavailableError(f"{what} was not refused; this copy of Ephor is broken, do not use it")
