"""The guide map cannot lie: every row is imported, run, or shown not to exist yet."""

from __future__ import annotations

import importlib
import io
import re
import runpy
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from ephor import bootstrap
from ephor.edges.cli.app import app

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "guide-map.md").read_text(encoding="utf-8")
LISTED = (Path(__file__).parent / "guide-items.txt").read_text(encoding="utf-8").split("\n")[:-1]
COMMAND = typer.main.get_command(app)
GUIDE = ROOT.parent / "shared" / "reference" / "ai-governance-and-compliance-guide.md"
_ROW = re.compile(
    r"^\| `(?P<item>[^`]+)`(?:, here `(?P<here>[^`]+)`)? \| `(?P<command>ephor [^`]+)`(?: exits (?P<exit>\d))? \| "
    r"(?:`(?P<where>[^`]+)`|—) \| (?P<status>done|to come) \|$"
)


@dataclass(frozen=True)
class Row:
    """One line of the map."""

    item: str
    shown: str
    words: tuple[str, ...]
    exit: int
    where: str | None
    done: bool

    @property
    def runs(self) -> bool:
        """Whether the row gives the command something to work on."""
        return len(self.words) > len(leading(self.words))


def rows() -> list[Row]:
    found = []
    for line in MAP.splitlines():
        if line.startswith("| `"):
            match = _ROW.match(line)
            assert match, f"not a row: {line}"
            item, here, command, code, where, status = match.groups()
            shown = here or re.split(r": |(?<=\w)\.(?=\w+$)", item)[-1]
            found.append(
                Row(item, shown, tuple(shlex.split(command)[1:]), int(code or 0), where, status == "done")
            )
    return found


def leading(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that name a command, as far as there is one."""
    node, taken = COMMAND, []
    for word in words:
        if word not in getattr(node, "commands", {}):
            break
        node = node.commands[word]
        taken.append(word)
    return tuple(taken)


def names_a_command(words: tuple[str, ...]) -> bool:
    node = COMMAND
    for word in leading(words):
        node = node.commands[word]
    return not hasattr(node, "commands")


ROWS = rows()
DONE = [row for row in ROWS if row.done]
COMMANDS = sorted({(row.words, row.exit) for row in DONE if row.runs})


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the demo leaves."""
    folder = tmp_path_factory.mktemp("told") / "story"
    assert run(("demo", "--keep", str(folder)), folder.parent).code == 0
    return folder


def run(words: tuple[str, ...], folder: Path) -> SimpleNamespace:
    """Run one command as `ephor` does, in *folder*, without a new process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("EPHOR_DATABASE", f"sqlite:///{folder}/ephor.db")
        patch.setenv("EPHOR_PERSON", "eve")
        patch.setattr(sys, "argv", ["ephor", *words])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"write to mary@example.org")))
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as stop:
            bootstrap.main()
        return SimpleNamespace(
            code=stop.value.code, out=out.buffer.getvalue().decode(), err=err.buffer.getvalue().decode()
        )


@pytest.fixture(scope="module")
def answers(told: Path) -> dict[tuple[str, ...], SimpleNamespace]:
    """What every command of the map says, each run once."""
    return {words: run(words, told) for words, _ in COMMANDS}


@pytest.mark.parametrize(
    ("words", "code"), COMMANDS, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_a_command_of_the_map_runs(
    words: tuple[str, ...], code: int, answers: dict[tuple[str, ...], SimpleNamespace]
) -> None:
    assert answers[words].code == code, answers[words].err


def test_what_a_row_says_is_shown_is_shown(answers: dict[tuple[str, ...], SimpleNamespace]) -> None:
    silent = [
        f"{row.item}: no `{row.shown}` in ephor {' '.join(row.words)}"
        for row in DONE
        if row.runs and "--json" in row.words and row.shown not in answers[row.words].out
    ]
    assert not silent


def test_what_is_done_has_a_command_and_a_name_in_a_module() -> None:
    for row in DONE:
        assert names_a_command(row.words), f"{row.item}: there is no `ephor {' '.join(row.words)}`"
        assert row.where, row.item
        assert is_there(row.where), f"{row.item}: nothing at {row.where}"


def is_there(where: str) -> bool:
    """Tell whether ``module:name.name`` can be imported, or ``file#text`` read."""
    path, mark, text = where.partition("#")
    if mark:
        return text in (ROOT / path).read_text(encoding="utf-8")
    name, _, attributes = where.partition(":")
    found: object = importlib.import_module(name)
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            return False
        found = getattr(found, attribute)
    return True


def test_what_is_to_come_does_not_exist_yet() -> None:
    for row in ROWS:
        if not row.done:
            assert leading(row.words) != row.words, (
                f"{row.item}: `ephor {' '.join(row.words)}` exists; mark it done"
            )
            assert row.where is None, row.item


def test_every_item_of_the_guide_is_on_the_map() -> None:
    mapped = {row.item for row in ROWS}
    assert [item for item in LISTED if item not in mapped] == []
    assert sorted(mapped - set(LISTED)) == []
    assert len(LISTED) > 350


@pytest.mark.skipif(not GUIDE.exists(), reason="the guide is not beside this clone")
def test_the_list_of_items_is_the_guides_own() -> None:
    items = runpy.run_path(str(Path(__file__).parent / "guide_items.py"))["items"]
    assert items(GUIDE.read_text(encoding="utf-8")) == LISTED


@pytest.mark.parametrize(
    "where",
    ["ephor.kernel.vocabulary:Nothing", "ephor.kernel.events:Event.nothing", "README.md#no such words here"],
)
def test_a_name_that_is_not_there_is_noticed(where: str) -> None:
    assert not is_there(where)


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert not names_a_command(("agents", "explode"))
    assert leading(("agents", "explode")) == ("agents",)
    assert names_a_command(("agents", "show", "support-assistant"))


@pytest.mark.parametrize(
    "item", [item for item in LISTED if item.startswith("AuditEvent.") and item != "AuditEvent.to_json"]
)
def test_a_field_of_the_guides_audit_event_is_recorded(item: str) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - nothing else here needs a time

    from ephor.rooms.ledger.external import read_event  # noqa: PLC0415

    field = item.removeprefix("AuditEvent.")
    odd = {
        "timestamp": "2026-11-24T10:00:00Z",
        "event_type": "agent.error",
        "duration_ms": 7,
        "confidence_score": 0.5,
    }
    odd |= {"decision_factors": {"a": 1}, "metadata": {"told": "yes"}}
    value = odd.get(field, "told")
    event = read_event(
        {"event_type": "tool.failed", "agent_id": "bot", field: value},
        datetime(2026, 12, 1, tzinfo=UTC),
        "ada",
    )
    kept = repr(event)
    assert str(value) in kept or field in ("timestamp", "metadata")
    assert field != "timestamp" or event.at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert field != "metadata" or event.metadata == {"told": "yes"}
