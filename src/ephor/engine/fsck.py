"""Use case: derive anew all that a plane stores of its ledger, and name the first thing of each kind that does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from ephor.engine.anchors import find
from ephor.engine.judging import judge, log_meant, under
from ephor.engine.ports import MAIN, Head, Ledger, LogName, ReadOnlyError, World
from ephor.engine.proving import fetch
from ephor.kernel.errors import EphorError, InvalidInputError, NotFoundError, VerificationError
from ephor.rooms.ledger import checkpoint, note, proof, rotation, tree
from ephor.rooms.ledger.checkpoint import check_progress
from ephor.rooms.ledger.cosignature import WitnessKey, cosignatures, parse_witness_key
from ephor.rooms.ledger.sources import Source, key_of
from ephor.rooms.ledger.witnesses import Witness

if TYPE_CHECKING:
    from ephor.verifier import Report

_PAGE = 1_000
_COSIGNED = 4_096
"""Cosigned checkpoints of one log that are looked at, the newest."""
_RESTORE = (
    "keep this database as it is for whoever investigates, and restore a backup from before it happened"
)
REMEDY: Mapping[str, str] = {
    "plane": "nothing is recorded until this is put right; the message says what to do",
    "verify": f"`ephor ledger verify` lists every finding; {_RESTORE}",
    "head": _RESTORE,
    "tiles": _RESTORE,
    "search": "run `ephor ledger reindex`; find out who else writes to this database",
    "sources": "trust what the entries count; restore the shelf of sources from a backup",
    "payloads": "restore the sealed payloads and the keys of their subjects from a backup",
    "cosignatures": "ask the witness for what it signed, and restore the cosigned checkpoint from a backup",
    "logs": "restore the log that is gone from a backup",
    "shelves": "restore the records from a backup, and look in the ledger for what was decided meanwhile",
}
"""What to do about a fault of each kind."""
MEANS: Mapping[str, str] = {
    "plane": "the plane cannot record",
    "head": "the rows beside the signed head were changed, or damaged",
    "tiles": "the tree's own rows were changed, or damaged: proofs made from them would not hold",
    "search": "the index does not say what the entries say: a search may miss some of them",
    "sources": "the counters of sources and the entries they count contradict each other",
    "payloads": "what an entry commits to cannot be shown, and nobody recorded that it was erased",
    "cosignatures": "what is kept as a witness's word is not, or is about another history",
    "logs": "a whole log of the plane was taken away",
    "shelves": "what the plane knows was changed by somebody else, or damaged: it does not find the record, or takes it for another",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing of its kind that does not hold in a log, and how many more there are."""

    check: str
    log: str
    position: int | None
    problem: str
    means: str
    remedy: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class Fsck:
    """Whether everything stored holds; what was looked at, and what does not hold."""

    holds: bool
    checked: Mapping[str, int]
    """How many things each check looked at."""
    faults: tuple[Fault, ...]
    logs: tuple[Report, ...]
    """What `ephor ledger verify` says of each log that can be read."""


@dataclass(slots=True)
class _Found:
    checked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REMEDY, 0))
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)

    def fault(self, check: str, log: str, position: int | None, problem: str, means: str = "") -> None:
        old = self.faults.get((check, log))
        means, more = means or MEANS[check], 0
        if old is not None:
            position, problem, means, more = old.position, old.problem, old.means, old.more + 1
        self.faults[check, log] = Fault(check, log, position, problem, means, REMEDY[check], more)


