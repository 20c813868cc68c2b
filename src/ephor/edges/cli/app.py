"""The `ephor` command: every command group, and how errors leave it."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from json import dumps as dump_json
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ephor.edges.cli import (
    agents,
    agents_class,
    agents_compliance,
    agents_diff,
    agents_drift,
    agents_drill,
    approvals,
    approvals_calls,
    approvals_rules,
    assess,
    audit,
    backup,
    bodies,
    classify,
    consent,
    consent_choices,
    decide,
    decisions,
    delegations,
    demo,
    documents,
    dsr,
    dsr_handling,
    dsr_households,
    dsr_identity,
    dsr_mapping,
    dsr_tasks,
    evidence,
    export,
    export_tables,
    gate,
    impact,
    incidents,
    init,
    keys,
    ledger,
    ledger_coverage,
    ledger_fsck,
    ledger_proof,
    ledger_search,
    ledger_stamps,
    ledger_streams,
    ledger_witness,
    limits,
    models,
    models_card,
    models_import,
    models_life,
    models_watch,
    notices,
    packs,
    people,
    pii,
    policies,
    policies_overrides,
    policies_rules,
    policies_trying,
    purposes,
    retention,
    retention_run,
    reviews,
    risk,
    roles,
    ropa,
    ropa_export,
    sequences,
    stops,
    tools,
    witness,
)
from ephor.edges.cli.placed import Placed
from ephor.edges.door import Door
from ephor.kernel import errors
from ephor.kernel.visible import visible

EXIT: Mapping[type[errors.EphorError], int] = {
    errors.InvalidInputError: 2,
    errors.NotFoundError: 3,
    errors.ConflictError: 4,
    errors.NotPermittedError: 5,
    errors.VerificationError: 6,
    errors.UnavailableError: 7,
}
"""The exit code of each family of errors. 1 means: the question was answered, and the answer is no."""

app = typer.Typer(
    name="ephor",
    help="The control plane for AI agents whose word an auditor need not take.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for group in (
    people.app,
    agents.app,
    stops.app,
    notices.app,
    approvals.app,
    reviews.app,
    policies.app,
    bodies.app,
    packs.app,
    pii.app,
    ledger.app,
    risk.app,
    roles.app,
    decisions.app,
    tools.app,
    limits.app,
    sequences.app,
    delegations.app,
    models.app,
    consent.app,
    purposes.app,
    dsr.app,
    retention.app,
    ropa.app,
    impact.dpia,
    impact.fria,
    evidence.app,
    documents.app,
    export.app,
    audit.app,
    incidents.app,
    witness.app,
    keys.app,
):
    app.add_typer(group)
ATTACHED = (
    agents_class,
    agents_compliance,
    agents_diff,
    agents_drift,
    agents_drill,
    approvals_calls,
    approvals_rules,
    consent_choices,
    dsr_handling,
    dsr_households,
    dsr_identity,
    dsr_mapping,
    export_tables,
    dsr_tasks,
    ledger_coverage,
    ledger_fsck,
    ledger_proof,
    ledger_search,
    ledger_stamps,
    ledger_streams,
    ledger_witness,
    models_card,
    models_import,
    models_life,
    models_watch,
    policies_overrides,
    policies_rules,
    policies_trying,
    retention_run,
    ropa_export,
)
"""Modules that add their commands to a group above as they are imported."""
for command in (
    demo.demo,
    init.init,
    classify.classify,
    decide.decide,
    assess.assess,
    gate.gate,
    stops.stop,
    backup.backup,
    backup.restore,
):
    app.command()(command)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"ephor {version('ephor')}")
        raise typer.Exit


@app.callback()
def ephor(
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """The control plane for AI agents whose word an auditor need not take."""


PIPE_CLOSED = 141
"""What a shell reports of a program that wrote to a pipe nobody reads any more (128 and SIGPIPE)."""
INTERRUPTED = 130
"""What a shell reports of a program that was interrupted (128 and SIGINT)."""


def run(arguments: Sequence[str], door: Door) -> int:
    """Run one command and return its exit code; no error leaves as a traceback."""
    json = "--json" in arguments
    sys.stdout = sys.stdout or io.TextIOWrapper(io.BytesIO())  # closed by whoever started this
    sys.stderr = sys.stderr or io.TextIOWrapper(io.BytesIO())
    command = _reader(next((word for word in arguments[:1] if not word.startswith("-")), ""))
    command = _command()
    placed = Placed()
    if isinstance(door, Door):
        placed.open = door.read_placed
        door = replace(door, read_yaml=placed.read)
    try:
        with command.make_context("ephor", list(arguments), obj=door) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as stop:
        return _flushed(stop.exit_code, json=json)
    except (KeyboardInterrupt, EOFError, typer.Abort):
        text = "stopped here; `ephor ledger list` shows what was recorded"
        return _report("interrupted", text, INTERRUPTED, json=json)
    except errors.EphorError as refused:
        error = placed.tell(refused)
        return _report(error.code, str(error), exit_code_of(error), json=json, facts=error.facts)
    except OSError as error:
        return _unwritable(error, json=json)
    except Exception as error:  # noqa: BLE001 - the outermost edge: usage errors and whatever was not foreseen
        return _unforeseen(error, json=json)
    return 0


@cache
def _reader(first: str) -> TyperGroup:
    """Return what reads a command line that begins with *first*. Making one for every command takes half a second."""
    only = copy(app)
    only.registered_groups = [
        one for one in app.registered_groups if one.typer_instance and one.typer_instance.info.name == first
    ]
    only.registered_commands = [
        one for one in app.registered_commands if one.callback and one.callback.__name__ == first
    ]
    if only.registered_groups or only.registered_commands:
        return typer.main.get_group(only)
    return typer.main.get_group(app) if not first else _reader("")


def _command() -> Any:
    """Return every command, put together once: it takes half a second."""
    return typer.main.get_command(app)


def exit_code_of(error: errors.EphorError) -> int:
    """Return the exit code of the error's family."""
    return next(code for family, code in EXIT.items() if isinstance(error, family))


