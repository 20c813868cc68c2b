"""Decisions: the ceiling alone, and with its durable ledger entry."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from measure import interleave, micro, show

from ephor.bootstrap import open_engine
from ephor.demo import setting
from ephor.demo.narrator import Narrator
from ephor.demo.stage import SUPPORT, Stage
from ephor.examples import files
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.model import Call
from ephor.settings import Settings


def run(*, short: bool) -> str:
    """Return the results as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder), short=short)


def _run(folder: Path, *, short: bool) -> str:
    plane = _active(folder)
    call = Call(SUPPORT, "customer_lookup", {"id": 7})
    denied = Call(SUPPORT, "database_query", {"sql": "select 1"})
    if not plane.decide(call).allowed:
        raise RuntimeError("the bench agent is not active")
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    raw.execute("pragma journal_mode=wal")
    raw.execute("pragma synchronous=full")
    raw.execute("create table entries (data blob)")
    body = next(plane.world.storage.ledger.entries(plane.ledger.head().size - 1, plane.ledger.head().size))
    ceiling = interleave(
        {
            "allow": lambda: [plane.decisions.explain(call) for _ in range(100)],
            "deny": lambda: [plane.decisions.explain(denied) for _ in range(100)],
        },
        30 if short else 300,
    )
    durable = interleave(
        {
            "raw": lambda: raw.execute("insert into entries values (?)", (body,)),
            "ephor": lambda: plane.decide(call),
        },
        50 if short else 500,
    )
    plane.close()
    rows = [
        ("allow, all checks and reasons, nothing recorded", micro(ceiling["allow"].median / 100), micro(ceiling["allow"].p99 / 100), ""),
        ("deny, all reasons, nothing recorded", micro(ceiling["deny"].median / 100), micro(ceiling["deny"].p99 / 100), ""),
        ("a bare SQLite commit of the same bytes", micro(durable["raw"].median), micro(durable["raw"].p99), "1.00"),
        ("allow, recorded and durable (must be 1.30)", micro(durable["ephor"].median), micro(durable["ephor"].p99),
         f"{durable['ephor'].median / durable['raw'].median:.2f}"),
    ]  # fmt: skip
    return show("Decisions on SQLite, one caller", rows, ("what", "p50", "p99", "of a bare commit"))


def _active(folder: Path):  # type: ignore[no-untyped-def]
    """Return a plane in which the shipped support agent is active, made by the demo's own chapters."""
    from ephor.adapters import files as reading  # noqa: PLC0415
    from ephor.adapters.manifests import read_manifest  # noqa: PLC0415

    files.copy_to(folder / "examples")
    plane = open_engine(f"sqlite:///{folder / 'ephor.db'}", settings=Settings())
    stage = Stage(
        folder,
        plane,
        None,  # type: ignore[arg-type]
        Narrator(quiet=True),
        lambda path: read_manifest(reading.read_bytes(path), path),
        reading.read_mapping,
        None,  # type: ignore[arg-type]
    )
    setting.make_plane(stage)
    setting.register_agents(stage)
    asked = plane.approvals.request(SUPPORT, "to be measured", by="eve")
    plane.approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam", notes="bench")
    plane.approvals.submit_review(asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia", notes="bench")
    return plane
