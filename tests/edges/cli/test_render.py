"""What reaches a person's terminal moves nothing on it; what a machine reads, and what is signed, stays exact."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import run as run_cli
from ephor.edges.cli.fields import fields, unfolded
from ephor.edges.cli.render import console, table
from ephor.edges.sdk import Plane
from ephor.kernel.events import Event
from sample_plane import ID, ready

EVIL = "\x1b[31mred\x9b2J\u202egnp.exe\nforged  row\r\t\u2028end"
SHOWN = "\\u001b[31mred\\u009b2J\\u202egnp.exe\\nforged  row\\r\\t\\u2028end"


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def run(plane, capsysbinary):
    def call(*words):
        code = run_cli(words, SimpleNamespace(open=lambda *_a, **_k: plane, person="ada"))
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


@pytest.mark.parametrize("draw", [table, unfolded])
def test_a_cell_stays_one_cell(draw, capsys):
    draw(console(), ("name", "x"), [(EVIL, "1"), ("b", "2")], empty="none")
    out = capsys.readouterr().out
    assert SHOWN in out
    assert out.count("\n") == 3
    assert out.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", [EVIL, "a\x0bb\x85c\x1dd"])
def test_running_text_and_fields_keep_their_lines_and_nothing_else(text, capsys):
    console().print(text)
    fields(console(), [("a", text)])
    lines = capsys.readouterr().out.replace("\t", "").split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 2 * (1 + text.count("\n")) + 1


def test_an_error_is_one_harmless_line(run):
    code, _, err = run("agents", "show", EVIL)
    assert code == 3
    assert SHOWN[:20] in err
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert json.loads(run("agents", "show", EVIL, "--json")[2])["message"].count(EVIL) == 1


def test_an_entry_with_escapes_is_shown_to_people_and_exact_for_machines(run, plane):
    plane.world.storage.append(
        [Event("x-odd/1", plane.world.clock.now(), "agent:x", tool=EVIL, metadata={"a": "\x9b\u202e"})]
    )
    out = run("ledger", "list", "--limit", "1")[1]
    assert SHOWN in out
    assert out.count("\n") == 2
    assert (
        json.loads(run("ledger", "list", "--limit", "1", "--json")[1])["entries"][0]["entry"]["tool"] == EVIL
    )
    last = str(plane.ledger.head().size - 1)
    assert run("ledger", "show", last)[1].replace("\n", "").isprintable()


def test_a_name_with_control_characters_is_refused_and_not_repeated(run):
    for name in (EVIL, "Mallory\nada  Ada  administrator", "a\u202eb"):
        code, out, err = run("people", "add", "mal", "--name", name, "--role", "auditor")
        assert (code, out) == (2, "")
        assert "the person's name holds the control character" in err
    assert run("people", "add", "zoe", "--name", "Zoë Ångström 佐藤", "--role", "auditor")[0] == 0


def test_a_pipe_gets_no_blanks_at_line_ends(run):
    for words in (["ledger", "list"], ["people", "list"], ["packs", "list"]):
        lines = run(*words)[1].split("\n")
        assert all(line == line.rstrip() for line in lines), words


def test_people_read_times_to_the_minute(run, plane):
    at = plane.world.clock.now()
    assert f"{at:%Y-%m-%d %H:%M} UTC" in run("ledger", "list")[1]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_a_checkpoint_is_exact_whatever_the_locale(plane, monkeypatch, encoding):
    door = SimpleNamespace(open=lambda *_a, **_k: plane, person="ada")
    note = plane.ledger.head().note
    assert "— ".encode() in note
    for words in (["ledger", "checkpoint"], ["ledger", "prove", "0"]):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        assert run_cli(words, door) == 0
        assert stream.buffer.getvalue().endswith(note)
        if words[1] == "checkpoint":
            assert stream.buffer.getvalue() == note


@pytest.mark.parametrize("field", ["--agent", "--tool", "--purpose", "--on-behalf-of", "--subject"])
def test_a_call_with_control_characters_is_no_call(run, plane, field):
    before = plane.ledger.head().size
    words = {"--agent": ID, "--tool": "customer_lookup", field: "a\x1b[31mb"}
    code, _, err = run("decide", *(word for pair in words.items() for word in pair))
    assert code == 2
    assert "holds the control character `\\u001b`" in err
    assert plane.ledger.head().size == before
