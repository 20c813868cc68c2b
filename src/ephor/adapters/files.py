"""Files that people hand over, read with a limit and with errors that say what to do."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

from ephor.adapters import strict_yaml
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError

MAX_BYTES = 64 * 1024 * 1024
"""Longest file read as a whole."""


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it is a folder, unreadable, or larger than `MAX_BYTES`.
    """
    try:
        if path == "-":
            if sys.stdin is None:  # closed by whoever started this
                raise InvalidInputError("standard input is closed; name a file, or pipe something in")
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file `{path}`") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(f"cannot read `{path}`: {reason}") from error
    if len(data) > MAX_BYTES:
        raise InvalidInputError(f"`{path}` is larger than {MAX_BYTES // 1024 // 1024} MiB; split it")
    return data


def read_mapping(path: str) -> Mapping[str, Any]:
    """Return a YAML or JSON file whose top level is a mapping.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it cannot be read, or its top level is something else.
    """
    return _mapping(path, read_bytes(path))


def read_placed(path: str) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    """Return a YAML or JSON file whose top level is a mapping, and the line of each path in it.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it cannot be read, or its top level is something else.
    """
    data = read_bytes(path)
    return _mapping(path, data), strict_yaml.lines(data)


def _mapping(path: str, data: bytes) -> Mapping[str, Any]:
    try:
        value = strict_yaml.read(data)
    except InvalidInputError as error:
        place = f"{path}:{error.facts['line']}" if "line" in error.facts else f"`{path}`"
        raise InvalidInputError(f"{place}: {error}", **error.facts, file=path) from None
    if not isinstance(value, Mapping):
        raise InvalidInputError(
            f"{path}:1: it holds no mapping at its top; write `key: value` lines", file=path, line=1
        )
    return value


def new_folder(path: str) -> Callable[[str, bytes], None]:
    """Return what writes files into a folder, made with the first of them; what is there already is never overwritten.

    Raises:
        ConflictError: the folder exists and is not empty.
        UnavailableError: it cannot be read, or a file in it cannot be written.
    """
    root = Path(path)
    try:
        if root.exists() and any(root.iterdir()):
            raise ConflictError(f"`{path}` is not empty; name a new folder")
    except OSError as error:
        raise UnavailableError(f"cannot export to `{path}`: {error.strerror}; name a new folder") from error

    def write(name: str, data: bytes) -> None:
        try:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        except OSError as error:
            raise UnavailableError(
                f"cannot write `{root / name}`: {error.strerror}; the export is incomplete"
            ) from error

    return write


def read_lines(path: str, longest: int) -> Iterator[bytes]:
    """Yield the lines of a file, or of standard input for ``-``, without their ends; of any size, a line at a time.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: it cannot be read, or a line is longer than *longest* bytes.
    """
    try:
        with _opened(path) as file:
            number = 0
            while line := file.readline(longest + 2):
                number += 1
                told = line.removesuffix(b"\n")
                if len(told) > longest:
                    raise InvalidInputError(
                        f"line {number} of `{path}` is longer than {longest} bytes; is it the right file?"
                    )
                yield told
    except FileNotFoundError:
        raise NotFoundError(f"there is no file `{path}`") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(f"cannot read `{path}`: {reason}") from error


def _opened(path: str) -> AbstractContextManager[IO[bytes]]:
    if path != "-":
        return Path(path).open("rb")
    if sys.stdin is None:  # closed by whoever started this
        raise InvalidInputError("standard input is closed; name a file, or pipe something in")
    return nullcontext(sys.stdin.buffer)


@contextmanager
def new_file(path: str) -> Iterator[Callable[[bytes], object]]:
    """Give what writes a new file from its beginning on; it appears under its name whole, when all is written, or not at all.

    Raises:
        ConflictError: there is something at *path* already; it is left as it is.
        UnavailableError: the file cannot be written.
    """
    with new_path(path) as making, making.open("wb") as file:
        yield file.write


@contextmanager
def new_path(path: str) -> Iterator[Path]:
    """Give a path to make a new file at; what was made there appears under *path* whole, when all is written, or not at all.

    Raises:
        ConflictError: there is something at *path* already; it is left as it is.
        UnavailableError: the file cannot be written.
    """
    whole = Path(path)
    try:
        if os.path.lexists(whole):
            raise ConflictError(f"`{path}` is there already; name a new file")
        whole.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f"{whole.name}.unfinished-", dir=whole.parent))
    except OSError as error:
        raise UnavailableError(f"cannot write `{path}`: {error.strerror}; name a new file") from error
    try:
        yield making / "file"
        _sync(making / "file")
        os.link(
            making / "file", whole
        )  # unlike a renaming, it never takes the place of what came there meanwhile
    except FileExistsError as error:
        raise ConflictError(f"`{path}` is there already; name a new file") from error
    except OSError as error:
        raise UnavailableError(f"cannot write `{path}`: {error.strerror}; nothing was exported") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: str, data: bytes) -> None:
    """Write a file anew; the old one stays as it is until the new one is whole.

    Raises:
        InvalidInputError: standard input cannot be written.
        UnavailableError: the file cannot be written.
    """
    if path == "-":
        raise InvalidInputError("standard input cannot be written; name a file")
    whole = Path(path).resolve()  # behind a link, the file it leads to
    making = whole.with_name(f".{whole.name}.unfinished")
    try:
        making.write_bytes(data)
        making.chmod(whole.stat().st_mode & 0o777)
        making.replace(whole)
    except OSError as error:
        making.unlink(missing_ok=True)
        raise UnavailableError(f"cannot write `{path}`: {error.strerror}; it is as it was") from error
