"""Which connector a store's URL names: one of ours, one that an installed package brings along, or a file system of fsspec.

A package offers a connector as an entry point of the group `ephor.connectors`, named like the URL's scheme: a function
that takes the URL and returns a `DataStore`. What is ours cannot be replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from typing import Any

from ephor.adapters.connectors import objects_open, sql
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import EphorError, InvalidInputError, UnavailableError

GROUP = "ephor.connectors"
SQL = ("sqlite", "postgresql", "mysql", "mariadb")
OTHERS: Mapping[str, tuple[str, str]] = {
    "files": ("ephor.adapters.connectors.files", "connect_files"),
    "file": ("ephor.adapters.connectors.files", "connect_files"),
    "local": ("ephor.adapters.connectors.files", "connect_files"),
    "langgraph": ("ephor.adapters.connectors.langgraph", "connect_langgraph"),
    "chroma": ("ephor.adapters.connectors.chroma", "connect_chroma"),
    "langfuse": ("ephor.adapters.connectors.langfuse", "connect_langfuse"),
    "service": ("ephor.adapters.connectors.service", "connect_service"),
    "manual": ("ephor.adapters.connectors.manual", "connect_manual"),
    "redis": ("ephor.adapters.connectors.redis", "connect_redis"),
    "rediss": ("ephor.adapters.connectors.redis", "connect_redis"),
}
"""Our connectors to what is no SQL database: loaded when they are asked for."""
OURS = (*SQL, *OTHERS)
_CALLS = ("tables", "find", "tally", "delete", "update", "scrub", "close")


def connect(url: str) -> DataStore:
    """Return the data store at *url*.

    Raises:
        InvalidInputError: no connector takes such a URL, or two packages offer one.
        NotFoundError: there is no such store.
        UnavailableError: the store does not answer, or a package's connector is broken.
    """
    scheme = url.partition(":")[0].partition("+")[0].lower()
    offered = (
        [] if scheme in OURS else [one for one in metadata.entry_points(group=GROUP) if one.name == scheme]
    )
    if scheme in OTHERS:
        module, name = OTHERS[scheme]
        made: DataStore = getattr(import_module(module), name)(url)
        return made
    if not offered and scheme not in SQL and "://" in url and objects_open.knows(scheme):
        return objects_open.connect_objects(url)
    if not offered and scheme not in SQL and ":" in url:
        raise InvalidInputError(
            f"nothing here knows a store of the kind `{scheme[:40]}`, given with --store or to `ephor dsr map`; a URL begins with "
            f"one of: {', '.join(OURS)}, s3, gs, az or another protocol of fsspec, or with what an installed package offers"
        )
    if not offered:
        return sql.connect(url)
    if len(offered) > 1:
        raise InvalidInputError(
            f"{len(offered)} installed packages offer a connector for `{scheme}`; keep one"
        )
    return _checked(scheme, _opened(offered[0], url))


def _opened(offered: metadata.EntryPoint, url: str) -> Any:
    try:
        return offered.load()(url)
    except EphorError:
        raise
    except Exception as error:  # raised on, so not BLE001 - a package may raise anything
        # Its own message may quote the URL, and with it a password.
        raise UnavailableError(
            f"the connector for `{offered.name}` failed ({type(error).__name__}); ask who made it"
        ) from error


def _checked(scheme: str, store: Any) -> DataStore:
    if missing := [name for name in _CALLS if not callable(getattr(store, name, None))]:
        raise UnavailableError(f"the connector for `{scheme}` lacks `{missing[0]}`; it cannot be relied on")
    made: DataStore = store
    return made
