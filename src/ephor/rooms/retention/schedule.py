"""The schedule: which collections hold which category, from when its time counts, and how it goes.

A schedule is a file of the organisation's. It adds to the laws' rules; it never takes one away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, TypeAlias

from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import word
from ephor.rooms.retention.rule import ARCHIVED, DataCategory, RetentionLaw, Rule

Value: TypeAlias = "str | int | float | bool | None"
MAX_DAYS = 36_525
"""A hundred years: what is kept longer has no time to come to."""


@unique
class Method(StrEnum):
    """How data goes when its time is over."""

    DELETE = "delete"
    ANONYMISE = "anonymise"
    """Columns that tell who it is about are overwritten; the row stays."""
    CRYPTO_SHRED = "crypto-shred"
    """The columns that hold the keys are overwritten, so that what they open cannot be read any more."""


@unique
class Unit(StrEnum):
    """What the trigger column holds."""

    TIMESTAMP = "timestamp"
    """A time or a day, as the database or ISO 8601 writes it; UTC where no zone is said."""
    EPOCH = "epoch"
    """Seconds since 1970."""
    EPOCH_MS = "epoch_ms"


@dataclass(frozen=True, slots=True)
class Binding:
    """One collection of a policy: ``trigger`` is the column that says when the time began.

    ``only`` narrows the rows to those whose column holds one of the values. ``subject`` is the column that names the
    person as holds and restrictions do, or ``people.email`` of the row that a foreign key leads to. ``change`` is what columns are overwritten with; empty for a deletion.
    """

    collection: str
    trigger: str
    unit: Unit = Unit.TIMESTAMP
    only: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    subject: str | None = None
    categories: tuple[str, ...] = ()
    change: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """What the organisation does with one category for one purpose in one jurisdiction."""

    category: DataCategory
    purpose: str
    jurisdiction: str
    laws: tuple[RetentionLaw, ...]
    days: int | None
    method: Method
    archive: bool
    collections: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """All policies of a file, with the organisation's own rules."""

    rules: tuple[Rule, ...]
    policies: tuple[PolicyEntry, ...]

    @property
    def digest(self) -> str:
        return digest(repr(self))


_TOP = ("laws", "rules", "policies")
_RULE = ("source", "category", "minimum_days", "maximum_days", "trigger", "basis")
_POLICY = ("category", "purpose", "jurisdiction", "laws", "days", "method", "archive", "collections")
_BINDING = ("collection", "trigger", "unit", "only", "subject", "categories", "set")


def parse_schedule(raw: Mapping[str, Any]) -> Schedule:
    """Return the schedule that a mapping describes.

    Raises:
        InvalidInputError: wrong shape, an unknown word, or rows that two policies could both claim.
    """
    _keys(raw, _TOP, ("policies",), "the schedule")
    laws = _laws(raw.get("laws"))
    rules = tuple(_rule(one) for one in _maps(raw.get("rules", []), "rules"))
    policies = tuple(_policy(one, laws) for one in _maps(raw["policies"], "policies"))
    if not policies:
        raise InvalidInputError("the schedule holds no policy; list them under `policies`")
    _check_apart([binding for policy in policies for binding in policy.collections])
    return Schedule(rules, policies)


def _rule(raw: Mapping[str, Any]) -> Rule:
    _keys(raw, _RULE, ("source", "category"), "a rule")
    return Rule(
        source=_text(raw["source"], "source of a rule"),
        category=word(DataCategory, str(raw["category"]), "category"),
        minimum_days=_days(raw.get("minimum_days"), "minimum_days"),
        maximum_days=_days(raw.get("maximum_days"), "maximum_days"),
        trigger=_text(raw.get("trigger", "creation"), "trigger of a rule"),
        basis=_text(raw.get("basis", "own rule"), "basis of a rule"),
        statutory=False,
    )


def _policy(raw: Mapping[str, Any], laws: tuple[RetentionLaw, ...]) -> PolicyEntry:
    _keys(raw, _POLICY, ("category", "purpose", "collections"), "a policy")
    category = word(DataCategory, str(raw["category"]), "category")
    method = word(Method, str(raw.get("method", "delete")), "method")
    archive = raw.get("archive", category in ARCHIVED and method is Method.DELETE)
    if not isinstance(archive, bool):
        raise InvalidInputError(f"`archive` of the policy on {category} is neither true nor false")
    if archive and method is Method.CRYPTO_SHRED:
        raise InvalidInputError(
            f"the policy on {category} would archive the keys that it destroys; set `archive: false`"
        )
    bindings = tuple(_binding(one, method) for one in _maps(raw["collections"], "collections"))
    if not bindings:
        raise InvalidInputError(f"the policy on {category} names no collection; add one")
    return PolicyEntry(
        category=category,
        purpose=_text(raw["purpose"], f"purpose of the policy on {category}"),
        jurisdiction=_text(raw.get("jurisdiction", "not said"), f"jurisdiction of the policy on {category}"),
        laws=_laws(raw["laws"]) if "laws" in raw else laws,
        days=_days(raw.get("days"), "days"),
        method=method,
        archive=archive,
        collections=bindings,
    )


