"""An MLflow file store (`mlruns`), read as it lies there: neither MLflow nor its server is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ephor.adapters import strict_yaml
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.models.mlflow import DELETED, MlflowVersion, Run

MAX_BYTES = 1 << 20
"""Longest file that is read, but for the history of a metric."""
MAX_METRIC_BYTES = 1 << 28
_RUN = re.compile(r"[0-9a-f]{32}")
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


def read_store(root: Path) -> Iterator[MlflowVersion]:
    """Yield every version in a file store, by name and number.

    Raises:
        NotFoundError: there is no registry in the folder.
        InvalidInputError: a file in it cannot be read; the message names it.
    """
    models = root / "models"
    if not models.is_dir():
        raise NotFoundError(
            f"`{root}` holds no registry of models; name the folder that `mlruns/models` is in"
        )
    for folder in _folders(models):
        yield from _model(root, folder)


def _model(root: Path, folder: Path) -> Iterator[MlflowVersion]:
    meta = _meta(folder)
    tags, aliases = _texts(folder / "tags"), _texts(folder / "aliases")
    name = str(meta.get("name") or folder.name)
    numbered = [
        (int(one.name[8:]), one) for one in _folders(folder) if re.fullmatch(r"version-[0-9]{1,9}", one.name)
    ]
    for number, one in sorted(numbered):
        told = _meta(one)
        if _text(told, "current_stage") == DELETED:
            continue
        run_id = _text(told, "run_id")
        yield MlflowVersion(
            model=name,
            version=str(number),
            created=_count(told, "creation_timestamp"),
            source=_text(told, "source"),
            run_id=run_id,
            stage=_text(told, "current_stage"),
            status=_text(told, "status"),
            description=_text(told, "description"),
            tags=_texts(one / "tags"),
            aliases=tuple(alias for alias, version in aliases.items() if version.strip() == str(number)),
            model_description=_text(meta, "description"),
            model_tags=tags,
            run=_run(root, run_id),
        )


def _run(root: Path, id: str) -> Run | None:
    if not _RUN.fullmatch(id):
        return None
    found = [one / id for one in [*_folders(root), *_folders(root / ".trash")] if (one / id).is_dir()]
    if not found:
        return None
    meta = _meta(found[0])
    status = _count(meta, "status")
    return Run(
        id,
        _STATUS.get(status or 0, ""),
        _count(meta, "start_time"),
        _count(meta, "end_time"),
        _texts(found[0] / "params"),
        {name: value for name, file in _files(found[0] / "metrics") if (value := _last(file)) is not None},
        _texts(found[0] / "tags"),
    )


def _last(file: Path) -> float | None:
    """Return the value of a metric that MLflow shows: of the greatest step, then time, then value."""
    newest: tuple[int, int, float] | None = None
    with _opened(file, MAX_METRIC_BYTES) as lines:
        for line in lines:
            words = line.split()
            if not words:
                continue
            try:
                at, value, step = int(words[0]), float(words[1]), int(words[2]) if len(words) > 2 else 0
            except (ValueError, IndexError):
                raise InvalidInputError(
                    f"`{file}` is no history of a metric; is the store damaged?"
                ) from None
            newest = max(newest, (step, at, value)) if newest else (step, at, value)
    return newest[2] if newest else None


def _meta(folder: Path) -> Mapping[str, Any]:
    file = folder / "meta.yaml"
    try:
        told = strict_yaml.read(_bytes(file))
    except InvalidInputError as error:
        raise InvalidInputError(f"`{file}`: {error}") from error
    if not isinstance(told, Mapping):
        raise InvalidInputError(f"`{file}` holds no mapping; is the store damaged?")
    return told


def _texts(folder: Path) -> dict[str, str]:
    return {name: _bytes(file).decode("utf-8", "replace") for name, file in _files(folder)}


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder by their path in it; a link is not followed, it may lead anywhere."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder)
        linked = any((folder / Path(*inside.parts[: at + 1])).is_symlink() for at in range(len(inside.parts)))
        if file.is_file() and not linked:
            yield inside.as_posix(), file


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.is_symlink()]


def _bytes(file: Path) -> bytes:
    with _opened(file, MAX_BYTES) as opened:
        return opened.read()


def _opened(file: Path, most: int) -> IO[bytes]:
    try:
        if file.is_symlink():
            raise InvalidInputError(f"`{file}` is a link and is not followed; copy what it leads to")
        if file.stat().st_size > most:
            raise InvalidInputError(f"`{file}` is larger than {most} bytes; is it part of the store?")
        return file.open("rb")
    except OSError as error:
        raise InvalidInputError(f"cannot read `{file}`: {error.strerror}; is the store whole?") from error


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return "" if value is None else str(value)


def _count(told: Mapping[str, Any], key: str) -> int | None:
    value = told.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
