"""Files as a data store: records in CSV, JSON, JSON lines and Parquet, and whole files by where they lie."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from ephor.adapters import strict_yaml
from ephor.adapters.connectors.file_formats import ALONE, LONGEST, Piece, read_pieces, rewrite
from ephor.adapters.connectors.folder import Folder
from ephor.adapters.connectors.layout import OTHERS, TABLES, TEXTS, Pattern, guess_layout, read_layout
from ephor.adapters.connectors.records import Late, Record, RecordStore, like, set_at
from ephor.adapters.connectors.trees import Mark, Tree
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError
from ephor.rooms.dsr.store import Key, Table, Tally, Value

_PATH, _ROW, _TEXT, _CONTENT = "_path", "_row", "_text", "_content"
_COLUMNS = 2_000
_HEAD = 64 * 1024


def connect_files(url: str) -> FileStore:
    """Return the folder at *url*, ``files:///FOLDER?notes=notes/{customer_id}/*.md`` (four slashes for an absolute path).

    ``file:///FOLDER`` and ``local:///FOLDER`` are what they are elsewhere: an absolute path.

    Raises:
        InvalidInputError: not such a URL, or a pattern that leads out of the folder.
        NotFoundError: there is no such folder.
    """
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/") or parts.fragment:
        raise InvalidInputError("a folder is written `files:///FOLDER`, an absolute one `files:////FOLDER`")
    root = Path(unquote(parts.path[1:] if parts.scheme == "files" else parts.path) or ".")
    if not root.is_dir():
        raise NotFoundError(f"there is no folder `{root}`; name an existing one")
    return FileStore(Folder(root.resolve()), read_layout(parts.query))


class FileStore(RecordStore):
    """Files of a tree by collection. Their own paths are all that leads to them."""

    def __init__(self, tree: Tree, patterns: Sequence[Pattern]) -> None:
        self._tree, self._given = tree, bool(patterns)
        self._patterns = {one.collection: one for one in patterns or guess_layout(tree.paths())}

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
        return self._tree.scrub()

    def close(self) -> None:
        self._tree.close()

    def _tables(self) -> Mapping[str, Table]:
        """Describe every collection, from one way through the files."""
        seen = {name: _Seen(name) for name in self._patterns}
        others = False
        for path in self._tree.paths():
            taken = [name for name, pattern in self._patterns.items() if pattern.match(path) is not None]
            others = others or not taken
            for name in taken:
                if seen[name].is_of_records(path):
                    for piece in self._pieces(path):
                        seen[name].add(piece.record or ())
                else:
                    seen[name].add(self._head(path))
        why = self._tree.read_only
        tables = {
            name: replace(one.table(self._patterns[name].names), read_only=why) for name, one in seen.items()
        }
        return tables | ({OTHERS: Table(OTHERS, (_PATH,), (_PATH,))} if others else {})

    def _records(self, table: Table, column: str, values: Sequence[Value] | None) -> Iterator[Record]:
        pattern = self._patterns.get(table.name)
        wanted = None if values is None else {one[0] for one in map(like, [(value,) for value in values])}
        for path in self._tree.paths():
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

    def _pieces(self, path: str) -> Iterator[Piece]:
        with self._tree.opened(path) as file:
            yield from read_pieces(TABLES[PurePosixPath(path).suffix.lower()], file, path)

    def _head(self, path: str) -> Mapping[str, Any]:
        """Return what the front matter of a Markdown file says: `key: value` lines between two lines of `---`."""
        if not path.lower().endswith((".md", ".markdown")):
            return {}
        with self._tree.opened(path) as file:
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
        with self._tree.opened(path) as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise InvalidInputError(
                f"`{path}` is larger than 16 MiB; leave its content out of the data map and hand it over by hand"
            )
        return data

    def _change(
        self, table: str, key: Sequence[str], rows: Sequence[Key], values: Mapping[str, Value] | None
    ) -> int:
        known, pattern = self._table(table), self._patterns[table]
        wanted: dict[str | None, set[tuple[str | None, ...]]] = defaultdict(set)
        at = list(key).index(_PATH) if _PATH in key else None
        for row in rows:
            wanted[None if at is None else str(row[at])].add(like(row))
        done = 0
        listed = (path for path in self._tree.paths() if pattern.match(path) is not None)
        for path in list(listed) if at is None else [one for one in wanted if one is not None]:
            if (given := pattern.match(path)) is not None:
                goal = _Goal(key, wanted[None if at is None else path], values, {_PATH: path, **given})
                with _guarded(path):
                    done += (self._in_table if _ROW in known.columns else self._in_whole)(path, goal)
        return done

    def _in_whole(self, path: str, goal: _Goal) -> int:
        seen = self._tree.look(path)
        if goal.values is None:
            return self._remove(
                path, seen, int(seen is not None and goal.takes(self._whole(path, goal.place)))
            )
        if seen is None:
            return 0
        with self._tree.replaced(path, seen) as out:
            out.write(str(goal.values[_TEXT]).encode())
        return 1

    def _in_table(self, path: str, goal: _Goal) -> int:
        seen = self._tree.look(path)
        if seen is None:
            return self._remove(path, None, 0)
        hit = miss = 0
        alone = False
        for piece in self._pieces(path):
            if piece.record is not None:
                taken = goal.takes(goal.seen(piece))
                hit, miss, alone = hit + taken, miss + (not taken), piece.row == ALONE
        if not hit:
            return 0
        if goal.values is None and not miss and ((alone and self._given) or len(goal.place) > 1):
            return self._remove(path, seen, hit)  # it is that person's file, and so is its name
        with self._tree.opened(path) as file, self._tree.replaced(path, seen) as out:
            rewrite(TABLES[PurePosixPath(path).suffix.lower()], file, path, goal, out)
        return hit

    def _remove(self, path: str, seen: Mark | None, records: int) -> int:
        """Remove the file of so many records, and whatever an earlier run that removed it left to be done."""
        if seen is not None and records:
            self._tree.remove(path, seen)
        if seen is None or records:
            self._tree.tidy(path)
        return records


@dataclass(slots=True)
class _Seen:
    """What was seen of a collection's files so far."""

    name: str
    records: bool | None = None
    text: bool = True
    names: dict[str, None] = field(default_factory=dict)

    def is_of_records(self, path: str) -> bool:
        """Tell whether a file holds records. Raises InvalidInputError where others of the collection are otherwise."""
        suffix = PurePosixPath(path).suffix.lower()
        now = suffix in TABLES
        if self.records not in (None, now):
            raise InvalidInputError(
                f"`{self.name}` takes in tables and other files; give each a pattern of its own"
            )
        self.records, self.text = now, self.text and suffix in TEXTS
        return now

    def add(self, names: Iterable[str]) -> None:
        """Add columns in the order of appearance. Raises InvalidInputError for too many."""
        self.names.update(dict.fromkeys(names))
        if len(self.names) > _COLUMNS:
            raise InvalidInputError(
                f"the records of `{self.name}` have more than {_COLUMNS} columns; are they records?"
            )

    def table(self, given: Sequence[str]) -> Table:
        """Return the collection as a table; *given* are the columns that paths give."""
        if self.records is False:
            names = (_PATH, *given, *(name for name in self.names if name not in given))
            columns = (*names, _TEXT if self.text else _CONTENT)
            return Table(self.name, columns, (_PATH,), fixed=(*names, _CONTENT))
        places = (_PATH, _ROW, *given)
        if taken := set(self.names) & set(places):
            raise InvalidInputError(
                f"`{self.name}` has a column `{min(taken)}` and its pattern gives one; rename that"
            )
        return Table(
            self.name,
            (*places, *self.names),
            (_PATH, _ROW),
            fixed=places,
            shifting=(_ROW,),
            blank=not self.names,
        )


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
            f"cannot change `{path}`: {error.strerror or type(error).__name__}; correct that, then fulfil again"
        ) from error
