"""The way to archives where `pyarrow` may not be installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ephor.adapters.parquet.names import is_archive
from ephor.kernel.errors import UnavailableError

if TYPE_CHECKING:
    from ephor.adapters.parquet.reading import Archive
    from ephor.adapters.parquet.rows import ParquetRows


def open_archive(folder: str) -> Archive | None:
    """Return the archive in *folder*; ``None`` where what it holds is none.

    Raises:
        InvalidInputError: it cannot be read, or holds a folder of tiles as well.
        UnavailableError: it is an archive, and `pyarrow` is not installed.
    """
    path = Path(folder)
    if not path.is_dir() or not is_archive(path):
        return None
    with _needing_pyarrow():
        from ephor.adapters.parquet.reading import Archive  # noqa: PLC0415 - an extra, and slow to load
    return Archive(path)


def new_archive(folder: str) -> AbstractContextManager[Callable[[str, bytes], None]]:
    """Return what writes a log's files into a new archive; see `writing.new_archive`.

    Raises:
        UnavailableError: `pyarrow` is not installed.
    """
    with _needing_pyarrow():
        from ephor.adapters.parquet import writing  # noqa: PLC0415 - an extra, and slow to load
    return writing.new_archive(folder)


def row_archive(root: str, run: str) -> AbstractContextManager[ParquetRows]:
    """Open the archive of one run below *root*; see `rows.row_archive`.

    Raises:
        UnavailableError: `pyarrow` is not installed.
    """
    with _needing_pyarrow():
        from ephor.adapters.parquet import rows  # noqa: PLC0415 - an extra, and slow to load
    return rows.row_archive(root, run)


@contextmanager
def _needing_pyarrow() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pyarrow":
            raise
        raise UnavailableError("a Parquet archive needs pyarrow; install `ephor[parquet]`") from error
