"""The reference pages say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = generator().PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_generator_writes(name: str) -> None:
    written = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "stale: run `python3 dev.py run python docs/generate.py`"


def test_no_page_of_the_reference_is_written_by_hand() -> None:
    assert {path.name for path in (DOCS / "reference").glob("*.md")} == set(PAGES)
