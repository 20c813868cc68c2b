"""Use case: an audit report on a period: counted from the ledger, verified, proven, and its digests recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from ephor.engine.ports import Head, World
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.access.people import Person, require_known
from ephor.rooms.agents.agent import Agent
from ephor.rooms.exports.audit import AuditFigures, Entry, is_about, tally
from ephor.rooms.exports.audit_files import ENTRY, FOLDER, SUMS, sums
from ephor.rooms.exports.audit_report import AuditReport, Covered, Judged
from ephor.rooms.ledger.entry import parse
from ephor.rooms.ledger.proof_file import ProofFile, encode
from ephor.rooms.ledger.tree import leaf_hash

if TYPE_CHECKING:
    from ephor.verifier import Report

KIND = "audit.reported/1"
Render = Callable[[AuditReport], Mapping[str, bytes]]
"""Writes the pages of a report, by the names of their files."""


class Proven(Protocol):
    """A proof that an entry is under a checkpoint; hashes in hexadecimal."""

    @property
    def position(self) -> int: ...
    @property
    def leaf(self) -> str: ...
    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def checkpoint(self) -> str: ...
    @property
    def entry(self) -> str: ...


class Log(Protocol):
    """The main log, as a report needs it."""

    def checkpoint(self) -> Head: ...

    def verify_all(self, key: str | None, earlier: bytes | None) -> Sequence[Report]: ...

    def prove(self, which: str) -> Proven: ...

    def export(self, write: Callable[[str, bytes], None]) -> Head: ...


@dataclass(frozen=True, slots=True)
class Issued:
    """A report that was written, and the entry that holds its digests."""

    report: AuditReport
    entry: str
    position: int
    manifest: str
    files: int
    key: str


@dataclass(frozen=True, slots=True)
class AuditReports:
    """Reports for auditors, on this plane's main log.

    ``ledger`` verifies, proves and exports; ``cover`` tells which events a law demands and whether they came.
    """

    world: World
    ledger: Log
    cover: Callable[[str, str | None, datetime, datetime], Covered]

    def compile(self, since: datetime, until: datetime, agents: Sequence[str], *, by: str) -> AuditReport:
        """Return the report on what is stated to have happened from *since* on and before *until*, about *agents* or all.

        Raises:
            InvalidInputError: the period is none.
            NotFoundError: there is no such agent.
            NotPermittedError: nobody is registered as *by*.
            VerificationError: an entry is gone, or is not what was recorded.
        """
        if until <= since:
            raise InvalidInputError(
                "the period ends before it begins; name its first day, and the day after its last"
            )
        scope = tuple(sorted(set(agents)))
        with self.world.storage.reading() as unit:
            require_known(unit.shelf(Person).find(by), who=by)
            for agent in scope:
                unit.shelf(Agent).get(agent)
        now, head = self.world.clock.now(), self.ledger.checkpoint()
        figures = tally(self._entries(head, since, until, scope))
        return AuditReport(
            id=self.world.ids.new("rep"),
            since=since,
            until=until,
            agents=scope,
            made_at=now,
            made_by=by,
            origin=head.origin,
            size=head.size,
            root=head.root.hex(),
            key=head.key,
            checkpoint=head.note.decode(),
            figures=figures,
            logs=tuple(
                Judged(
                    str(one.origin),
                    one.verdict,
                    one.size,
                    one.erasures,
                    one.findings[0].problem if one.findings else "",
                )
                for one in self.ledger.verify_all(None, None)
            ),
            coverage=tuple(self._coverage(scope, since, min(until, now))),
        )

    def issue(
        self,
        since: datetime,
        until: datetime,
        agents: Sequence[str],
        write: Callable[[str, bytes], None],
        render: Render,
        *,
        by: str,
    ) -> Issued:
        """Write a report, the proofs of what it cites and the whole log into a bundle, and record the digests of it.

        Raises:
            InvalidInputError, NotFoundError, NotPermittedError, VerificationError: see `compile`.
        """
        report = self.compile(since, until, agents, by=by)
        files = (
            dict(render(report))
            | {"checkpoint": report.checkpoint.encode()}
            | dict(self._proofs(report.figures))
        )
        manifest = sums(files)
        digest = hashlib.sha256(manifest).hexdigest()
        with self.world.storage.unit() as unit:
            entry = unit.append(
                Event(
                    KIND,
                    at=report.made_at,
                    actor=f"person:{by}",
                    resource=f"report:{report.id}",
                    output_hash=f"sha256:{digest}",
                    metadata={
                        "from": stamp(since),
                        "until": stamp(until),
                        "agents": list(report.agents),
                        "size": report.size,
                        "root": report.root,
                        "entries": report.figures.entries,
                    },
                )
            )
        position = self.world.storage.ledger.position(entry)
        told = {"entry": entry, "position": position}
        for name, data in (*files.items(), (SUMS, manifest), (ENTRY, orjson.dumps(told) + b"\n")):
            write(f"{FOLDER}/{name}", data)
        head = self.ledger.export(write)
        return Issued(report, entry, position, f"sha256:{digest}", len(files), head.key)

    def _entries(
        self, head: Head, since: datetime, until: datetime, agents: Sequence[str]
    ) -> Iterator[tuple[Entry, int, str]]:
        low, high, seen = stamp(since), stamp(until), 0
        for position, data in enumerate(self.world.storage.ledger.entries(0, head.size)):
            entry: Mapping[str, Any] = parse(data)
            seen = position + 1
            if low <= str(entry["at"]) < high and is_about(entry, agents):
                yield entry, position, leaf_hash(data).hex()
        if seen != head.size:
            raise VerificationError("entries are gone from the database; run `ephor ledger verify`")

    def _proofs(self, figures: AuditFigures) -> Iterator[tuple[str, bytes]]:
        with self.world.storage.logs.steady():
            for one in figures.cited:
                made = self.ledger.prove(one.id)
                if made.leaf != one.leaf:
                    raise VerificationError(
                        f"entry {one.position} changed while it was read; run `ephor ledger verify`"
                    )
                path = tuple(bytes.fromhex(step) for step in made.path)
                yield (
                    f"proofs/{one.position}.tlog-proof",
                    encode(ProofFile(made.position, path, made.checkpoint.encode(), made.entry.encode())),
                )

    def _coverage(self, agents: Sequence[str], since: datetime, until: datetime) -> Iterator[Covered]:
        for name in self.world.packs.names():
            if not self.world.packs.load(name).logging or until <= since:
                continue
            for agent in agents or (None,):
                try:
                    yield self.cover(name, agent, since, until)
                except NotFoundError:
                    continue