def _binding(raw: Mapping[str, Any], method: Method) -> Binding:
    _keys(raw, _BINDING, ("collection", "trigger"), "a collection")
    name = _text(raw["collection"], "a collection")
    if not all(name.partition(".")):
        raise InvalidInputError(f"`{name[:80]}` is no collection; write `dataset.collection`")
    change = raw.get("set", {})
    if not isinstance(change, Mapping) or bool(change) == (method is Method.DELETE):
        need = (
            "overwrites nothing; leave `set` out"
            if method is Method.DELETE
            else "needs `set: {column: value}`"
        )
        raise InvalidInputError(f"`{name}`: method {method} {need}")
    only = raw.get("only", {})
    if not isinstance(only, Mapping):
        raise InvalidInputError(f"`only` of `{name}` is not a mapping of columns to values")
    return Binding(
        collection=name,
        trigger=_text(raw["trigger"], f"trigger of `{name}`"),
        unit=word(Unit, str(raw.get("unit", "timestamp")), "unit"),
        only=tuple((_text(key, "a column"), _values(value, f"{name}.{key}")) for key, value in only.items()),
        subject=None if raw.get("subject") is None else _text(raw["subject"], f"subject of `{name}`"),
        categories=tuple(
            _text(one, "a data category") for one in _list(raw.get("categories", []), "categories")
        ),
        change=tuple(
            (_text(key, "a column"), _value(value, f"{name}.{key}")) for key, value in change.items()
        ),
    )


def _check_apart(bindings: Sequence[Binding]) -> None:
    """No row may be claimed twice: the shorter time would win in silence."""
    for index, one in enumerate(bindings):
        for other in bindings[:index]:
            if one.collection == other.collection and not _disjoint(dict(one.only), dict(other.only)):
                raise InvalidInputError(
                    f"two policies claim rows of `{one.collection}`; tell them apart with `only` on one column"
                )


def _disjoint(one: Mapping[str, tuple[Value, ...]], other: Mapping[str, tuple[Value, ...]]) -> bool:
    # 1, "1" and true are one value to some databases.
    return any(
        not {str(value).lower() for value in one[key]} & {str(value).lower() for value in other[key]}
        for key in one.keys() & other.keys()
    )


def _laws(raw: object) -> tuple[RetentionLaw, ...]:
    return tuple(word(RetentionLaw, str(one).upper(), "law") for one in _list(raw or [], "laws"))


def _keys(raw: Mapping[str, Any], known: Sequence[str], needed: Sequence[str], where: str) -> None:
    if unknown := sorted(str(key) for key in raw if key not in known):
        raise InvalidInputError(
            f"unknown key `{unknown[0][:80]}` in {where}; use some of: {', '.join(known)}"
        )
    if missing := [key for key in needed if raw.get(key) is None]:
        raise InvalidInputError(f"{where} has no `{missing[0]}`; write one")


def _maps(raw: object, where: str) -> Sequence[Mapping[str, Any]]:
    listed = _list(raw, where)
    if not all(isinstance(one, Mapping) for one in listed):
        raise InvalidInputError(f"`{where}` holds something that is not a mapping")
    return listed


def _list(raw: object, where: str) -> Sequence[Any]:
    if not isinstance(raw, list | tuple):
        raise InvalidInputError(f"`{where}` is not a list")
    return raw


def _text(raw: object, where: str) -> str:
    if not isinstance(raw, str) or not raw.strip() or len(raw) > 200 or not raw.isprintable():
        raise InvalidInputError(f"{where} is not a short line of text")
    return raw


def _days(raw: object, where: str) -> int | None:
    if raw is None:
        return None
    if type(raw) is not int or not 0 <= raw <= MAX_DAYS:
        raise InvalidInputError(f"`{where}` is not a whole number of days from 0 to {MAX_DAYS}")
    return raw


def _values(raw: object, where: str) -> tuple[Value, ...]:
    values = tuple(_value(one, where) for one in (raw if isinstance(raw, list | tuple) else [raw]))
    if not values or None in values:
        raise InvalidInputError(f"`only` of `{where}` names no value; write at least one, and not null")
    return values


def _value(raw: object, where: str) -> Value:
    if raw is None or isinstance(raw, str | int | float | bool):
        return raw
    raise InvalidInputError(f"`{where}` is neither text, nor a number, nor true, false or null")
