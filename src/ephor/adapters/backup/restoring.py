"""Puts a backup back: whole and verified, or not at all; never silently on top of a ledger that went on, or of erasures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ephor.adapters.backup import rows
from ephor.adapters.backup.folder import BackupFolder, open_whole
from ephor.adapters.backup.making import Verify, judge, size_of, stored, trial_of
from ephor.adapters.storage.sql import engines, migrate
from ephor.adapters.storage.sql.faults import translated
from ephor.adapters.storage.sql.shelf import SqlShelf
from ephor.adapters.storage.sql.tables import sealed_payloads, subject_keys
from ephor.engine.ports_backup import Given, Restored, Wanted
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, VerificationError
from ephor.rooms.approvals.call import CallApproval, forget
from ephor.rooms.ledger.checkpoint import open_checkpoint


def restore(folder: str, given: Given, wanted: Wanted, *, verify: Verify) -> Restored:
    """Put a backup back where there is no plane; the database appears whole and verified, or not at all.

    Raises:
        ConflictError: there is a database or a key folder already.
        InvalidInputError: nobody said what came after the backup, or who was erased since.
        NotFoundError: there is no whole backup, or no keys in it.
        VerificationError: it is damaged, or the ledger in it does not hold.
    """
    backup = open_whole(folder, given)
    told = backup.manifest()
    target = engines.sqlite_path(wanted.url)
    _refuse_used(wanted, target)
    _refuse_unsaid(told, wanted)
    keys = _keys(backup, told, wanted)
    with trial_of(backup, told, None if target is None else target.parent) as trial:
        judge(trial, verify)  # which also brings it to this version's schema
        erased, payloads, left = _forget(trial, wanted.erased or ())
        published = _published(trial, wanted.published)
        if keys is not None:
            _put_keys(Path(wanted.keys), keys, _newest(told, wanted, published))
        _put_database(trial, target, wanted.url)
    return Restored(
        engines.parse_url(wanted.url).render_as_string(hide_password=True),
        stored(folder, told, 0),
        erased,
        payloads,
        left,
        published,
        wanted.keys if keys is not None else None,
    )


def _refuse_used(wanted: Wanted, target: Path | None) -> None:
    if target is not None:
        if target.exists():
            raise ConflictError(f"`{target}` is there already; a restore overwrites nothing, name another")
        if not target.parent.is_dir():
            raise NotFoundError(f"there is no folder `{target.parent}`; make it first")
    else:
        engine = engines.open_engine(wanted.url)
        try:
            with translated(wanted.url), engine.connect() as connection:
                if migrate.revision(connection) is not None and not _is_empty(connection):
                    raise ConflictError(
                        "there is a plane in this database already; a restore overwrites nothing"
                    )
        finally:
            engine.dispose()
    if wanted.keys_given is not None and _holds_something(Path(wanted.keys)):
        raise ConflictError(
            f"`{wanted.keys}` holds keys already; restore without --with-keys, or name another folder"
        )


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _published(trial: Path, note: bytes | None) -> int | None:
    """Return the size that a head states which somebody kept; it must be of this log, signed with its key."""
    if note is None:
        return None
    engine = engines.open_engine(f"sqlite:///{trial}")
    try:
        with engine.connect() as connection:
            key = connection.execute(sa.text("select key from ledger_head where id = 1")).scalar_one()
    finally:
        engine.dispose()
    return open_checkpoint(note, str(key)).size


def _is_empty(connection: sa.Connection) -> bool:
    return all(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is None
        for table in rows.tables(connection)
    )


def _refuse_unsaid(told: Mapping[str, Any], wanted: Wanted) -> None:
    """Refuse to guess: a plane that goes on from an old backup forks its ledger, and may bring erased people's data back."""
    if wanted.keys_given is not None and wanted.published is None and not wanted.nothing_followed:
        raise InvalidInputError(
            "with the keys restored as well, nothing here knows whether entries followed this backup; give the newest checkpoint "
            "that anybody kept with --published, or answer for it with --nothing-followed"
        )
    if told["subjects"] and wanted.erased is None and not wanted.unsafe_erasures_unknown:
        raise InvalidInputError(
            f"this backup holds the keys of {told['subjects']} data subjects; whoever was erased since would be back: give the list "
            "of `ephor export erasures` with --erased, or say --unsafe-erasures-unknown"
        )


def _keys(backup: BackupFolder, told: Mapping[str, Any], wanted: Wanted) -> Mapping[str, bytes] | None:
    if wanted.keys_given is None:
        return None
    if told["keys"] is None:
        raise NotFoundError("this backup holds no keys; restore without them, and put the key folder back")
    return backup.keys(wanted.keys_given, told["keys"])


def _newest(told: Mapping[str, Any], wanted: Wanted, published: int | None) -> dict[str, bytes]:
    """Return the heads that are kept beside the keys: by them a plane that lost entries is refused (ADR 0010)."""
    heads = {
        "head" if number == "0" else f"head.{number}": note.encode() for number, note in told["heads"].items()
    }
    if wanted.published is not None and published is not None and published > size_of(told["heads"]["0"]):
        heads["head"] = wanted.published
    return heads


def _forget(trial: Path, erased: Sequence[str]) -> tuple[int, int, int]:
    """Destroy what an erasure destroys: the person's key, their payloads, and what was shown of their calls."""
    engine = engines.open_engine(f"sqlite:///{trial}")
    keys = payloads = 0
    try:
        with engine.begin() as connection:
            shelf = SqlShelf(CallApproval, connection)
            for subject in dict.fromkeys(erased):
                keys += connection.execute(
                    subject_keys.delete().where(subject_keys.c.subject == subject)
                ).rowcount
                payloads += connection.execute(
                    sealed_payloads.delete().where(sealed_payloads.c.subject == subject)
                ).rowcount
                for asked in shelf.all(subject=subject):
                    shelf.replace(asked, forget(asked))
            left = connection.execute(sa.select(sa.func.count()).select_from(subject_keys)).scalar_one()
    finally:
        engine.dispose()
    return keys, payloads, left


def _put_keys(folder: Path, keys: Mapping[str, bytes], heads: Mapping[str, bytes]) -> None:
    """Make the key folder whole under its name."""
    making = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, data in {**keys, **heads}.items():
            if "/" in name or name.startswith("."):
                raise VerificationError(f"`{name[:60]}` can be no key")
            (making / name).touch(mode=0o644 if name.endswith(".pub") else 0o600)
            (making / name).write_bytes(data)
        if folder.is_dir():
            folder.rmdir()
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _put_database(trial: Path, target: Path | None, url: str) -> None:
    source = engines.open_engine(f"sqlite:///{trial}")
    try:
        if target is not None:
            with source.connect() as connection:
                connection.exec_driver_sql("rollback")
                connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
                connection.exec_driver_sql("pragma journal_mode=delete")
            source.dispose()
            try:
                target.hardlink_to(trial)
            except FileExistsError as error:
                raise ConflictError(f"`{target}` is there already; a restore overwrites nothing") from error
            return
        engine = engines.open_engine(url)
        try:
            migrate.upgrade(engine)
            with translated(url), source.connect() as reading, engine.begin() as writing:
                if not _is_empty(writing):
                    raise ConflictError(
                        "there is a plane in this database already; a restore overwrites nothing"
                    )
                rows.copy(reading, writing, lambda _: None)
        finally:
            engine.dispose()
    finally:
        source.dispose()
