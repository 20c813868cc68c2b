"""A folder of files as a data store: records in CSV, JSON and JSON lines, and whole files by where they lie."""

from __future__ import annotations

import base64
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from ephor.adapters import strict_yaml
from ephor.adapters.connectors.file_formats import (
    ALONE,
    LONGEST,
    Piece,
    columns_of,
    read_pieces,
    rewrite,
)
from ephor.adapters.connectors.layout import OTHERS, TABLES, TEXTS, Pattern, guess_layout, read_layout
from ephor.adapters.connectors.records import Late, Record, RecordStore, like, set_at
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.store import Key, Table, Tally, Value

_PATH, _ROW, _TEXT, _CONTENT = "_path", "_row", "_text", "_content"
_COLUMNS = 2_000
_HEAD = 64 * 1024
_PART = ".ephor-part"
"""What a file that is written anew is called until it is whole."""


def connect_files(url: str) -> FileStore:
    """Return the folder at *url*, ``files:///FOLDER?notes=notes/{customer_id}/*.md`` (four slashes for an absolute path).

    Raises:
        InvalidInputError: not such a URL, or a pattern that leads out of the folder.
        NotFoundError: there is no such folder.
    """
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/") or parts.fragment:
        raise InvalidInputError("a folder is written `files:///FOLDER`, an absolute one `files:////FOLDER`")
    root = Path(unquote(parts.path[1:]) or ".")
    if not root.is_dir():
        raise NotFoundError(f"there is no folder `{root}`; name an existing one")
    return FileStore(root.resolve(), read_layout(parts.query))


