"""Group commit: whoever comes first commits for everybody who comes until the transaction has begun.

No thread of its own. Whoever finds no batch to join begins one, and leads it: waits until the one before is committed,
takes everybody who came meanwhile through one transaction, and opens the gate they wait at. So one fsync serves every
caller that arrived while the one before it ran, and a lone caller pays for no hand-over.

Who passes the gate lets the next one in. To wake all of them at once would have them all ask for the interpreter's lock,
which only one can have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock, RLock

from ephor.adapters.storage.growth import Draft
from ephor.engine.ports import StaleError
from ephor.kernel.errors import InvalidInputError, UnavailableError

MOST = 2_000
"""Entries in one transaction, so that nobody waits behind an endless one."""

_MOVED = "governance moved on while this was decided; nothing was recorded"


class _Ticket:
    """What one caller waits for. *version* is what the drafts rest on, where they rest on something that may move on."""

    __slots__ = ("done", "drafts", "error", "version")

    def __init__(self, drafts: Sequence[Draft], version: int | None) -> None:
        self.drafts, self.version = drafts, version
        self.done, self.error = False, None  # type: bool, Exception | None


class _Batch:
    """Those who go through one transaction, and the gate at which all but its leader wait."""

    __slots__ = ("gate", "size", "tickets")

    def __init__(self) -> None:
        self.tickets: list[_Ticket] = []
        self.size = 0
        self.gate = Lock()
        self.gate.acquire()


class GroupCommit:
    """Runs *commit* on what concurrent callers submit, together where it can; *lock* keeps other writers out.

    *within* opens the transaction before the batch is closed: whoever comes while it waits for another process goes along.
    *version* tells, within it, what governance is at: whoever rests on another is refused.
    """

    def __init__(
        self,
        lock: RLock,
        commit: Callable[[Sequence[Draft]], None],
        within: Callable[[], AbstractContextManager[None]] = nullcontext,
        version: Callable[[], int] = int,
    ) -> None:
        self._lock, self._commit, self._within, self._version = lock, commit, within, version
        self._forming: _Batch | None = None
        """The batch that newcomers join; its leader closes it."""
        self._mutex = Lock()
        """Guards who joins; held for an instant only, never while anything is written."""

    def submit(self, drafts: Sequence[Draft], version: int | None = None) -> None:
        """Return when *drafts* are durable; raise whatever kept them from it."""
        ticket = _Ticket(drafts, version)
        while (
            not ticket.done
        ):  # an interrupt may drive a leader out before anything was begun: then another leads
            self._go_along(ticket)
        if ticket.error is not None:
            raise ticket.error

    def waiting(self) -> int:
        """Return how many callers the next transaction will serve, as far as they have come."""
        with self._mutex:
            return 0 if self._forming is None else len(self._forming.tickets)

    def _go_along(self, ticket: _Ticket) -> None:
        batch, leads = self._join(ticket)
        if not leads:
            self._wait(batch, ticket)
            return
        try:
            with self._lock:
                self._serve(batch)
        finally:
            self._closed(batch)
            batch.gate.release()

    def _join(self, ticket: _Ticket) -> tuple[_Batch, bool]:
        """Put *ticket* into the batch that is forming, or into a new one that it leads."""
        with self._mutex:
            batch, count = self._forming, len(ticket.drafts)
            leads = batch is None or batch.size + count > MOST
            if batch is None or leads:
                batch = self._forming = _Batch()
            batch.tickets.append(ticket)
            batch.size += count
            return batch, leads

    def _wait(self, batch: _Batch, ticket: _Ticket) -> None:
        try:
            with batch.gate:
                return
        except BaseException:  # an interrupt: what nobody took is not recorded
            with self._mutex:
                if batch is self._forming:
                    batch.tickets.remove(ticket)
            raise

    def _closed(self, batch: _Batch) -> list[_Ticket]:
        """Return who is in *batch*; nobody joins it any more."""
        with self._mutex:
            if batch is self._forming:
                self._forming = None
            return batch.tickets

    def _serve(self, batch: _Batch) -> None:
        """Commit for everybody who has come by when the transaction has begun."""
        taken: Sequence[_Ticket] = ()
        try:
            with self._within():
                taken = self._closed(batch)
                self._commit([draft for ticket in self._sound(taken) for draft in ticket.drafts])
        except InvalidInputError as error:
            if len(self._closed(batch)) > 1:  # one caller's bad entry must not cost the others theirs
                self._serve_each(batch.tickets)
                return
            _finish(batch.tickets, error)
        except Exception as error:  # noqa: BLE001 - handed to every caller it concerns, in its own thread
            _finish(self._closed(batch), error)
        except BaseException:
            _interrupt(taken)
            raise
        _finish(taken)

    def _serve_each(self, tickets: Sequence[_Ticket]) -> None:
        try:
            for ticket in tickets:
                alone = _Batch()
                alone.tickets.append(ticket)
                self._serve(alone)
        except BaseException:
            _interrupt(tickets)
            raise

    def _sound(self, tickets: Sequence[_Ticket]) -> Sequence[_Ticket]:
        """Return those whose ground has not moved since; the version is asked for once, in the transaction, for all of them."""
        versions = {ticket.version for ticket in tickets}
        if versions <= {None}:
            return tickets
        now = self._version()
        if versions <= {None, now}:
            return tickets
        sound = [ticket for ticket in tickets if ticket.version in (None, now)]
        if not sound:
            raise StaleError(_MOVED)
        for ticket in tickets:
            if ticket.version not in (None, now):
                ticket.error = StaleError(_MOVED)
        return sound


def _finish(tickets: Sequence[_Ticket], error: Exception | None = None) -> None:
    for ticket in tickets:
        if error is not None:
            ticket.error = error
        ticket.done = True


def _interrupt(tickets: Sequence[_Ticket]) -> None:
    """An interrupt is for the leader's thread alone; what it did to the others' entries is not known."""
    unknown = "the thread that was recording was interrupted; look before you try again"
    _finish([ticket for ticket in tickets if not ticket.done], UnavailableError(unknown))
