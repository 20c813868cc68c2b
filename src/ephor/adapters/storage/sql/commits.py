"""Group commit: whoever comes first commits for everybody who is waiting.

No thread of its own. A caller queues what it wants recorded. If nobody leads, it leads: it takes the whole queue through
one transaction, wakes everyone whose entries are durable, and hands the lead to the first who came meanwhile. So one fsync
serves every caller that arrived while the one before it ran, and a lone caller pays for no hand-over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Lock, RLock

from ephor.adapters.storage.growth import Draft
from ephor.engine.ports import StaleError
from ephor.kernel.errors import InvalidInputError, UnavailableError

MOST = 2_000
"""Entries in one transaction, so that nobody waits behind an endless one."""

_MOVED = "governance moved on while this was decided; nothing was recorded"


def _closed() -> Lock:
    gate = Lock()
    gate.acquire()
    return gate


@dataclass(slots=True, eq=False)
class _Ticket:
    """What one caller waits for. Its gate opens when it is done, or when it is its turn to lead."""

    drafts: Sequence[Draft]
    version: int | None = None
    """What the drafts rest on, where they rest on something that may move on."""
    gate: Lock = field(default_factory=_closed)
    leads: bool = False
    done: bool = False
    error: Exception | None = None


class GroupCommit:
    """Runs *commit* on what concurrent callers submit, together where it can; *lock* keeps other writers out.

    *within* opens the transaction before the queue is taken: whoever comes while it waits for another process goes along.
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
        self._queue: deque[_Ticket] = deque()
        self._mutex = Lock()
        """Guards the queue and who leads; held for an instant only, never while anything is written."""
        self._led = False

    def submit(self, drafts: Sequence[Draft], version: int | None = None) -> None:
        """Return when *drafts* are durable; raise whatever kept them from it."""
        ticket = _Ticket(drafts, version)
        try:
            if not self._joins_as_leader(ticket):
                ticket.gate.acquire()
            if not ticket.done:
                with self._lock:
                    while not ticket.done:
                        self._serve()
        finally:
            self._leave(ticket)
        if ticket.error is not None:
            raise ticket.error

    def _joins_as_leader(self, ticket: _Ticket) -> bool:
        with self._mutex:
            self._queue.append(ticket)
            ticket.leads = not self._led
            self._led = True
            return ticket.leads

    def _leave(self, ticket: _Ticket) -> None:
        """Hand the lead on; also where an interrupt drove its holder out before anything was done."""
        with self._mutex:
            if not ticket.done and ticket in self._queue:
                self._queue.remove(ticket)
            if not ticket.leads:
                return
            ticket.leads = False
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].gate.release()
            else:
                self._led = False

    def _take(self) -> list[_Ticket]:
        with self._mutex:
            taken = [self._queue.popleft()]
            size = len(taken[0].drafts)
            while self._queue and size + len(self._queue[0].drafts) <= MOST:
                taken.append(self._queue.popleft())
                size += len(taken[-1].drafts)
            return taken

    def _serve(self, tickets: Sequence[_Ticket] | None = None) -> None:
        """Commit what *tickets* hold; unless stated, what everybody waits for who has come by when the transaction began."""
        taken = tickets
        try:
            with self._within():
                taken = self._take() if taken is None else taken
                self._commit([draft for ticket in self._sound(taken) for draft in ticket.drafts])
        except InvalidInputError as error:
            taken = self._take() if taken is None else taken
            if len(taken) > 1:  # one caller's bad entry must not cost the others theirs
                self._serve_each(taken)
                return
            taken[0].error = error
        except Exception as error:  # noqa: BLE001 - handed to every caller it concerns, in its own thread
            taken = self._take() if taken is None else taken
            for ticket in taken:
                ticket.error = error
        except BaseException:
            _interrupt(taken or ())
            raise
        for ticket in taken:
            _finish(ticket)

    def _sound(self, tickets: Sequence[_Ticket]) -> Sequence[_Ticket]:
        """Return those whose ground has not moved since; the version is asked for once, in the transaction, for all of them."""
        if all(ticket.version is None for ticket in tickets):
            return tickets
        now = self._version()
        sound = [ticket for ticket in tickets if ticket.version in (None, now)]
        if not sound:
            raise StaleError(_MOVED)
        if len(sound) < len(tickets):
            for ticket in tickets:
                if ticket.version not in (None, now):
                    ticket.error = StaleError(_MOVED)
        return sound

    def _serve_each(self, tickets: Sequence[_Ticket]) -> None:
        try:
            for ticket in tickets:
                self._serve([ticket])
        except BaseException:
            _interrupt([ticket for ticket in tickets if not ticket.done])
            raise


def _interrupt(tickets: Sequence[_Ticket]) -> None:
    """An interrupt is for the leader's thread alone; what it did to the others' entries is not known."""
    for ticket in tickets:
        ticket.error = UnavailableError(
            "the thread that was recording was interrupted; look before you try again"
        )
        _finish(ticket)


def _finish(ticket: _Ticket) -> None:
    ticket.done = True
    ticket.gate.release()
