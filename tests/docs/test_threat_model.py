"""Each row of the threat model names tests and vectors that exist, and every row names some."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}
BUNDLES = {one["name"]: one for one in json.loads((ROOT / "conformance" / "bundles.json").read_text())}


def rows() -> list[list[str]]:
    table = PAGE.split("## The record")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


ROWS = rows()
NAMES = sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[4])})


def test_every_row_has_its_five_cells_and_names_what_shows_it():
    assert len(ROWS) > 30
    for row in ROWS:
        assert len(row) == 5, row
        assert row[1], row
        assert re.findall(r"`([^`]+)`", row[4]), row


@pytest.mark.parametrize("name", NAMES)
def test_what_the_threat_model_names_exists(name):
    assert name in (TESTS if name.startswith("test_") else BUNDLES)


def test_where_the_page_says_that_nobody_notices_the_vector_says_so():
    """The uncomfortable rows are true: these logs pass."""
    for name in (
        "rewritten-with-the-key",
        "rewritten-behind-the-kept-head",
        "rewritten-with-the-key-and-every-witness",
    ):
        assert name in NAMES
        assert BUNDLES[name]["verdict"] in ("CONSISTENT", "WITNESSED")
