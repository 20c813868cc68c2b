"""A folder of files that nobody else may read: made whole or not at all, never overwritten, destroyed when told."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ephor.kernel.errors import UnavailableError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_GONE = ".destroyed"


class PrivateFolder:
    """A folder of mode 0700, and its files of mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the folder.

        Raises:
            UnavailableError: it cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unmakable(error) from error

    def numbered(self, stem: str) -> Sequence[tuple[int, str]]:
        """Return the keys of a kind with their numbers, in order: ``signing.key`` is the first, then ``signing-2.key``.

        Raises:
            UnavailableError: the folder cannot be read.
        """
        pattern = re.compile(rf"{stem}(?:-([2-9]|[1-9][0-9]{{1,6}}))?\.key")
        try:
            names = os.listdir(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise UnavailableError(
                f"cannot read `{self.path}`: {error.strerror}; make it readable or point EPHOR_KEYS elsewhere"
            ) from error
        return sorted((int(found[1] or 1), found[0]) for one in names if (found := pattern.fullmatch(one)))

    def read(self, name: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            UnavailableError: it is missing, or others can get at it.
        """
        try:
            with (self.path / name).open("rb") as file:
                self._check_private(self.path / name, os.fstat(file.fileno()).st_mode, _OTHERS)
                self._check_private(self.path, self.path.stat().st_mode, stat.S_IWOTH)
                return file.read()
        except OSError as error:
            raise UnavailableError(
                f"cannot read `{self.path / name}`: {error.strerror}; restore the key folder or point EPHOR_KEYS at it"
            ) from error

    def write_once(self, name: str, make: Callable[[], bytes]) -> None:
        """Write a file if there is none of that name. Two processes that start at once end up with the same file.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        final = self.path / name
        draft = self.path / f".{name}.{secrets.token_hex(8)}"
        try:
            if final.exists():
                return
            try:
                self._write(draft, make())
                os.link(draft, final)  # atomic, and fails where another process was first
            except FileExistsError:
                pass
            finally:
                draft.unlink(missing_ok=True)
            self._sync()
        except OSError as error:
            raise self._unmakable(error) from error

    def replace(self, name: str, data: bytes, mode: int = 0o600) -> None:
        """Put *data* where a file is, wholly or not at all.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        draft = self.path / f".{name}.{secrets.token_hex(8)}"
        try:
            self._write(draft, data, mode)
            draft.replace(self.path / name)
            self._sync()
        except OSError as error:
            raise self._unmakable(error) from error

    def put_aside(self, name: str, aside: str) -> None:
        """Rename a file so that nothing takes it for a key any more.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        try:
            (self.path / name).replace(self.path / aside)
            self._sync()
        except OSError as error:
            raise self._undestroyed(name, error) from error

    def destroy(self, name: str) -> None:
        """Take a file away and write over what it held, as far as the file system lets one.

        It gets another name first: a process that dies in the middle must not leave a key that is none.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        gone = f".{name}{_GONE}"
        self.put_aside(name, gone)
        self._wipe(self.path / gone, name)

    def finish_destroying(self) -> None:
        """Write over and remove what a process left that died while it destroyed a key."""
        with suppress(FileNotFoundError, NotADirectoryError):
            for name in os.listdir(self.path):
                if name.startswith(".") and name.endswith(_GONE):
                    self._wipe(self.path / name, name)

    def _wipe(self, path: Path, name: str) -> None:
        try:
            with path.open("r+b") as file:
                file.write(bytes(os.fstat(file.fileno()).st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            self._sync()
        except OSError as error:
            raise self._undestroyed(name, error) from error

    def _write(self, path: Path, data: bytes, mode: int = 0o600) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _sync(self) -> None:
        """Make names durable: a database must not outlive the keys it was signed with."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check_private(self, path: Path, mode: int, forbidden: int) -> None:
        """Refuse what others can get at, as ssh does: a key that others may have read proves nothing any more."""
        if mode & forbidden:
            right = "700" if stat.S_ISDIR(mode) else "600"
            raise UnavailableError(
                f"`{path}` is open to other accounts (mode {stat.S_IMODE(mode):04o}); run `chmod {right} {path}`, and ask who "
                "could have read it",
                mode=f"{stat.S_IMODE(mode):04o}",
            )

    def _unmakable(self, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"cannot write keys to `{self.path}`: {error.strerror}; make it writable or set EPHOR_KEYS"
        )

    def _undestroyed(self, name: str, error: OSError) -> UnavailableError:
        return UnavailableError(
            f"cannot destroy `{self.path / name}`: {error.strerror}; the new key is in use, make the folder writable and rotate "
            "again to finish"
        )
