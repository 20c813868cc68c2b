"""`ephor documents` from the command line: draft, compare, approve, export in every form, and what is due."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ephor.adapters.files import new_file, read_mapping
from ephor.adapters.typesetting.pdf import set_pdf
from ephor.edges.cli.app import run
from ephor.engine.plane import Engine
from ephor.rooms.documents.kinds import DocumentKind
from sample_gate import AGENT, make_ready

Run = Callable[..., int]


@pytest.fixture
def ephor(engine: Engine) -> Run:
    make_ready(engine)
    door: Any = SimpleNamespace(
        open=lambda _database: engine, person="sam", read_yaml=read_mapping, new_file=new_file, set_pdf=set_pdf,
        today=lambda: engine.world.clock.now().date(),
    )  # fmt: skip
    return lambda *arguments: run(arguments, door)


def told(capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    return json.loads(capsysbinary.readouterr().out)


def test_a_document_from_its_draft_to_its_file(
    ephor: Run, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = tmp_path / "said.yaml"
    said.write_text("architecture: One process.\ndata_flows:\n  - Orders in.\n  - Letters out.\n")
    assert ephor("documents", "draft", "system_description", AGENT, "--statements", str(said), "--json") == 0
    made = told(capsysbinary)
    assert (made["kind"], made["subject"], made["version"], made["status"]) == (
        "system_description",
        AGENT,
        1,
        "draft",
    )
    assert ephor("documents", "list", "--subject", AGENT, "--json") == 0
    assert [(one["id"], one["stale"], one["changed"]) for one in told(capsysbinary)] == [
        (made["id"], False, [])
    ]
    assert ephor("documents", "approve", made["id"], "--json") == 5  # sam drafted it
    assert ephor("documents", "approve", made["id"], "--as", "leo", "--json") == 4  # points are open
    capsysbinary.readouterr()
    assert ephor("documents", "approve", made["id"], "--as", "leo", "--with-open-points", "--json") == 0
    assert told(capsysbinary)["approval"]["by"] == "leo"
    for form, begins in (
        ("pdf", b"%PDF-1."),
        ("docx", b"PK"),
        ("html", b"<!DOCTYPE"),
        ("markdown", b"# System"),
        ("json", b"{"),
    ):
        files = [tmp_path / f"{form}-{again}" for again in range(2)]
        for file in files:
            assert ephor("documents", "export", made["id"], "--format", form, "-o", str(file), "--json") == 0
            assert told(capsysbinary)["digest"] == made["digest"]
        first, second = (file.read_bytes() for file in files)
        assert first.startswith(begins)
        assert first == second
    assert ephor("documents", "show", made["id"], "--json") == 0
    shown = told(capsysbinary)
    assert (shown["status"], shown["stale"], len(shown["sections"]) > 5) == ("approved", False, True)
    assert ephor("documents", "diff", made["id"], "--json") == 0
    assert told(capsysbinary) == []
    assert ephor("documents", "withdraw", made["id"], "--reason", "wrong", "--json") == 0
    assert told(capsysbinary)["status"] == "withdrawn"


def test_what_a_person_states_is_asked_in_a_file_that_can_be_read(
    ephor: Run, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for kind in DocumentKind:
        assert ephor("documents", "questions", kind.value) == 0
        file = tmp_path / f"{kind.value}.yaml"
        file.write_bytes(capsysbinary.readouterr().out)
        if b":\n" in file.read_bytes():
            assert set(read_mapping(str(file)).values()) == {None}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("draft", "poem", AGENT), 2),
        (("draft", "dpia", "ghost"), 3),
        (("draft", "audit_report"), 2),
        (("draft", "audit_report", "--until", "2026-11-01"), 2),
        (("draft", "audit_report", "--since", "soon"), 2),
        (("show", "doc_0"), 3),
        (("due", "--days", "99999"), 2),
        (("export", "doc_0", "--format", "pdf"), 2),
        (("list", "--kind", "poem"), 2),
    ],
)
def test_wrong_words_are_refused(
    ephor: Run, arguments: tuple[str, ...], code: int, capsysbinary: Any
) -> None:
    assert ephor("documents", *arguments, "--json") == code
    assert json.loads(capsysbinary.readouterr().err)["message"]


def test_an_unknown_form_is_named(ephor: Run, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ephor("documents", "draft", "processing_records", "--json") == 0
    id = told(capsysbinary)["id"]
    assert ephor("documents", "export", id, "--format", "odt", "--json") == 2
    assert b"docx" in capsysbinary.readouterr().err
    assert ephor("documents", "due", "--json") == 0
    assert {"kind", "subject", "why", "due", "because", "remedy"} <= set(told(capsysbinary)[0])
    assert ephor("documents", "kinds", "--json") == 0
    assert len(told(capsysbinary)) == len(DocumentKind)
