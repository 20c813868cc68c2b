"""One request takes a person out of everything an agent touches, however often it is killed on the way."""

from __future__ import annotations

import os
import runpy
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import populate
from ephor.adapters.connectors.opening import connect
from ephor.engine.plane import Engine
from ephor.rooms.consent.statement import ConsentState, Standing
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.dsr.plan import Certificate
from planes import Made, sqlite_plane
from sample_plane import ID, entries, ready
from sample_shop import JOHN, MARY, build_shop, shop_map
from strikes import gets_through

EXAMPLE = Path(__file__).parents[2] / "examples" / "one_person"
agent = runpy.run_path(str(EXAMPLE / "agent.py"))
stand_in = runpy.run_path(str(EXAMPLE / "langfuse_stand_in.py"))
PEOPLE = {1: MARY, 2: JOHN}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shop and the agent's memory; in another process, for what opens Chroma must not be forked."""
    build_shop(tmp_path / "shop.db")
    assert gets_through(lambda: agent["furnish"](tmp_path, PEOPLE))
    return tmp_path


@pytest.fixture
def traces() -> Iterator[tuple[dict[str, Any], str]]:
    kept = {f"trace-{id}": agent["trace_of"](f"trace-{id}", str(id), mail) for id, mail in PEOPLE.items()}
    with stand_in["serving"](kept) as url:
        yield kept, url


class Mortal:
    """A store whose process dies before or after one of its steps."""

    def __init__(self, store: Any, step: Callable[[], None]) -> None:
        self._store, self._step = store, step

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        def struck(*given: Any) -> Any:
            if name in ("delete", "scrub"):
                self._step()
            done = call(*given)
            if name in ("delete", "scrub"):
                self._step()
            return done

        return struck


def opened(urls: Mapping[str, str], dies_at: int) -> Mapping[str, Any]:
    left = [dies_at]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return {name: Mortal(connect(url), step) for name, url in urls.items()}


def work(engine: Engine) -> None:
    """The agent acts for Mary: a call that is sealed, one that a person is asked about; and she consents."""
    allowed = Call(ID, "customer_lookup", {"id": 1, "mail": MARY}, subject=MARY, purpose="customer_support")
    asked = Call(
        ID,
        "refund",
        {"order": 10, "amount_cents": 99_900, "mail": MARY},
        subject=MARY,
        purpose="customer_support",
    )
    assert engine.decisions.decide(allowed).outcome is not Outcome.DENY
    assert engine.decisions.decide(asked).outcome is not Outcome.DENY
    engine.consent.state(MARY, "newsletter", ConsentState.GIVEN, notice_version="3", channel="web", by="dora")


def test_one_request_erases_a_person_from_everything_an_agent_touches(
    folder: Path, traces: tuple[dict[str, Any], str]
) -> None:
    kept, langfuse = traces
    (folder / "plane").mkdir()
    made: Made = sqlite_plane(folder / "plane")
    engine = ready(populate(Engine(made.world(made.open()))))
    work(engine)
    urls = {"shop": f"sqlite:///{folder}/shop.db", **agent["stores"](folder, langfuse)}
    given = agent["data_map"](shop_map(), "shop.customers.id")
    request = engine.dsr.open("erasure", {"email": MARY}, by="ada")
    engine.dsr.verify_identity(request.id, "seen", by="ada")
    made.close()
    assert len(holding(folder, MARY)) >= 4

    def fulfil(dies_at: int) -> Callable[[], None]:
        def run() -> None:
            mine = Engine(made.world(made.open()))
            stores = opened(urls, dies_at)
            if mine.dsr.show(request.id).plan is None:
                mine.dsr.plan(request.id, given, stores, by="ada")
                mine.dsr.approve(request.id, by="dora")
            mine.dsr.fulfil(request.id, by="dora", given=given, stores=stores)
            made.close()

        return run

    deaths = next(n for n, step in enumerate(range(1, 200, 11)) if gets_through(fulfil(step)))
    assert deaths >= 2
    assert holding(folder, MARY) == []
    assert list(kept) == ["trace-2"]
    for place in ("shop.db", "agent.db", "notes/2/preferences.md", "logs/support.jsonl"):
        assert JOHN.encode() in (folder / place).read_bytes(), place
    engine = Engine(made.world(made.open()))
    done = engine.dsr.show(request.id).certificate
    assert done is not None
    check_certificate(done, entries(engine))
    assert engine.ledger.verify(None, None).verdict.lower() == "consistent"
    assert engine.consent.view(MARY).standings["newsletter"] is Standing.WITHDRAWN
    made.close()
    with sqlite3.connect(folder / "agent.db") as base:
        assert {row[0] for row in base.execute("SELECT thread_id FROM checkpoints")} == {"thread-2"}
    base.close()


def check_certificate(done: Certificate, recorded: list[dict[str, Any]]) -> None:
    """What it says went is what the ledger says went, at most once; and every store was asked again."""
    planned = {line.collection: line.act for line in done.lines if line.act}
    wanted = {"shop.customers", "files.notes", "files.logs", "agent.threads", "traces.traces"}
    assert wanted <= set(planned)
    assert ("memories.memories" in planned) == agent["has_chroma"]()
    gone: Counter[str] = Counter()
    for one in recorded:
        if one["kind"] == "data.deleted/1":
            gone[one["metadata"]["collection"]] += one["metadata"]["rows"]
    assert all(rows <= planned[name] for name, rows in gone.items()), "nothing is said to have gone twice"
    for name, rows in planned.items():
        assert f"{name}: {rows} rows asked for by key, 0 left" in done.verified
    assert done.payloads_destroyed >= 2
    assert done.keys_destroyed == 1
    kinds = Counter(one["kind"] for one in recorded)
    assert kinds["dsr.fulfilled/1"] == kinds["erasure/1"] == 1


def holding(folder: Path, text: str) -> list[str]:
    """Return every file that holds *text* in its bytes or its name, whatever its letters' case."""
    wanted = text.lower().encode()
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        str(one) for one in files if wanted in one.read_bytes().lower() or wanted in one.name.lower().encode()
    ]
