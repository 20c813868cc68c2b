"""What a tree of files must be able to do to hold people's records, be it a folder or a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO, Protocol, TypeAlias

PART = ".ephor-part"
"""How names end that are work in hand and no file: one that is not whole yet, or a note of what is still to be erased."""
Mark: TypeAlias = "tuple[object, ...]"
"""What tells one state of a file from another."""


class Tree(Protocol):
    """Files by their paths below one root. Nothing outside is ever read or changed.

    Every call may raise UnavailableError, which names the file, and InvalidInputError for a path that leads out.
    """

    @property
    def read_only(self) -> str:
        """Why no file here can be changed, if none can."""
        ...

    def paths(self) -> Iterator[str]:
        """Yield the path of every file, in the same order each time; what cannot be listed is raised, not left out."""
        ...

    def look(self, path: str) -> Mark | None:
        """Return the state that a file is in, or None where there is none."""
        ...

    def opened(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file to be read, from any place in it; it never ends before its end."""
        ...

    def replaced(self, path: str, seen: Mark) -> AbstractContextManager[IO[bytes]]:
        """Take a file's new content, and put it whole in the place of the old one when the block is left without an error.

        Raises:
            ConflictError: the file is no longer in the state that was *seen*; it stays as it is.
        """
        ...

    def remove(self, path: str, seen: Mark) -> None:
        """Remove a file. Raises ConflictError as `replaced` does."""
        ...

    def tidy(self, path: str) -> None:
        """Remove folders that are empty without that file, for their names may be a person's; make it last."""
        ...

    def scrub(self) -> str:
        """Remove what earlier work left behind, as far as it can be; say what was done and what remains."""
        ...

    def close(self) -> None: ...
