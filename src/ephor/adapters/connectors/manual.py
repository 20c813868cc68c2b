"""A store that only a person reaches, ``manual:PERSON``."""

from __future__ import annotations

from ephor.engine.ports_data import Hands
from ephor.kernel import ids


def connect_manual(url: str) -> Hands:
    """Return the hands of the person that *url* names. Raises InvalidInputError."""
    return Hands(ids.name(url.partition(":")[2].removeprefix("//"), "a person"))
