"""What agents keep: LangGraph's checkpoints by its own savers, Chroma by its own client, pgvector's columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ephor.adapters.connectors.opening import connect
from ephor.adapters.connectors.sql import connect as connect_sql
from ephor.engine.ports_data import DataStore
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.dsr.datamap import Name
from ephor.rooms.dsr.store import Find, Tally

CHECKPOINT = {
    "v": 1,
    "ts": "2026-01-01T00:00:00+00:00",
    "channel_versions": {"messages": "1"},
    "versions_seen": {},
    "updated_channels": ["messages"],
}
THREADS = Name("agent", "threads")


def talk(saver: Any, thread: str, said: str, user: int) -> None:
    """Write two checkpoints and a pending write as a graph does."""
    from langchain_core.messages import HumanMessage  # noqa: PLC0415 - not on every machine

    config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    for step in (0, 1):
        checkpoint = CHECKPOINT | {"id": f"1f000000-0000-6000-8000-00000000000{step}"}
        checkpoint["channel_values"] = {"messages": [HumanMessage(said, id=f"{thread}-{step}")]}
        metadata = {"source": "loop", "step": step, "user_id": user}
        config = saver.put(config, checkpoint, metadata, {"messages": str(step + 1)})
    saver.put_writes(config, [("messages", [("ai", f"hello {said}")])], "task-1")


@pytest.fixture(params=["sqlite", "postgres"])
def saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, str]]:
    reason = "LangGraph's savers are not installed; see .ci/run"
    pytest.importorskip("langchain_core", reason=reason)
    if request.param == "sqlite":
        made = pytest.importorskip("langgraph.checkpoint.sqlite", reason=reason)
        with made.SqliteSaver.from_conn_string(str(tmp_path / "agent.db")) as one:
            yield one, f"sqlite:///{tmp_path}/agent.db"
        return
    made = pytest.importorskip("langgraph.checkpoint.postgres", reason=reason)
    url: str = request.getfixturevalue("postgres_url")
    with made.PostgresSaver.from_conn_string(url.replace("+psycopg", "")) as one:
        one.setup()
        yield one, url


def test_a_thread_of_langgraph_goes_with_all_that_was_said(saver: tuple[Any, str]) -> None:
    made, url = saver
    talk(made, "t-mary", "I am mary@example.org", 1)
    talk(made, "t-john", "I am john@example.org", 2)
    store = connect(f"langgraph+{url}")
    assert set(store.tables()) == {"threads"}
    [row] = store.find(Find(THREADS, ("thread_id", "checkpoints", "state"), "metadata.user_id", ("1",)))
    assert (row["thread_id"], row["checkpoints"]) == ("t-mary", 2)
    assert "I am mary@example.org" in str(row["state"])
    assert "HumanMessage" in str(row["state"])
    assert "hello I am mary" in str(row["state"])
    assert "john" not in str(row["state"])
    assert store.find(Find(THREADS, ("thread_id",), "thread_id", ("t-john", "t-nobody"))) == [
        {"thread_id": "t-john"}
    ]
    assert store.delete("threads", ("thread_id",), [("t-mary",)]) == 1
    assert store.delete("threads", ("thread_id",), [("t-mary",)]) == 0
    assert store.tally(Tally(THREADS, ("thread_id",), (("t-mary",), ("t-john",)))) == {("t-john",): 1}
    assert made.get_tuple({"configurable": {"thread_id": "t-mary"}}) is None
    left = made.get_tuple({"configurable": {"thread_id": "t-john"}})
    assert left.checkpoint["channel_values"]["messages"][0].content == "I am john@example.org"
    with pytest.raises(InvalidInputError, match="not corrected"):
        store.update("threads", ("thread_id",), [("t-john",)], {"state": "x"})
    store.close()


def test_nothing_of_a_thread_is_left_in_the_file(tmp_path: Path) -> None:
    made = pytest.importorskip(
        "langgraph.checkpoint.sqlite", reason="langgraph-checkpoint-sqlite is not installed"
    )
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    with made.SqliteSaver.from_conn_string(str(tmp_path / "agent.db")) as one:
        talk(one, "t-mary", "I am mary@example.org", 1)
        talk(one, "t-john", "I am john@example.org", 2)
    store = connect(f"langgraph+sqlite:///{tmp_path}/agent.db")
    store.delete("threads", ("thread_id",), [("t-mary",)])
    assert "overwritten" in store.scrub(["threads"])
    store.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"mary" not in left
    assert b"john@example.org" in left


def test_memories_of_langgraph_are_found_by_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE store (prefix TEXT, key TEXT, value TEXT, PRIMARY KEY (prefix, key))")
        base.execute("CREATE TABLE store_vectors (prefix TEXT, key TEXT, field_name TEXT, embedding BLOB)")
        for who in ("1", "2"):
            base.execute("INSERT INTO store VALUES (?, 'k', ?)", (f"memories.{who}", f'{{"user": {who}}}'))
            base.execute("INSERT INTO store_vectors VALUES (?, 'k', 'f', x'00')", (f"memories.{who}",))
    base.close()
    store = connect(f"langgraph+sqlite:///{path}")
    name = Name("agent", "memories")
    assert [one["prefix"] for one in store.find(Find(name, ("prefix",), "value.user", (1,)))] == [
        "memories.1"
    ]
    assert store.delete("memories", ("prefix", "key"), [("memories.1", "k")]) == 1
    store.close()
    with sqlite3.connect(path) as base:
        assert base.execute("SELECT prefix FROM store_vectors").fetchall() == [("memories.2",)]
    base.close()


def test_a_database_without_checkpoints_is_said(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "x.db").execute("CREATE TABLE a (b INT)").connection.close()
    with pytest.raises(InvalidInputError, match="no checkpoints"):
        connect(f"langgraph+sqlite:///{tmp_path}/x.db").tables()
    with pytest.raises(InvalidInputError):
        connect("langgraph+mysql://h/d")


def chroma(folder: Path) -> Any:
    chromadb = pytest.importorskip("chromadb", reason="install ephor[chroma]")
    return chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))


@pytest.mark.filterwarnings("ignore")
def test_a_person_leaves_chroma_with_document_queue_and_text_index(tmp_path: Path) -> None:
    made = chroma(tmp_path / "chroma").create_collection("memories", embedding_function=None)
    made.add(
        ids=["m1", "m2", "m3"],
        documents=["Mary Miller likes lamps", "John likes chairs", "Zoe"],
        embeddings=[[1, 2, 3], [3, 2, 1], [2, 2, 2]],
        metadatas=[{"customer_id": 1, "mail": "mary@example.org"}, {"customer_id": 2}, {"customer_id": 3}],
    )
    store: DataStore = connect(f"chroma:///{tmp_path}/chroma")
    name = Name("agent", "memories")
    assert set(store.tables()["memories"].columns) == {"id", "document", "customer_id", "mail"}
    [row] = store.find(Find(name, ("id", "document", "customer_id"), "customer_id", ("1",)))
    assert row == {"id": "m1", "document": "Mary Miller likes lamps", "customer_id": 1}
    assert store.update("memories", ("id",), [("m3",)], {"mail": "z@example.org"}) == 1
    assert store.tally(Tally(name, ("id",), (("m1",), ("m2",), ("m9",)))) == {("m1",): 1, ("m2",): 1}
    assert store.delete("memories", ("id",), [("m1",)]) == 1
    assert store.delete("memories", ("id",), [("m1",)]) == 0
    assert "vacuumed" in store.scrub(["memories"])
    left = b"".join(path.read_bytes() for path in (tmp_path / "chroma").rglob("*") if path.is_file())
    assert b"Mary" not in left
    assert b"mary@" not in left
    assert made.get(ids=["m3"])["metadatas"] == [{"customer_id": 3, "mail": "z@example.org"}]
    assert made.query(query_embeddings=[[1, 2, 3]], n_results=2)["ids"] in ([["m2", "m3"]], [["m3", "m2"]])
    store.close()


def test_no_chroma_is_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        connect(f"chroma:///{tmp_path}")
    with pytest.raises(InvalidInputError):
        connect("chroma+ftp://host")
    assert list(tmp_path.iterdir()) == []


def test_a_vector_in_postgresql_goes_with_its_row(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        try:
            connection.execute(sa.text("CREATE EXTENSION vector"))
        except sa.exc.DBAPIError:
            pytest.skip("this PostgreSQL has no pgvector")
        connection.execute(
            sa.text("CREATE TABLE memories (id INT PRIMARY KEY, who INT, embedding vector(3))")
        )
        connection.execute(sa.text("INSERT INTO memories VALUES (1, 7, '[1,2,3]'), (2, 8, '[3,2,1]')"))
    store, name = connect_sql(postgres_url), Name("agent", "memories")
    [row] = store.find(Find(name, ("id", "embedding"), "who", (7,)))
    assert row == {"id": 1, "embedding": "[1,2,3]"}
    assert store.delete("memories", ("id",), [(1,)]) == 1
    assert "vacuumed" in store.scrub(["memories"])
    store.close()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT id FROM memories")).all() == [(2,)]
    engine.dispose()
