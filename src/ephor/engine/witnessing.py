"""Use case: be the witness of others' logs. It needs no plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ephor.engine.ports import Clock
from ephor.engine.ports_witness import Memory
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.ledger import note, witness
from ephor.rooms.ledger.checkpoint import Checkpoint
from ephor.rooms.ledger.cosignature import cosign
from ephor.rooms.ledger.note import Signer, VerifierKey
from ephor.rooms.ledger.witness import Ruling, Seen


@dataclass(frozen=True, slots=True)
class Told:
    """What the witness answers: the ruling, and what goes with it."""

    ruling: Ruling
    text: str
    """The cosignature, the size cosigned last, or the reason."""
    alarm: str = ""
    """What to tell whoever runs the witness: a log that it knows signed another history, or a shorter one."""


_REASONS = {
    Ruling.MALFORMED: "the old size is larger than the checkpoint's",
    Ruling.UNKNOWN_LOG: "this witness does not know the log",
    Ruling.UNSIGNED: "no key that this witness trusts for the log signed",
    Ruling.FORK: "another root was cosigned at this size",
    Ruling.INCONSISTENT: "the consistency proof does not hold",
}


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that trusts *logs*, each under the name of its key, and remembers what it cosigned."""

    signer: Signer
    logs: Sequence[VerifierKey]
    memory: Memory
    clock: Clock

    def answer(self, body: bytes) -> Told:
        """Cosign the checkpoint that *body* submits, or say why not (C2SP tlog-witness, ``add-checkpoint``).

        What was cosigned is durable before this returns. Of two requests at once for one log, one is told to ask again.

        Raises:
            UnavailableError: the memory cannot be read or written; nothing was cosigned.
            VerificationError: the memory is damaged.
        """
        try:
            asked = witness.parse(body)
            claim = witness.stated(asked)
        except InvalidInputError as error:
            return Told(Ruling.MALFORMED, str(error))
        at = int(
            self.clock.now().timestamp()
        )  # taken before the memory is: nothing newer was cosigned by then
        while True:
            last = self.memory.last(claim.origin)
            ruling = witness.judge(asked, self.logs, last)
            if ruling is Ruling.MOVED:
                return Told(ruling, str(last.size), _shrunk(claim, last))
            if ruling is not Ruling.COSIGN:
                return Told(ruling, _REASONS[ruling], _alarm(ruling, claim, last))
            if self.memory.advance(claim.origin, last, Seen(claim.size, claim.root), asked.note):
                return Told(ruling, cosign(note.parse(asked.note).text, self.signer, at).line)


def _shrunk(claim: Checkpoint, last: Seen) -> str:
    if claim.size >= last.size:
        return ""  # it only does not know yet what was cosigned last
    return f"refused `{claim.origin}`: it signed {claim.size} entries, and {last.size} were cosigned before"


def _alarm(ruling: Ruling, claim: Checkpoint, last: Seen) -> str:
    if ruling not in (Ruling.FORK, Ruling.INCONSISTENT):
        return ""  # anybody can send such a request; it says nothing about the log
    return (
        f"refused `{claim.origin}` at {claim.size} entries, {last.size} cosigned before: {_REASONS[ruling]}"
    )
