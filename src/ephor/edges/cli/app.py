"""The `ephor` command: every command group, and how errors leave it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import orjson
import typer

from ephor.edges.cli import (
    agents,
    approvals,
    assess,
    bodies,
    classify,
    consent,
    decide,
    delegations,
    demo,
    dsr,
    evidence,
    gate,
    init,
    ledger,
    models,
    packs,
    people,
    pii,
    policies,
    retention,
    reviews,
    roles,
    ropa,
)
from ephor.edges.door import Door
from ephor.kernel import errors

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
    approvals.app,
    reviews.app,
    policies.app,
    bodies.app,
    packs.app,
    pii.app,
    ledger.app,
    roles.app,
    delegations.app,
    models.app,
    consent.app,
    dsr.app,
    retention.app,
    ropa.app,
    evidence.app,
):
    app.add_typer(group)
for command in (demo.demo, init.init, classify.classify, decide.decide, assess.assess, gate.gate):
    app.command()(command)


def run(arguments: Sequence[str], door: Door) -> int:
    """Run one command and return its exit code; no error leaves as a traceback."""
    json = "--json" in arguments
    command = typer.main.get_command(app)
    try:
        code = command.main(list(arguments), prog_name="ephor", standalone_mode=False, obj=door)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        return _report("interrupted", "nothing further was done", 130, json=json)
    except errors.EphorError as error:
        return _report(error.code, str(error), EXIT[type(error)], json=json, facts=error.facts)
    except Exception as error:  # noqa: BLE001 - the outermost edge: usage errors and whatever was not foreseen
        return _unforeseen(error, json=json)
    return code if isinstance(code, int) else 0


def _unforeseen(error: Exception, *, json: bool) -> int:
    """Usage errors of the argument parser are bad input; everything else is ours to answer for, and failed closed."""
    if hasattr(error, "format_message"):
        return _report("invalid-input", error.format_message(), 2, json=json)
    return _report(
        "unavailable",
        f"{type(error).__name__}: {error}; nothing was decided, please report this",
        7,
        json=json,
    )


def _report(
    code: str, message: str, exit_code: int, *, json: bool, facts: Mapping[str, object] | None = None
) -> int:
    if json:
        line = orjson.dumps(
            {"error": code, "message": message, "facts": dict(facts or {})},
            default=str,
            option=orjson.OPT_NON_STR_KEYS,
        )
        sys.stderr.write(line.decode(errors="replace") + "\n")
    else:
        if hasattr(sys.stderr, "reconfigure"):
            sys.stderr.reconfigure(errors="replace")
        sys.stderr.write(f"ephor: {code}: {message}\n")
    return exit_code
