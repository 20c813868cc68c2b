"""`ephor agents sign-class` and `ephor classify --interview`: what is signed is shown, and nobody is asked off a terminal."""

from __future__ import annotations

import codecs
import json
import os
import pty
import select
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from ephor.adapters.files import read_mapping
from ephor.adapters.packs import BundledPacks
from ephor.edges.cli.app import run
from ephor.engine.regulation import Law
from sample_gate import AGENT, register


@pytest.fixture
def ephor(engine, capsysbinary):
    door = SimpleNamespace(
        open=lambda _database: engine, person="sam", law=Law(BundledPacks()), read_yaml=read_mapping
    )

    def call(*words):
        code = run(words, door)
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


def test_a_class_is_shown_as_a_proposal_until_somebody_signs_it(ephor, engine):
    register(engine)
    engine.regulation.classify_agent(AGENT, by="eve")
    assert "no reviewer signed it off, so it does not count yet" in ephor("agents", "show", AGENT)[1]
    told = json.loads(ephor("agents", "show", AGENT, "--json")[1])["class"]
    assert (told["category"], told["counts"], told["measures"]["human_oversight"]) == ("limited", False, True)
    assert ephor("agents", "sign-class", AGENT, "--category", "minimal")[0] == 4
    assert ephor("agents", "sign-class", AGENT, "--category", "limited", "--as", "eve")[0] == 5
    code, out, _ = ephor("agents", "sign-class", AGENT, "--category", "limited", "--as", "pia")
    assert (code, out) == (0, f"{AGENT} is limited, signed off by pia\n")
    told = json.loads(ephor("agents", "show", AGENT, "--json")[1])["class"]
    assert (told["counts"], told["signed_by"], told["measures"]["human_oversight"]) == (True, "pia", False)
    assert (told["measures"]["monitoring_level"], told["measures"]["retention_days"]) == ("standard", 90)
    assert "signed off by pia" in ephor("agents", "show", AGENT)[1]


def test_nobody_is_asked_off_a_terminal(ephor, tmp_path):
    file = tmp_path / "facts.yaml"
    code, out, err = ephor("classify", str(file), "--interview")
    assert (code, out) == (2, "")
    assert "there is no terminal" in err
    assert not file.exists()


def test_an_interview_needs_a_file_to_write(ephor):
    code, _, err = ephor("classify", "--interview")
    assert code == 2
    assert "name" in err


def test_a_person_at_a_terminal_is_asked_and_the_facts_are_written(tmp_path):
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ephor", "classify", "facts.yaml", "--interview", "--json"]
    program = subprocess.Popen(words, cwd=tmp_path, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    screen, answered, decoder = "", 0, codecs.getincrementaldecoder("utf-8")()
    until = time.monotonic() + 300
    while program.poll() is None and time.monotonic() < until:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                screen += decoder.decode(os.read(ours, 4096))
            except OSError:
                break
        if screen.count("or ? ") > answered:
            os.write(ours, b"rules\n" if answered == 0 else b"?\n")
            answered += 1
    found = json.loads(program.communicate(timeout=120)[0])
    os.close(ours)
    assert program.returncode == 0
    assert (found["category"], found["articles"]) == ("out_of_scope", ["Art 3(1)"])
    assert "what the system does for its intended purpose" in screen
    assert (tmp_path / "facts.yaml").read_text().endswith("facts:\n  function: rules\n")


def test_a_key_of_the_guide_may_stand_alone_in_a_file(ephor, tmp_path):
    file = tmp_path / "use.yaml"
    file.write_text("use_case: credit_scoring\ncomplete: true\n")
    code, out, err = ephor("classify", str(file), "--as-of", "2026-11-27", "--json")
    assert code == 0, err
    assert json.loads(out)["articles"] == ["Annex III 5(b)"]
