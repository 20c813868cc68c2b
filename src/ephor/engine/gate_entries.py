"""Entries of the ledger that records are matched with, each proven to be under the signed head."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ephor.engine.epochs import main_logs
from ephor.engine.ports import Head, Ledger, World
from ephor.engine.proving import fetch
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.kernel.time import moment
from ephor.kernel.truth import Truth
from ephor.rooms.gate.facts import Entry, Log
from ephor.rooms.ledger import proof, tree
from ephor.rooms.ledger.checkpoint import check_progress, open_checkpoint
from ephor.rooms.ledger.entry import parse

_NEWEST = 50
"""How many entries of one kind about one thing are looked through for the one that fits, the newest first."""
_PAGE = 1_000


def gather(world: World, at: datetime) -> Entries:
    """Return the entries of the main log and of those that it goes on from."""
    newest, *older = main_logs(world)
    return Entries(newest, at, [Entries(log, at, ended=True) for log in older])


@dataclass(slots=True)
class Entries:
    """The ledger as one signed head states it, up to the moment asked about."""

    ledger: Ledger
    at: datetime
    former: Sequence[Entries] = ()
    """The logs this one goes on from, the newest first; what was lost of them is said in its first entry."""

    ended: bool = False
    """Whether a later epoch took over: the head kept of this log may be ahead of it."""

    head: Head = field(init=False)
    broken: str = field(init=False, default="")
    """What did not verify, if anything did not; from then on nothing more is believed."""

    def __post_init__(self) -> None:
        self.head = self.ledger.head()

    def find(
        self, kind: str, where: Mapping[str, str], fits: Callable[[Mapping[str, Any]], bool] = lambda _: True
    ) -> Entry | None:
        """Return the newest entry of *kind* that has the fields of *where* and *fits*; None where there is none."""
        positions = self.ledger.search({"kind": kind, **where}, before=self.head.size, limit=_NEWEST)
        for position, data, entry in self._read(positions):
            # The search reads an index beside the ledger; what counts is what the entry itself says.
            named = entry.get("kind") == kind and all(entry.get(name) == text for name, text in where.items())
            if named and moment(entry["at"]) <= self.at and fits(entry):
                return self._proven(position, data, entry)
        return next((found for log in self.former if (found := log.find(kind, where, fits))), None)

    def all(self, kind: str) -> Mapping[str, Entry]:
        """Return every entry of *kind* by the thing it is about; these are read and not proven one by one."""
        found: dict[str, Entry] = {}
        before = self.head.size
        while positions := self.ledger.search({"kind": kind}, before=before, limit=_PAGE):
            for _, _, entry in self._read(positions):
                if entry.get("kind") == kind and moment(entry["at"]) <= self.at:
                    found[str(entry.get("resource"))] = Entry(str(entry["id"]), moment(entry["at"]))
            before = positions[-1]
        for log in self.former:
            found |= log.all(kind)
        return found

    def log(self, agent: str) -> Log:
        """Return what the ledger shows of an agent, and whether it holds: signed, whole, grown from the head kept before.

        It takes as many hashes as the tree is high. What only a reading of every entry can find, `ephor ledger verify` finds.
        """
        decision = self.find("decision.made/1", {"actor": f"agent:{agent}"})
        holds: Truth = None
        problem = "the ledger could not be checked"
        try:
            for log in (self, *self.former):
                log.check()
            holds, problem = True, ""
        except VerificationError as error:
            holds, problem = False, f"the ledger does not verify: {error}"
        except InvalidInputError as error:  # the key is no key
            problem = f"the ledger could not be checked: {error}"
        if broken := next((log.broken for log in (self, *self.former) if log.broken), ""):
            holds, problem = False, broken
        return Log(self.head.origin, self.head.size, holds, problem, decision)

    def check(self) -> None:
        """Return if the stored head is the signed one, and has grown from the one kept outside. Raises VerificationError."""
        now = open_checkpoint(self.head.note, self.head.key)
        if (now.size, now.root) != (self.head.size, self.head.root):
            raise VerificationError("the signed head is not the one that is stored")
        if fetch(self.ledger, proof.plan_root(now.size)) != [now.root]:
            raise VerificationError("the entries do not lead to the signed root")
        data = None if self.ended else self.ledger.kept()
        if data is None:
            return
        kept = open_checkpoint(data, self.head.key)
        check_progress(kept, now)
        path = fetch(self.ledger, proof.plan_consistency(kept.size, now.size))
        tree.verify_consistency(kept.size, now.size, kept.root, now.root, path)

    def _proven(self, position: int, data: bytes, entry: Mapping[str, Any]) -> Entry | None:
        if self.broken:
            return None
        size, root = self.head.size, self.head.root
        try:
            path = fetch(self.ledger, proof.plan_inclusion(position, size))
            tree.verify_inclusion(tree.leaf_hash(data), position, size, path, root)
        except VerificationError as error:
            self.broken = f"entry {position} is not the one that was signed: {error}"
            return None
        return Entry(str(entry["id"]), moment(entry["at"]))

    def _read(self, positions: Sequence[int]) -> Iterator[tuple[int, bytes, Mapping[str, Any]]]:
        """Read entries until one is gone or cannot be read."""
        for position in positions:
            data = next(iter(self.ledger.entries(position, position + 1)), None)
            if data is None:
                self.broken = f"entry {position} is gone from the database"
                return
            try:
                yield position, data, parse(data)
            except VerificationError as error:
                self.broken = f"entry {position} cannot be read: {error}"
                return
