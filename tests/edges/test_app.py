"""How answers and errors leave the command line: exit codes, one line of JSON, and never a traceback."""

import io
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from conftest import populate
from ephor.edges.cli.app import EXIT, exit_code_of
from ephor.edges.cli.app import run as run_command
from ephor.edges.sdk import Plane
from ephor.kernel import errors
from sample_plane import ID, ready, size

FAMILIES = {
    errors.InvalidInputError: 2,
    errors.NotFoundError: 3,
    errors.ConflictError: 4,
    errors.NotPermittedError: 5,
    errors.VerificationError: 6,
    errors.UnavailableError: 7,
}


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def run(plane, capsysbinary):
    def call(*words, opened=None):
        def open_(_database=None, **_other):
            if opened is not None:
                raise opened
            return plane

        code = run_command(list(words), SimpleNamespace(open=open_, person="cal"))
        said = capsysbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return call


DECIDE = ("decide", "--agent", ID, "--tool", "customer_lookup")


def told(err):
    """Read the one line of JSON on standard error."""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.isascii()
    line = json.loads(err)
    assert set(line) == {"error", "message", "facts"}
    return line


# --- decide


def test_a_decision_is_one_document_whatever_the_answer(run):
    code, out, err = run(*DECIDE, "--arguments", '{"id": 7}', "--json")
    assert (code, err) == (0, "")
    decided = json.loads(out)
    assert set(decided) >= {"id", "outcome", "reasons", "obligations", "entry", "policy_digest", "approval"}
    assert (decided["outcome"], decided["reasons"][0]["code"]) == ("allow", "allowed")
    assert decided["obligations"][0] == {"kind": "mask", "where": "result", "reveal": ["email"], "text": ""}
    code, out, _ = run("decide", "--agent", "ghost", "--tool", "x", "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "deny")
    code, out, _ = run("decide", "--agent", ID, "--tool", "refund", "--json")
    assert (code, json.loads(out)["outcome"], json.loads(out)["approval"][:4]) == (0, "ask", "apr_")


def test_a_person_reads_reasons_and_what_to_do(run):
    out = run("decide", "--agent", ID, "--tool", "refund")[1]
    assert out.startswith("ask  dec_")
    assert "waits for a person: ephor approvals show apr_" in out
    assert "recorded as evt_" in out
    assert "mask personal data in the result, except email" in run(*DECIDE)[1]


def test_every_option_reaches_the_decision(run):
    words = (
        "--on-behalf-of",
        "dlg_1",
        "--subject",
        "jane",
        "--purpose",
        "news",
        "--sensitivity",
        "restricted",
    )
    codes = {one["code"] for one in json.loads(run(*DECIDE, *words, "--json")[1])["reasons"]}
    assert codes >= {"delegation-unknown", "sensitivity-above-ceiling"}


BAD = {
    "not JSON": "{id: 7}",
    "nothing": "",
    "a list": "[1]",
    "a number": "7",
    "null": "null",
    "twice the same key": '{"amount": 1, "amount": 9000}',
    "twice the same key below": '{"a": [{"b": 1, "b": 2}]}',
    "NaN": '{"a": NaN}',
    "infinity": '{"a": -Infinity}',
    "a number beyond any": '{"a": 1e999}',
    "more digits than Python reads": '{"a": ' + "9" * 5000 + "}",
    "more bits than are kept": '{"a": ' + "9" * 2000 + "}",
    "a lone surrogate": '{"a": "\\ud800"}',
    "deeper than is kept": '{"a": ' + "[" * 70 + "]" * 70 + "}",
    "deeper than Python reads": "[" * 60_000,
    "two documents": "{} {}",
    "a byte order mark": "\ufeff{}",
}


@pytest.mark.parametrize("what", BAD)
def test_arguments_that_cannot_be_one_call_are_bad_input(run, plane, what):
    before = size(plane)
    code, out, err = run(*DECIDE, "--arguments", BAD[what], "--json")
    assert (code, out, told(err)["error"]) == (2, "", "invalid-input")
    assert len(err) < 500
    code, out, err = run(*DECIDE, "--arguments", BAD[what])
    assert (code, out, err[:22]) == (2, "", "ephor: invalid-input: ")
    assert size(plane) == before


def test_a_number_that_is_too_long_is_told_with_its_length_and_what_to_write(run):
    for digits in ("9" * 5000, "-" + "9" * 5000):
        _, _, err = run(*DECIDE, "--arguments", '{"a": ' + digits + "}")
        assert "has 5000 digits, and at most 1233 are read: put it in quotes, as text" in err
    code, out, _ = run(*DECIDE, "--arguments", '{"id": ' + "9" * 1233 + "}", "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "allow")


def test_a_number_too_large_for_a_machine_word_is_still_that_number(run, plane):
    ids = set()
    for amount in (2**64, 2**64 + 1, float(2**64)):
        _, out, _ = run(
            "decide",
            "--agent",
            ID,
            "--tool",
            "refund",
            "--arguments",
            json.dumps({"amount_cents": amount}),
            "--json",
        )
        ids.add(json.loads(out)["approval"])
    assert len(ids) == 3


# --- errors


USAGE = [
    (["nosuch"], "no such command"),
    (["decide"], "missing option '--agent'"),
    (["decide", "--agent"], "requires an argument"),
    ([*DECIDE, "--nosuch"], "no such option"),
    ([*DECIDE, "extra"], "unexpected extra argument"),
    ([*DECIDE, "--sensitivity", "secret"], "unknown sensitivity `secret`"),
    (["approvals", "nosuch"], "no such command"),
    (["approvals", "show"], "missing argument"),
    (["--nosuch"], "no such option"),
    (["decide", "--agent", "", "--tool", "x"], "`agent` is blank"),
    (["decide", "--agent", "\udcff", "--tool", "x"], "lone surrogate"),
    (["decide", "--agent", ID, "--tool", "x" * 5000], "at most"),
]


@pytest.mark.parametrize(("words", "said"), USAGE)
def test_what_cannot_be_understood_exits_2(run, words, said):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("ephor: invalid-input: ")
    assert said in err.casefold()
    code, out, err = run(*words, "--json")
    assert (code, out) == (2, "")
    assert told(err)["error"] == "invalid-input"


@pytest.mark.parametrize("words", [[], ["approvals"]])
def test_nothing_asked_is_answered_with_help_on_standard_error(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ephor")


@pytest.mark.parametrize("words", [["--help"], ["decide", "--help"], ["approvals", "approve", "--help"]])
def test_help_is_an_answer(run, words):
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ephor")


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_of_errors_has_its_code(run, family):
    error = family("`x` went wrong; do y", at="x", times=3, odd=object(), deep={("a", 1): 2})
    code, out, err = run(*DECIDE, "--json", opened=error)
    assert (code, out) == (FAMILIES[family], "")
    line = told(err)
    assert (line["error"], line["message"]) == (family.code, "`x` went wrong; do y")
    assert (line["facts"]["at"], line["facts"]["times"]) == ("x", 3)
    code, out, err = run(*DECIDE, opened=error)
    assert (code, out, err) == (FAMILIES[family], "", f"ephor: {family.code}: `x` went wrong; do y\n")


def test_the_table_of_codes_is_whole_and_reaches_kinds_of_a_family():
    assert dict(EXIT) == FAMILIES
    assert len(set(EXIT.values())) == len(EXIT)
    assert set(errors.EphorError.__subclasses__()) >= set(EXIT)

    class Locked(errors.UnavailableError):
        """A kind of unavailable."""

    assert exit_code_of(Locked("x")) == 7


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("what?"),
        ZeroDivisionError(),
        MemoryError(),
        RecursionError(),
        UnicodeError("x"),
        AssertionError("\ud800\nsecond line"),
    ],
)
def test_what_nobody_foresaw_fails_closed_without_a_traceback(run, error):
    code, out, err = run(*DECIDE, "--json", opened=error)
    line = told(err)
    assert (code, out, line["error"]) == (7, "", "unavailable")
    assert type(error).__name__ in line["message"]
    assert "act on nothing" in line["message"]
    assert "Traceback" not in run(*DECIDE, opened=error)[2]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError()])
