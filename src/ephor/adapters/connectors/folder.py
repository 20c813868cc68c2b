"""A folder of this machine as a tree of files: replaced in one step, made to last, links not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ephor.adapters.connectors.trees import PART, Mark
from ephor.kernel.errors import ConflictError, InvalidInputError, UnavailableError


class Folder:
    """Files below one folder."""

    read_only = ""

    def __init__(self, root: Path) -> None:
        self._root = root

    def paths(self) -> Iterator[str]:
        """Yield every regular file below the folder, by its path from there."""
        for folder, folders, names in os.walk(self._root, onerror=_unlisted):
            folders.sort()
            for name in sorted(names):
                place = Path(folder, name)
                if not name.endswith(PART) and _is_file(place):
                    yield _readable(place.relative_to(self._root).as_posix())

    def look(self, path: str) -> Mark | None:
        try:
            return _mark(self._place(path).stat())
        except FileNotFoundError:
            return None

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        place = self._place(path)
        try:
            with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                yield file
        except OSError as error:
            raise UnavailableError(f"cannot read `{path}`: {error.strerror}; try again") from error

    @contextmanager
    def replaced(self, path: str, seen: Mark) -> Iterator[IO[bytes]]:
        """Put a new file in the place of an old one: it is the old one or the new one, whenever the power fails."""
        place = self._place(path)
        part = place.with_name(f".{place.name}{PART}")
        try:
            with part.open("wb") as out:
                os.fchmod(out.fileno(), stat.S_IMODE(place.stat().st_mode))
                yield out
                out.flush()
                os.fsync(out.fileno())
            self._check(path, seen)
            os.rename(part, place)
            _settle(place.parent)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, path: str, seen: Mark) -> None:
        self._check(path, seen)
        self._place(path).unlink(missing_ok=True)

    def tidy(self, path: str) -> None:
        folder = self._place(path).parent
        while folder != self._root and folder.is_relative_to(self._root):
            try:
                folder.rmdir()
            except OSError:
                break
            folder = folder.parent
        if folder.is_dir():
            _settle(folder)

    def scrub(self) -> str:
        for folder, _, names in os.walk(self._root, onerror=_unlisted):
            for name in names:
                if name.endswith(PART):
                    Path(folder, name).unlink(missing_ok=True)
        return "files: written anew or removed; blocks that the file system freed, snapshots and backups are not touched"

    def close(self) -> None:
        """Nothing is held open."""

    def _check(self, path: str, seen: Mark) -> None:
        if self.look(path) != seen:
            raise ConflictError(f"somebody writes `{path}` at this moment; fulfil again")

    def _place(self, path: str) -> Path:
        """Return where *path* lies, if that is below the folder without a link on the way."""
        place = self._root.joinpath(path.replace("\0", ""))
        folder = place.parent.resolve()
        climbs = place.name in ("", ".", "..") or "\0" in path
        if climbs or place.parent != folder or not folder.is_relative_to(self._root):
            raise InvalidInputError(f"`{path[:80]}` leads out of the folder; nothing was touched")
        return place


def _mark(now: os.stat_result) -> Mark:
    return (now.st_ino, now.st_mtime_ns, now.st_size)


def _is_file(place: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(place).st_mode)
    except FileNotFoundError:  # gone since the folder was listed
        return False


def _unlisted(error: OSError) -> None:
    """Say which folder cannot be listed; one that is gone meanwhile holds nothing."""
    if not isinstance(error, FileNotFoundError):
        raise UnavailableError(
            f"cannot list the folder `{error.filename}`: {error.strerror}; correct that, then try again"
        ) from error


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _readable(path: str) -> str:
    """Refuse what no JSON can say: a name of bytes that are no text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InvalidInputError("the folder holds a file whose name is not UTF-8; rename it") from None
    return path
