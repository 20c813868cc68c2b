"""Read what follows from an obligation besides itself: whom the law reaches, roles that change, graces, penalties, crosswalks."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.fields import Fields
from ephor.rooms.regulation.pack import Crosswalk, Grace, Penalty, Reach, RoleChange, Verified
from ephor.rooms.regulation.read_condition import Reader

WITH_CLASS = "with-class"
"""In a grace: whatever is owed from the day the class itself applies."""
RELATIONS = ("same", "covers", "supports")
"""How far meeting the one meets the other: wholly and both ways; wholly; in part."""
RULES = ("higher", "lower", "fixed")
_REACH = frozenset({"cite", "title", "when"})
_CHANGE = frozenset({"article", "title", "roles", "becomes", "when"})
_GRACE = frozenset({"article", "title", "when", "of", "until"})
_PENALTY = frozenset({"cite", "title", "when", "eur", "pct", "rule", "in_force", "verified", "note"})
_CROSSWALK = frozenset({"here", "there", "relation", "because"})


def read_reach(top: Fields, reader: Reader) -> Reach | None:
    """Return whom the law reaches; None where the pack does not say.

    Raises:
        InvalidInputError: anything unknown, missing or of the wrong type; the message says where.
    """
    if "applies" not in top.raw:
        return None
    fields = Fields.of(top.raw["applies"], "applies", _REACH)
    when = reader.read(fields.raw.get("when"), "applies.when")
    return Reach(fields.text("cite"), fields.text("title"), when)


def read_role_changes(top: Fields, reader: Reader) -> tuple[RoleChange, ...]:
    """Return when somebody becomes another operator.

    Raises:
        InvalidInputError: as for `read_reach`.
    """
    return tuple(
        _change(Fields.of(raw, where, _CHANGE), reader) for where, raw in top.entries("role_changes")
    )


def read_graces(top: Fields, reader: Reader, obligations: AbstractSet[str]) -> tuple[Grace, ...]:
    """Return the transitional rules.

    Raises:
        InvalidInputError: as for `read_reach`, or an obligation that the pack does not have.
    """
    return tuple(
        _grace(Fields.of(raw, where, _GRACE), reader, obligations) for where, raw in top.entries("grace")
    )


def read_penalties(top: Fields, reader: Reader) -> tuple[Penalty, ...]:
    """Return what breaches can cost.

    Raises:
        InvalidInputError: as for `read_reach`.
    """
    return tuple(_penalty(Fields.of(raw, where, _PENALTY), reader) for where, raw in top.entries("penalties"))


def read_crosswalks(top: Fields, obligations: AbstractSet[str]) -> tuple[Crosswalk, ...]:
    """Return the counterparts in other packs; whether those have them is for whoever holds them all to check.

    Raises:
        InvalidInputError: as for `read_reach`, or an obligation that the pack does not have.
    """
    return tuple(
        _crosswalk(Fields.of(raw, where, _CROSSWALK), obligations) for where, raw in top.entries("crosswalks")
    )


def _change(fields: Fields, reader: Reader) -> RoleChange:
    when = reader.read(fields.raw.get("when"), f"{fields.where}.when")
    roles, becomes = fields.texts("roles"), fields.text("becomes")
    return RoleChange(fields.text("article"), fields.text("title"), roles, becomes, when)


def _grace(fields: Fields, reader: Reader, obligations: AbstractSet[str]) -> Grace:
    of = fields.texts("of")
    for one in of:
        if one != WITH_CLASS and one not in obligations:
            raise InvalidInputError(
                f"{fields.where} covers `{one[:60]}`, which is no obligation of this pack", at=fields.where
            )
    return Grace(
        fields.text("article"),
        fields.text("title"),
        reader.read(fields.raw.get("when"), f"{fields.where}.when"),
        WITH_CLASS in of,
        frozenset(of) - {WITH_CLASS},
        fields.day_or_none("until"),
    )


def _penalty(fields: Fields, reader: Reader) -> Penalty:
    return Penalty(
        fields.text("cite"),
        fields.text("title"),
        reader.read(fields.raw.get("when"), f"{fields.where}.when"),
        fields.count_or_none("eur"),
        fields.count_or_none("pct"),
        fields.one_of("rule", RULES),
        fields.day("in_force"),
        fields.word("verified", Verified),
        fields.text_or_none("note"),
    )


def _crosswalk(fields: Fields, obligations: AbstractSet[str]) -> Crosswalk:
    here = fields.id("here")
    if here not in obligations:
        raise InvalidInputError(
            f"{fields.where} starts from `{here}`, which is no obligation of this pack", at=fields.where
        )
    return Crosswalk(here, fields.id("there"), fields.one_of("relation", RELATIONS), fields.text("because"))