class FileStore(RecordStore):
    """Files below one folder. Links are not followed, and nothing outside is ever touched."""

    def __init__(self, root: Path, patterns: Sequence[Pattern]) -> None:
        self._root, self._given = root, bool(patterns)
        self._patterns = {one.collection: one for one in patterns or guess_layout(self._paths())}

    def delete(self, table: str, key: Sequence[str], rows: Sequence[Key]) -> int:
        return self._change(table, key, rows, None)

    def update(self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value]) -> int:
        if fixed := [name for name in values if name in self._table(table).fixed]:
            raise InvalidInputError(f"`{table}.{fixed[0][:80]}` says where a file lies; it cannot be set")
        return self._change(table, key, rows, values)

    def tally(self, ask: Tally) -> Mapping[Key, int]:
        counts = super().tally(ask)
        if _ROW in ask.columns:  # records of one file that are written alike are one
            return {key: min(count, 1) for key, count in counts.items()}
        return counts

    def scrub(self, tables: Sequence[str]) -> str:
        for folder, _, names in os.walk(self._root):
            for name in names:
                if name.endswith(_PART):
                    Path(folder, name).unlink(missing_ok=True)
        return "files: written anew or removed; blocks that the file system freed, snapshots and backups are not touched"

    def close(self) -> None:
        """Nothing is held open."""

    def _tables(self) -> Mapping[str, Table]:
        tables = {}
        for name, pattern in self._patterns.items():
            paths = [path for path in self._paths() if pattern.match(path) is not None]
            kinds = {TABLES.get(PurePosixPath(path).suffix.lower()) for path in paths}
            if None in kinds and len(kinds) > 1:
                raise InvalidInputError(
                    f"`{name}` takes in tables and other files; give each a pattern of its own"
                )
            found = self._of_records(pattern, paths) if None not in kinds else self._of_files(pattern, paths)
            tables[name] = found
        if any(all(one.match(path) is None for one in self._patterns.values()) for path in self._paths()):
            tables[OTHERS] = Table(OTHERS, (_PATH,), (_PATH,))
        return tables

    def _of_records(self, pattern: Pattern, paths: Sequence[str]) -> Table:
        places = (_PATH, _ROW, *pattern.names)
        pieces = (piece for path in paths for piece in self._pieces(path))
        names = columns_of(pieces, _COLUMNS, pattern.collection)
        if taken := set(names) & set(places):
            raise InvalidInputError(
                f"`{pattern.collection}` has a column `{min(taken)}` and its pattern gives one; rename that"
            )
        return Table(
            pattern.collection,
            (*places, *names),
            (_PATH, _ROW),
            fixed=places,
            shifting=(_ROW,),
            blank=not names,
        )

    def _of_files(self, pattern: Pattern, paths: Sequence[str]) -> Table:
        text = all(PurePosixPath(path).suffix.lower() in TEXTS for path in paths)
        heads = dict.fromkeys(name for path in paths for name in self._head(path))
        names = (_PATH, *pattern.names, *(name for name in heads if name not in pattern.names))
        fixed = (*names, _CONTENT)
        columns = (*names, _TEXT if text else _CONTENT)
        return Table(pattern.collection, columns, (_PATH,), fixed=fixed)

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        pattern = self._patterns.get(table.name)
        wanted = None if values is None else {one[0] for one in map(like, [(value,) for value in values])}
        for path in self._paths():
            given = pattern.match(path) if pattern is not None else None
            if pattern is None or given is None:
                continue
            place = {_PATH: path, **given}
            if wanted is not None and column in place and place[column] not in wanted:
                continue
            if _ROW in table.columns:
                for piece in self._pieces(path):
                    if piece.record is not None:
                        yield {**piece.record, **place, _ROW: piece.row}
            else:
                yield self._whole(path, place)

    def _paths(self) -> Iterator[str]:
        """Yield every regular file below the folder, in order, by its path from there."""
        for folder, folders, names in os.walk(self._root):
            folders.sort()
            for name in sorted(names):
                if not name.endswith(_PART) and stat.S_ISREG(os.lstat(Path(folder, name)).st_mode):
                    yield _readable(Path(folder, name).relative_to(self._root).as_posix())

    def _pieces(self, path: str) -> Iterator[Piece]:
        with self._opened(path) as file:
            yield from read_pieces(TABLES[PurePosixPath(path).suffix.lower()], file, path)

    def _head(self, path: str) -> Mapping[str, Any]:
        """Return what the front matter of a Markdown file says: `key: value` lines between two lines of `---`."""
        if not path.lower().endswith((".md", ".markdown")):
            return {}
        with self._opened(path) as file:
            data = file.read(_HEAD).replace(b"\r\n", b"\n")
        inner, end, _ = data.removeprefix(b"---\n").partition(b"\n---\n")
        if not data.startswith(b"---\n") or not end:
            return {}
        try:
            said = strict_yaml.read(inner)
        except InvalidInputError as error:
            raise InvalidInputError(f"front matter of `{path}`: {error}") from None
        return {str(name): value for name, value in said.items()} if isinstance(said, Mapping) else {}

    def _whole(self, path: str, place: Mapping[str, str]) -> Record:
        """Return a file that is a record: what its path and head say, and its content when that is asked for."""
        return Late(
            {**self._head(path), **place},
            {
                _TEXT: lambda: self._content(path).decode("utf-8", "replace"),
                _CONTENT: lambda: base64.b64encode(self._content(path)).decode(),
            },
        )

    def _content(self, path: str) -> bytes:
        """Return a file as a whole. Raises InvalidInputError for one that is too large."""
        with self._opened(path) as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise InvalidInputError(
                f"`{path}` is larger than 16 MiB; leave its content out of the data map and hand it over by hand"
            )
        return data

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        place = self._place(path)
        try:
            with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                yield file
        except OSError as error:
            raise UnavailableError(f"cannot read `{path}`: {error.strerror}; try again") from error

    def _place(self, path: str) -> Path:
        """Return where *path* lies, if that is below the folder without a link on the way."""
        place = self._root.joinpath(path.replace("\0", ""))
        folder = place.parent.resolve()
        climbs = place.name in ("", ".", "..") or "\0" in path
        if climbs or place.parent != folder or not folder.is_relative_to(self._root):
            raise InvalidInputError(f"`{path[:80]}` leads out of the folder; nothing was touched")
        return place

    def _change(
        self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value] | None
    ) -> int:
        known, pattern = self._table(table), self._patterns[table]
        wanted: dict[str | None, set[tuple[str | None, ...]]] = defaultdict(set)
        at = list(key).index(_PATH) if _PATH in key else None
        for row in rows:
            wanted[None if at is None else str(row[at])].add(like(row))
        done = 0
        for path in list(self._paths()) if at is None else [one for one in wanted if one is not None]:
            if (given := pattern.match(path)) is not None:
                goal = _Goal(key, wanted[None if at is None else path], values, {_PATH: path, **given})
                with _guarded(path):
                    done += (self._in_table if _ROW in known.columns else self._in_whole)(path, goal)
        return done

    def _in_whole(self, path: str, goal: _Goal) -> int:
        place = self._place(path)
        if goal.values is None:
            gone = place.exists() and goal.takes(self._whole(path, goal.place))
            if gone:
                place.unlink(missing_ok=True)
            if not place.exists():
                self._tidy(place)
            return int(gone)
        if not place.exists():
            return 0
        with self._written(place) as out:
            out.write(str(goal.values[_TEXT]).encode())
        return 1

    def _in_table(self, path: str, goal: _Goal) -> int:
        place = self._place(path)
        if not place.exists():
            self._tidy(place)
            return 0
        hit = miss = 0
        alone = False
        for piece in self._pieces(path):
            if piece.record is not None:
                taken = goal.takes(goal.seen(piece))
                hit, miss, alone = hit + taken, miss + (not taken), piece.row == ALONE
        if not hit:
            return 0
        if goal.values is None and not miss and ((alone and self._given) or len(goal.place) > 1):
            place.unlink(missing_ok=True)  # it is that person's file, and so is its name
            self._tidy(place)
            return hit
        with self._opened(path) as file, self._written(place) as out:
            rewrite(TABLES[place.suffix.lower()], file, path, goal, out)
        return hit

    @contextmanager
    def _written(self, place: Path) -> Iterator[IO[bytes]]:
        """Put a new file in the place of an old one: it is the old one or the new one, whenever the power fails."""
        part, before = place.with_name(f".{place.name}{_PART}"), place.stat()
        try:
            with part.open("wb") as out:
                os.fchmod(out.fileno(), stat.S_IMODE(before.st_mode))
                yield out
                out.flush()
                os.fsync(out.fileno())
            now = place.stat()
            if (now.st_ino, now.st_mtime_ns, now.st_size) != (
                before.st_ino,
                before.st_mtime_ns,
                before.st_size,
            ):
                raise ConflictError(f"somebody writes `{place.name}` at this moment; fulfil again")
            os.rename(part, place)
            _settle(place.parent)
        finally:
            part.unlink(missing_ok=True)

    def _tidy(self, place: Path) -> None:
        """Remove folders that became empty, for their names may be a person's; make it last."""
        folder = place.parent
        while folder != self._root and folder.is_relative_to(self._root):
            try:
                folder.rmdir()
            except OSError:
                break
            folder = folder.parent
        if folder.is_dir():
            _settle(folder)


class _Goal:
    """What is to be done to the records of one file: those of these keys go, or take values."""

    def __init__(
        self,
        key: Sequence[str],
        wanted: set[tuple[str | None, ...]],
        values: Mapping[str, Value] | None,
        place: Mapping[str, str],
    ) -> None:
        self.key, self.wanted, self.values, self.place = key, wanted, values, place

    def seen(self, piece: Piece) -> Record:
        return {**(piece.record or {}), **self.place, _ROW: piece.row}

    def takes(self, record: Record) -> bool:
        return like([record.get(name) for name in self.key]) in self.wanted

    def __call__(self, piece: Piece) -> Piece | None:
        if not self.takes(self.seen(piece)):
            return piece
        if self.values is None:
            return None
        changed = dict(piece.record or {})
        for name, value in self.values.items():
            if not set_at(changed, name, value) and "." not in name:
                changed[name] = value
        return Piece(b"", changed, piece.row)


@contextmanager
def _guarded(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"cannot change `{path}`: {error.strerror}; correct that, then fulfil again"
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
