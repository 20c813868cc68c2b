"""`ephor pii mask` for folders, Parquet files and databases: masked copies, and a report without a value."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ephor.edges.cli.pii_report import report, show
from ephor.edges.cli.render import emit
from ephor.engine.pii import MOST_FINDS, SourceReport, masked
from ephor.engine.ports_texts import Refused, Source
from ephor.kernel.errors import EphorError, InvalidInputError
from ephor.rooms.pii.columns import ColumnCount
from ephor.rooms.pii.naming import shown_names
from ephor.rooms.pii.operators import Operator

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.edges.door import Door


@dataclass(frozen=True, slots=True)
class Job:
    """What is masked, how, and who hears of it."""

    door: Door
    types: frozenset[str]
    operator: Operator
    told: Callable[[str, int], None]


def is_table(door: Door, file: str) -> bool:
    """Tell whether *file* is a Parquet file."""
    if file == "-":
        return False
    return any(isinstance(one, Source) and one.form == "table" for one in door.texts(file))


def files_masked(
    job: Job, target: str, output: str | None, said: tuple[str, frozenset[str]], *, json: bool
) -> None:
    """Mask a folder into a new folder, or a Parquet file into a new one, and report. *said*: the operator's name, and what a model looked for.

    Raises:
        InvalidInputError: no place to write to, or one inside the folder.
        ConflictError: there is something already.
    """
    if output is None:
        raise InvalidInputError(
            "a folder, a place of objects or a Parquet file is masked into a new one; name it with --output"
        )
    folder = job.door.is_folder(target)
    into = Path(output)
    within = "://" not in target and Path(target).resolve() in into.resolve().parents
    if folder and (into.exists() or within):
        raise InvalidInputError(
            f"`{output}` is there already, or inside `{target}`; name a new folder elsewhere"
        )
    sources = list(job.door.texts(target))
    not_read: list[Refused] = []
    parts: list[SourceReport] = []
    for source in sources:
        if not isinstance(source, Source):
            not_read.append(source)
            continue
        try:
            parts.append(_one(job, source, into / source.name if folder else into))
        except EphorError as error:
            if not folder:
                raise
            not_read.append(job.door.not_read(error, source.name))
    name, looked = said
    told = {"output": output, "operator": name, **report(parts, job.types, not_read, looked, several=folder)}
    _tell(f"masked into {output}", told, json=json)


def columns_masked(
    job: Job,
    url: str,
    columns: Sequence[str],
    output: str | None,
    how: tuple[bool, bool],
    name: str,
    *,
    json: bool,
) -> None:
    """Mask columns of a database, or what is found in it, and report. *how*: in place, and whether it is only tried.

    Raises:
        InvalidInputError: no database, neither a copy nor in place, or a column that is not written TABLE.COLUMN.
    """
    in_place, dry_run = how
    if "://" not in url:
        raise InvalidInputError(
            "--column, --in-place and --dry-run are for databases; name one by its URL, sqlite:///shop.db"
        )
    if not dry_run and in_place is (output is not None):
        raise InvalidInputError(
            "a database is masked into a copy, --output FILE, or --in-place; give one of the two"
        )
    named: dict[str, set[str]] = {}
    for one in columns:
        table, dot, column = one.partition(".")
        if not (table and dot and column):
            raise InvalidInputError(f"`{one[:80]}` is no column; write TABLE.COLUMN")
        named.setdefault(table, set()).add(column)
    frozen = {table: frozenset(some) for table, some in named.items()}
    counts, skipped, left = job.door.mask_database(
        url, frozen, job.types, job.operator, job.told, copy=output, dry_run=dry_run
    )
    part = SourceReport("database", "table", (), _by_type(counts), counts)
    told: dict[str, Any] = {
        "output": output,
        "operator": name,
        "dry_run": dry_run,
        **report([part], job.types, (), frozenset(), several=False),
        "not_masked": list(shown_names(skipped).values()),
        "left": [
            {
                "column": shown_names([f"{one.table}.{one.column}"])[f"{one.table}.{one.column}"],
                "type": one.type,
                "rows": one.rows,
            }
            for one in left
        ],
    }
    said = "would be masked" if dry_run else f"masked into {output}" if output else "masked in place"
    _tell(said, told, json=json)


def _one(job: Job, source: Source, path: Path) -> SourceReport:
    if source.form == "table":
        with job.door.new_file(str(path)) as write, _place_of(source) as place:
            columns = job.door.mask_parquet(place, source.name, job.types, job.operator, write)
        job.told(source.name, sum(one.finds for one in columns))
        return SourceReport(source.name, "table", (), _by_type(columns), columns)
    form, reads = masked(source, job.types, job.operator)
    counts: Counter[str] = Counter()
    kept: list[Any] = []
    packer = zlib.compressobj(wbits=31) if source.name.endswith(".gz") else None
    with job.door.new_file(str(path)) as write:
        for read in reads:
            data = read.text.encode("utf-8", "surrogateescape")
            write(packer.compress(data) if packer else data)
            counts.update(find.type for find in read.finds)
            kept += read.finds[: max(0, MOST_FINDS - len(kept))]
            job.told(source.name, counts.total())
        if packer:
            write(packer.flush())
    return SourceReport(
        source.name, form, tuple(kept), dict(sorted(counts.items())), (), counts.total() - len(kept)
    )


def _place_of(source: Any) -> AbstractContextManager[Any]:
    """Give the path of a Parquet file, or the open file where it is an object."""
    opened: AbstractContextManager[Any] = (
        source.stored() if hasattr(source, "stored") else nullcontext(source.path)
    )
    return opened


def _tell(said: str, told: Mapping[str, Any], *, json: bool) -> None:
    def human(out: Console) -> None:
        out.print(said)
        show(out, told)
        if told.get("not_masked"):
            out.print(f"not masked, for they are keys or cannot hold text: {', '.join(told['not_masked'])}")
        for one in told.get("left", ()):
            out.print(f"still there: {one['type']} in {one['rows']} rows of {one['column']}")

    emit(told, human, json=json)


def _by_type(columns: Sequence[ColumnCount]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for one in columns:
        counts[one.type] += one.finds
    return dict(sorted(counts.items()))
