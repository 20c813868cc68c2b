"""What a support agent keeps of the customers it works for: notes, conversations, memories and traces."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

CHECKPOINTS = (
    "CREATE TABLE IF NOT EXISTS checkpoints (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL DEFAULT '', "
    "checkpoint_id TEXT NOT NULL, parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, metadata BLOB, "
    "PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id))"
)


def has_chroma() -> bool:
    """Tell whether memories can be kept: `chromadb` is an extra."""
    return find_spec("chromadb") is not None


def furnish(folder: Path, people: Mapping[int, str]) -> dict[str, dict[str, Any]]:
    """Write what the agent keeps of *people* (their numbers and addresses) into *folder*; return its traces."""
    for id, mail in people.items():
        note = folder / "notes" / str(id) / "preferences.md"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"# {mail}\n\nLikes dark roast. Call before ten.\n", encoding="utf-8")
        _talk(folder / "agent.db", f"thread-{id}", f"My address is {mail}; where is my parcel?", id)
    lines = [json.dumps({"customer": id, "event": "wrote", "mail": mail}) for id, mail in people.items()]
    (folder / "logs").mkdir()
    (folder / "logs" / "support.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if has_chroma():
        _remember(folder / "chroma", people)
    return {f"trace-{id}": trace_of(f"trace-{id}", str(id), mail) for id, mail in people.items()}


def stores(folder: Path, langfuse: str) -> dict[str, str]:
    """Return the URL of each of the agent's stores, by the dataset of the map."""
    made = {
        "files": f"files:///{folder}?notes=notes/{{customer_id}}/*.md&logs=logs/*.jsonl",
        "agent": f"langgraph+sqlite:///{folder / 'agent.db'}",
        "traces": langfuse,
    }
    return made | ({"memories": f"chroma:///{folder / 'chroma'}"} if has_chroma() else {})


def data_map(shop: Mapping[str, Any], customers: str) -> dict[str, Any]:
    """Return the map of the agent's stores beside that of the shop; *customers* is the field they all name."""
    dataset, _, field = customers.partition(".")

    def person(name: str) -> dict[str, Any]:
        meta = {"references": [{"dataset": dataset, "field": field, "direction": "from"}]}
        return {"name": name, "data_categories": ["user.unique_id"], "fides_meta": meta}

    def holds(name: str, category: str = "user.content") -> dict[str, Any]:
        return {"name": name, "data_categories": [category]}

    own = {
        "files": {
            "notes": [person("customer_id"), holds("_text")],
            "logs": [
                person("customer"),
                holds("event", "user.behavior"),
                holds("mail", "user.contact.email"),
            ],
        },
        "agent": {
            "threads": [person("metadata.customer_id"), holds("thread_id", "user.unique_id"), holds("state")]
        },
        "traces": {
            "traces": [
                person("userId"),
                holds("input"),
                holds("output"),
                holds("metadata"),
                holds("observations"),
            ]
        },
        "memories": {"memories": [person("customer_id"), holds("document")]},
    }
    if not has_chroma():
        del own["memories"]
    made = [
        {
            "fides_key": key,
            "collections": [{"name": name, "fields": fields} for name, fields in those.items()],
        }
        for key, those in own.items()
    ]
    return {"dataset": [*shop["dataset"], *made]}


def _talk(path: Path, thread: str, said: str, customer: int) -> None:
    checkpoint: dict[str, Any] = {
        "v": 1, "id": f"1f000000-0000-6000-8000-{customer:012}", "ts": "2026-01-01T00:00:00+00:00",
        "channel_versions": {"messages": "1"}, "versions_seen": {}, "updated_channels": ["messages"],
    }  # fmt: skip
    metadata = {"source": "loop", "step": 1, "customer_id": customer}
    if find_spec("langgraph") and find_spec("langgraph.checkpoint.sqlite"):
        messages = import_module("langchain_core.messages")
        checkpoint["channel_values"] = {"messages": [messages.HumanMessage(said, id=f"m-{customer}")]}
        with import_module("langgraph.checkpoint.sqlite").SqliteSaver.from_conn_string(str(path)) as saver:
            config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
            saver.put_writes(
                saver.put(config, checkpoint, metadata, {"messages": "1"}), [("messages", [said])], "task"
            )
        return
    checkpoint["channel_values"] = {"messages": [["human", said]]}
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(CHECKPOINTS)
        row = (thread, checkpoint["id"], msgspec.msgpack.encode(checkpoint), json.dumps(metadata).encode())
        base.execute("INSERT INTO checkpoints VALUES (?, '', ?, NULL, 'msgpack', ?, ?)", row)


def _remember(folder: Path, people: Mapping[int, str]) -> None:
    chroma = import_module("chromadb")
    client = chroma.PersistentClient(str(folder), chroma.Settings(anonymized_telemetry=False))
    client.create_collection("memories", embedding_function=None).add(
        ids=[f"memory-{id}" for id in people],
        documents=[f"{mail} likes dark roast" for mail in people.values()],
        embeddings=[[float(id), 1.0, 2.0] for id in people],
        metadatas=[{"customer_id": id, "mail": mail} for id, mail in people.items()],
    )


def trace_of(id: str, customer: str, mail: str) -> dict[str, Any]:
    """Return a trace as Langfuse tells it."""
    return {
        "id": id, "timestamp": "2026-01-01T00:00:00Z", "name": "support", "userId": customer, "sessionId": None,
        "input": f"I am {mail}", "output": f"Hello {mail}", "metadata": {}, "tags": [], "observations": [], "scores": [],
    }  # fmt: skip
