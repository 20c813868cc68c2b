"""The demo, as a person and as a machine run it: the same figures every time, and nothing lost when it is killed."""

from __future__ import annotations

import json
import os
import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ephor.examples.shop.script import CUSTOMER_EMAIL

EPHOR = [sys.executable, "-m", "ephor"]


def demo(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    given = {**os.environ, **environment}
    return subprocess.run([*EPHOR, "demo", *words], capture_output=True, env=given, timeout=600, check=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Path, dict, dict]:
    """The story told twice in the same folder."""
    folder = tmp_path_factory.mktemp("demo") / "story"
    first, second = (json.loads(demo("--keep", str(folder), "--json").stdout) for _ in range(2))
    return folder, first, second


def figures(story: dict) -> list[dict]:
    """What should be the same at every run: everything but names that are drawn, and the prose that holds them."""
    drawn = {"lines", "log", "public_key"}
    return [
        {key: value for key, value in chapter.items() if key not in drawn} for chapter in story["chapters"]
    ]


def test_it_tells_seven_chapters_with_the_same_figures_every_time(told):
    _, first, second = told
    assert len(first["chapters"]) == 7
    assert figures(first) == figures(second)


def test_the_classes_outcomes_and_verdicts_are_those_of_the_story(told):
    _, first, _ = told
    plane, _, law, approval, work, erasure, proof = first["chapters"]
    assert plane["key_mode"] == "0600"
    assert law["classes"] == {
        "support-assistant": "limited",
        "recruiting-ranker": "high",
        "workplace-mood": "unacceptable",
    }
    assert (approval["support"], approval["ranker"]) == ("active", "rejected")
    assert approval["gate_after"] == {"met": 12, "not_met": 0, "not_known": 0}
    assert approval["gate_before"]["met"] < 12
    assert work["outcomes"]["large-refund"] == "ask"
    assert work["outcomes"]["refund-suspended"] == "deny"
    assert erasure["rows"] > 0
    assert erasure["keys"] == 1
    assert erasure["verdict"] == proof["verdict"] == "CONSISTENT"
    assert set(proof["detected"].values()) <= {"INVALID", "INCOMPLETE"}


def test_an_earlier_run_is_kept(told):
    folder, _, second = told
    assert (folder / "earlier-1" / "ephor.db").exists()
    assert any("earlier run" in line and "consistent" in line for line in second["chapters"][0]["lines"])


def test_the_erased_customer_is_in_no_database_file(told):
    folder, _, _ = told
    for path in folder.glob("*.db*"):
        assert not path.is_file() or CUSTOMER_EMAIL.encode() not in path.read_bytes()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = demo("--keep", str(tmp_path))
    assert done.returncode == 4
    assert b"holds other things" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_terminal_without_colour_or_utf8_still_gets_every_line(tmp_path):
    done = demo(
        "--keep", str(tmp_path / "story"), PYTHONIOENCODING="ascii", LC_ALL="C", NO_COLOR="1", TERM="dumb"
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("ascii")
    assert "\x1b" not in text
    assert text.count("\n") > 60
    assert "7. Proof" in text


def test_killed_anywhere_it_can_be_told_again_and_what_was_recorded_verifies(tmp_path):
    folder = tmp_path / "story"
    dice = random.Random(20261124)
    for _ in range(int(os.environ.get("EPHOR_DEMO_KILLS", "3"))):
        running = subprocess.Popen(
            [*EPHOR, "demo", "--keep", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(dice.uniform(0.8, 1.8))
        running.send_signal(signal.SIGKILL)
        running.wait(300)
    done = demo("--keep", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    (first, *_rest) = json.loads(done.stdout)["chapters"]
    found = [line for line in first["lines"] if "earlier run" in line]
    assert all("consistent" in line or "nothing yet" in line for line in found), found


def test_a_reader_that_leaves_early_ends_the_story_quietly(tmp_path):
    ends = os.pipe()
    os.close(ends[0])
    done = subprocess.run(
        [*EPHOR, "demo"], stdout=ends[1], stderr=subprocess.PIPE, timeout=600, check=False, cwd=tmp_path
    )
    os.close(ends[1])
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_program_that_is_not_there_is_told_without_a_traceback(monkeypatch):
    dev = runpy.run_path(str(Path(__file__).parents[2] / "dev.py"))
    monkeypatch.setitem(
        dev["main"].__globals__, "set_up", lambda _lock: None
    )  # what is set up already stays as it is
    monkeypatch.setattr(sys, "argv", ["dev.py", "run", "nosuchprog"])
    with pytest.raises(SystemExit, match=r"^cannot run `nosuchprog`: No such file or directory; try: "):
        dev["main"]()
