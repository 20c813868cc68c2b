"""A plane in which the sample agent may act, and the steps that change whether it may."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import orjson

from ephor.adapters.clock import FreshIds
from ephor.adapters.keys.kept import KeptHeads
from ephor.adapters.keys.keyset import key_set
from ephor.adapters.keys.pseudonyms import KeyedPseudonyms
from ephor.adapters.keys.ring import SigningRing, WrappingRing
from ephor.adapters.packs import BundledPacks
from ephor.adapters.storage.growth import Grower
from ephor.adapters.storage.sql.storage import SqlStorage
from ephor.adapters.storage.vault import Vault
from ephor.engine.plane import Engine
from ephor.engine.ports import World
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.approvals.request import Verdict
from ephor.settings import Settings
from ephor.testing import FrozenClock
from sample_agents import support

ID = "support-assistant"
REVIEWERS = {
    ReviewType.SECURITY: "sam",
    ReviewType.PRIVACY: "pia",
    ReviewType.ETHICS: "eti",
    ReviewType.LEGAL: "leo",
    ReviewType.EXECUTIVE: "max",
}
FACTS = {
    "complete": True,
    "domain": "customer_service",
    "function": "chatbot",
    "subjects": ("customers",),
    "interacts_with_persons": True,
}


def manifest(**other: Any) -> Manifest:
    """Return the sample's manifest, without models and with a role for refunds."""
    fields = {"models": (), "roles": ("customer_service_agent", "refund_clerk"), "facts": FACTS}
    return support(**{**fields, **other})


def ready(engine: Engine, declared: Manifest | None = None) -> Engine:
    """Let the sample agent, or another, act on a plane that has its people."""
    if not any(role.id == "refund_clerk" for role in engine.access.roles()):
        engine.access.add_role(
            "refund_clerk",
            ["data:financial:write", "tool:database:execute"],
            ["refund"],
            "confidential",
            by="ada",
        )
    declared = declared or manifest()
    engine.agents.register(declared, by="eve")
    approve(engine, declared.id)
    return engine


def approve(engine: Engine, agent: str = ID) -> None:
    """Ask for the agent's approval and give every review it needs."""
    asked = engine.approvals.request(agent, "first release", by="eve")
    for type in asked.required_reviews:
        engine.approvals.submit_review(asked.id, type, Verdict.APPROVE, by=REVIEWERS[type], notes="seen")


def put(engine: Engine, new: Any) -> None:
    """Put a record on its shelf as a use case would, whatever the rules say; something is recorded with it."""
    with engine.world.storage.unit() as unit:
        shelf = unit.shelf(type(new))
        old = shelf.find(new.id)
        shelf.replace(old, new) if old is not None else shelf.add(new)
        unit.append(Event("agent.changed/1", engine.world.clock.now(), "ephor"))


def alter(engine: Engine, kind: Any, id: str, **fields: Any) -> None:
    """Change fields of a record."""
    with engine.world.storage.reading() as unit:
        old = unit.shelf(kind).get(id)
    put(engine, dataclasses.replace(old, **fields))


def entries(engine: Engine, kind: str = "") -> list[dict[str, Any]]:
    """Return the ledger's entries, oldest first; with *kind*, only those."""
    ledger = engine.world.storage.ledger
    found = [orjson.loads(one) for one in ledger.entries(0, ledger.head().size)]
    return [one for one in found if kind in ("", one["kind"])]


def kinds(engine: Engine, since: int = 0) -> list[str]:
    """Return what was recorded, from an entry on."""
    return [one["kind"] for one in entries(engine)[since:]]


def size(engine: Engine) -> int:
    """Return how many entries the ledger has."""
    return engine.world.storage.ledger.head().size


def sqlite_world(folder: Path, clock: FrozenClock) -> World:
    """Return a world over a SQLite file, made where there is none; a second one is another server's."""
    ids = FreshIds(clock)
    keys = key_set(folder / "keys", Settings())
    heads = KeptHeads(folder / "keys")
    grower = Grower(SigningRing(keys.signing), ids.new("src"), clock.now, heads.head)
    storage = SqlStorage(
        f"sqlite:///{folder / 'ephor.db'}", keys, heads, grower, Vault(WrappingRing(keys.wrapping)), ids
    )
    storage.set_up("test.local/ephor/main")
    return World(storage, clock, ids, KeyedPseudonyms(keys.pseudonym.read), BundledPacks())
