"""`ephor ledger verify`, `prove`, `checkpoint` and `export`: what others can check, and what they check it with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console

from ephor import verifier
from ephor.edges.cli.ledger import app
from ephor.edges.cli.ledger_archive import Format, export_as
from ephor.edges.cli.options import Database, Json, Stream, given, read_key
from ephor.edges.cli.render import emit, exact
from ephor.edges.door import Door
from ephor.engine.ledger import Ledgers
from ephor.engine.ports import MAIN
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.ledger import proof_file

OneStream: TypeAlias = Annotated[
    str | None,
    typer.Option("--stream", metavar="NAME", help="Judge this log alone.", callback=given),
]


@app.command()
def verify(
    context: typer.Context,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint", metavar="FILE", help="A checkpoint you kept from before.", callback=given
        ),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", metavar="DIR", help="Judge an export instead of the database.", callback=given
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="The public key you trust, or a file that holds it.", callback=given),
    ] = None,
    proof: Annotated[
        str | None,
        typer.Option(
            "--proof", metavar="FILE", help="Judge a .tlog-proof file of one entry instead.", callback=given
        ),
    ] = None,
    entry: Annotated[
        str | None,
        typer.Option(
            "--entry",
            metavar="FILE",
            help="The entry it is about, where the file does not carry it.",
            callback=given,
        ),
    ] = None,
    stream: OneStream = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            "--witness", metavar="KEY", help="Public key of a witness you trust, or its file; repeat."
        ),
    ] = None,
    quorum: Annotated[
        int | None, typer.Option("--quorum", help="How many of them must have cosigned. Default: all.")
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Check every entry, every tile and the signed head of every log; exit 1 when one does not hold.

    A database names its own key, so without --key this finds damage but proves nothing against an administrator.
    With --witness it says how many of the newest entries the witnesses do not vouch for; WITNESSED means none.
    With --proof it judges one entry by the file that `ephor ledger prove --tlog-proof` wrote, without any database.

    Example: ephor ledger verify --checkpoint kept-in-may --key auditor.pub
    """
    door: Door = context.obj
    earlier = door.read_bytes(checkpoint) if checkpoint else None
    trusted = None if key is None else read_key(door, key)
    witnesses = [read_key(door, one) for one in witness or ()]
    if trusted is None and (bundle is not None or proof is not None):
        what = "a bundle" if bundle is not None else "a proof"
        raise InvalidInputError(f"{what} cannot vouch for itself; name the public key you trust with --key")
    if proof is not None and trusted is not None:
        if bundle or stream or checkpoint:
            raise InvalidInputError(
                "a proof file is judged by itself; leave --bundle, --stream and --checkpoint out"
            )
        _verify_proof(door, (proof, entry), trusted, witnesses, quorum, json=json)
        return
    if entry is not None:
        raise InvalidInputError("--entry goes with --proof; name the proof file")
    if bundle is not None and trusted is not None:
        reports = [_judge_bundle(door, bundle, trusted, earlier, witnesses, quorum)]
    else:
        ledger: Ledgers = door.open(database).ledger
        reports = (
            [ledger.of(stream).verify(trusted, earlier, witnesses=witnesses, quorum=quorum)]
            if stream
            else list(ledger.verify_all(trusted, earlier, witnesses=witnesses, quorum=quorum))
        )
    told = asdict(reports[0]) | {"others": [asdict(one) for one in reports[1:]]}
    emit(told, lambda out: _print_reports(out, reports, trusted), json=json)
    if any(one.verdict not in (verifier.CONSISTENT, verifier.WITNESSED) for one in reports):
        raise typer.Exit(1)


