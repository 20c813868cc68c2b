"""The only module that knows which adapter meets which port."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ephor.adapters import files, observed
from ephor.adapters.clock import FreshIds, SystemClock
from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.keys.keyset import key_set
from ephor.adapters.keys.pseudonyms import KeyedPseudonyms
from ephor.adapters.keys.ring import SigningRing, WrappingRing
from ephor.adapters.manifests import read_manifest
from ephor.adapters.packs import BundledPacks
from ephor.adapters.parquet.folder import new_archive, open_archive, row_archive
from ephor.adapters.processes import ProcessProber
from ephor.adapters.registries import opening
from ephor.adapters.storage.growth import Grower
from ephor.adapters.storage.vault import Vault
from ephor.adapters.tables.parquet_file import new_parquet
from ephor.adapters.tables.workbook import new_workbook
from ephor.adapters.texts import sources
from ephor.edges.door import Door, Open
from ephor.edges.notifier import Notifier
from ephor.edges.sdk import Plane
from ephor.engine.plane import Engine
from ephor.engine.ports import Post, World
from ephor.engine.regulation import Law
from ephor.engine.witnessing import Witness
from ephor.kernel.errors import InvalidInputError, NotFoundError, UnavailableError
from ephor.kernel.events import Event
from ephor.kernel.visible import visible
from ephor.rooms.ledger.cosignature import WitnessKey
from ephor.rooms.ledger.note import parse_key
from ephor.settings import Settings, keys_folder, read_settings

if TYPE_CHECKING:
    from ephor.adapters.storage.sql.storage import SqlStorage
    from ephor.engine.ports_backup import Backups
    from ephor.engine.ports_data import DataStore
    from ephor.engine.ports_retention import RetentionStore
    from ephor.engine.ports_texts import Refused, Source
    from ephor.engine.ports_witness import StampLine, WitnessLine
    from ephor.rooms.pii.columns import ColumnCount
    from ephor.rooms.pii.operators import Operator
    from ephor.rooms.pii.plugins import Finder
    from ephor.rooms.pii.rules import Rule


def open_engine(url: str | None = None, *, create: bool = True, settings: Settings | None = None) -> Plane:
    """Open the plane at *url*, and make it first where there is none and *create* allows it.

    A new plane gets its schema, its keys and the first entry of its ledger; its first administrator is whoever
    `Access.found` is called for.

    Raises:
        NotFoundError: there is no plane and none is to be made.
        InvalidInputError: what is there is not a plane.
        ConflictError: it was made by a newer version of Ephor.
        UnavailableError: it cannot be reached, or is locked, damaged, full or read-only.
    """
    from ephor.adapters.storage.sql import engines  # noqa: PLC0415 - SQLAlchemy costs 400 ms; not on `import ephor`
    from ephor.adapters.storage.sql.storage import SqlStorage  # noqa: PLC0415

    settings = settings or read_settings()
    url = url or settings.database
    keys = key_set(keys_folder(settings, url), settings)
    if (path := engines.sqlite_path(url)) is not None:
        engines.check_file(path, create=create, used=not settings.keys and keys.is_made())
    clock = SystemClock()
    ids = FreshIds(clock)
    vault = Vault(WrappingRing(keys.wrapping))
    heads = KeptHeads(keys.path)
    grower = Grower(SigningRing(keys.signing), ids.new("src"), clock.now, heads.head)
    storage = SqlStorage(url, keys, heads, grower, vault, ids)
    pseudonyms = KeyedPseudonyms(storage.pseudonym)
    engine = Plane(World(storage, clock, ids, pseudonyms, BundledPacks()), storage.keyring)
    with (
        ExitStack() as failing
    ):  # a file left open would leave its write-ahead log beside whatever is put there next
        failing.callback(storage.close)
        if not storage.is_set_up():
            if not create:
                raise NotFoundError(f"there is no plane in `{storage.where}`; run `ephor init`")
            _set_up(engine, storage, settings)
        failing.pop_all()
    return engine


def open_plane(database: str | None = None) -> Plane:
    """Open the plane at a database URL (default: ``$EPHOR_DATABASE``, else ``sqlite:///ephor.db``); make it where there is none.

    Whoever runs this becomes the first administrator of a plane it makes.

    Raises:
        InvalidInputError: what is there is not a plane.
        ConflictError: it was made by a newer version of Ephor.
        UnavailableError: it cannot be reached, or is locked, damaged, full or read-only.
    """
    settings = read_settings()
    plane = open_engine(database, settings=settings)
    if not plane.access.people():
        plane.access.found(settings.person, settings.person)
    return plane


def main() -> None:
    """Run the command line and exit with its code."""
    from ephor.edges.cli.app import run  # noqa: PLC0415 - `import ephor` must not pay for the command line

    settings = read_settings()
    opened: list[Engine] = []

    def open_one(database: str | None = None, *, create: bool = False) -> Engine:
        opened.append(open_engine(database, create=create, settings=settings))
        return opened[-1]

    try:
        code = run(sys.argv[1:], _door(settings, open_one))
    finally:
        for engine in opened:
            engine.close()
    sys.exit(code)


def _door(settings: Settings, open_one: Open) -> Door:
    return Door(
        open=open_one,
        person=settings.person,
        database=settings.database,
        law=Law(BundledPacks()),
        today=lambda: SystemClock().now().date(),
        read_bytes=files.read_bytes,
        read_yaml=files.read_mapping,
        read_placed=files.read_placed,
        connect=_connect,
        disposal=_disposal,
        row_archive=lambda folder: lambda run: row_archive(folder, run),
        bundle=files.new_folder,
        archive=new_archive,
        archived=open_archive,
        new_file=files.new_file,
        workbook=new_workbook,
        parquet=new_parquet,
        backups=lambda: _backups(settings),
        replace_file=files.replace_file,
        read_lines=files.read_lines,
        demo=_tell_demo,
        read_mlflow=opening.read_mlflow,
        read_huggingface=opening.read_huggingface,
        read_table=observed.read_table,
        read_manifest=lambda path: read_manifest(files.read_bytes(path), path),
        witness_key=_witness_key,
        serve_witness=_serve_witness,
        serve_keys=_serve_keys,
        post=lambda: _post(settings),
        prober=lambda database: ProcessProber(database or settings.database),
        witnesses=_witnesses,
        texts=_texts,
        is_folder=_is_folder,
        not_read=sources.refusal,
        lake=_lake,
        mask_parquet=_mask_parquet,
        mask_database=_mask_database,
        recognizers=_recognizers,
        names=_names,
        set_pdf=_set_pdf,
        stamps=_stamps,
    )


def judge_database(url: str) -> Sequence[str]:
    """Return what the offline verifier has against the logs in a database; no keys are needed, and none are used."""
    with tempfile.TemporaryDirectory() as nowhere:
        engine = open_engine(url, create=False, settings=Settings(keys=str(Path(nowhere) / "none")))
        try:
            return [
                f"{report.origin}: {report.findings[0].problem if report.findings else report.verdict}"
                for report in engine.ledger.verify_all(None, None)
                if report.verdict not in ("WITNESSED", "CONSISTENT")
            ]
        finally:
            engine.close()


def _backups(settings: Settings) -> Backups:
    from ephor.adapters.backup.way import DiskBackups  # noqa: PLC0415 - SQLAlchemy costs 400 ms

    return DiskBackups(
        settings.database, lambda url: keys_folder(settings, url), SystemClock().now, judge_database
    )


def _texts(target: str) -> Iterator[Source | Refused]:
    if "://" not in target:
        return sources.file_sources(target)
    from ephor.adapters.texts import objects  # noqa: PLC0415 - only where somebody names a store

    if objects.is_of_files(target):
        return objects.object_sources(target)
    from ephor.adapters.texts.tables import table_sources  # noqa: PLC0415 - SQLAlchemy is slow to load

    return table_sources(target)


def _is_folder(target: str) -> bool:
    """Tell whether *target* is a folder, or a place in a store of files."""
    if "://" not in target:
        return Path(target).is_dir()
    from ephor.adapters.texts import objects  # noqa: PLC0415 - only where somebody names a store

    return objects.is_of_files(target)


def _recognizers(path: str) -> tuple[Rule, ...]:
    from ephor.rooms.pii.plugins import recognizers  # noqa: PLC0415 - only where somebody names a file

    return recognizers(*files.read_placed(path), path)


def _names(model: str) -> Finder:
    from ephor.adapters.texts.presidio import names_by  # noqa: PLC0415 - an extra, and very slow to load

    return names_by(model)


def _lake(paths: Sequence[tuple[str, str]], types: frozenset[str], workers: int) -> tuple[ColumnCount, ...]:
    from ephor.adapters.texts import lake  # noqa: PLC0415 - an extra, and slow to load

    return lake.scan_in_pool(paths, types, workers) if workers else lake.scan_with_spark(paths, types)


def _mask_parquet(
    path: Any, name: str, types: frozenset[str] | None, operator: Operator, write: Callable[[bytes], object]
) -> tuple[ColumnCount, ...]:
    from ephor.adapters.texts.masked_parquet import mask_parquet  # noqa: PLC0415 - an extra, and slow to load

    return mask_parquet(path, name, types, operator, write)


def _mask_database(
    url: str,
    named: Mapping[str, frozenset[str]],
    types: frozenset[str] | None,
    operator: Operator,
    told: Callable[[str, int], None],
    *,
    copy: str | None,
    dry_run: bool,
) -> tuple[tuple[ColumnCount, ...], Sequence[str], Sequence[ColumnCount]]:
    from ephor.adapters.texts import masked_tables  # noqa: PLC0415 - SQLAlchemy is slow to load

    mask = masked_tables.TableMask(named, types, operator, told)
    return masked_tables.mask_database(url, mask, copy=copy, dry_run=dry_run), mask.skipped, mask.left


def _tell_demo(folder: str | None, *, quiet: bool) -> Mapping[str, Any]:
    from ephor.demo import story  # noqa: PLC0415 - only this command needs it

    return story.tell(
        Path(folder) if folder else Path(tempfile.mkdtemp(prefix="ephor-demo-")),
        lambda url: open_engine(url, settings=Settings()),
        lambda path: read_manifest(files.read_bytes(path), path),
        files.read_mapping,
        _connect,
        quiet=quiet,
    )


def _witness_key(folder: str, name: str | None) -> str:
    from ephor.adapters.witness.folder import WitnessFolder  # noqa: PLC0415 - only who is a witness needs it

    for file in ("signing.key", "wrapping.key", "pseudonym.key"):
        if (Path(folder) / file).exists():
            raise InvalidInputError(
                f"`{folder}` holds the keys of a plane (`{file}`), which may not be its own witness; name another folder"
            )
    witness = WitnessFolder(Path(folder))
    if name is not None and not re.fullmatch(r"[^/\s]+(/[^/\s]+)+", name):
        raise InvalidInputError(f"`{name}` names no witness; write `HOST/NAME`, as `witness.example/w1`")
    if name is not None:
        return str(witness.create(name))
    signer = witness.signer()
    return str(WitnessKey(signer.name, signer.public_key))


def _witnesses() -> WitnessLine:
    from ephor.adapters.witness.line import HttpWitnesses  # noqa: PLC0415 - TLS is slow to load

    return HttpWitnesses()


def _stamps() -> StampLine:
    from ephor.adapters.stamping import HttpStamps  # noqa: PLC0415 - an extra

    return HttpStamps()


def _set_pdf(document: Mapping[str, Any], at: datetime | None) -> bytes:
    from ephor.adapters.typesetting.pdf import set_pdf  # noqa: PLC0415 - an extra

    return set_pdf(document, at)


def _serve_witness(
    folder: str, logs: Sequence[str], host: str, port: int, ready: Callable[[str], None]
) -> None:
    from ephor.adapters.witness.folder import WitnessFolder  # noqa: PLC0415

    witness = WitnessFolder(Path(folder))
    one = Witness(witness.signer(), [parse_key(key) for key in logs], witness, SystemClock())
    try:
        from ephor.edges.witness.application import application  # noqa: PLC0415 - an extra
        from ephor.edges.witness.serve import serve  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"a witness needs `{error.name}`, which is not installed; install Ephor with its extra `server`"
        ) from error
    serve(application(one.answer), host, port, ready)


def _serve_keys(
    folder: str, socket: str, mode: int, origins: Sequence[str], ready: Callable[[], None]
) -> None:
    from ephor.adapters.keys.serving import serve  # noqa: PLC0415 - only a signer needs it

    def say(text: str) -> None:
        sys.stderr.write(f"ephor: {visible(text)}\n")
        sys.stderr.flush()

    serve(Path(folder), Path(socket), mode=mode, origins=origins, ready=ready, say=say)


def _post(settings: Settings) -> Post:
    from ephor.adapters.post import DirectPost  # noqa: PLC0415 - mail and TLS are slow to load

    return DirectPost(settings.smtp, settings.smtp_password, settings.smtp_sender)


def start_notifier(plane: Plane, seconds: float = 5.0) -> Notifier:
    """Start a thread that sends notices, records what ran out and passes on what waits; `Notifier.stop` ends it."""
    return Notifier(plane, _post(read_settings()), seconds)


def _connect(url: str) -> DataStore:
    from ephor.adapters.connectors.opening import connect  # noqa: PLC0415 - SQLAlchemy costs 400 ms

    return connect(url)


def _disposal(url: str) -> RetentionStore:
    from ephor.adapters.connectors.sql_retention import connect_retention  # noqa: PLC0415 - SQLAlchemy costs 400 ms

    return connect_retention(url)


def _set_up(engine: Engine, storage: SqlStorage, settings: Settings) -> None:
    origin = settings.origin or f"ephor.local/{engine.world.ids.new('log')}/main"
    if storage.set_up(origin):
        storage.append(
            [Event("plane.created/1", at=engine.world.clock.now(), actor="ephor", resource=f"log:{origin}")]
        )
