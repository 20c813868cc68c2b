"""Finds the shipped example files and copies them to a folder where a person can edit them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError

_OWN = {"__init__.py", "files.py"}
"""What belongs to this package and not to the examples, at its top level."""
_SKIPPED = {"__pycache__"}


def path(name: str) -> Traversable:
    """Return the shipped file or folder *name*, such as ``support-assistant/ephor.yaml``.

    Raises:
        InvalidInputError: *name* is empty, absolute, or leads out of the examples.
        NotFoundError: there is no such example; the message lists those there are.
    """
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or parts[0] == "/" or "\\" in name:
        raise InvalidInputError(
            f"`{name}` is not a name inside the examples; use one such as `shop/ropa.yaml`"
        )
    found = _root()
    for part in parts:
        found = found / part
    if not (found.is_file() or found.is_dir()):
        known = ", ".join(names())
        raise NotFoundError(f"there is no example `{name}`; there are: {known}", name=name)
    return found


def names() -> tuple[str, ...]:
    """Return every shipped example file by its name, sorted."""
    return tuple(name for name, _ in _walk(_root(), PurePosixPath()))


def copy_to(folder: Path) -> tuple[Path, ...]:
    """Copy all examples into *folder* and return the files written, in order of their names.

    A file that is already there is kept, whatever it holds: nobody's edits are overwritten. Each file appears whole or
    not at all, so a copy cut short is completed by the next one.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    written = []
    try:
        for name, source in _walk(_root(), PurePosixPath()):
            target = folder / name
            if not target.exists():
                _write(target, source.read_bytes())
                written.append(target)
    except OSError as error:
        raise UnavailableError(
            f"cannot write the examples to `{folder}`: {error.strerror or error}"
        ) from error
    return tuple(written)


def _root() -> Traversable:
    return files("ephor.examples")


def _walk(folder: Traversable, at: PurePosixPath) -> Iterator[tuple[str, Traversable]]:
    """Yield every example file below *folder* with its name, in order of the names."""
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        here = at / entry.name
        if entry.name in _SKIPPED or str(here) in _OWN:
            continue
        if entry.is_dir():
            yield from _walk(entry, here)
        else:
            yield str(here), entry


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
