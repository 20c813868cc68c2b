"""`ephor pii`: personal data in files, folders and databases, found and masked. No report holds a value."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.options import AsOf, Json, given
from ephor.edges.cli.pii_copies import Job, columns_masked, files_masked, is_table
from ephor.edges.cli.pii_report import report, show
from ephor.edges.cli.render import emit, exact
from ephor.engine.pii import Search, SourceReport, masked
from ephor.engine.ports_texts import Refused, Source
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.pii.catalogue import profile
from ephor.rooms.pii.naming import shown_names
from ephor.rooms.pii.operators import NAMES, Operator, operators_chosen
from ephor.rooms.pii.plugins import extended
from ephor.rooms.pii.reading import sound
from ephor.rooms.pii.tokens import decrypted

if TYPE_CHECKING:
    from ephor.edges.door import Door

app = typer.Typer(
    name="pii", help="Personal data in files, folders and databases: find it, mask it.", no_args_is_help=True
)

Target = Annotated[
    str,
    typer.Argument(
        metavar="FILE|FOLDER|URL|-",
        help="A file, a folder, the URL of a database or of an object store, or `-` for standard input.",
    ),
]
File = Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or `-` for standard input.")]
Types = Annotated[
    str | None, typer.Option("--types", metavar="A,B", help="Only these types.", callback=given)
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="default, gdpr, hipaa or pci.", callback=given)
]
KeyFile = Annotated[
    str | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="The key for `hash`, `token` and `encrypt`: 16 bytes or more.",
        callback=given,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="Write here, a new file or folder, instead of to standard output.",
        callback=given,
    ),
]
Own = Annotated[
    str | None,
    typer.Option("--recognizers", metavar="FILE", help="A YAML file with types of your own.", callback=given),
]
Names = Annotated[
    str | None,
    typer.Option(
        "--ner",
        metavar="MODEL",
        help="Find names and places, too, by Presidio with this spaCy model.",
        callback=given,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="TABLE.COLUMN",
        help="Of a database: mask every value of it; may be given more than once.",
    ),
]
_QUIET: Callable[[str, int], None] = lambda name, finds: None  # noqa: E731 - nobody listens


@app.command()
def scan(
    context: typer.Context,
    file: Target,
    types: Types = None,
    profile_: Profile = None,
    recognizers: Own = None,
    ner: Names = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, help="Processes that read Parquet files.")
    ] = 1,
    spark: Annotated[bool, typer.Option("--spark", help="Read Parquet files by Spark.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="Tell on standard error what is being read.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what personal data a file, folder, database or object store holds and where; never the data itself.

    Text, JSON, JSON lines, CSV and Parquet are read, gzip unpacked. Of tables the report gives columns, of all else
    places: `start` and `end` count characters of the file.

    Example: ephor pii scan letter.txt --profile hipaa --json
    """
    door: Door = context.obj
    wanted = _wanted(door, types, profile_, recognizers, ner)
    search = Search(wanted)
    several = door.is_folder(file) or "://" in file
    told = _steps() if progress else _QUIET
    sources = list(door.texts(file))
    lake: list[SourceReport] = []
    if spark or workers > 1:
        if recognizers or ner:
            raise InvalidInputError(
                "recognizers of your own and models run in one process; leave out --workers and --spark"
            )
        tables = [
            one for one in sources if isinstance(one, Source) and one.form == "table" and hasattr(one, "path")
        ]
        lake = [_lake(door, tables, wanted, workers, spark=spark)] if tables else []
        sources = [one for one in sources if one not in tables]
        if spark and not tables:
            raise InvalidInputError(
                "`--spark` reads Parquet, and there is none; leave it out, or name a Parquet file or folder"
            )
    parts = [*lake, *search.each(sources, told, door.not_read if several else None)]
    result = report(parts, wanted, search.not_read, _looked(ner), several=several)
    emit(result, lambda out: show(out, result), json=json)


def _lake(
    door: Door, tables: list[Any], wanted: frozenset[str], workers: int, *, spark: bool
) -> SourceReport:
    paths = [(one.path, one.name) for one in tables]
    columns = door.lake(paths, wanted, 0 if spark else workers)
    counts: dict[str, int] = {}
    for one in columns:
        counts[one.type] = counts.get(one.type, 0) + one.finds
    return SourceReport(
        "; ".join(name for _, name in paths[:5]), "table", (), dict(sorted(counts.items())), columns
    )


