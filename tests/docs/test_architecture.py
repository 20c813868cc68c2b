"""The page on architecture names the rings and rooms that the import contract holds."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def layers(contract: str) -> list[set[str]]:
    """Return the layers of a contract of .importlinter, the highest first."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    text = contracts[f"importlinter:contract:{contract}"]["layers"]
    return [set(re.findall(r"\w+", line)) for line in text.strip().splitlines()]


def test_the_rings_are_told_in_their_order() -> None:
    told = re.search(r"From the outside in: (.*?)\. A module", PAGE, re.DOTALL)
    assert told
    assert [set(re.findall(r"\w+", part)) for part in re.findall(r"`([^`]+)`", told[1])] == layers("rings")


def test_each_storey_is_told_with_its_rooms() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if re.match(r"\| (roof|second attic|attic|top|second|first|ground):?", line)
    ]
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == layers("rooms")


def test_every_ring_has_a_line_in_the_drawing() -> None:
    drawing = PAGE.partition("```text")[2].partition("```")[0]
    for ring in set().union(*layers("rings")):
        assert re.search(rf"\b{ring}\b", drawing), ring
