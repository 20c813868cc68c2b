"""An object store, or any other file system that fsspec reaches, as a tree of files."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import IO, Any

from ephor.adapters.connectors.trees import PART, Mark
from ephor.kernel.errors import ConflictError, EphorError, InvalidInputError, NotFoundError, UnavailableError

BLOCK = 4 * 1024 * 1024
"""Bytes that are fetched at a time."""
WHOLE = frozenset({"memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "tos"})
"""Protocols of stores where a new object takes the place of an old one as a whole, or not at all."""
_TOLD = (
    "ETag", "etag", "generation", "md5Hash", "crc32c", "content_md5", "checksum", "VersionId", "version_id", "LastModified",
    "last_modified", "updated", "modified", "mtime", "modificationTime", "created", "ino", "size",
)  # fmt: skip
"""What file systems call what changes with a file; what changes by being read is not among it."""
MEANWHILE = frozenset(
    {"PreconditionFailed", "ConditionalRequestConflict", "ConditionNotMet", "412", "NoSuchKey", "404"}
)
"""Codes by which stores say that an object is not what it was."""


class Objects:
    """Files below one place of a file system of fsspec."""

    def __init__(self, fs: Any, root: str, shown: str) -> None:
        self._fs, self._root, self._shown = fs, root.rstrip("/"), shown
        self._protocol = str(fs.protocol if isinstance(fs.protocol, str) else fs.protocol[0])
        self._find_root()

    @property
    def read_only(self) -> str:
        if self._protocol in WHOLE or _moves(self._fs):
            return ""
        return f"`{self._protocol}` can neither replace a file as a whole nor move one in one step"

    def paths(self) -> Iterator[str]:
        for path in self._all():
            if not path.endswith(PART):
                yield path

    def look(self, path: str) -> Mark | None:
        full = self._full(path)
        try:
            told = self._ask("look at", path, self._fs.info, full)
        except FileNotFoundError:
            return None
        return None if told.get("type") == "directory" else self._mark(full, told)

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        full = self._full(path)
        try:
            file = self._ask("read", path, self._fs.open, full, "rb", block_size=BLOCK)
            size = getattr(file, "size", None)
            if not isinstance(size, int):
                size = self._ask("look at", path, self._fs.info, full).get("size")
        except FileNotFoundError:
            raise UnavailableError(f"`{path}` is gone since it was listed; try again") from None
        with io.BufferedReader(_Raw(file, size, lambda *given: self._ask("read", path, *given))) as read:
            yield read

    @contextmanager
    def replaced(self, path: str, seen: Mark) -> Iterator[IO[bytes]]:
        """Write the new content here first: nothing of it is sent before all of it is there."""
        with tempfile.TemporaryFile() as spool:
            yield spool
            spool.flush()
            size = spool.tell()
            self._put(path, spool, size, seen)

    def remove(self, path: str, seen: Mark) -> None:
        self._check(path, seen)
        if self._protocol == "memory":  # its folders are gone with their last file
            self._ask("keep the folder of", path, self._fs.makedirs, self._root, exist_ok=True)
        self._rid_of_file(path)

    def tidy(self, path: str) -> None:
        """Remove empty folders where there are folders; in a bucket they are part of a name."""
        if self._protocol in WHOLE - {"memory"}:
            return
        folder = path.rpartition("/")[0]
        while folder and self._rid_of(folder):
            folder = folder.rpartition("/")[0]

    def _rid_of_file(self, path: str) -> None:
        with suppress(FileNotFoundError):  # somebody else was faster
            self._ask("remove", path, self._fs.rm_file, self._full(path))

    def _rid_of(self, folder: str) -> bool:
        """Remove a folder if it is empty; tell whether it is gone."""
        full = self._full(folder)
        try:
            if self._ask("list", folder, self._fs.ls, full, detail=False):
                return False
            self._ask("remove", folder, self._fs.rmdir, full)
        except FileNotFoundError:
            pass
        except EphorError:  # somebody put a file there, or may not remove it; it is no record
            return False
        return True

    def scrub(self) -> str:
        for path in [one for one in self._all() if one.endswith(PART)]:
            self._rid_of_file(path)
        return (
            f"{self._protocol}: written anew or removed, each file as a whole; whether the store keeps older versions was not "
            "looked at, nor were copies and backups"
        )

    def close(self) -> None:
        """Nothing is held open."""

    def _put(self, path: str, spool: IO[bytes], size: int, seen: Mark) -> None:
        local, full = f"/proc/self/fd/{spool.fileno()}", self._full(path)
        told = self._check(path, seen)
        if self._protocol in WHOLE:
            try:
                self._ask("write", path, self._fs.put_file, local, full, **_besides(self._protocol, told))
            except UnavailableError as error:
                if reason(error.__cause__) in MEANWHILE:
                    raise being_written(path) from None
                raise
            self._check_size(path, size)
            return
        part = f"{full.rpartition('/')[0]}/.{full.rpartition('/')[2]}{PART}"
        try:
            self._ask("write", path, self._fs.put_file, local, part)
            self._check_size(part.removeprefix(f"{self._root}/"), size)
            self._check(path, seen)
            self._ask("replace", path, self._fs.mv, part, full)
        except BaseException:
            with suppress(Exception):
                self._fs.rm_file(part)
            raise

    def _check_size(self, path: str, size: int) -> None:
        try:
            there = self._ask("look at", path, self._fs.info, self._full(path)).get("size")
        except FileNotFoundError:
            raise being_written(path) from None
        if there != size:
            raise UnavailableError(
                f"`{path}` holds {there} bytes after {size} were written; look at it before you go on"
            )

    def _check(self, path: str, seen: Mark) -> Mapping[str, Any]:
        """Return what the file system says of a file that is still in the state that was *seen*."""
        if self.read_only:
            raise InvalidInputError(f"{self.read_only}, so `{path}` was not changed; change it where it lies")
        if not [one for one in seen if isinstance(one, tuple) and one[0] != "size"]:
            raise InvalidInputError(
                f"`{self._protocol}` does not tell when a file changed, so what somebody writes at this moment would be lost; "
                f"`{path}` was not changed, change it where it lies"
            )
        full = self._full(path)
        try:
            told: Mapping[str, Any] = self._ask("look at", path, self._fs.info, full)
        except FileNotFoundError:
            raise being_written(path) from None
        if self._mark(full, told) != seen:
            raise being_written(path)
        return told

    def _mark(self, full: str, told: Mapping[str, Any]) -> Mark:
        mark = [(name, str(told[name])) for name in _TOLD if told.get(name) is not None]
        if all(name in ("size", "created") for name, _ in mark):
            with suppress(Exception):  # it cannot tell, and `_check` says what that means
                mark.append(("modified", str(self._fs.modified(full))))
        return tuple(mark)

    def _all(self) -> Iterator[str]:
        """Yield every file's path, what is work in hand as well."""
        waiting = [iter(self._listed(self._root))]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
                continue
            full, kind = entry
            if kind == "directory":
                waiting.append(iter(self._listed(full)))
            elif kind == "file":
                yield self._addressed(full)

    def _listed(self, folder: str, *, must: bool = False) -> list[tuple[str, str]]:
        """Return what lies in a folder, in order: full paths, and what they are."""
        self._fs.invalidate_cache()
        try:
            entries = self._ask("list", folder or "/", self._fs.ls, folder, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            if must:
                raise self._nothing() from None
            return []
        found = []
        for entry in entries:
            full, kind = str(entry["name"]), str(entry["type"])
            bare = full.strip("/")
            if bare == folder.strip("/"):
                if kind == "file" and not full.endswith("/") and entry.get("size"):
                    raise self._nothing()  # the place itself is a file
                continue
            if folder.strip("/") and not bare.startswith(folder.strip("/") + "/"):
                raise UnavailableError(
                    f"the store lists `{full[:80]}` where it was asked for `{folder[:80]}`; it cannot be relied on"
                )
            found.append((full, "link" if entry.get("islink") else kind))
        return sorted(found)

    def _nothing(self) -> NotFoundError:
        return NotFoundError(
            f"nothing lies below `{self._shown}`; name a place that holds files, or put an empty object `{self._shown.rstrip('/')}/` there"
        )

    def _addressed(self, full: str) -> str:
        """Return the path of a file that is listed by this name, if that path leads back to it."""
        path = full.strip("/").removeprefix(self._root.strip("/")).lstrip("/")
        check_name(path)
        if self._fs._strip_protocol(full).strip("/") != full.strip("/"):  # noqa: SLF001 - every one of them has it
            raise InvalidInputError(f"`{path[:80]}` is a name that its store cannot be asked for; rename it")
        return path

    def _full(self, path: str) -> str:
        if path.startswith("/") or path.endswith("/") or not path or leads_out(path):
            raise InvalidInputError(f"`{path[:80]}` leads out of the store's place; nothing was touched")
        return f"{self._root}/{path}"

    def _find_root(self) -> None:
        """Check that there is such a place: a wrong name must not pass for a place without anybody's data."""
        self._listed(self._root, must=True)

    def _ask(self, what: str, path: str, call: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Return what the file system says. That something is not there is the caller's to judge."""
        try:
            return call(*given, **more)
        except (EphorError, FileNotFoundError, NotADirectoryError):
            raise
        except NotImplementedError:
            raise InvalidInputError(
                f"`{self._protocol}` cannot {what} files; `{path[:200]}` was not changed"
            ) from None
        except Exception as error:  # raised on, so not BLE001 - its own words may quote a key
            raise UnavailableError(
                f"cannot {what} `{path[:200]}` in the store ({reason(error)}); {_advice(error)}"
            ) from error


class _Raw(io.RawIOBase):
    """A file of a file system of fsspec as Python reads files. One that ends before its end is an error, not a shorter file."""

    def __init__(self, file: Any, size: int | None, ask: Callable[..., Any]) -> None:
        self._file, self._size, self._ask = file, size, ask

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        at = self._file.tell()
        try:
            data = self._ask(self._file.read, len(buffer))
        except FileNotFoundError:
            raise UnavailableError("a file is gone while it is read; try again") from None
        if not data and self._size is not None and at < self._size:
            raise UnavailableError(f"a file of {self._size} bytes ended after {at}; try again")
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def check_name(path: str) -> None:
    """Refuse an object whose name would lead elsewhere as a path. Raises InvalidInputError."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InvalidInputError("the store holds an object whose name is not UTF-8; rename it") from None
    if leads_out(path):
        raise InvalidInputError(
            f"the store holds an object named `{path[:80]}`, which reads as a way out; rename it"
        )


def leads_out(path: str) -> bool:
    """Tell whether a path has steps that lead elsewhere.

    >>> leads_out("a/../b"), leads_out("a..b/c"), leads_out("a/./b"), leads_out("a\\0")
    (True, False, True, True)
    """
    return "\0" in path or any(step in (".", "..") for step in path.split("/"))


def being_written(path: str) -> ConflictError:
    """Return the error for a file that changed since it was looked at."""
    return ConflictError(f"somebody writes `{path}` at this moment; fulfil again")


def reason(error: BaseException | None) -> str:
    """Return what kind of error it is, by its type and the store's own code: never its words, which may quote a key."""
    name = type(error).__name__
    while error is not None:
        response = getattr(error, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        code = code or getattr(error, "error_code", None) or getattr(error, "code", None)
        code = getattr(code, "value", code)
        if isinstance(code, str | int) and str(code).replace("_", "").isalnum():
            return str(code)[:60]
        error = error.__cause__
    return name


def _besides(protocol: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a new object takes over from the old one, and on what condition, as far as the file system takes that."""
    if protocol != "abfs":
        return {}
    settings = {
        name: value for name, value in (told.get("content_settings") or {}).items() if name != "content_md5"
    }
    condition = import_module("azure.core").MatchConditions.IfNotModified
    return {"content_settings": settings, "etag": told["etag"], "match_condition": condition}


def _advice(error: Exception) -> str:
    if isinstance(error, PermissionError) or type(error).__name__ == "NoCredentialsError":
        return "give this machine credentials that may, then try again"
    return "try again"


def _moves(fs: Any) -> bool:
    """Tell whether a file system moves a file by itself; what all have copies it and then removes the old one."""
    from fsspec import AbstractFileSystem  # noqa: PLC0415 - an extra

    return type(fs).mv is not AbstractFileSystem.mv
