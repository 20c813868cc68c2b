"""The `ephor` command: every command group, and how errors leave it."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.metadata import version
from json import dumps as dump_json
from types import ModuleType
from typing import Annotated

import typer
from typer.core import TyperGroup

from ephor.edges.cli.placed import Placed, typed
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

COMMANDS: Mapping[str, str] = {
    "demo": "demo",
    "init": "init",
    "classify": "classify",
    "decide": "decide",
    "assess": "assess",
    "gate": "gate",
    "stop": "stops",
    "housekeeping": "housekeeping",
    "backup": "backup",
    "restore": "backup",
}
"""The commands that stand alone, each a function of its name, and the module it is in."""
GROUPS: Mapping[str, tuple[str, ...]] = {
    "people": ("people",),
    "agents": (
        "agents",
        "agents_class",
        "agents_compliance",
        "agents_diff",
        "agents_drift",
        "agents_drill",
    ),
    "stops": ("stops",),
    "notices": ("notices",),
    "approvals": ("approvals", "notices", "approvals_calls", "approvals_rules"),
    "reviews": ("reviews",),
    "policies": ("policies", "policies_overrides", "policies_rules", "policies_trying"),
    "bodies": ("bodies",),
    "packs": ("packs",),
    "pii": ("pii",),
    "ledger": (
        "ledger",
        "ledger_archive",
        "ledger_coverage",
        "ledger_fsck",
        "ledger_proof",
        "ledger_search",
        "ledger_stamps",
        "ledger_streams",
        "ledger_witness",
    ),
    "risk": ("risk",),
    "roles": ("roles",),
    "decisions": ("decisions",),
    "tools": ("tools",),
    "limits": ("limits",),
    "sequences": ("sequences",),
    "delegations": ("delegations",),
    "models": ("models", "models_card", "models_import", "models_life", "models_watch"),
    "consent": ("consent", "consent_choices"),
    "purposes": ("purposes",),
    "dsr": (
        "dsr",
        "dsr_handling",
        "dsr_households",
        "dsr_identity",
        "dsr_mapping",
        "dsr_reapplying",
        "dsr_reviews",
        "dsr_tasks",
    ),
    "retention": ("retention", "retention_run"),
    "ropa": ("ropa", "ropa_export"),
    "dpia": ("impact:dpia",),
    "fria": ("impact:fria",),
    "evidence": ("evidence",),
    "documents": ("documents",),
    "export": ("export", "backup", "export_tables"),
    "audit": ("audit",),
    "incidents": ("incidents",),
    "witness": ("witness",),
    "keys": ("keys",),
}
"""The groups of commands: the module that makes each (its `app`, if no other name is given), and those that add to it as
they are imported. Only what the command line names is imported."""


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"ephor {version('ephor')}")
        raise typer.Exit


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
    placed = Placed(typed=typed(arguments[1:]))
    if isinstance(door, Door):
        placed.open = door.read_placed
        door = replace(door, read_yaml=placed.read)
    command = _reader(next(iter(arguments), ""))
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


def __getattr__(name: str) -> typer.Typer:
    """Make `app`, the whole command line, for who asks for it."""
    if name != "app":
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return _app((*COMMANDS, *GROUPS))


@cache
def _reader(first: str) -> TyperGroup:
    """Return what reads a command line that begins with *first*: a command, a group, or something else, which may need all."""
    known = (*COMMANDS, *GROUPS)
    if first == "--version":
        return typer.main.get_group(_app(()))
    if first in known:
        return typer.main.get_group(_app((first,)))
    return _reader("") if first else typer.main.get_group(_app(known))


def _app(words: Sequence[str]) -> typer.Typer:
    made = typer.Typer(
        name="ephor",
        help="The control plane for AI agents whose word an auditor need not take.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    made.callback()(ephor)
    for word in words:
        if word in COMMANDS:
            made.command()(getattr(_module(COMMANDS[word]), word))
        else:
            made.add_typer(_group(*GROUPS[word]))
    return made


def _group(first: str, *more: str) -> typer.Typer:
    module, _, name = first.partition(":")
    made: typer.Typer = getattr(_module(module), name or "app")
    for module in more:
        _module(module)
    return made


def _module(name: str) -> ModuleType:
    return import_module(f"ephor.edges.cli.{name}")


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