@dataclass(frozen=True, slots=True)
class LedgerFsck:
    """All that `verify` judges, and what it does not look at."""

    world: World

    def run(
        self,
        key: str | None = None,
        earlier: bytes | None = None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Fsck:
        """Judge every log as `verify` does, then hold whatever else is stored against the entries.

        What cannot be read is a fault: unknown is no pass. *advance* is told how many entries were read.

        Raises:
            InvalidInputError: *key* is no verifier key.
        """
        found, reports = _Found(), list[Any]()
        self._attempt(found, "plane", "", self._check_plane)
        try:
            names = self.world.storage.logs.names()
        except EphorError as error:
            found.fault("logs", "", None, str(error))
            names = []
        for name in names:
            self._attempt(found, "verify", name.origin, self._verify, name, names, key, earlier, reports)
            self._attempt(found, "head", name.origin, self._inspect, name)
            self._attempt(found, "cosignatures", name.origin, self._check_cosigned, name)
            self._attempt(found, "payloads", name.origin, self._check_payloads, name, advance)
        self._attempt(found, "sources", "", self._check_sources, names)
        self._attempt(found, "logs", "", self._check_logs, names)
        return Fsck(not found.faults, found.checked, tuple(found.faults.values()), tuple(reports))

    def _attempt(self, found: _Found, check: str, log: str, look: Callable[..., None], *more: object) -> None:
        try:
            look(found, *more)
        except InvalidInputError:
            if check == "verify":
                raise
            found.fault(check, log, None, "it cannot be read")
        except EphorError as error:
            found.fault(
                check, log, None, str(error), "it could not be looked at, so it does not count as right"
            )

    def _check_plane(self, found: _Found) -> None:
        found.checked["plane"] += 1
        # A copy that an auditor was given may be read only: whether it could record is no question about what is stored.
        with suppress(ReadOnlyError):
            self.world.storage.check()

    def _verify(
        self,
        found: _Found,
        name: LogName,
        names: Sequence[LogName],
        key: str | None,
        earlier: bytes | None,
        reports: list[Any],
    ) -> None:
        from ephor import verifier  # noqa: PLC0415 - so that `python -m ephor.verifier` finds it not yet loaded

        meant = log_meant(names, key).number == name.number
        trusted = key if key is None or meant else under(key, name.origin)
        report = judge(self.world, name, trusted, earlier if meant else None)
        reports.append(report)
        found.checked["verify"] += report.size
        if report.verdict not in (verifier.CONSISTENT, verifier.WITNESSED) and not report.findings:
            found.fault(
                "verify", name.origin, None, f"the verdict is {report.verdict}", "something is missing"
            )
        for one in report.findings:
            found.fault("verify", name.origin, one.position, one.problem, one.means)

    def _inspect(self, found: _Found, name: LogName) -> None:
        for check in ("head", "tiles", "search"):
            found.checked[check] += 1
        found.checked["shelves"] = 1
        for one in self.world.storage.logs.inspect(name.number):
            found.fault(one.part, name.origin, one.position, one.problem)

    def _check_cosigned(self, found: _Found, name: LogName) -> None:
        log = self.world.storage.logs.of(name.number)
        kept, head = self.world.storage.logs.cosigned.latest(name.number, _COSIGNED), log.head()
        if not kept:
            return
        keys = [note.parse_key(text) for text in (head.key, *_former_keys(head.statements))]
        witnesses = self._witness_keys()
        for data in kept:
            found.checked["cosignatures"] += 1
            try:
                _check_one_cosigned(log, head, data, keys, witnesses)
            except VerificationError as error:
                found.fault(
                    "cosignatures", name.origin, None, f"a cosigned checkpoint does not hold: {error}"
                )

    def _witness_keys(self) -> Sequence[WitnessKey]:
        """Return the keys of the witnesses that are asked, and of those that were."""
        with self.world.storage.reading() as unit:
            texts = [one.key for one in unit.shelf(Witness).all()]
        for name in self.world.storage.logs.names():
            if name.stream == MAIN:
                log = self.world.storage.logs.of(name.number)
                told = (_fields(data).get("metadata") for data in _found(log, "witness.added/1"))
                texts += [str(one.get("key")) for one in told if isinstance(one, dict)]
        return [parse_witness_key(text) for text in dict.fromkeys(texts)]

    def _check_payloads(self, found: _Found, name: LogName, advance: Callable[[int], None]) -> None:
        log = self.world.storage.logs.of(name.number)
        erased: dict[str, int] = {}
        size = log.head().size
        for start in range(0, size, _PAGE):
            stop = min(start + _PAGE, size)
            for position, data in enumerate(log.entries(start, stop), start):
                if b'"payload":{' not in data:
                    continue
                fields = _fields(data)
                if "payload" in fields:
                    found.checked["payloads"] += 1
                    if (problem := self._payload_problem(log, fields, position, erased)) is not None:
                        found.fault("payloads", name.origin, position, problem)
            advance(stop - start)

    def _payload_problem(
        self, log: Ledger, fields: Mapping[str, Any], position: int, erased: dict[str, int]
    ) -> str | None:
        try:
            if log.payload(str(fields.get("id"))) is not None:
                return None
        except (VerificationError, NotFoundError) as error:
            return str(error)
        subject = str(fields.get("subject"))
        if subject not in erased:
            if len(erased) > _PAGE:
                erased.clear()
            where = {"kind": "erasure/1", "subject": subject}
            erased[subject] = next(iter(log.search(where, before=None, limit=1)), -1)
        if erased[subject] > position or self._is_erased_later(log, subject):
            return None
        return "the sealed payload is gone, and no later entry says that its subject was erased"

    def _is_erased_later(self, log: Ledger, subject: str) -> bool:
        """Tell whether an erasure is recorded in the log that goes on from this one."""
        main = self.world.storage.ledger
        if main.head().origin == log.head().origin:
            return False
        return bool(main.search({"kind": "erasure/1", "subject": subject}, before=None, limit=1))

    def _check_sources(self, found: _Found, names: Sequence[LogName]) -> None:
        counted: dict[str, tuple[int, int]] = {}
        for name in names:
            if name.stream == MAIN:
                self._count(found, name, counted)
        with self.world.storage.reading() as unit:
            kept = {one.id: one for one in unit.shelf(Source).all()}
        for id in sorted({*kept, *counted}):
            found.checked["sources"] += 1
            last, missing = counted.get(id, (0, 0))
            one = kept.get(id)
            if one is None:
                found.fault("sources", "", None, f"nothing is kept of source `{id}`, which counted to {last}")
            elif (one.last, one.missing) != (last, missing):
                told = (
                    f"to {one.last} with {one.missing} missing, its entries to {last} with {missing} missing"
                )
                found.fault("sources", "", None, f"source `{id}` is kept as counted {told}")

    def _count(self, found: _Found, name: LogName, counted: dict[str, tuple[int, int]]) -> None:
        log = self.world.storage.logs.of(name.number)
        for position, data in enumerate(log.entries(0, log.head().size)):
            if b'"counted":{' not in data:
                continue
            fields = _fields(data)
            told = fields.get("metadata", {}).get("counted")
            by = str(fields.get("refs", {}).get("reported_by", ""))
            if not isinstance(told, dict) or not by.startswith("person:"):
                continue
            id, number = key_of(by.removeprefix("person:"), str(told.get("source"))), int(told["sequence"])
            last, missing = counted.get(id, (0, 0))
            if number != last + 1 + int(told.get("missing", 0)):
                found.fault("sources", name.origin, position, f"source `{id}` went from {last} to {number}")
            counted[id] = (number, missing + int(told.get("missing", 0)))

    def _check_logs(self, found: _Found, names: Sequence[LogName]) -> None:
        known = {f"log:{one.origin}" for one in names}
        found.checked["logs"] += len(names)
        find(names, MAIN)
        for name in names:
            if name.stream != MAIN:
                continue
            log = self.world.storage.logs.of(name.number)
            for kind in ("stream.opened/1", "stream.anchored/1"):
                for data in _found(log, kind):
                    told = str(_fields(data).get("resource"))
                    if told not in known:
                        known.add(told)
                        found.fault(
                            "logs",
                            name.origin,
                            None,
                            f"`{told}` was recorded as {kind[:-2]}, and is no log here",
                        )


def _check_one_cosigned(
    log: Ledger, head: Head, data: bytes, keys: Sequence[note.VerifierKey], witnesses: Sequence[WitnessKey]
) -> None:
    stated = checkpoint.parse(note.verify(data, keys).text)
    if not cosignatures(note.parse(data), witnesses):
        raise VerificationError("no witness of this plane signed it")
    check_progress(stated, checkpoint.Checkpoint(head.origin, head.size, head.root))
    path = fetch(log, proof.plan_consistency(stated.size, head.size))
    tree.verify_consistency(stated.size, head.size, stated.root, head.root, path)


def _found(log: Ledger, kind: str) -> Iterator[bytes]:
    """Return every entry of a kind, the newest first."""
    before: int | None = None
    while places := log.search({"kind": kind}, before=before, limit=_PAGE):
        for place in places:
            yield from log.entries(place, place + 1)
        before = places[-1]


def _fields(data: bytes) -> dict[str, Any]:
    """Return what an entry says; nothing of one that cannot be read, which verification names."""
    try:
        fields = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _former_keys(statements: Sequence[bytes]) -> Sequence[str]:
    return [rotation.parse(note.parse(data).text).old for data in statements]
