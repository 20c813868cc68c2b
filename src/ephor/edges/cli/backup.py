"""`ephor backup` and `ephor restore`: a plane on other disks, encrypted, tried before it is called good."""

from __future__ import annotations

import json as jsons
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from ephor.edges.cli.export import Output, app
from ephor.edges.cli.options import Database, Json, given
from ephor.edges.cli.render import emit, exact
from ephor.edges.door import Door
from ephor.engine.ports_backup import Given, Restored, Stored, Wanted
from ephor.kernel.errors import InvalidInputError

_LONGEST = 4_096

_Folder = Annotated[str, typer.Argument(metavar="DIR", help="The folder of the backup.")]
_Passphrase = Annotated[
    str | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Its first line is the passphrase.", callback=given
    ),
]
_Key = Annotated[
    str | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="At least 32 random bytes, instead of a passphrase.",
        callback=given,
    ),
]
_KeysPassphrase = Annotated[
    str | None,
    typer.Option(
        "--keys-passphrase-file",
        metavar="FILE",
        help="With --with-keys: its first line is what the plane's keys are sealed under, and nothing else.",
        callback=given,
    ),
]


def backup(
    context: typer.Context,
    folder: _Folder,
    passphrase_file: _Passphrase = None,
    key_file: _Key = None,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Back up the plane's keys as well, sealed by themselves.")
    ] = False,
    keys_passphrase_file: _KeysPassphrase = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """Back up the database as of one moment, encrypted (AES-256-GCM), while the plane works on.

    It is opened again and its ledger judged by the verifier before it is called good. Killed on the way, it is no backup;
    the same command goes on where it can. Without --with-keys the key folder stays yours to back up, elsewhere.

    Example: ephor backup /mnt/backups/2027-01-04 --key-file backup.key
    """
    door: Door = context.obj
    secret = _given(door, passphrase_file, key_file, "passphrase for the backup", new=True)
    keys = _keys_given(door, keys_passphrase_file, with_keys=with_keys, new=True)
    if keys is not None and keys.data == secret.data:
        raise InvalidInputError(
            "the keys must be sealed under a passphrase of their own: whoever opens the backup must not hold them"
        )
    made = door.backups().back_up(database, folder, secret, keys)
    emit(made, lambda out: _print_stored(out, made, "backed up and tried"), json=json)


def restore(
    context: typer.Context,
    folder: _Folder,
    passphrase_file: _Passphrase = None,
    key_file: _Key = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only try it: open every part, judge its ledger, write nothing.")
    ] = False,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Restore the plane's keys as well, where there are none.")
    ] = False,
    keys_passphrase_file: _KeysPassphrase = None,
    published: Annotated[
        str | None,
        typer.Option(
            "--published",
            metavar="FILE",
            help="With --with-keys: the newest checkpoint that an auditor, a witness or you kept.",
            callback=given,
        ),
    ] = None,
    nothing_followed: Annotated[
        bool,
        typer.Option(
            "--nothing-followed", help="With --with-keys: answer for it that no entry followed this backup."
        ),
    ] = False,
    erased: Annotated[
        str | None,
        typer.Option(
            "--erased",
            metavar="FILE",
            help="What `ephor export erasures` wrote last: they are erased again.",
            callback=given,
        ),
    ] = None,
    unsafe_erasures_unknown: Annotated[
        bool,
        typer.Option(
            "--unsafe-erasures-unknown", help="Nobody knows who was erased since; their data comes back."
        ),
    ] = False,
    json: Json = False,
    database: Database = None,
) -> None:
    """Put a backup back where there is no plane: whole and verified, or not at all.

    A plane that lost entries it had published records nothing more until `ephor ledger renew` begins a new epoch. People who
    were erased after the backup are erased again with --erased.

    Example: ephor restore /mnt/backups/2027-01-04 --key-file backup.key --erased erasures.jsonl
    """
    door: Door = context.obj
    secret = _given(door, passphrase_file, key_file, "passphrase of the backup", new=False)
    if check:
        found = door.backups().check(folder, secret)
        emit(found, lambda out: _print_stored(out, found, "good"), json=json)
        return
    if not with_keys and (published is not None or nothing_followed):
        raise InvalidInputError(
            "--published and --nothing-followed go with --with-keys; otherwise the key folder knows the newest head"
        )
    keys = _keys_given(door, keys_passphrase_file, with_keys=with_keys, new=False)
    backups = door.backups()
    done = backups.restore(
        folder,
        secret,
        Wanted(
            url=database or door.database,
            keys=backups.keys_of(database),
            keys_given=keys,
            published=door.read_bytes(published) if published is not None else None,
            nothing_followed=nothing_followed,
            erased=_erased(door, erased) if erased is not None else None,
            unsafe_erasures_unknown=unsafe_erasures_unknown,
        ),
    )
    emit(done, lambda out: _print_restored(out, done), json=json)


