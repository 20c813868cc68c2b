"""A bias test that was recorded: of which model, by whom, on what, with what outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ephor.rooms.models.bias import BiasLimits, BiasReport


@dataclass(frozen=True, slots=True)
class BiasTest:
    """One test. ``digest`` is the SHA-256 of the file of rows, which is not kept."""

    id: str
    model: str
    digest: str
    attributes: tuple[str, ...]
    favourable: str
    limits: BiasLimits
    report: BiasReport
    by: str
    at: datetime
