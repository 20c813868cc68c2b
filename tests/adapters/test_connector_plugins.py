"""Connectors that other packages bring along."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ephor.adapters.connectors import opening
from ephor.adapters.connectors.sql import SqlStore, connect
from ephor.kernel.errors import InvalidInputError, UnavailableError
from sample_shop import build_shop


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def offering(*offered: tuple[str, Any]) -> None:
        points = [SimpleNamespace(name=name, load=lambda made=made: made) for name, made in offered]
        monkeypatch.setattr(
            metadata, "entry_points", lambda group: points if group == "ephor.connectors" else []
        )

    return offering


def test_a_package_brings_a_connector_for_its_scheme(offer: Callable[..., None], tmp_path: Path) -> None:
    url = build_shop(tmp_path / "shop.db")
    offer(("vault", lambda _: connect(url)))
    store = opening.connect("vault://somewhere")
    assert "customers" in store.tables()
    store.close()


def test_what_is_ours_is_not_replaced(offer: Callable[..., None], tmp_path: Path) -> None:
    offer(("sqlite", lambda _: None))
    store = opening.connect(build_shop(tmp_path / "shop.db"))
    assert isinstance(store, SqlStore)
    store.close()


def test_a_broken_or_doubtful_connector_is_refused_without_the_password(offer: Callable[..., None]) -> None:
    def broken(url: str) -> None:
        raise RuntimeError(url)

    offer(("vault", broken))
    with pytest.raises(UnavailableError) as raised:
        opening.connect("vault://user:hunter2@host")
    assert "hunter2" not in str(raised.value)
    offer(("vault", lambda _: SimpleNamespace(tables=dict)))
    with pytest.raises(UnavailableError, match="lacks `find`"):
        opening.connect("vault://host")
    offer(("vault", broken), ("vault", broken))
    with pytest.raises(InvalidInputError, match="keep one"):
        opening.connect("vault://host")
    offer()
    with pytest.raises(InvalidInputError):
        opening.connect("vault://host")
