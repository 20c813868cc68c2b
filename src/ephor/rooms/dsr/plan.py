"""The plan that a person approves, the list of rows it stands for, and the certificate of what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import DataMap, is_under
from ephor.rooms.dsr.judge import Stay, Verdict
from ephor.rooms.dsr.rights import Fulfilment
from ephor.rooms.dsr.store import Key


@dataclass(frozen=True, slots=True)
class Staying:
    """How many rows of a collection are left as they are, and why. ``because`` is a collection or the legal holds."""

    reason: Stay
    because: str
    rows: int


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One collection: rows found, rows to act on, rows that stay. ``fields`` are those given out or corrected."""

    collection: str
    found: int
    act: int
    stays: tuple[Staying, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ByHand:
    """A dataset that a named person works on by hand."""

    dataset: str
    person: str


@dataclass(frozen=True, slots=True)
class DataPlan:
    """What carrying out a request will do, where, to how many rows, and what stays and why. Counts only, no data.

    ``id`` is the request's. ``digest`` covers everything but who made it when: approval binds to it.
    """

    id: str
    fulfilment: Fulfilment
    map_digest: str
    lines: tuple[PlanLine, ...]
    unreachable: tuple[str, ...]
    """Collections of the map that nothing leads to: not searched."""
    unmapped: tuple[str, ...]
    """Tables and columns of the stores that the map does not mention: not searched."""
    release_shared: bool
    ledger: str
    """What becomes of the subject's sealed payloads in the ledger: ``untouched``, ``destroyed``, or ``held: …``."""
    digest: str
    made_at: datetime
    made_by: str
    by_hand: tuple[ByHand, ...] = ()
    household: tuple[str, ...] = ()
    """Verified requests of the same household: what is theirs and this person's alone is not kept back from either."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the collections in which rows about the person stay."""
        return tuple(
            line.collection
            for line in self.lines
            if any(stay.reason is not Stay.NOT_PERSONAL for stay in line.stays)
        )

    @property
    def is_partial(self) -> bool:
        """Tell whether rows about the person stay without having been dealt with."""
        missed = self.fulfilment is Fulfilment.CORRECT and not all(line.act for line in self.lines)
        return bool(self.kept) or missed or self.ledger.startswith("held")

    @property
    def not_searched(self) -> tuple[str, ...]:
        """Return what nobody looked into: no reference leads there, or the map does not name it."""
        return (*self.unreachable, *self.unmapped)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Erased rows of one collection: keyed fingerprints of their keys, and what was written where rows stayed."""

    collection: str
    key: tuple[str, ...]
    rows: tuple[str, ...]
    fields: tuple[str, ...] = ()
    values: tuple[tuple[str | int | float | bool | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was done, collection by collection, and what the stores said when they were asked again.

    ``entry`` is the ledger entry that records it. ``package_digest`` is of the document handed out, where there is one.
    """

    id: str
    fulfilment: Fulfilment
    subject: str
    plan_digest: str
    lines: tuple[PlanLine, ...]
    verified: tuple[str, ...]
    keys_destroyed: int
    payloads_destroyed: int
    package_digest: str
    entry: str
    completed_at: datetime
    not_searched: tuple[str, ...] = ()
    """Collections that nothing leads to, and tables and columns that the map does not name."""
    tombstones: tuple[Tombstone, ...] = ()
    """The rows that were erased, so that they are erased again when a backup brings them back."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one collection to act on, by primary key; with ``fields``, what is written into each row's."""

    collection: str
    key: tuple[str, ...]
    rows: tuple[Key, ...]
    fields: tuple[str, ...] = ()
    values: tuple[Key, ...] = ()


PROVIDED: tuple[str, ...] = (
    "user.account",
    "user.authorizations",
    "user.biometric",
    "user.contact",
    "user.content",
    "user.demographic",
    "user.financial",
    "user.government_id",
    "user.health_and_medical",
    "user.location",
    "user.name",
    "user.payment",
    "user.privacy_preferences",
    "user.provided",
    "user.behavior",
)
"""Categories a person provides, knowingly or by using the service (WP 242: observed data counts, inferred does not)."""


def portable_fields(fields: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the fields that portability gives out: every category of theirs was provided by the person.

    >>> portable_fields({"email": ["user.contact.email"], "score": ["user.derived"], "id": ["system.operations"]})
    ('email',)
    """
    return tuple(
        name
        for name, categories in fields.items()
        if categories and all(any(is_under(one, parent) for parent in PROVIDED) for one in categories)
    )


def make_plan(
    request: str,
    fulfilment: Fulfilment,
    data_map: DataMap,
    verdicts: Sequence[Verdict],
    *,
    map_digest: str,
    unreachable: Sequence[str],
    unmapped: Sequence[str],
    corrections: Mapping[str, Sequence[str]],
    release_shared: bool,
    ledger: str,
    made_at: datetime,
    made_by: str,
    by_hand: Sequence[ByHand] = (),
    household: Sequence[str] = (),
) -> DataPlan:
    """Return the plan that the verdicts come to, in the order of the verdicts.

    Raises:
        InvalidInputError: a correction of a field that is not in the map, that tells rows or people apart, or that
            nothing leads to.
    """
    for collection, names in corrections.items():
        for name in names:
            _check_correction(data_map, collection, name)
    if fulfilment is Fulfilment.CORRECT:  # what is not to be corrected is no business of this plan
        verdicts = [one for one in verdicts if str(one.collection.name) in corrections]
        if lost := sorted(set(corrections) - {str(one.collection.name) for one in verdicts}):
            raise InvalidInputError(
                f"nothing leads from what the person is found by to `{lost[0]}`, so nothing there can be corrected; "
                "add a reference to the data map"
            )
    lines = tuple(_line(verdict, fulfilment, corrections) for verdict in verdicts)
    summary: dict[str, object] = {
        "request": request,
        "fulfilment": fulfilment.value,
        "map": map_digest,
        "lines": [_plain(line) for line in lines],
        "unreachable": list(unreachable),
        "unmapped": list(unmapped),
        "release_shared": release_shared,
        "ledger": ledger,
    }
    if household:
        summary["household"] = list(household)
    if by_hand:
        summary["by_hand"] = [{"dataset": one.dataset, "person": one.person} for one in by_hand]
    return DataPlan(
        id=request,
        fulfilment=fulfilment,
        map_digest=map_digest,
        lines=lines,
        unreachable=tuple(unreachable),
        unmapped=tuple(unmapped),
        release_shared=release_shared,
        ledger=ledger,
        digest=digest(summary),
        made_at=made_at,
        made_by=made_by,
        by_hand=tuple(by_hand),
        household=tuple(household),
    )


def _line(verdict: Verdict, fulfilment: Fulfilment, corrections: Mapping[str, Sequence[str]]) -> PlanLine:
    name = str(verdict.collection.name)
    stays = tuple(Staying(kept.reason, kept.because, len(kept.keys)) for kept in verdict.kept if kept.keys)
    found = len(verdict.act) + sum(stay.rows for stay in stays)
    return PlanLine(name, found, len(verdict.act), stays, given_fields(verdict, fulfilment, corrections))


def given_fields(
    verdict: Verdict, fulfilment: Fulfilment, corrections: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Return the fields of a collection that are given out, or corrected or overwritten; else an erasure takes whole rows."""
    if fulfilment is Fulfilment.CORRECT:
        return tuple(sorted(corrections.get(str(verdict.collection.name), ())))
    if fulfilment is Fulfilment.PORTABLE:
        return portable_fields({field.name: field.categories for field in verdict.collection.fields})
    if fulfilment is Fulfilment.PACKAGE:
        return tuple(field.name for field in verdict.collection.fields)
    if fulfilment is Fulfilment.ERASE:
        return tuple(sorted(verdict.collection.masks))
    return ()


def _check_correction(data_map: DataMap, collection: str, name: str) -> None:
    field = data_map.get(collection).field(name)
    if field is None:
        raise InvalidInputError(
            f"the request corrects `{collection}.{name[:80]}` (--set), and the data map has no such field; add it there, or "
            "open the request anew"
        )
    if field.primary_key or field.references:
        raise InvalidInputError(
            f"the request corrects `{collection}.{name}` (--set), which tells rows apart or ties them together and is no "
            "data to correct; open it anew for another field"
        )


def _plain(line: PlanLine) -> dict[str, object]:
    stays = [{"reason": stay.reason.value, "because": stay.because, "rows": stay.rows} for stay in line.stays]
    return {
        "collection": line.collection,
        "found": line.found,
        "act": line.act,
        "stays": stays,
        "fields": list(line.fields),
    }
