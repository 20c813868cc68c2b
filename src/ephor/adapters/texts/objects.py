"""Objects of a store that fsspec reaches as sources; each is looked into when its turn comes, and asked for once."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from ephor.adapters.connectors.objects_open import knows, open_tree, read_own
from ephor.adapters.connectors.trees import Tree
from ephor.adapters.texts.sources import MAX_JSON, FileSource, NotRead, decoded, file_sources, form_of, unread
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError

LOCAL = frozenset({"file", "local", "files"})
_HEAD = 8


@dataclass(frozen=True, slots=True)
class ObjectSource:
    """One object."""

    tree: Tree
    name: str
    form: str

    def pieces(self) -> Iterator[str]:
        try:
            with self.tree.opened(self.name) as file:
                head = file.read(_HEAD)
                if (why := unread(head)) is not None:
                    raise InvalidInputError(why)
                if head[:4] == b"PAR1":
                    raise InvalidInputError("it is Parquet and not called so; rename it")
                file.seek(0)
                yield from decoded(file, self.name)
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise InvalidInputError(f"cannot read `{self.name}` ({type(error).__name__})") from error

    def batches(self) -> Iterator[Mapping[str, Sequence[object]]]:
        from ephor.adapters.texts.lake import parquet_batches  # noqa: PLC0415 - an extra, and slow to load

        with self.stored() as file:
            yield from parquet_batches(file, self.name)

    def stored(self) -> AbstractContextManager[IO[bytes]]:
        """Open it, to be read from any place in it."""
        return self.tree.opened(self.name)


def is_of_files(url: str) -> bool:
    """Tell whether a URL is of files or objects, and not of a database."""
    scheme = url.partition(":")[0].lower()
    return "://" in url and (scheme in LOCAL or ("+" not in scheme and knows(scheme)))


def object_sources(url: str) -> Iterator[ObjectSource | FileSource | NotRead]:
    """Yield the objects below *url*, or the object that is there, in the store's order.

    Raises:
        InvalidInputError: a URL with patterns, or with a secret in it.
        NotFoundError: there is nothing.
        UnavailableError: the store does not answer, or what reaches it is not installed.
    """
    place, _, query = url.partition("?")
    own, patterns = read_own(query)
    if patterns:
        raise InvalidInputError("what is searched takes no patterns; name a deeper place instead")
    scheme, _, path = place.partition("://")
    if scheme.lower() in LOCAL:
        yield from _local(unquote(path.removeprefix("/") if scheme.lower() == "files" else path))
        return
    tree, paths = _found(place, own)
    for name in paths:
        yield ObjectSource(tree, name, _form(tree, name))


def _local(path: str) -> Iterator[FileSource | NotRead]:
    alone = not Path(path).is_dir()
    for one in file_sources(path):
        yield replace(one, name=Path(path).name) if alone else one


def _found(place: str, own: Mapping[str, str]) -> tuple[Tree, Iterator[str]]:
    try:
        tree = open_tree(place, own)
    except NotFoundError:
        above, _, name = place.rstrip("/").rpartition("/")
        if above.endswith((":", "/")) or not name:
            raise
        tree = open_tree(above, own)
        if tree.look(unquote(name)) is None:
            raise NotFoundError(f"there is nothing at `{place}`; check its parts") from None
        return tree, iter([unquote(name)])
    return tree, tree.paths()


def _form(tree: Tree, name: str) -> str:
    """Return how an object is read, by its name; a document too large to be one value is read as text."""
    form = form_of(name)
    if form == "json":
        try:
            with tree.opened(name) as file:
                return "text" if file.seek(0, io.SEEK_END) > MAX_JSON else form
        except UnavailableError:
            return form  # its turn comes, and then it is said
    return form
