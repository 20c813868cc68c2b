"""The reference pages say what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_generator_writes(name: str) -> None:
    written = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "stale: run `python3 dev.py run python docs/generate.py`"


def test_no_page_of_the_reference_is_written_by_hand() -> None:
    assert {path.name for path in (DOCS / "reference").glob("*.md")} == set(PAGES)