def _verify_proof(
    door: Door,
    files: tuple[str, str | None],
    key: str,
    witnesses: Sequence[str],
    quorum: int | None,
    *,
    json: bool,
) -> None:
    proof, entry = files
    try:
        told = verifier.verify_proof(
            door.read_bytes(proof),
            key,
            None if entry is None else door.read_bytes(entry),
            witnesses=witnesses,
            quorum=quorum,
        )
    except verifier.UsageError as error:
        raise InvalidInputError(str(error)) from error
    emit(told, lambda out: out.print("\n".join(verifier.lines_of_proof(told))), json=json)
    if told.verdict not in (verifier.CONSISTENT, verifier.WITNESSED):
        raise typer.Exit(1)


@app.command()
def prove(
    context: typer.Context,
    entry: Annotated[str, typer.Argument(help="An entry's id, or its position from 0.")],
    stream: Stream = MAIN,
    file: Annotated[
        str | None,
        typer.Option(
            "--tlog-proof",
            metavar="FILE",
            help="Write the proof with its entry to a new file, in the form of C2SP tlog-proof.",
            callback=given,
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Prove that an entry is in the ledger as its signed checkpoint states it (RFC 9162, section 2.1.3).

    Example: ephor ledger prove 12 --json
    """
    door: Door = context.obj
    made = door.open(database).ledger.of(stream).prove(entry)
    if file is not None:
        hashes = tuple(bytes.fromhex(one) for one in made.path)
        with door.new_file(file) as write:
            said = proof_file.ProofFile(made.position, hashes, made.checkpoint.encode(), made.entry.encode())
            write(proof_file.encode(said))

    def human(out: Console) -> None:
        out.print(f"entry {made.position} ({made.id}) is in the tree of {made.size}\nleaf {made.leaf}")
        for one in made.path:
            out.print(f"  + {one}")
        out.print(f"root {made.root}\n")
        exact(made.checkpoint.encode())

    emit(made, human, json=json)


@app.command()
def checkpoint(
    context: typer.Context, stream: Stream = MAIN, json: Json = False, database: Database = None
) -> None:
    """Print the signed checkpoint with its cosignatures. Keep it where no administrator of this plane can change it.

    Example: ephor ledger checkpoint > kept-in-may
    """
    head = context.obj.open(database).ledger.of(stream).checkpoint()
    told = {
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "key": head.key,
        "checkpoint": head.note.decode(),
    }
    emit(told, lambda _: exact(head.note), json=json)


@app.command()
def export(
    context: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="DIR", help="A new or empty folder; for a chain, a new file or a folder for it."
        ),
    ],
    format: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.TILES,
    stream: Stream = MAIN,
    json: Json = False,
    database: Database = None,
) -> None:
    """Write the ledger for others: a C2SP tlog-tiles folder, a Parquet archive, or the hash chain. Erased payloads are in none.

    Example: ephor ledger export bundle && python -m ephor.verifier bundle --key auditor.pub
    """
    told = export_as(format, context.obj, context.obj.open(database), target, stream)
    where = told["folder"] if "folder" in told else told["file"]

    def human(out: Console) -> None:
        out.print(f"{told['size']} entries in {where}")
        out.print(f"public key: {told['key']}" if "key" in told else f"last link: {told['entry_hash']}")

    emit(told, human, json=json)


def _judge_bundle(
    door: Door, bundle: str, key: str, earlier: bytes | None, witnesses: Sequence[str], quorum: int | None
) -> verifier.Report:
    if not os.path.lexists(bundle):
        raise NotFoundError(f"there is no folder `{bundle}`; name the folder of an exported log")
    try:
        archive = door.archived(bundle)
        if archive is not None:
            report = verifier.judge(archive, key, earlier, witnesses=witnesses, quorum=quorum)
            return archive.settle(report)
        return verifier.verify(Path(bundle), key, earlier, witnesses=witnesses, quorum=quorum)
    except verifier.UsageError as error:
        raise InvalidInputError(str(error)) from error


def _print_reports(out: Console, reports: Sequence[verifier.Report], key: str | None) -> None:
    for report in reports:
        for line in verifier.lines_of(report):
            out.print(line)
    if key is None:
        out.print(
            "the key was taken from the database itself; to rule out its administrator, give --key and --checkpoint from elsewhere"
        )
