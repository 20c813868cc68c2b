"""One plane: every use case over one world."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ephor.engine.access import Access
from ephor.engine.ports import World


@dataclass(frozen=True)
class Engine:
    """The use cases by room. The same words serve in the command line and in the library."""

    world: World

    @cached_property
    def access(self) -> Access:
        return Access(self.world)

    def close(self) -> None:
        """Release the database."""
        self.world.storage.close()
