"""A witness that is served for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from served_witness import Served, make


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    one = make(tmp_path / "witness")
    yield one
    one.close()
