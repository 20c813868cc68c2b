"""Group commit: whoever comes first commits for everybody who is waiting.

No thread of its own. A caller queues what it wants recorded and then asks for the lock; the one that gets it takes the
whole queue through one transaction, the others find theirs done. So one fsync serves every caller that arrived while
the one before it ran, and a lone caller pays for no hand-over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock

from ephor.adapters.storage.growth import Draft
from ephor.kernel.errors import InvalidInputError, UnavailableError

MOST = 2_000
"""Entries in one transaction, so that nobody waits behind an endless one."""


@dataclass(slots=True)
class _Ticket:
    drafts: Sequence[Draft]
    done: bool = False
    error: Exception | None = None


class GroupCommit:
    """Runs *commit* on what concurrent callers submit, together where it can."""

    def __init__(self, lock: RLock, commit: Callable[[Sequence[Draft]], None]) -> None:
        self._lock, self._commit = lock, commit
        self._queue: deque[_Ticket] = deque()

    def submit(self, drafts: Sequence[Draft]) -> None:
        """Return when *drafts* are durable; raise whatever kept them from it."""
        ticket = _Ticket(drafts)
        self._queue.append(ticket)
        with self._lock:
            while not ticket.done:
                self._serve(self._take())
        if ticket.error is not None:
            raise ticket.error

    def _take(self) -> list[_Ticket]:
        taken = [self._queue.popleft()]
        size = len(taken[0].drafts)
        while self._queue and size + len(self._queue[0].drafts) <= MOST:
            taken.append(self._queue.popleft())
            size += len(taken[-1].drafts)
        return taken

    def _serve(self, tickets: Sequence[_Ticket]) -> None:
        try:
            self._commit([draft for ticket in tickets for draft in ticket.drafts])
        except InvalidInputError as error:
            if len(tickets) > 1:  # one caller's bad entry must not cost the others theirs
                for ticket in tickets:
                    self._serve([ticket])
                return
            tickets[0].error = error
        except Exception as error:  # noqa: BLE001 - handed to every caller it concerns, in its own thread
            for ticket in tickets:
                ticket.error = error
        except (
            BaseException
        ):  # an interrupt is for this thread alone; what it did to the others' entries is not known
            for ticket in tickets:
                ticket.error = UnavailableError(
                    "the thread that was recording was interrupted; look before you try again"
                )
                ticket.done = True
            raise
        for ticket in tickets:
            ticket.done = True