def test_an_interrupt_is_130_and_one_line(run, error):
    code, out, err = run(*DECIDE, "--json", opened=error)
    assert (code, out, told(err)["error"]) == (130, "", "interrupted")
    code, _, err = run(*DECIDE, opened=error)
    assert (code, err.count("\n")) == (130, 1)


@pytest.mark.parametrize(
    ("error", "code"), [(BrokenPipeError(), 141), (OSError(28, "No space left on device"), 7)]
)
def test_an_answer_that_cannot_be_written_is_not_a_success(plane, monkeypatch, capsys, error, code):
    class Full(io.TextIOWrapper):
        def flush(self):
            raise error

    kept = Full(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", kept)
    door = SimpleNamespace(open=lambda *_, **__: plane, person="cal")
    assert run_command([*DECIDE], door) == code
    assert run_command(["--help"], door) == 0  # what is left to write goes nowhere, quietly
    kept.flush = lambda: None
    said = capsys.readouterr().err
    assert ("could not be written" in said) is (code == 7)


def test_streams_that_are_closed_are_not_an_error(plane, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    door = SimpleNamespace(open=lambda *_, **__: plane, person="cal")
    assert run_command([*DECIDE, "--json"], door) == 0
    assert run_command(["nosuch"], door) == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_utf_8_gets_question_marks_and_the_right_code(plane, monkeypatch, encoding):
    door = SimpleNamespace(open=lambda *_, **__: plane, person="cal")
    streams = {}
    for name in ("stdout", "stderr"):
        streams[name] = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, name, streams[name])
    assert run_command(["decide", "--agent", "агент", "--tool", "x"], door) == 0
    assert run_command(["approvals", "show", "агент"], door) == 3
    for stream in streams.values():
        stream.flush()
    assert b"?????" in streams["stdout"].buffer.getvalue()
    assert b"?????" in streams["stderr"].buffer.getvalue()


# --- as a process


def ephor(*words, folder, **other):
    environment = {
        "PYTHONPATH": ":".join(sys.path),
        "EPHOR_PERSON": "ada",
        "PATH": os.environ["PATH"],
        "PYTHONWARNINGS": "error",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "ephor", *words],
        cwd=folder,
        env={**environment, **other.pop("env", {})},
        # What runs the tests in the background has SIGINT ignored, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        **other,
    )


PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def test_a_reader_that_goes_away_leaves_no_noise(tmp_path):
    for words in (["--help"], ["packs", "list"], ["packs", "list", "--json"]):
        ends = os.pipe()
        os.close(ends[0])
        child = ephor(*words, folder=tmp_path, stdout=ends[1], stderr=subprocess.PIPE, text=True)
        os.close(ends[1])
        _, err = child.communicate(timeout=300)
        assert (child.returncode, err) == (141, ""), words


def test_a_full_disk_under_the_answer_is_told(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:
        child = ephor(
            "packs", "list", "--json", folder=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True
        )
        _, err = child.communicate(timeout=300)
    assert (child.returncode, told(err)["error"]) == (7, "unavailable")


def test_control_c_ends_a_command_that_waits_with_130(tmp_path):
    child = ephor("pii", "scan", "-", folder=tmp_path, stdin=subprocess.PIPE, **PIPES)
    assert child.stdin
    child.stdin.write("x" * 300_000)  # more than a pipe holds: the command is reading when this is through
    child.stdin.flush()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, out) == (130, "")
    assert err.startswith("ephor: interrupted: ")
    assert "Traceback" not in err


def test_a_plane_that_is_not_there_is_not_found(tmp_path):
    child = ephor(*DECIDE, "--json", folder=tmp_path, **PIPES)
    out, err = child.communicate(timeout=300)
    assert (child.returncode, out, told(err)["error"]) == (3, "", "not-found")
    assert list(tmp_path.iterdir()) == []


def test_a_standard_input_that_is_closed_is_bad_input(tmp_path):
    child = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m ephor pii scan - <&-', sys.executable],
        env={"PYTHONPATH": ":".join(sys.path), "EPHOR_PERSON": "ada"},
        cwd=tmp_path,
        capture_output=True,
        timeout=300,
        check=False,
        text=True,
    )
    assert (child.returncode, child.stdout) == (2, "")
    assert "standard input is closed" in child.stderr
