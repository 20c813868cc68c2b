"""`ephor agents compliance`: the public document, the exit codes, and what a person reads."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ephor.edges.cli.app import run
from sample_gate import AGENT, make_ready


@pytest.fixture
def ephor(engine, capsysbinary):
    door = SimpleNamespace(open=lambda _database: engine, person="sam")

    def call(*words):
        code = run(("agents", "compliance", *words), door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def test_the_document_answers_every_obligation_and_counts_no_score(ephor, engine):
    make_ready(engine)
    code, out, _ = ephor(AGENT, "--law", "gdpr", "--law", "EU AI Act", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["agent"], told["as_of"], told["compliant"]) == (AGENT, "2026-11-24", None)
    assert [one["law"] for one in told["laws"]] == ["gdpr", "eu-ai-act"]
    gdpr = told["laws"][0]
    assert sum(gdpr["counts"].values()) == len(gdpr["obligations"]) == 32
    assert {one["status"] for one in gdpr["obligations"]} <= {"met", "not_met", "not_known", "not_applicable"}
    security = next(one for one in gdpr["obligations"] if one["id"] == "gdpr/security")
    assert (security["status"], security["verified"], security["cite"]) == ("met", "recall", "Art 32")
    assert security["evidence"][0]["entry"]
    assert told["checker"]["risk_category"] == "limited"
    assert "score" not in out


def test_a_person_reads_what_is_owed_and_what_to_do(ephor, engine):
    make_ready(engine)
    code, out, _ = ephor(AGENT, "--law", "gdpr")
    assert code == 0
    assert "compliant: not known" in out
    assert "gdpr/transparency" in out
    assert "ephor evidence add support-assistant --kind requirement" in out
    later = ephor(AGENT, "--law", "eu-ai-act", "--as-of", "2027-12-02")[1]
    assert "as of 2027-12-02" in later


def test_the_exit_code_says_no_only_where_it_was_asked_to(ephor, engine):
    make_ready(engine)
    assert ephor(AGENT, "--law", "gdpr", "--fail-on", "not_known")[0] == 1
    assert ephor(AGENT, "--law", "gdpr", "--fail-on", "not_met")[0] == 0
    assert ephor(AGENT, "--fail-on", "bad")[0] == 2
    assert ephor(AGENT, "--law", "gdrp")[0] == 3
    assert ephor("nobody")[0] == 3
