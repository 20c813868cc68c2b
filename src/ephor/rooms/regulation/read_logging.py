"""Read the `logging` section of a pack: which events a law demands in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.fields import Fields
from ephor.rooms.regulation.pack import Basis, Likeness, LoggingDemand, Verified

_DEMAND = frozenset({"id", "kind", "also", "cite", "title", "basis", "verified", "since", "note"})
_LIKENESS = frozenset({"kind", "decision", "because"})
_KIND = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*/[1-9][0-9]{0,3}")


def read_logging(top: Fields) -> tuple[LoggingDemand, ...]:
    """Return the events that the pack demands, in its order; none where it has no such section.

    Raises:
        InvalidInputError: anything unknown, missing or of the wrong type, or a kind that stands twice; the message says where.
    """
    demands = tuple(_demand(where, raw) for where, raw in top.entries("logging"))
    seen: set[str] = set()
    for kind in (one.kind for one in demands):
        if kind in seen:
            raise InvalidInputError(f"`logging` demands `{kind}` twice; keep one and cite both places there")
        seen.add(kind)
    return demands


def _demand(where: str, raw: object) -> LoggingDemand:
    fields = Fields.of(raw, where, _DEMAND)
    return LoggingDemand(
        fields.id("id"),
        _kind(fields),
        tuple(_likenesses(fields)),
        fields.text("cite"),
        fields.text("title"),
        fields.word("basis", Basis),
        fields.word("verified", Verified),
        fields.day_or_none("since"),
        fields.text_or_none("note"),
    )


def _likenesses(demand: Fields) -> Iterator[Likeness]:
    for where, raw in demand.entries("also"):
        fields = Fields.of(raw, where, _LIKENESS)
        yield Likeness(_kind(fields), fields.text_or_none("decision"), fields.text("because"))


def _kind(fields: Fields) -> str:
    """The list of kinds is the ledger's; here only the shape is checked, and the ledger refuses what it does not know."""
    kind = fields.text("kind")
    if not _KIND.fullmatch(kind):
        raise InvalidInputError(
            f"`{kind[:60]}` at {fields.where} is no kind of event; write for example `data.accessed/1`",
            at=fields.where,
        )
    return kind
