"""Makes backups of a plane's database, and opens them on trial: nothing is called good before the verifier said so."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ephor.adapters.backup import rows
from ephor.adapters.backup.folder import KEYS, BackupFolder, names, open_whole, opened_new
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.faults import translated
from ephor.adapters.storage.sql.tables import ledger_head, subject_keys
from ephor.engine.ports_backup import Given, Stored
from ephor.kernel.errors import ConflictError, NotFoundError, VerificationError

Verify = Callable[[str], Sequence[str]]
"""Makes anew what a database's entries are searched by, judges every log in it by the verifier, and returns what is
wrong; nothing, where all holds."""


def back_up(
    url: str,
    folder: str,
    given: Given,
    *,
    at: str,
    verify: Verify,
    keys: Path | None = None,
    keys_given: Given | None = None,
) -> Stored:
    """Write a plane's database, as of one moment, and its keys where *keys_given* seals them, into a new backup; try it.

    Raises:
        NotFoundError: there is no plane, or no keys in files to back up.
        ConflictError: a whole backup lies there already, or something else.
        VerificationError: what was written does not open again as a plane that holds; it is not left as a backup.
    """
    with opened_new(folder, given) as backup:
        told, reused = _written(url, backup)
        if keys_given is not None:
            told["keys"] = backup.put_keys(_key_files(keys), keys_given)
        elif (backup.path / KEYS).exists():
            (backup.path / KEYS).unlink()
        with trial_of(backup, told, None) as trial:
            judge(trial, verify)
        backup.finish({**told, "made_at": at, "chunks": names(told["tables"])})
    return stored(folder, {**told, "made_at": at}, reused)


def check(folder: str, given: Given, *, verify: Verify) -> Stored:
    """Return a backup that is good: every chunk opens, and the plane in it holds.

    Raises:
        NotFoundError: there is none, or it was never finished.
        VerificationError: it is damaged, or the ledger in it does not hold.
    """
    backup = open_whole(folder, given)
    told = backup.manifest()
    with trial_of(backup, told, None) as trial:
        judge(trial, verify)
    return stored(folder, told, 0)


def _written(url: str, backup: BackupFolder) -> tuple[dict[str, Any], int]:
    engine = engines.open_engine(url)
    reused = 0
    try:
        with translated(url), engines.reading(engine).connect() as connection, connection.begin():
            found = migrate.revision(connection)
            heads = dict(_heads(connection)) if found else {}
            if not heads:
                raise NotFoundError("there is no plane to back up; run `ephor init`")
            parts: list[dict[str, Any]] = []
            for table in rows.tables(connection):
                part: dict[str, Any] = {
                    "table": table.name,
                    "columns": [one.name for one in table.columns],
                    "rows": 0,
                    "chunks": [],
                }
                for chunk, count in rows.dump(connection, table):
                    name, there = backup.put(chunk)
                    part["chunks"].append(name)
                    part["rows"] += count
                    reused += there
                parts.append(part)
            subjects = connection.execute(sa.select(sa.func.count()).select_from(subject_keys)).scalar_one()
    finally:
        engine.dispose()
    return {"schema": found, "tables": parts, "heads": heads, "subjects": subjects, "keys": None}, reused


def _heads(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    for id, note in connection.execute(sa.select(ledger_head.c.id, ledger_head.c.note).order_by("id")):
        yield str(id - 1), bytes(note).decode()


def _key_files(keys: Path | None) -> Mapping[str, bytes]:
    """Return the keys that lie in files. The heads beside them are not keys, and a restored plane must not trust old ones."""
    folder = PrivateFolder(keys) if keys is not None else None
    if folder is None or not folder.path.is_dir():
        raise NotFoundError("there are no keys in files to back up; whoever holds them backs them up")
    found = {
        one.name: folder.read(one.name)
        for one in sorted(folder.path.iterdir())
        if one.is_file() and one.name.endswith((".key", ".key.retired"))
    }
    if not found:
        raise NotFoundError(f"`{folder.path}` holds no keys; whoever holds them backs them up")
    public = folder.path / "signing.pub"
    return found | ({public.name: public.read_bytes()} if public.exists() else {})


@contextmanager
def trial_of(backup: BackupFolder, told: Mapping[str, Any], beside: Path | None) -> Iterator[Path]:
    """Give a SQLite file that holds the backup, in a private folder that is gone afterwards."""
    private = Path(tempfile.mkdtemp(prefix=".ephor-restoring-", dir=beside))
    try:
        path = private / "plane.db"
        path.touch(mode=0o600)
        _fill(path, backup, told)
        yield path
    finally:
        shutil.rmtree(private, ignore_errors=True)


def _fill(path: Path, backup: BackupFolder, told: Mapping[str, Any]) -> None:
    if told["schema"] not in migrate.KNOWN:
        raise ConflictError(
            f"this backup has schema `{str(told['schema'])[:20]}`, made by a newer Ephor; upgrade Ephor to restore it"
        )
    engine = engines.open_engine(f"sqlite:///{path}")
    try:
        migrate.upgrade(engine, to=told["schema"])
        with translated(str(path)), engine.begin() as connection:
            for part in told["tables"]:
                chunks = (backup.get(name) for name in part["chunks"])
                if rows.load(connection, part["table"], part["columns"], chunks) != part["rows"]:
                    raise VerificationError(f"rows of `{part['table']}` are missing from the backup")
            if dict(_heads(connection)) != told["heads"]:
                raise VerificationError("the signed heads in the backup are not those of its manifest")
    finally:
        engine.dispose()


def judge(trial: Path, verify: Verify) -> None:
    """Check that the ledger in a restored file holds. Raises VerificationError."""
    if problems := verify(f"sqlite:///{trial}"):
        raise VerificationError(
            f"the ledger in this backup does not hold: {problems[0]}; keep it, use another, and run `ephor ledger verify` on the "
            "plane it was made of"
        )


def stored(folder: str, told: Mapping[str, Any], reused: int) -> Stored:
    """Return what a manifest says of its backup."""
    return Stored(
        folder=folder,
        made_at=told["made_at"],
        size=size_of(told["heads"]["0"]),
        heads=told["heads"],
        keys=told["keys"] is not None,
        subjects=told["subjects"],
        rows=sum(part["rows"] for part in told["tables"]),
        chunks=len(names(told["tables"])),
        reused=reused,
    )


def size_of(note: str) -> int:
    """Return the entries that a signed head states."""
    return int(note.split("\n", 2)[1])
