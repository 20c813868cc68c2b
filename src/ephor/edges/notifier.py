"""A thread that looks after the inbox: records what ran out, passes on what waits, reminds, and sends notices."""

from __future__ import annotations

from threading import Event, Thread

from ephor.engine.plane import Engine
from ephor.engine.ports import Post
from ephor.kernel.errors import EphorError

_REMIND_EVERY = 900.0
"""Seconds from one look for reminders to the next."""


class Notifier:
    """Looks every few seconds, until it is stopped. Decisions never wait for it, and it loses nothing when it dies."""

    def __init__(self, plane: Engine, post: Post, seconds: float = 5.0) -> None:
        self._plane, self._post, self._seconds = plane, post, seconds
        self._over = Event()
        self._looks = 0
        self.trouble: str | None = None
        """What kept the last look from being done; None where nothing did."""
        self._thread = Thread(target=self._run, name="ephor-notifier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is being sent is sent first."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._plane.approvals.sweep()
                self._remind()
                self._plane.notices.deliver(self._post)
                self.trouble = None
            except EphorError as error:  # the database is away; what waits in it waits on
                self.trouble = str(error)
            self._over.wait(self._seconds)

    def _remind(self) -> None:
        """What waits for days is looked for every quarter of an hour, and at once when the thread begins."""
        if self._looks % max(1, int(_REMIND_EVERY / self._seconds)) == 0:
            self._plane.reminders.queue()
        self._looks += 1
