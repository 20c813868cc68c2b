"""The fields of an entry as C code checks and writes them, many events at a time: this is run for each entry there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from ephor.kernel.events import Event
from ephor.kernel.time import stamp

TEXTS: Final = (  # text fields of an event that go into the entry as they are
    "actor",
    "resource",
    "on_behalf_of",
    "session",
    "trace",
    "parent",
    "action",
    "tool",
    "subject",
    "args_digest",
    "input_hash",
    "output_hash",
    "decision",
    "policy_digest",
    "approver",
    "confidence",
    "error",
)
LARGEST: Final = 2**53 - 1
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_Whole = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
_Said: Any = msgspec.defstruct(
    "_Said",
    [
        ("actor", _Text),
        ("kind", _Text),
        ("at", Annotated[datetime, msgspec.Meta(tz=True)]),
        *[(name, _Text | None) for name in TEXTS if name != "actor"],
        ("duration_ms", _Count | None),
        ("reasons", tuple[_Text, ...]),
        ("refs", dict[_Text, _Text]),
        ("metadata", dict[str, str | _Whole | bool | list[str] | None]),
    ],
    gc=False,
)
"""What an event says where nothing about it is unusual."""
_ADDED = ("id", "log", "n", "payload", "received_at", "src", "v")
_Entry: Any = msgspec.defstruct(
    "_Entry", [(name, Any, None) for name in sorted((*_Said.__struct_fields__, *_ADDED))], omit_defaults=True, gc=False
)  # fmt: skip
"""A whole entry: its fields in the order of their names, in which they are written; what is not set is left out."""
_write = msgspec.json.Encoder(order="deterministic").encode
"""Equal to RFC 8785 for what the types above let through; tests hold it against two other writers."""
_SOME = list[_Said]


def write(
    events: Sequence[Event],
    ids: Sequence[str],
    payloads: Sequence[Mapping[str, str] | None],
    place: tuple[str, str, int, str],
    version: int,
) -> list[bytes] | None:
    """Return the bytes of entries, if all of *events* are of the usual shape; ``None`` where somebody has to look closely.

    *place* is the log, the source, the number before the first entry's and the moment of receipt. They are right
    already, and so are *ids* and *payloads*; that no key is beyond ASCII and no entry too long is left to the caller.
    """
    log, src, n, received = place
    entries = []
    try:
        for said, id, payload in zip(
            msgspec.convert(events, _SOME, from_attributes=True), ids, payloads, strict=True
        ):
            n += 1
            at = said.at
            if at.tzinfo is not UTC or not at.microsecond:  # else C code writes the same
                at = stamp(at)
            entries.append(
                _Entry(
                    said.action, said.actor, said.approver, said.args_digest, at, said.confidence, said.decision,
                    said.duration_ms, said.error, id, said.input_hash, said.kind, log, said.metadata or None, n,
                    said.on_behalf_of, said.output_hash, said.parent, payload, said.policy_digest, said.reasons or None,
                    received, said.refs or None, said.resource, said.session, src, said.subject, said.tool, said.trace, version,
                )
            )  # fmt: skip
        return [*map(_write, entries)]
    except (msgspec.ValidationError, UnicodeEncodeError, TypeError):
        return None  # a field of another type, an unusual one, or a lone surrogate: the close look says which