@app.command()
def mask(
    context: typer.Context,
    file: Target,
    types: Types = None,
    profile_: Profile = None,
    recognizers: Own = None,
    ner: Names = None,
    operator: Annotated[
        str,
        typer.Option(
            "--operator",
            metavar="NAME|TYPE=NAME,…",
            help=f"One of: {', '.join(NAMES)}; or one for each type.",
        ),
    ] = "redact",
    key_file: KeyFile = None,
    output: Output = None,
    column: Columns = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Of a database: change it, and not a copy.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Of a database: say what would be masked, and write nothing.")
    ] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="Tell on standard error what is being read.")
    ] = False,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Write the file with its personal data masked; JSON, CSV and Parquet keep their shape. With --json, the report as well.

    A folder, or what lies below the URL of an object store, is masked into a new folder, --output; what is not read is not there, and is named. A database is masked
    into a copy, --output, where it is a SQLite file, or --in-place: the columns named, or whatever is found.
    A masked CSV record holds no formula a spreadsheet would run.

    Example: ephor pii mask export.json --operator keep-last > masked.json
    """
    door: Door = context.obj
    wanted = _wanted(door, types, profile_, recognizers, ner)
    key = door.read_bytes(key_file) if key_file else None
    if key is None and any(
        part.rpartition("=")[2].strip() in {"hash", "token", "encrypt"} for part in operator.split(",")
    ):
        raise InvalidInputError(
            f"operator `{operator[:60]}` needs a key; name a file of 16 bytes or more with --key-file"
        )
    on = day(as_of) if as_of else door.today()
    chosen_operator = operators_chosen(operator, key=key, this_year=on.year)
    job = Job(door, wanted, chosen_operator, _steps() if progress else _QUIET)
    files = "://" in file and door.is_folder(file)
    if column or in_place or dry_run or ("://" in file and not files):
        if files:
            raise InvalidInputError(
                "--column, --in-place and --dry-run are for databases, not for files and objects"
            )
        columns_masked(job, file, column or [], output, (in_place, dry_run), operator, json=json)
        return
    if door.is_folder(file) or is_table(door, file):
        files_masked(job, file, output, (operator, _looked(ner)), json=json)
        return
    source = _one_file(door.texts(file))
    if json:
        _emit_masked(source, wanted, chosen_operator, operator, _looked(ner))
        return
    _, reads = masked(source, wanted, chosen_operator)
    packer = zlib.compressobj(wbits=31) if output and output.endswith(".gz") else None
    with door.new_file(output) if output else nullcontext(exact) as write:
        for read in reads:
            data = _utf8(read.text)
            write(packer.compress(data) if packer else data)
        if packer:
            write(packer.flush())


@app.command()
def unmask(
    context: typer.Context,
    file: File,
    key_file: Annotated[
        str, typer.Option("--key-file", metavar="FILE", help="The key it was encrypted with.", callback=given)
    ],
) -> None:
    """Write the file with what `mask --operator encrypt` encrypted as it was; refuse what another key made, or somebody changed.

    Example: ephor pii unmask masked.txt --key-file key > letter.txt
    """
    door: Door = context.obj
    text = door.read_bytes(file).decode("utf-8", "surrogateescape")
    exact(_utf8(decrypted(text, door.read_bytes(key_file))))


def _wanted(
    door: Door, types: str | None, name: str | None, recognizers: str | None, ner: str | None
) -> frozenset[str]:
    """Return what is looked for: the types named, own ones among them, or a profile and all own ones."""
    if types is not None and name is not None:
        raise InvalidInputError("both --types and --profile are given; give one")
    rules = door.recognizers(recognizers) if recognizers else ()
    names = door.names(ner) if ner else None
    if types is None:
        return extended(profile(name or "default"), rules, names)
    asked = frozenset(part.strip() for part in types.split(",") if part.strip())
    own = frozenset(one.type for one in rules)
    if strange := sorted(one for one in asked - own if one.startswith("x_")):
        raise InvalidInputError(
            f"no recognizer finds `{strange[0][:40]}`; --recognizers names the file of your own types, which holds: "
            f"{', '.join(sorted(own)) or 'none'}"
        )
    return extended(asked - own, [one for one in rules if one.type in asked], names)


def _looked(ner: str | None) -> frozenset[str]:
    """Return what a language model looks for that forms do not show."""
    return frozenset({"name", "address"}) if ner else frozenset()


def _one_file(sources: Iterable[Source | Refused]) -> Source:
    found = list(sources)
    if len(found) != 1 or not isinstance(found[0], Source):
        raise InvalidInputError("this is no single file; mask files one by one")
    return found[0]


def _emit_masked(
    source: Source, wanted: frozenset[str], operator: Operator, name: str, looked: frozenset[str]
) -> None:
    form, reads = masked(source, wanted, operator)
    told = list(reads)
    text = "".join(read.text for read in told)
    counts: dict[str, int] = {}
    for read in told:
        for find in read.finds:
            counts[find.type] = counts.get(find.type, 0) + 1
    part = SourceReport(source.name, form, tuple(find for read in told for find in read.finds), counts)
    content = _value(text) if form == "json" else sound(text)
    emit(
        {"masked": content, "operator": name, **report([part], wanted, (), looked, several=False)},
        lambda out: None,
        json=True,
    )


def _value(text: str) -> Any:
    import json as json_text  # noqa: PLC0415 - the option is called json

    return json_text.loads(text)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _steps() -> Callable[[str, int], None]:
    """Return what tells of progress: a line for each new source, and one for every hundred steps of it."""
    last: list[Any] = ["", 0]

    def told(name: str, finds: int) -> None:
        last[1] = last[1] + 1 if last[0] == name else 0
        if last[1] % 100 == 0:
            print(f"reading {shown_names([name])[name]}: {finds} finds so far", file=sys.stderr)
        last[0] = name

    return told