@app.command()
def erasures(
    context: typer.Context, output: Output = None, json: Json = False, database: Database = None
) -> None:
    """List every erasure of a data subject, a JSON line each: keep it outside, for a restore of an older backup.

    The names are pseudonyms. Write it anew after each erasure, or every night.

    Example: ephor export erasures -o erasures.jsonl
    """
    door: Door = context.obj
    exports = door.open(database).exports
    if output is None:
        exports.erasures(exact)
        return
    with door.new_file(output) as write:
        count = exports.erasures(write)
    emit({"file": output, "erasures": count}, lambda out: out.print(f"{output}: {count} erasures"), json=json)


def _given(door: Door, passphrase: str | None, key: str | None, what: str, *, new: bool) -> Given:
    if passphrase is not None and key is not None:
        raise InvalidInputError("a backup is encrypted under a passphrase or a key file; name one of them")
    if key is not None:
        return Given(door.read_bytes(key), is_file=True)
    if passphrase is not None:
        return _first_line(door, passphrase)
    if not sys.stdin.isatty():
        raise InvalidInputError("a backup needs --passphrase-file or --key-file")
    return Given(
        str(typer.prompt(what, hide_input=True, confirmation_prompt=new, err=True)).encode(), is_file=False
    )


def _keys_given(door: Door, passphrase: str | None, *, with_keys: bool, new: bool) -> Given | None:
    if not with_keys:
        if passphrase is not None:
            raise InvalidInputError("--keys-passphrase-file goes with --with-keys")
        return None
    if passphrase is not None:
        return _first_line(door, passphrase)
    if not sys.stdin.isatty():
        raise InvalidInputError("--with-keys needs --keys-passphrase-file")
    asked = typer.prompt("passphrase for the keys", hide_input=True, confirmation_prompt=new, err=True)
    return Given(str(asked).encode(), is_file=False)


def _first_line(door: Door, file: str) -> Given:
    line = door.read_bytes(file).split(b"\n", 1)[0].removesuffix(b"\r")
    if len(line) > _LONGEST:
        raise InvalidInputError(
            f"the first line of `{file}` is longer than {_LONGEST} bytes; is it the right file?"
        )
    return Given(line, is_file=False)


def _erased(door: Door, file: str) -> Sequence[str]:
    found = []
    for number, line in enumerate(door.read_lines(file, 65_535), 1):
        subject = _subject_in(line)
        if subject is None:
            raise InvalidInputError(
                f"line {number} of `{file}` names no erased subject; give what `ephor export erasures` wrote"
            )
        found.append(subject)
    return found


def _subject_in(line: bytes) -> str | None:
    try:
        told: Any = jsons.loads(line)
    except ValueError:
        return None
    subject = told.get("subject") if isinstance(told, dict) else None
    return subject if isinstance(subject, str) and subject.startswith("sub_") else None


def _print_stored(out: Console, made: Stored, what: str) -> None:
    out.print(f"{made.folder}: {what}, as of {made.made_at}")
    out.print(f"{made.size} entries in the main log, {made.rows} rows, {made.chunks} chunks")
    if made.reused:
        out.print(f"{made.reused} chunks were there from an earlier run")
    out.print(
        "the plane's keys are in it, sealed by themselves"
        if made.keys
        else "the plane's keys are not in it: back up the key folder elsewhere"
    )
    if made.subjects:
        out.print(
            f"keys of {made.subjects} data subjects are in it: keep `ephor export erasures` beside every backup"
        )


def _print_restored(out: Console, done: Restored) -> None:
    out.print(
        f"restored into {done.database}, as of {done.backup.made_at}: {done.backup.size} entries, verified"
    )
    if done.keys:
        out.print(f"keys: {done.keys}")
    out.print(
        f"erased again: {done.erased} data subjects, {done.payloads} payloads; keys of {done.subjects} came back"
    )
    if done.published is not None and done.published > done.backup.size:
        out.print(
            f"{done.published - done.backup.size} published entries are lost: nothing is recorded until `ephor ledger renew`"
        )
    else:
        out.print("if entries were published after it, nothing is recorded until `ephor ledger renew`")
