"""`ephor gate` for build servers: JUnit XML, SARIF 2.1.0, what falls due, and what each answer rests on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from ephor.adapters.files import new_file, read_bytes
from ephor.edges.cli.app import run
from ephor.edges.gate_reports import junit, sarif
from ephor.engine.plane import Engine
from ephor.rooms.gate.checklist import ITEMS, Checklist
from ephor.rooms.gate.due import CYCLES
from sample_gate import AGENT, make_ready, register

Run = Callable[..., int]
PRE, ONGOING = Checklist


@pytest.fixture
def ephor(engine: Engine) -> Run:
    door: Any = SimpleNamespace(
        open=lambda _database: engine, person="sam", read_bytes=read_bytes, new_file=new_file
    )
    return lambda *arguments: run(arguments, door)


def test_junit_has_one_case_for_each_item_and_what_is_not_known_fails(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    register(engine)
    assert ephor("gate", AGENT, "--format", "junit") == 1
    suite = ElementTree.fromstring(capsysbinary.readouterr().out).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    answers = engine.gate.check(AGENT, PRE).items
    assert [one.get("name") for one in cases] == [one.id for one in answers]
    for case, answer in zip(cases, answers, strict=True):
        failure = case.find("failure")
        assert (failure is None) is (answer.status.value == "met")
        if failure is not None:
            assert failure.get("type") == answer.status.value
            assert str(answer.remedy) in str(failure.text)
    failed = sum(case.find("failure") is not None for case in cases)
    assert (suite.get("tests"), suite.get("failures")) == ("12", str(failed))
    assert 'type="not_known"' in ElementTree.tostring(suite, "unicode")


def test_sarif_has_one_result_for_each_item_under_its_rule(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    register(engine)
    assert (
        ephor("gate", AGENT, "--checklist", "ongoing", "--format", "sarif", "--manifest", "agents/a.yaml")
        == 1
    )
    log = json.loads(capsysbinary.readouterr().out)
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [item.id for item in ITEMS[ONGOING]]
    answers = engine.gate.check(AGENT, ONGOING).items
    for result, answer in zip(found["results"], answers, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == answer.id
        met = answer.status.value == "met"
        assert (result["kind"], result["level"]) == (("pass", "none") if met else ("fail", "error"))
        assert answer.because in result["message"]["text"]
        assert answer.remedy is None or answer.remedy in result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "agents/a.yaml"
    prints = [one["partialFingerprints"]["ephorGateItem/v1"] for one in found["results"]]
    assert len(set(prints)) == 8
    assert found["properties"]["passed"] is False


def test_files_are_written_beside_the_answer_and_nothing_is_overwritten(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    make_ready(engine)
    files = ("--junit", str(tmp_path / "gate.xml"), "--sarif", str(tmp_path / "gate.sarif"))
    assert ephor("gate", AGENT, *files, "--json") == 0
    assert json.loads(capsysbinary.readouterr().out)["passed"]
    report = engine.gate.check(AGENT, PRE)
    assert (tmp_path / "gate.xml").read_bytes() == junit(report)
    assert b"<failure" not in junit(report)
    assert {
        one["kind"] for one in json.loads((tmp_path / "gate.sarif").read_text())["runs"][0]["results"]
    } == {"pass"}
    assert ephor("gate", AGENT, *files) == 4


def test_text_that_xml_cannot_hold_is_written_out_and_markup_stays_text(engine: Engine) -> None:
    register(engine)
    report = engine.gate.check(AGENT, PRE)
    nasty = 'a ]]> <b> & "quoted" \x00\x1b[31m\ufffe'
    first = dataclasses.replace(report.items[0], because=nasty)
    made = junit(dataclasses.replace(report, items=(first,)))
    failure = ElementTree.fromstring(made).find("testsuite/testcase/failure")
    assert failure is not None
    assert 'a ]]> <b> & "quoted" \ufffd\ufffd[31m\ufffd' in str(failure.get("message"))
    assert json.loads(sarif(report, "ephor.yaml", "0"))["version"] == "2.1.0"


def test_what_falls_due_is_listed_in_order_with_what_to_do(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_ready(engine)
    assert ephor("gate", AGENT, "--checklist", "ongoing", "--next", "100", "--json") == 0
    found = json.loads(capsysbinary.readouterr().out)
    due = found["lapses"]
    assert [one["id"] for one in due] == [
        "model-performance-monitoring",
        "audit-log-reviews",
        "regular-risk-assessments",
        "bias-testing",
    ]
    assert [one["due"] for one in due] == sorted(one["due"] for one in due)
    lapses = {one["id"]: one["lapses"] for one in found["items"]}
    for one in due:
        assert one["due"] == lapses[one["id"]]
        assert one["in_days"] == (date.fromisoformat(one["due"]) - date(2026, 11, 24)).days
        assert one["remedy"].startswith("ephor ")
    assert [one["cycle"] for one in due] == ["continuous", "monthly", "quarterly", "quarterly"]
    assert ephor("gate", AGENT, "--checklist", "ongoing", "--next", "0") == 0
    assert "nothing in that time" in capsysbinary.readouterr().out.decode()


def test_what_is_open_is_due_on_the_day_itself(engine: Engine) -> None:
    make_ready(engine)
    report = engine.gate.check(AGENT, ONGOING, as_of=date(2027, 12, 31))
    due = engine.gate.due(report, 0)
    assert {one.id for one in due} == {one.id for one in report.items if one.status.value != "met"}
    assert {(one.due, one.in_days) for one in due} == {(date(2027, 12, 31), 0)}


def test_every_ongoing_item_has_a_cycle() -> None:
    assert set(CYCLES) == {item.id for item in ITEMS[ONGOING]}


def test_explain_shows_the_query_and_the_entries(
    ephor: Run, engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    make_ready(engine)
    assert ephor("gate", AGENT, "--explain") == 0
    shown = capsysbinary.readouterr().out.decode()
    for item in engine.gate.check(AGENT, PRE).items:
        assert f"looked up: {item.query}" in shown
        assert all(exhibit.id in shown for exhibit in item.evidence)


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--format", "pdf"), "unknown format"), (("--format", "sarif", "--json"), "leave one out"),
     (("--next", "-1"), "looked ahead"), (("--next", "3661"), "looked ahead"),
     (("--next", "3000", "--as-of", "9999-01-01"), "calendar")],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(
    ephor: Run, engine: Engine, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    register(engine)
    assert ephor("gate", AGENT, *options) == 2
    assert message in capsys.readouterr().err
