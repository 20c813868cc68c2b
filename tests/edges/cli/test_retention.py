"""`ephor retention` from plan to certificate, as a person types it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from ephor.adapters.connectors.sql_retention import connect_retention
from ephor.adapters.files import read_mapping
from ephor.adapters.parquet.rows import row_archive
from ephor.edges.cli import retention_run
from ephor.engine.plane import Engine
from ephor.kernel.errors import InvalidInputError, NotPermittedError

SCHEDULE = """
laws: [GDPR]
policies:
  - category: conversation_history
    purpose: support
    days: 30
    archive: true
    collections:
      - {collection: shop.talks, trigger: ended, categories: [system.operations]}
"""
Run = Callable[..., Any]


@pytest.fixture
def run(engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    door = SimpleNamespace(
        open=lambda _database: engine,
        person="ada",
        read_yaml=read_mapping,
        disposal=connect_retention,
        row_archive=lambda folder: lambda id: row_archive(folder, id),
    )

    def call(*arguments: str) -> Any:
        command = typer.main.get_command(retention_run.app)
        command.main(list(arguments), standalone_mode=False, obj=door)
        out = capsysbinary.readouterr().out.decode()
        return json.loads(out) if "--json" in arguments else out

    return call


def test_plan_approve_run_and_show(run: Run, tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "shop.db")
    base.execute("create table talks (id integer primary key, ended text)")
    times = ["2020-01-01", "2026-10-24T23:59:59+00:00", "2026-10-25T00:00:00Z", "2999-01-01", "soon"]
    base.executemany("insert into talks values (?, ?)", list(enumerate(times)))
    base.commit()
    (tmp_path / "retention.yaml").write_text(SCHEDULE)
    store = ("--store", f"shop=sqlite:///{tmp_path / 'shop.db'}")
    policy = ("--policy", str(tmp_path / "retention.yaml"))
    archive = ("--archive", str(tmp_path / "archive"))
    plan = run("plan", *policy, *store, "--json")
    assert [(one["due"], one["act"]) for one in plan["lines"]] == [(2, 2)]
    assert run("run", "--dry-run", *policy, *store, "--json")["digest"] == plan["digest"]
    assert run("run", plan["id"], "--dry-run", "--json")["digest"] == plan["digest"]
    assert run("run", *store, *archive, "--json") == [], "nothing is approved"
    with pytest.raises(NotPermittedError):
        run("approve", plan["id"])
    assert "2 rows go" in run("approve", plan["id"], "--as", "dora")
    assert "goes" in run("show", plan["id"])
    assert "run again" in run("run", plan["id"], *store, *archive, "--limit", "1")
    assert ": 1 rows are gone so far" in run("show", plan["id"])
    [report] = run("run", *store, *archive, "--json")
    assert [(one["gone"], one["archived"]["rows"]) for one in report["certificate"]["lines"]] == [(2, 2)]
    assert run("show", plan["id"], "--json")["certificate"] == report["certificate"]
    assert "1 rows stay, unreadable" in run("show", plan["id"])
    assert base.execute("select id from talks order by id").fetchall() == [(2,), (3,), (4,)]
    base.close()
    assert "done" in run("list")


def test_a_conflict_is_decided_by_a_person(run: Run) -> None:
    laws = ("--law", "GDPR", "--law", "HIPAA")
    assert "conflict in pii_data" in run("plan", *laws)
    assert "goes after 400 days" in run(
        "decide", "pii_data", *laws, "--days", "400", "--because", "no care in it"
    )


def test_a_plan_says_what_of(run: Run) -> None:
    for words in (
        ["plan"],
        ["plan", "--law", "GDPR", "--policy", "x"],
        ["run", "--dry-run"],
        ["run", "--policy", "x"],
    ):
        with pytest.raises(InvalidInputError):
            run(*words)
    with pytest.raises(InvalidInputError):
        run("run", "--store", "shop")
