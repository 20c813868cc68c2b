"""Changelog fragments are named so that a release can gather them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHANGES = Path(__file__).parents[2] / "changes"
NAME = re.compile(r"[1-9]\d*\.(added|changed|fixed|removed|security)(\.([2-9]|[1-9]\d))?\.md")
FRAGMENTS = sorted(path for path in CHANGES.iterdir() if path.name != "README.md")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_has_a_name_a_kind_and_one_paragraph(fragment: Path) -> None:
    assert NAME.fullmatch(fragment.name)
    text = fragment.read_text(encoding="utf-8")
    assert text.strip()
    assert "\n\n" not in text.strip()


def test_a_kind_that_is_none_is_noticed() -> None:
    assert not NAME.fullmatch("2.improved.md")
    assert NAME.fullmatch("2.added.2.md")
