"""Cosigned checkpoints in memory."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock


class MemoryCosigned:
    """As the table keeps them, for as long as the process lasts."""

    def __init__(self) -> None:
        self._notes: dict[tuple[int, int], bytes] = {}
        self._lock = Lock()

    def latest(self, log: int, limit: int) -> Sequence[bytes]:
        sizes = sorted((size for one, size in self._notes if one == log), reverse=True)
        return [self._notes[log, size] for size in sizes[:limit]]

    def at(self, log: int, size: int) -> bytes | None:
        return self._notes.get((log, size))

    def keep(self, log: int, size: int, old: bytes | None, new: bytes) -> bool:
        with self._lock:
            if self._notes.get((log, size)) != old:
                return False
            self._notes[log, size] = new
        return True
