"""Packs on disk: those that come with Ephor, by name, and a stranger's, by path.

A pack is a folder of YAML files whose sections together are one pack, and a folder ``cases`` beside them. Nothing in
it is ever run, no file outside the folder is read, and its size is bounded.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import ephor.packs
from ephor.adapters import strict_yaml
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.regulation.cases import Case, read_cases
from ephor.rooms.regulation.pack import Pack
from ephor.rooms.regulation.read_pack import read_pack

MAX_FILES = 100
"""Most YAML files in one folder of a pack."""
MAX_BYTES = 4 << 20
"""Most bytes that the files of one folder hold together."""


def bundled() -> list[str]:
    """Return the names of the packs that come with Ephor, in alphabetical order."""
    return sorted(folder.name for folder in _shelf().iterdir() if (folder / "pack.yaml").is_file())


def load(name_or_path: str | Path) -> Pack:
    """Return a pack: a bundled one by its name, any other by the path of its folder (which contains a ``/``).

    Raises:
        NotFoundError: there is no such pack.
        InvalidInputError: it cannot be read as a pack; the message says which file and where.
    """
    folder = _folder(name_or_path)
    merged: dict[str, object] = {}
    for path in _files(folder):
        sections = _read(path)
        if not isinstance(sections, dict):
            raise InvalidInputError(
                f"pack file `{path.name}` holds no sections; write `section: ...`", file=path.name
            )
        for section, content in sections.items():
            if section in merged:
                raise InvalidInputError(
                    f"section `{section}` of `{path.name}` stands in another file too; keep one"
                )
            merged[section] = content
    try:
        pack = read_pack(merged)
    except InvalidInputError as error:
        raise InvalidInputError(f"pack `{folder.name}`: {error}", **error.facts) from error
    if pack.identity.id != folder.name:
        raise InvalidInputError(
            f"pack `{pack.identity.id}` stands in a folder named `{folder.name}`; name both alike"
        )
    return pack


def cases(name_or_path: str | Path) -> tuple[Case, ...]:
    """Return the cases of a pack, by file name and then in the order they are written.

    Raises:
        NotFoundError: there is no such pack.
        InvalidInputError: a case cannot be read; the message says which file and where.
    """
    folder = _folder(name_or_path) / "cases"
    if folder.is_symlink():
        raise InvalidInputError("folder `cases` is a link; put the cases themselves there", file="cases")
    found: list[Case] = []
    for path in _files(folder) if folder.is_dir() else []:
        found += read_cases(_read(path), path.name)
    return tuple(found)


@lru_cache(maxsize=16)
def _bundled(name: str) -> Pack:
    return load(name)


class BundledPacks:
    """The packs that come with Ephor; each is read once in a process."""

    def names(self) -> list[str]:
        """Return their names."""
        return bundled()

    def load(self, name: str) -> Pack:
        """Return one of them, or the pack in a folder whose path is given. Raises NotFoundError."""
        return load(name) if "/" in name else _bundled(name)

    def cases(self, name: str) -> tuple[Case, ...]:
        """Return a pack's own cases."""
        return cases(name)


def _shelf() -> Path:
    return Path(str(ephor.packs.__file__)).parent


def _folder(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text:
        folder = Path(name_or_path).resolve()
        if (folder / "pack.yaml").is_file():
            return folder
        raise NotFoundError(
            f"no pack in `{text[:200]}`; give a folder that holds a `pack.yaml`", pack=text[:200]
        )
    if text in bundled():
        return _shelf() / text
    known = ", ".join(bundled())
    raise NotFoundError(
        f"unknown pack `{text[:60]}`; use one of: {known}, or the path of a folder", pack=text[:60]
    )


def _files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file())
    if len(files) > MAX_FILES:
        raise InvalidInputError(f"`{folder.name}` holds {len(files)} files; at most {MAX_FILES} are read")
    total = sum(min(path.stat().st_size, strict_yaml.MAX_BYTES + 1) for path in files)
    if total > MAX_BYTES:
        raise InvalidInputError(f"`{folder.name}` holds {total} bytes; at most {MAX_BYTES} are read")
    for path in files:
        if path.is_symlink():
            raise InvalidInputError(
                f"pack file `{path.name}` is a link; put the file itself there", file=path.name
            )
    return files


def _read(path: Path) -> object:
    with path.open("rb") as file:
        data = file.read(strict_yaml.MAX_BYTES + 1)
    try:
        return strict_yaml.read(data)
    except InvalidInputError as error:
        raise InvalidInputError(f"pack file `{path.name}`: {error}", file=path.name, **error.facts) from error
