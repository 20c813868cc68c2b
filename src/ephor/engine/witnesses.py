"""Use cases: name the witnesses of this plane's ledger, and ask them to cosign its newest checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from ephor.engine.ports import MAIN, Head, Ledger, World
from ephor.engine.ports_witness import WitnessLine
from ephor.engine.proving import fetch
from ephor.kernel.errors import NotFoundError, UnavailableError, VerificationError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.ledger import checkpoint, note, proof
from ephor.rooms.ledger.cosignature import Cosignature, WitnessKey, cosignatures, parse_witness_key
from ephor.rooms.ledger.witness import Submission, encode
from ephor.rooms.ledger.witnesses import (
    Answer,
    Came,
    Witness,
    add_cosignature,
    read_reply,
    read_witness,
)

_LATEST = 16
"""Cosigned checkpoints that are looked through for the last of one witness."""
_TRIES = 4
"""Times one witness is asked: it may have moved, and another process may ask it meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one witness for one checkpoint."""

    witness: str
    came: Came
    says: str
    size: int
    """Entries of the checkpoint that was submitted last."""
    at: str | None = None
    """When it cosigned, by its own clock."""


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The witnesses of this plane's main log; it vouches for the other streams."""

    world: World

    def add(self, url: str, key: str, *, by: str) -> Witness:
        """Name a witness: where it is asked, and the key it cosigns with. Nothing is sent to it yet.

        Raises:
            InvalidInputError: not an address, not a witness's key, or the key of this log.
            NotPermittedError: *by* may not.
            ConflictError: there is a witness of that name or that key.
        """
        log = self.world.storage.ledger.head().key
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.LEDGER, who=by)
            shelf = unit.shelf(Witness)
            witness = read_witness(url, key, shelf.all(), log)
            shelf.add(witness)
            unit.append(self._event("witness.added/1", witness, actor))
        return witness

    def remove(self, name: str, *, by: str) -> Witness:
        """Ask this witness no more; what it cosigned stays.

        Raises:
            NotPermittedError: *by* may not.
            NotFoundError: there is no such witness.
        """
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.LEDGER, who=by)
            witness = unit.shelf(Witness).get(name)
            unit.shelf(Witness).remove(witness)
            unit.append(self._event("witness.removed/1", witness, actor))
        return witness

    def list(self) -> Sequence[Witness]:
        """Return every witness, by name."""
        with self.world.storage.reading() as unit:
            return unit.shelf(Witness).all()

    def ask(self, line: WitnessLine) -> Sequence[Asked]:
        """Ask every witness over *line* to cosign the newest checkpoint; keep each cosignature that holds.

        One that does not answer, refuses or lies is told of, and the others are still asked.

        Raises:
            NotFoundError: there is no witness to ask.
            VerificationError: this log lacks entries that its head promises.
        """
        witnesses = self.list()
        if not witnesses:
            raise NotFoundError("there is no witness to ask; name one with `ephor ledger witness add`")
        log = self._log()
        ledger = self.world.storage.logs.of(log)
        head = ledger.head()
        return [self._ask(line, log, ledger, head, witness) for witness in witnesses]

    def _ask(self, line: WitnessLine, log: int, ledger: Ledger, head: Head, witness: Witness) -> Asked:
        key = parse_witness_key(witness.key)
        answer, head = self._negotiate(line, ledger, head, witness, self._last(log, key))
        if answer.cosignature is None:
            return Asked(witness.id, answer.came, answer.says, head.size)
        self._keep(log, head, answer.cosignature, key)
        at = stamp(datetime.fromtimestamp(answer.cosignature.at, UTC))
        return Asked(witness.id, answer.came, answer.says, head.size, at)

    def _negotiate(
        self, line: WitnessLine, ledger: Ledger, head: Head, witness: Witness, old: int
    ) -> tuple[Answer, Head]:
        """Ask from the size that the witness is believed to know, then from the one it names."""
        old = min(old, head.size)
        for _ in range(_TRIES):
            path = fetch(ledger, proof.plan_consistency(old, head.size))
            answer = self._submit(line, witness, Submission(old, tuple(path), head.note))
            if answer.came is Came.SHRUNK:  # or this log grew since, and somebody else asked
                newer = ledger.head()
                if answer.size is None or newer.size < answer.size:
                    return answer, head
                head = newer
            elif answer.came is not Came.MOVED:
                return answer, head
            old = answer.size or 0
        return Answer(Came.REFUSED, f"it named another size {_TRIES} times; ask again later"), head

    def _submit(self, line: WitnessLine, witness: Witness, asked: Submission) -> Answer:
        now = int(self.world.clock.now().timestamp())
        try:
            reply = line.submit(witness.url, encode(asked))
            return read_reply(reply, asked, parse_witness_key(witness.key), now)
        except UnavailableError as error:
            return Answer(Came.UNREACHABLE, str(error))
        except VerificationError as error:
            return Answer(Came.LIED, str(error))

    def _last(self, log: int, key: WitnessKey) -> int:
        """Return the size that the witness is believed to have cosigned last; a wrong guess costs one question."""
        for kept in self.world.storage.logs.cosigned.latest(log, _LATEST):
            with suppress(VerificationError):  # damaged: `verify` says so; here it is as good as none
                found = note.parse(kept)
                if cosignatures(found, [key]):
                    return checkpoint.parse(found.text).size
        return 0

    def _keep(self, log: int, head: Head, made: Cosignature, key: WitnessKey) -> None:
        while True:  # another process may keep another witness's at the same moment
            kept = self.world.storage.logs.cosigned.at(log, head.size)
            new = add_cosignature(kept, head.note, made, key)
            if self.world.storage.logs.cosigned.keep(log, head.size, kept, new):
                return

    def _log(self) -> int:
        named = [one for one in self.world.storage.logs.names() if one.stream == MAIN]
        return max(named, key=lambda one: one.epoch).number

    def _event(self, kind: str, witness: Witness, actor: Person) -> Event:
        return Event(
            kind,
            at=self.world.clock.now(),
            actor=f"person:{actor.id}",
            resource=f"witness:{witness.id}",
            metadata={"url": witness.url, "key": witness.key},
        )
