"""Runs in the peers' environment and drives them; what each does for an entry is written out below."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agentmesh.governance.audit import AuditLog
from agentmesh.governance.audit_backends import FileAuditSink
from children import serve, took
from pymerkle import SqliteTree

KEY = b"k" * 32


class _Logs:
    """The logs of the folder at hand."""

    def __init__(self, folder: Path) -> None:
        self.tree = SqliteTree(str(folder / "pymerkle.db"))
        for pragma in ("journal_mode=wal", "synchronous=full"):
            self.tree.con.execute(f"pragma {pragma}")
        self.sink = FileAuditSink(folder / "toolkit.jsonl", KEY)
        self.filed, self.kept = AuditLog(sink=self.sink), AuditLog()


_logs: dict[str, _Logs] = {}


def versions() -> dict[str, str]:
    return {name: version(name) for name in ("pymerkle", "agentmesh-platform")}


def start(folder: str) -> None:
    if "now" in _logs:
        _logs.pop("now").tree.close()
    _logs["now"] = _Logs(Path(folder))


def append(peer: str, entries: list[str], batches: int) -> dict[str, float]:
    logs = _logs["now"]
    if peer == "pymerkle":
        data = [entry.encode() for entry in entries]
        return took(lambda: _grow(logs.tree, data, batches))
    log = logs.filed if peer == "toolkit" else logs.kept
    calls = [_call(json.loads(entry)) for entry in entries]

    def record() -> None:
        for call in calls:
            log.log(**call)

    return took(record)


def _grow(tree: SqliteTree, data: list[bytes], batches: int) -> None:
    if batches == len(data):
        for one in data:
            tree.append_entry(one)
    else:
        tree.append_entries(data)


def _call(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what the toolkit's `log` is called with: the fields it knows, and all the others as its data."""
    return {
        "event_type": fields.pop("kind"),
        "agent_did": fields.pop("actor"),
        "action": fields.pop("tool"),
        "resource": fields.pop("resource", None),
        "policy_decision": fields.pop("decision"),
        "trace_id": fields.pop("trace", None),
        "data": fields,
    }


def fill(path: str, ledger: str) -> dict[str, Any]:
    """Append every entry of an Ephor database to a new tree; return its root."""
    tree = SqliteTree(path)
    tree.con.execute("pragma journal_mode=wal")
    tree.con.execute("attach ? as ephor", (ledger,))
    reading = tree.con.cursor()
    reading.execute("select data from ephor.ledger_entries order by idx")
    taken = took(lambda: tree.append_entries(map(bytes, reading)))
    root, size = tree.get_root(), tree.get_size()
    tree.con.execute("detach ephor")
    tree.close()
    return {**taken, "root": root.hex(), "size": size}


def root(path: str) -> dict[str, Any]:
    """Return what computing the root took, from leaf hashes as stored: entries are not looked at."""
    tree, found = SqliteTree(path), []
    taken = took(lambda: found.append(tree.get_root()))
    tree.close()
    return {**taken, "root": found[0].hex()}


def prove(path: str, positions: list[int]) -> list[dict[str, float]]:
    """Return what opening the tree and one proof took, for each position on a connection of its own."""
    told = []
    for position in positions:
        trees: list[SqliteTree] = []
        opened = took(lambda: trees.append(SqliteTree(path)))  # noqa: B023 - called at once
        proved = took(lambda: trees[0].prove_inclusion(position + 1))  # noqa: B023
        trees[0].close()
        told.append({"open": opened["wall"], "prove": proved["wall"], "cpu": proved["cpu"]})
    return told


serve(
    {
        "versions": versions,
        "start": start,
        "append": append,
        "fill": fill,
        "root": root,
        "prove": prove,
    }
)
