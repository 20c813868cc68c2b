"""`ephor gate` and `ephor evidence`: the public document, the exit code, and what a person without UTF-8 sees."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from ephor.adapters.files import read_bytes
from ephor.edges.cli.app import app, run
from ephor.engine.plane import Engine
from ephor.rooms.gate.checklist import ITEMS, Checklist
from sample_gate import AGENT, make_ready, register

Run = Callable[..., int]


@pytest.fixture
def ephor(engine: Engine) -> Run:
    door: Any = SimpleNamespace(open=lambda _database: engine, person="sam", read_bytes=read_bytes)
    return lambda *arguments: run(arguments, door)


def document(capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    return json.loads(capsysbinary.readouterr().out)


def test_the_document_has_the_public_shape_and_the_exit_code_says_passed(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_ready(engine)
    assert ephor("gate", AGENT, "--json") == 0
    found = document(capsysbinary)
    assert list(found) == ["agent", "checklist", "as_of", "passed", "items"]
    assert (found["agent"], found["checklist"], found["as_of"], found["passed"]) == (
        AGENT,
        "pre-deployment",
        "2026-11-24",
        True,
    )
    assert [one["id"] for one in found["items"]] == [item.id for item in ITEMS[Checklist.PRE_DEPLOYMENT]]
    first = found["items"][0]
    assert list(first) == ["id", "title", "status", "because", "evidence", "lapses", "query", "remedy"]
    assert list(first["evidence"][0]) == ["what", "id", "entry", "date"]
    assert first["evidence"][0]["entry"].startswith("evt_")
    assert (first["status"], first["lapses"], first["remedy"]) == ("met", "2027-11-26", None)


def test_the_other_checklist_and_another_day_are_asked_for_by_option(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_ready(engine)
    assert ephor("gate", AGENT, "--checklist", "ongoing", "--json") == 0
    assert len(document(capsysbinary)["items"]) == 8
    assert ephor("gate", AGENT, "--checklist", "ongoing", "--as-of", "2027-12-31", "--json") == 1
    found = document(capsysbinary)
    assert found["as_of"] == "2027-12-31"
    assert not found["passed"]


@pytest.mark.parametrize("checklist", [one.value for one in Checklist])
def test_not_passed_is_exit_code_one_and_says_what_to_do_next(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes], checklist: str
) -> None:
    register(engine)
    assert ephor("gate", AGENT, "--checklist", checklist) == 1
    shown = capsysbinary.readouterr().out.decode()
    assert "not passed" in shown
    assert "?" in shown
    assert "what to do next:" in shown
    assert "%" not in shown


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [(("nobody",), 3, "nobody"), ((AGENT, "--checklist", "all"), 2, "unknown checklist"),
     ((AGENT, "--as-of", "soon"), 2, "not a day")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(
    ephor: Run, engine: Engine, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    register(engine)
    assert ephor("gate", *arguments) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("encoding", "sign", "absent"), [("utf-8", "✓", "not known"), ("ascii", "not known", "✓")]
)
def test_signs_become_words_where_the_terminal_cannot_show_them(
    ephor: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch, encoding: str, sign: str, absent: str
) -> None:
    register(engine)
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert ephor("gate", AGENT) == 1
    terminal.flush()
    shown = terminal.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert sign in shown
    assert absent not in shown


def test_every_command_that_a_remedy_names_exists_with_these_options(ephor: Run, engine: Engine) -> None:
    register(engine, tools=(), roles=("customer_service_agent",), oversight=None)
    reports = [engine.gate.check(AGENT, checklist) for checklist in Checklist]
    remedies = [one.remedy for report in reports for one in report.items if one.remedy]
    assert len(remedies) > 15
    root: Any = typer.main.get_command(app)
    for remedy in remedies:
        words = shlex.split(remedy[remedy.index("ephor ") :].split("; or")[0])[1:]
        command = root
        while words and hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, remedy


def test_evidence_is_added_from_a_file_or_a_reference_and_listed(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    register(engine)
    (tmp_path / "drill.txt").write_text("stopped within 2 s")
    file = ("--file", str(tmp_path / "drill.txt"), "--expires", "2027-01-31", "--on", "2026-11-20")
    assert ephor("evidence", "add", AGENT, "--kind", "incident_drill", *file, "--as", "ola", "--json") == 0
    found = document(capsysbinary)
    assert (found["title"], found["on"], found["expires"]) == ("drill.txt", "2026-11-20", "2027-01-31")
    assert found["digest"].startswith("sha256:")
    assert found["recorded_by"] == "ola"
    assert ephor("evidence", "add", AGENT, "--kind", "audit_log_review", "--reference", "AUD-7") == 0
    assert "audit_log_review" in capsysbinary.readouterr().out.decode()
    assert ephor("evidence", "list", AGENT, "--json") == 0
    assert [one["reference"] for one in document(capsysbinary)] == [None, "AUD-7"]
    assert ephor("evidence", "list") == 0
    assert "AUD-7" in capsysbinary.readouterr().out.decode()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [(("--kind", "hunch", "--reference", "r"), 2, "unknown kind of evidence"),
     (("--kind", "incident_drill"), 2, "exactly one"),
     (("--kind", "incident_drill", "--reference", ""), 2, "empty"),
     (("--kind", "incident_drill", "--reference", "r", "--file", "f"), 2, "exactly one"),
     (("--kind", "incident_drill", "--file", "/nowhere/at/all"), 3, "there is no file"),
     (("--kind", "incident_drill", "--reference", "r", "--expires", "never"), 2, "not a day"),
     (("--kind", "incident_drill", "--reference", "r", "--as", "cal"), 5, "evidence:write"),
     (("--kind", "bias_test", "--reference", "r", "--as", "eve"), 5, "independent")],
)  # fmt: skip
def test_evidence_that_shows_nothing_is_refused(
    ephor: Run, engine: Engine, capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...], code: int, message: str,
) -> None:  # fmt: skip
    register(engine)
    assert ephor("evidence", "add", AGENT, *options) == code
    assert message in capsys.readouterr().err
    assert engine.evidence.all() == []
