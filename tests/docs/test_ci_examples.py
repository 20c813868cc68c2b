"""The examples for GitHub Actions and GitLab: they are YAML, shaped as those services want, and their commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ephor.edges.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ci.md"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def examples() -> tuple[dict[Any, Any], dict[Any, Any]]:
    github, gitlab = (yaml.safe_load(text) for text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    return github, gitlab


def commands(lines: list[str]) -> list[list[str]]:
    """Return the words of every `ephor` command, with variables as they stand."""
    return [shlex.split(line) for line in lines if line.startswith("ephor ")]


def assert_known(words: list[str]) -> None:
    """Parse the words as the command line would, down to the options."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        command = command.commands[rest[0]]
        rest = rest[1:]
    command.make_context(words[1], list(rest))


def test_the_workflow_of_github_runs_the_gate_on_a_schedule_too_and_shows_what_it_found(examples) -> None:
    github, _ = examples
    assert set(github[True]) == {
        "push",
        "schedule",
    }  # `on` is a truth to YAML 1.1, and the service knows that
    steps = github["jobs"]["gate"]["steps"]
    assert all(("uses" in one) != ("run" in one) for one in steps)
    (gate,) = commands([one["run"] for one in steps if "run" in one])
    assert gate[:2] == ["ephor", "gate"]
    assert_known(gate)
    assert gate[gate.index("--sarif") + 1] == steps[-1]["with"]["sarif_file"]
    assert (steps[-1]["if"], github["permissions"]["security-events"]) == ("always()", "write")


def test_the_job_of_gitlab_asks_the_list_that_fits_and_hands_in_its_report(examples) -> None:
    _, gitlab = examples
    job = gitlab["gate"]
    (gate,) = commands(job["script"])
    assert_known(gate)
    assert gate[gate.index("--junit") + 1] == job["artifacts"]["reports"]["junit"]
    assert job["artifacts"]["when"] == "always"
    words = " ".join(job["script"])
    assert "list=ongoing" in words
    assert "list=pre-deployment" in words


def test_a_command_that_is_none_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option: --no-such"):
        assert_known(["ephor", "gate", "bot", "--no-such", "x"])
