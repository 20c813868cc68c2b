"""What people say about a model version for its card: read strictly, kept with who said it, never overwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.visible import hidden
from ephor.rooms.models import fields

TEXTS = (
    "release_date", "training_data_description", "training_data_size", "bias_evaluation", "license", "task"
)  # fmt: skip
LISTS = (
    "primary_uses", "primary_users", "out_of_scope_uses", "preprocessing_steps", "evaluation_datasets",
    "potential_harms", "mitigations", "known_limitations", "failure_modes", "usage_recommendations",
    "monitoring_recommendations", "languages", "base_models",
)  # fmt: skip
FIGURES = "evaluation_metrics"
GROUPS = "performance_by_group"
SAYABLE = (*TEXTS, *LISTS, FIGURES, GROUPS)
"""The fields of a card that people may fill; what the registry knows by itself is not theirs to say."""
REGISTERED = {
    "model_name": "name", "model_version": "version", "model_type": "model_type", "developer": "provider"
}  # fmt: skip
"""Fields of a card that come from the registration alone, and what they are called there."""

MOST_TEXT = 10_000
"""Longest text in characters."""
MOST_ITEMS = 200
"""Most items of a list, and most figures."""
_RELEASED = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")


@dataclass(frozen=True, slots=True)
class CardStatement:
    """One time somebody filled fields of a card. It stays as it is; a later one of the same field takes its place there."""

    id: str
    model: str
    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    metrics: Mapping[str, str]
    """Figures that somebody states: no validation of ours measured them."""
    groups: Mapping[str, Mapping[str, str]]
    by: str
    at: datetime
    source: str | None = None
    """The file it was imported from, with its digest; None where *by* wrote it."""


@dataclass(frozen=True, slots=True)
class CardTexts:
    """The fields of one statement, before anybody has said them."""

    texts: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metrics: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.texts or self.lists or self.metrics or self.groups)

    def plain(self) -> dict[str, Json]:
        """Return the fields that are filled, as JSON."""
        figures: dict[str, Json] = {FIGURES: dict(self.metrics)} if self.metrics else {}
        by_group: dict[str, Json] = (
            {GROUPS: {group: dict(rates) for group, rates in self.groups.items()}} if self.groups else {}
        )
        return {
            **self.texts,
            **{name: list(items) for name, items in self.lists.items()},
            **figures,
            **by_group,
        }


def read_texts(given: Mapping[str, object]) -> CardTexts:
    """Return the fields of a card that *given* fills.

    >>> read_texts({"primary_users": ["support staff"]}).lists
    {'primary_users': ('support staff',)}

    Raises:
        InvalidInputError: a field is unknown, empty, unreadable, or the registration's; or nothing is said.
    """
    for name, registered in REGISTERED.items():
        if name in given:
            raise InvalidInputError(
                f"`{name}` is the registration's field `{registered}` and is not said again; leave it out",
                field=name,
            )
    fields.only(given, "model card", frozenset(SAYABLE))
    texts = {name: _text(given[name], name) for name in TEXTS if name in given}
    if (released := texts.get("release_date")) and not _RELEASED.fullmatch(released):
        raise InvalidInputError(
            f"release_date `{released[:40]}` is no day; write 2026-10-01, 2026-10 or 2026",
            field="release_date",
        )
    lists = {name: _items(given[name], name) for name in LISTS if name in given}
    read = CardTexts(texts, lists, _metrics(given), _groups(given))
    if not read:
        raise InvalidInputError(f"nothing is said; fill one or more of: {', '.join(SAYABLE)}")
    return read


def described(one: CardStatement) -> Event:
    """Return the event that somebody said something for a card: which fields, and the digest of the words."""
    said = CardTexts(one.texts, one.lists, one.metrics, one.groups).plain()
    filled: list[Json] = [*sorted(said)]
    facts: dict[str, Json] = {
        "statement": one.id, "fields": filled, "digest": digest(_spelled(said)), "source": one.source
    }  # fmt: skip
    return Event(
        kind="model.described/1",
        at=one.at,
        actor=f"person:{one.by}",
        resource=f"model:{one.model}",
        metadata=facts,
    )


def _spelled(said: Mapping[str, Json]) -> Json:
    """Return a statement as lists: the name of a group may hold what no key of the ledger's JSON can."""
    groups = said.get(GROUPS)
    if not isinstance(groups, Mapping):
        return said
    return {**said, GROUPS: [[group, rates] for group, rates in groups.items()]}


def newest(statements: Sequence[CardStatement]) -> dict[str, CardStatement]:
    """Return the statement that holds for each field: the newest that fills it."""
    holding: dict[str, CardStatement] = {}
    for one in statements:
        for name in (*one.texts, *one.lists):
            holding[name] = one
        if one.metrics:
            holding[FIGURES] = one
        if one.groups:
            holding[GROUPS] = one
    return holding


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(f"field `{name}` is not text; put it in quotes", field=name)
    said = value.strip()
    if not said:
        raise InvalidInputError(f"field `{name}` is empty; leave out what is not known", field=name)
    if len(said) > MOST_TEXT:
        raise InvalidInputError(
            f"field `{name}` is longer than {MOST_TEXT} characters; shorten it", field=name
        )
    if found := hidden(said, keep="\n\t"):
        raise InvalidInputError(
            f"field `{name}` holds the invisible character {found}; remove it", field=name
        )
    return said


def _items(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise InvalidInputError(f"field `{name}` is not a list; write [a, b]", field=name)
    if not value:
        raise InvalidInputError(
            f"field `{name}` is an empty list; leave it out, or say that there are none", field=name
        )
    if len(value) > MOST_ITEMS:
        raise InvalidInputError(f"field `{name}` has more than {MOST_ITEMS} items; shorten it", field=name)
    return tuple(_text(item, f"{name}[{at}]") for at, item in enumerate(value))


def _metrics(given: Mapping[str, object]) -> dict[str, str]:
    return _bounded(fields.figures(given, FIGURES), FIGURES)


def _groups(given: Mapping[str, object]) -> dict[str, dict[str, str]]:
    listed = given.get(GROUPS, {})
    if not isinstance(listed, Mapping):
        raise InvalidInputError(
            f"field `{GROUPS}` is not a mapping; write `group: {{metric: value}}`", field=GROUPS
        )
    if len(listed) > MOST_ITEMS:
        raise InvalidInputError(
            f"field `{GROUPS}` has more than {MOST_ITEMS} groups; shorten it", field=GROUPS
        )
    return {
        _text(group, f"{GROUPS}: a group"): _bounded(fields.figures({f"{GROUPS}.{group}": rates}, f"{GROUPS}.{group}"), GROUPS)
        for group, rates in listed.items()
    }  # fmt: skip


def _bounded(figures: dict[str, str], name: str) -> dict[str, str]:
    if len(figures) > MOST_ITEMS:
        raise InvalidInputError(f"field `{name}` has more than {MOST_ITEMS} figures; shorten it", field=name)
    return figures
