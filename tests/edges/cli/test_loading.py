"""A command line loads what it names and no more; the table of commands leaves none out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import typer

from ephor.edges import cli
from ephor.edges.cli.app import COMMANDS, GROUPS, app

MODULES = sorted(path.stem for path in Path(cli.__path__[0]).glob("[a-z]*.py") if path.stem != "app")


def made_in(made: typer.Typer) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of every function that is a command of *made*."""
    for command in made.registered_commands:
        assert command.callback
        yield command.callback.__module__.rpartition(".")[2], command.callback.__name__
    for group in made.registered_groups:
        assert group.typer_instance
        yield from made_in(group.typer_instance)


def test_every_command_that_a_module_makes_is_on_the_command_line() -> None:
    reached = set(made_in(app))
    for name in MODULES:
        for made in vars(import_module(f"ephor.edges.cli.{name}")).values():
            if isinstance(made, typer.Typer):
                assert set(made_in(made)) <= reached, name


@pytest.mark.parametrize("name", GROUPS)
def test_the_table_names_every_module_that_adds_to_a_group(name: str) -> None:
    first, *more = (word.partition(":")[0] for word in GROUPS[name])
    (group,) = (
        one.typer_instance
        for one in app.registered_groups
        if one.typer_instance and one.typer_instance.info.name == name
    )
    makes_groups = "definitions"  # for who calls it
    assert {module for module, _ in made_in(group)} <= {first, *more, makes_groups}


def test_a_command_that_stands_alone_has_the_name_of_its_function() -> None:
    assert [command.callback.__name__ for command in app.registered_commands if command.callback] == list(
        COMMANDS
    )


def test_a_command_line_loads_no_other_group() -> None:
    code = (
        "import sys; from ephor.edges.cli import app; app._reader('ledger'); "
        "print([name for name in ('ledger', 'ledger_search', 'dsr', 'pii') if f'ephor.edges.cli.{name}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "['ledger', 'ledger_search']\n"
