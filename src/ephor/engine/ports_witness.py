"""What witnessing needs from outside: a witness's memory, the way to other witnesses, and where cosignatures are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ephor.rooms.ledger.timestamps import Stamped
from ephor.rooms.ledger.witness import Seen
from ephor.rooms.ledger.witnesses import Reply


class Memory(Protocol):
    """What a witness cosigned last of each log. It outlives the process, or the witness is none."""

    def last(self, origin: str) -> Seen:
        """Return the tree cosigned last; the empty one where there is none.

        Raises:
            UnavailableError: it cannot be read now.
            VerificationError: what is kept is damaged.
        """
        ...

    def advance(self, origin: str, old: Seen, new: Seen, note: bytes) -> bool:
        """Keep *new*, stated by *note*, if what is kept is still *old*; durable when this returns true.

        Raises:
            UnavailableError: it could not be made durable; nothing may be cosigned.
        """
        ...


class WitnessLine(Protocol):
    """The way to witnesses on the network."""

    def submit(self, url: str, body: bytes) -> Reply:
        """Send an ``add-checkpoint`` request to the witness at *url*, and return what came back.

        Raises:
            UnavailableError: it did not answer in time.
            VerificationError: its answer has no end.
        """
        ...


class StampLine(Protocol):
    """The way to time-stamping authorities (RFC 3161), and who judges what they signed."""

    def ask(self, url: str, data: bytes, roots: bytes) -> bytes:
        """Return the answer of the authority at *url*, which stamps *data* under one of *roots* (PEM).

        Raises:
            InvalidInputError: *roots* are no certificates.
            UnavailableError: it did not answer in time.
            VerificationError: it answered something else.
        """
        ...

    def judge(self, answer: bytes, data: bytes, roots: bytes) -> Stamped:
        """Return when and by whom *data* was stamped.

        Raises:
            InvalidInputError: *roots* are no certificates.
            VerificationError: the answer is no stamp on *data* under one of *roots*.
        """
        ...


class Cosigned(Protocol):
    """Cosigned checkpoints of this plane's logs. They are kept beside the ledger: an entry about one would be unwitnessed."""

    def latest(self, log: int, limit: int) -> Sequence[bytes]:
        """Return the cosigned checkpoints of the largest sizes, the largest first."""
        ...

    def at(self, log: int, size: int) -> bytes | None: ...

    def keep(self, log: int, size: int, old: bytes | None, new: bytes) -> bool:
        """Put *new* where *old* is, or where nothing is for None; tell whether that was still so."""
        ...
