"""An option that is there and empty, as an unset variable of a shell makes it, never stands for a default."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import typer

from ephor.edges.cli.app import app
from ephor.edges.cli.app import run as run_cli

EMPTY = [
    (["people", "add", "x", "--role", "auditor", "--as", ""], "an empty --as names nobody"),
    (["people", "list", "--database", ""], "an empty --database names nothing"),
    (["demo", "--keep", ""], "an empty --keep names nothing"),
    (["assess", "x", "--as-of", " "], "an empty --as-of names nothing"),
    (["ledger", "list", "--agent", ""], "an empty --agent names nothing"),
    (["ledger", "verify", "--checkpoint", ""], "an empty --checkpoint names nothing"),
    (["ledger", "verify", "--bundle", ""], "an empty --bundle names nothing"),
    (["dsr", "fulfil", "x", "--output", ""], "an empty --output names nothing"),
    (["pii", "mask", "-", "--key-file", ""], "an empty --key-file names nothing"),
    (["decide", "--agent", "a", "--tool", "t", "--sensitivity", ""], "an empty --sensitivity names nothing"),
]


@pytest.mark.parametrize(("words", "said"), EMPTY)
def test_an_empty_value_is_bad_input_before_anything_is_opened(words, said, capsys):
    def never(*_words, **_named):
        raise AssertionError("something was opened")

    door = SimpleNamespace(open=never, demo=never, read_bytes=never, person="ada")
    assert run_cli(words, door) == 2
    assert capsys.readouterr().err.startswith(f"ephor: invalid-input: {said}; ")


def test_every_command_that_acts_for_somebody_or_on_a_plane_checks_it():
    checked = 0
    todo = [typer.main.get_command(app)]
    while todo:
        command = todo.pop()
        todo += getattr(command, "commands", {}).values()
        for option in command.params:
            if {"--as", "--database", "--as-of"} & set(option.opts):
                assert option.callback is not None, (command.name, option.opts)
                checked += 1
    assert checked > 60
