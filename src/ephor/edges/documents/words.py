"""The words that every form of a document uses, so that they say the same."""

from __future__ import annotations

from collections.abc import Mapping

from ephor.rooms.documents.model import Block, Ground

CONTENTS = "Contents"
OPEN_POINTS = "Open points"
RESTS_ON = "What the statements rest on"
GROUNDS: Mapping[Ground, str] = {
    Ground.ENTRY: "Ledger entry",
    Ground.RECORD: "Record",
    Ground.DIGEST: "Digest",
    Ground.LAW: "Law",
    Ground.PERSON: "Stated by a person,",
}


def is_open(block: Block) -> str:
    """Return what stands before a gap."""
    return "Open" if block.remedy else "Not stated"


def points(count: int) -> str:
    """Return how many points are open.

    >>> points(0), points(1), points(4)
    ('nothing is open', '1 point is open', '4 points are open')
    """
    if not count:
        return "nothing is open"
    return "1 point is open" if count == 1 else f"{count} points are open"
