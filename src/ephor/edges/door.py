"""What an edge is given from outside: ways to open a plane and to read the files people hand over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from ephor.engine.plane import Engine
    from ephor.engine.ports import Post
    from ephor.engine.ports_backup import Backups
    from ephor.engine.ports_data import DataStore
    from ephor.engine.ports_drill import Prober
    from ephor.engine.ports_retention import OpenArchive, RetentionStore
    from ephor.engine.ports_texts import Refused, Source
    from ephor.engine.ports_witness import StampLine, WitnessLine
    from ephor.engine.regulation import Law
    from ephor.kernel.errors import EphorError
    from ephor.rooms.agents.manifest import Manifest
    from ephor.rooms.exports.tables import Column, Row
    from ephor.rooms.models.imported import Candidate
    from ephor.rooms.models.observation import Table
    from ephor.rooms.pii.columns import ColumnCount
    from ephor.rooms.pii.operators import Operator
    from ephor.rooms.pii.plugins import Finder
    from ephor.rooms.pii.rules import Rule
    from ephor.verifier import Report


class Open(Protocol):
    """Opens the plane at a URL (None: the default); makes it first only where *create* says so."""

    def __call__(self, database: str | None = None, *, create: bool = False) -> Engine: ...


class Archived(Protocol):
    """A log in a Parquet archive, as the files (`verifier.Files`) it would be."""

    def read(self, name: str, limit: int) -> bytes | None: ...

    def settle(self, report: Report) -> Report:
        """Return *report* with what was found besides: columns that do not say what the entries say."""
        ...


class Demo(Protocol):
    """Tells the story in a folder (None: a new temporary one) and returns its figures."""

    def __call__(self, folder: str | None, *, quiet: bool) -> Mapping[str, Any]: ...


class ServeWitness(Protocol):
    """Serves the witness in a folder for the logs of these keys until told to stop; calls *ready* with its URL."""

    def __call__(
        self, folder: str, logs: Sequence[str], host: str, port: int, ready: Callable[[str], None]
    ) -> None: ...


class ServeKeys(Protocol):
    """Signs with the keys in a folder for whoever reaches the socket, until told to stop; calls *ready* when it does."""

    def __call__(
        self, folder: str, socket: str, mode: int, origins: Sequence[str], ready: Callable[[], None]
    ) -> None: ...


class MaskParquet(Protocol):
    """Writes the Parquet file at a path, or open, of that name in a report, masked, and returns what was masked by column."""

    def __call__(
        self,
        path: Any,
        name: str,
        types: frozenset[str] | None,
        operator: Operator,
        write: Callable[[bytes], object],
    ) -> tuple[ColumnCount, ...]: ...


class MaskDatabase(Protocol):
    """Masks the columns *named* by table, or all that is found, in a database or in a copy of it.

    Returns what was masked by column, the columns that were not masked, and what was found in those and is still there.
    """

    def __call__(
        self,
        url: str,
        named: Mapping[str, frozenset[str]],
        types: frozenset[str] | None,
        operator: Operator,
        told: Callable[[str, int], None],
        *,
        copy: str | None,
        dry_run: bool,
    ) -> tuple[tuple[ColumnCount, ...], Sequence[str], Sequence[ColumnCount]]: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Handed to every command as ``context.obj``."""

    open: Open
    person: str
    """Who acts when nobody is named."""
    database: str
    """The database that commands use when none is named."""
    law: Law
    """Questions to the law that need no plane."""
    today: Callable[[], date]
    read_bytes: Callable[[str], bytes]
    """Reads a file, or standard input for ``-``."""
    read_placed: Callable[[str], tuple[Mapping[str, Any], Mapping[str, int]]]
    """Reads such a file, and tells the line of each path in it."""
    read_yaml: Callable[[str], Mapping[str, Any]]
    """Reads a YAML or JSON file whose top level is a mapping."""
    read_mlflow: Callable[[str], Sequence[Candidate]]
    """Reads the versions of an MLflow registry: a folder, a database file, or a server's address."""
    read_huggingface: Callable[[str, str | None, str | None], Candidate]
    """Reads a Hugging Face card; its model's name and version as given, or as the card says."""
    read_table: Callable[[str], Table]
    """Reads a CSV, JSON lines or Parquet file as columns."""
    read_manifest: Callable[[str], Manifest]
    connect: Callable[[str], DataStore]
    """Opens a database that subject requests reach, by its URL."""
    disposal: Callable[[str], RetentionStore]
    """Opens a database whose data retention disposes of, by its URL."""
    row_archive: Callable[[str], OpenArchive]
    """Opens archives of rows below a folder, by the run."""
    bundle: Callable[[str], Callable[[str, bytes], None]]
    """Opens a new folder, and returns what writes a file of that name into it."""
    archive: Callable[[str], AbstractContextManager[Callable[[str, bytes], None]]]
    """Makes a Parquet archive out of files of a log: whole when the context ends, or not at all."""
    archived: Callable[[str], Archived | None]
    """Opens a folder as an archive; None where it holds none."""
    new_file: Callable[[str], AbstractContextManager[Callable[[bytes], object]]]
    """Makes a file from its beginning on: whole when the context ends, or not at all."""
    workbook: Callable[[str, Sequence[Column], str], AbstractContextManager[Callable[[Row], object]]]
    """Makes an XLSX workbook of a table with these columns and this name."""
    parquet: Callable[[str, Sequence[Column]], AbstractContextManager[Callable[[Row], object]]]
    """Makes a Parquet file of a table with these columns."""
    backups: Callable[[], Backups]
    """The way to backups on disk."""
    replace_file: Callable[[str, bytes], None]
    """Writes a file anew: the old one stays until the new one is whole."""
    read_lines: Callable[[str, int], Iterator[bytes]]
    """Reads the lines of a file of any size, none longer than so many bytes."""
    demo: Demo
    witness_key: Callable[[str, str | None], str]
    """Returns the verifier key of the witness in a folder; given a name, makes it there first."""
    serve_witness: ServeWitness
    serve_keys: ServeKeys
    post: Callable[[], Post]
    """The way out for notices."""
    prober: Callable[[str | None], Prober]
    """Starts processes on the database at a URL (None: the default), for a drill of the stop switch."""
    texts: Callable[[str], Iterator[Source | Refused]]
    """Opens a file, a folder, a database by its URL, or standard input for ``-``, to search them for personal data."""
    is_folder: Callable[[str], bool]
    not_read: Callable[[EphorError, str], Refused]
    """Says of a source of that name why it could not be read."""
    recognizers: Callable[[str], tuple[Rule, ...]]
    """Reads a file of recognizers."""
    names: Callable[[str], Finder]
    """Loads the language model of that name, which finds names and places."""
    lake: Callable[[Sequence[tuple[str, str]], frozenset[str], int], tuple[ColumnCount, ...]]
    """Counts what Parquet files hold, by so many processes; by Spark for none."""
    mask_parquet: MaskParquet
    mask_database: MaskDatabase
    witnesses: Callable[[], WitnessLine]
    """The way to witnesses on the network."""
    set_pdf: Callable[[Mapping[str, Any], datetime | None], bytes]
    """Sets a document, as data for the template, as PDF of that date."""
    stamps: Callable[[], StampLine]
    """The way to time-stamping authorities, and who judges what they signed."""