def _flushed(exit_code: int, *, json: bool) -> int:
    try:
        sys.stdout.flush()
    except OSError as error:
        return _unwritable(error, json=json)
    return exit_code


def _unwritable(error: OSError, *, json: bool) -> int:
    """The command did its work, but its answer did not get out; what is left of it must not fail again at the end."""
    sys.stdout = io.TextIOWrapper(io.BytesIO())
    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED
    text = f"the answer could not be written: {error.strerror or error}; `ephor ledger list` shows what was recorded"
    return _report("unavailable", text, 7, json=json)


def _unforeseen(error: Exception, *, json: bool) -> int:
    """Usage errors of the argument parser are bad input; everything else is ours to answer for, and failed closed."""
    if hasattr(error, "format_message"):
        if (
            type(error).__name__ == "NoArgsIsHelpError"
        ):  # Typer keeps the class to itself, and asks the same way
            sys.stderr.write(error.format_message() + "\n")
            return 2
        said = " ".join(error.format_message().split()).rstrip(".")
        return _report("invalid-input", f"{said[:1].lower()}{said[1:]}; see --help", 2, json=json)
    return _report(
        "unavailable",
        f"{type(error).__name__}: {error}; act on nothing, `ephor ledger list` shows what was recorded; please report this",
        7,
        json=json,
    )


def _report(
    code: str, message: str, exit_code: int, *, json: bool, facts: Mapping[str, object] | None = None
) -> int:
    """Write one line of ASCII JSON for machines, or words for people; an error that nobody can be told stays a code."""
    if json:
        told = {"error": code, "message": message, "facts": dict(facts or {})}
        line = dump_json(told, default=str, skipkeys=True)
    else:
        line = visible(f"ephor: {code}: {message}")
        if hasattr(sys.stderr, "reconfigure"):
            sys.stderr.reconfigure(errors="replace")
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    return exit_code
