"""The benchmarks run, say what they are held to, and write only what they measured."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

BENCH = Path(__file__).parents[2] / "bench"
PAGE = BENCH.parent / "docs" / "benchmarks.md"


def load(name: str) -> ModuleType:
    """Import a module of the benchmarks that needs no other of them."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCH / "run.py"), *words], capture_output=True, text=True, check=False
    )


def test_a_short_run_without_peers_measures_every_goal_that_needs_none():
    before = PAGE.read_text()
    done = bench("ledger", "--short", "--alone")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Peers were left out, as asked." in done.stdout
    goals = done.stdout.rpartition("### Goals")[2]
    for size in (664, 994):
        for goal in ("append, batch 1000", "append, batch 1", "64 writers, durable", "64 writers, p99",
                     "verify from the database", "verify from exported files", "bytes beyond the event"):  # fmt: skip
            assert f"| {goal}, {size} bytes |" in goals, goal
    assert "| inclusion proof, cold |" in goals
    assert done.stdout.count("equal to a naive second implementation's") >= 4
    for stated in ("fsync p50 before", "synchronous=full", "load ", "of raw, CPU"):
        assert stated in done.stdout, stated
    assert PAGE.read_text() == before


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["ledgre"], "unknown part ledgre"),
        (["ledger", "--short", "--write"], "a short run shows no speed"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: list[str], problem: str):
    done = bench(*words)
    assert done.returncode == 2
    assert problem in done.stderr


def test_a_page_keeps_the_sections_of_other_parts(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("# Old\n\n## one\n\nfirst\n\n### below\n\n| a |\n\n## two\n\nsecond\n")
    load("page").keep(page, "two", "anew\n", ["one", "two", "three"])
    text = page.read_text()
    assert "## one\n\nfirst\n\n### below\n\n| a |\n" in text
    assert "## two\n\nanew\n" in text
    assert "second" not in text
    assert "three" not in text


def test_the_second_implementation_knows_the_roots_of_rfc_6962():
    """The tree of the RFC's reference implementation, as Certificate Transparency's own tests state it."""
    entries = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
    oracle = load("ledger_oracle")
    assert oracle.root_of(entries).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert oracle.root_of([]).hex().startswith("e3b0c44298fc1c14")
    with pytest.raises(SystemExit):
        oracle.check_root(entries[:-1], oracle.root_of(entries))


def test_a_chart_is_well_formed_and_starts_at_zero():
    drawn = load("chart").lines("A & B", ["1", "2"], {"x < y": [30.0, 60.0]}, unit="MiB", below="entries")
    root = ElementTree.fromstring(drawn)
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "x < y" in texts
    assert "0 MiB" in texts
    assert "80 MiB" in texts
