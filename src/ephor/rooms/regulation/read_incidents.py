"""Read the `incidents` section of a pack: what a law calls an incident, and the clocks that it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.condition import Condition
from ephor.rooms.regulation.facts import FactType, Kind
from ephor.rooms.regulation.fields import Fields
from ephor.rooms.regulation.pack import ClockRule, Counting, Fill, IncidentClass, IncidentLaw, Item, Verified
from ephor.rooms.regulation.read_condition import RESERVED, Reader

MAX_AMOUNT = 3_650
"""Most hours or days of a clock."""
_SECTION = frozenset({"facts", "terms", "forms", "classes", "clocks"})
_CLASS = frozenset({"id", "cite", "title", "when", "verified", "note"})
_CLOCK = _CLASS | {"recipient", "due", "counts", "after", "since", "until", "form"}


def read_incident_law(top: Fields) -> IncidentLaw | None:
    """Return what the pack says of incidents; None where it has no such section.

    Raises:
        InvalidInputError: anything unknown, missing, repeated or of the wrong type; the message says where.
    """
    if "incidents" not in top.raw:
        return None
    fields = Fields.of(top.raw["incidents"], "incidents", _SECTION)
    words = dict(_facts(fields))
    terms: dict[str, Condition] = {}
    for name, raw in fields.mapping("terms").items():
        terms[name] = Reader(words, terms).read(raw, f"incidents.terms.{name}")
    reader = Reader(words, terms)
    classes = tuple(_class(where, raw, reader) for where, raw in fields.entries("classes"))
    names = fields.mapping("forms")
    forms = Fields.of(names, "incidents.forms", frozenset(names))
    clocks = tuple(_clock(where, raw, reader, forms) for where, raw in fields.entries("clocks"))
    _check_order([one.id for one in classes], clocks)
    return IncidentLaw(words, classes, clocks)


def _facts(section: Fields) -> Iterator[tuple[str, FactType]]:
    for name, raw in section.mapping("facts").items():
        where = f"incidents.facts.{name}"
        if name in RESERVED or not name.isidentifier() or not name.isascii():
            raise InvalidInputError(f"`{name[:60]}` cannot name a fact", at=where)
        fields = Fields.of(raw, where, frozenset({"type", "means", "values", "claim"}))
        kind, values = fields.word("type", Kind), fields.texts("values")
        if (kind is Kind.BOOLEAN) is bool(values):
            raise InvalidInputError(
                f"{where} needs `values` if it is no boolean, and has none if it is", at=where
            )
        yield name, FactType(name, kind, fields.text("means"), values, claim=fields.flag("claim"))


def _class(where: str, raw: object, reader: Reader) -> IncidentClass:
    fields = Fields.of(raw, where, _CLASS)
    return IncidentClass(
        fields.id("id"),
        fields.text("cite"),
        fields.text("title"),
        reader.read(fields.raw.get("when"), f"{where}.when"),
        fields.word("verified", Verified),
        fields.text_or_none("note"),
    )


def _clock(where: str, raw: object, reader: Reader, forms: Fields) -> ClockRule:
    fields = Fields.of(raw, where, _CLOCK)
    counting, amount = _due(fields)
    since, until = fields.day_or_none("since"), fields.day_or_none("until")
    if since is not None and until is not None and until <= since:
        raise InvalidInputError(f"{where} ends on {until}, before it begins", at=where)
    return ClockRule(
        fields.id("id"),
        fields.text("cite"),
        fields.text("title"),
        fields.text("recipient"),
        reader.read(fields.raw.get("when"), f"{where}.when"),
        counting,
        amount,
        "counts" in fields.raw and fields.one_of("counts", ("union",)) == "union",
        fields.text_or_none("after"),
        since,
        until,
        fields.word("verified", Verified),
        fields.text_or_none("note"),
        tuple(_item(place, one) for place, one in forms.entries(fields.one_of("form", tuple(forms.raw)))),
    )


def _due(clock: Fields) -> tuple[Counting, int]:
    where = f"{clock.where}.due"
    raw = clock.raw.get("due")
    if not isinstance(raw, Mapping) or len(raw) != 1 or next(iter(raw)) not in set(Counting):
        known = ", ".join(Counting)
        raise InvalidInputError(
            f"{where} is `{str(raw)[:60]}`; write one of {known}, with its number", at=where
        )
    counting, amount = Counting(next(iter(raw))), next(iter(raw.values()))
    if counting is Counting.AT_ONCE:
        if amount is not True:
            raise InvalidInputError(f"{where} is `{str(raw)[:60]}`; write `at_once: true`", at=where)
        return counting, 0
    if type(amount) is not int or not 0 < amount <= MAX_AMOUNT:
        raise InvalidInputError(
            f"{where} is `{str(raw)[:60]}`; write a number from 1 to {MAX_AMOUNT}", at=where
        )
    return counting, amount


def _item(where: str, raw: object) -> Item:
    fields = Fields.of(raw, where, frozenset({"item", "from"}))
    return Item(fields.text("item"), fields.word("from", Fill) if "from" in fields.raw else None)


def _check_order(classes: list[str], clocks: tuple[ClockRule, ...]) -> None:
    seen: set[str] = set()
    for one in classes:
        if one in seen:
            raise InvalidInputError(f"`incidents` names `{one}` twice; keep one")
        seen.add(one)
    before: set[str] = set()
    for clock in clocks:
        if clock.id in seen:
            raise InvalidInputError(f"`incidents` names `{clock.id}` twice; keep one")
        if clock.after is not None and clock.after not in before:
            raise InvalidInputError(
                f"clock `{clock.id}` starts after `{clock.after[:60]}`, which does not stand above it"
            )
        seen.add(clock.id)
        before.add(clock.id)
