"""The page of results: one section for each part, written anew without touching the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
INTRODUCTION = "# Benchmarks\n\nRatios within one run; contestants take turns. Times are of one machine and mean little elsewhere.\n\n"
_SECTION = re.compile(r"^## ([a-z]+)\n\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def keep(page: Path, name: str, text: str, order: Sequence[str]) -> None:
    """Put *text* into the section *name* of *page*; the sections of other parts stay as they are, first those in *order*."""
    found = dict(_SECTION.findall(page.read_text())) | {name: text}
    sections = [
        f"## {one}\n\n{found[one].rstrip()}\n" for one in dict.fromkeys([*order, *found]) if one in found
    ]
    page.write_text(INTRODUCTION + "\n".join(sections))
