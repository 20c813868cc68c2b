"""The way to witnesses on the network."""

from __future__ import annotations

from ephor.adapters.posting import SECONDS, post
from ephor.rooms.ledger.witnesses import Reply


class HttpWitnesses:
    """Asks witnesses over HTTP and HTTPS."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    def submit(self, url: str, body: bytes) -> Reply:
        """Send an ``add-checkpoint`` request; see `WitnessLine`."""
        came = post(f"{url}/add-checkpoint", body, "text/plain; charset=utf-8", seconds=self._seconds)
        return Reply(came.status, came.media_type, came.body)
