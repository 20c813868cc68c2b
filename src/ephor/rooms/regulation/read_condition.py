"""Read the conditions of a pack, refusing whatever nobody should have to guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.regulation.condition import AllOf, AnyOf, Claimed, Condition, In, Known, Not, Only
from ephor.rooms.regulation.facts import FactType, Kind

RESERVED = frozenset({"all", "any", "not", "known", "only", "claimed", "term"})
"""Words of the language, which therefore cannot name a fact."""
MAX_WEIGHT = 2_000
"""Most comparisons one condition may make once its terms are written out: a pack must not cost more than it says."""
MAX_DEPTH = 32
"""Deepest nesting of one condition once its terms are written out."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads conditions against one vocabulary and the terms defined so far."""

    vocabulary: Mapping[str, FactType]
    terms: Mapping[str, Condition] = field(default_factory=dict)
    listed: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    """The words of each fact met so far, to look them up in no time: a stranger's list may be long."""

    def read(self, raw: object, where: str) -> Condition:
        """Return the condition written as *raw*: ``{fact: [words]}``, or ``all``, ``any``, ``not``, ``known``, ``only``, ``claimed``, ``term``.

        >>> words = {"eu": FactType("eu", Kind.BOOLEAN, "in the Union")}
        >>> Reader(words).read({"not": {"eu": True}}, "here")
        Not(part=In(fact='eu', values=(True,)))

        Raises:
            InvalidInputError: anything else; an unknown fact, word or term; an empty list; too deep or too heavy.
        """
        condition = self._read(raw, where, MAX_DEPTH)
        if depth(condition) > MAX_DEPTH:
            raise InvalidInputError(
                f"condition at {where} is nested deeper than {MAX_DEPTH} levels", at=where
            )
        if weight(condition) > MAX_WEIGHT:
            raise InvalidInputError(
                f"condition at {where} makes more than {MAX_WEIGHT} comparisons; split it", at=where
            )
        return condition

    def _read(self, raw: object, where: str, room: int) -> Condition:
        if room == 0:
            raise InvalidInputError(
                f"condition at {where} is nested deeper than {MAX_DEPTH} levels", at=where
            )
        if not isinstance(raw, Mapping) or len(raw) != 1:
            raise InvalidInputError(
                f"condition at {where} is `{str(raw)[:60]}`; write one of {{fact: [words]}}, all, any, not, known, only, claimed, term",
                at=where,
            )
        ((word, body),) = raw.items()
        if word in ("all", "any"):
            return self._parts(word, body, f"{where}.{word}", room)
        if word == "not":
            return Not(self._read(body, f"{where}.not", room - 1))
        if word == "claimed":
            return Claimed(self._read(body, f"{where}.claimed", room - 1))
        if word == "term":
            return self._term(body, where)
        if word == "known":
            return Known(self._fact(body, where).name)
        if word == "only":
            return self._only(body, where)
        return self._comparison(word, body, where)

    def _parts(self, word: str, body: object, where: str, room: int) -> Condition:
        if not isinstance(body, list | tuple) or not body:
            raise InvalidInputError(
                f"`{word}` at {where} needs a list of conditions that is not empty", at=where
            )
        parts = tuple(self._read(part, f"{where}[{index}]", room - 1) for index, part in enumerate(body))
        return AllOf(parts) if word == "all" else AnyOf(parts)

    def _term(self, body: object, where: str) -> Condition:
        if not isinstance(body, str) or body not in self.terms:
            raise InvalidInputError(
                f"term `{str(body)[:60]}` at {where} is not defined above; define it under `terms`", at=where
            )
        return self.terms[body]

    def _fact(self, name: object, where: str) -> FactType:
        kind = self.vocabulary.get(name) if isinstance(name, str) else None
        if kind is None:
            raise InvalidInputError(
                f"fact `{str(name)[:60]}` at {where} is not in the pack's vocabulary", at=where
            )
        return kind

    def _only(self, body: object, where: str) -> Condition:
        if not isinstance(body, Mapping) or len(body) != 1:
            raise InvalidInputError(
                f"`only` at {where} needs one fact: {{only: {{fact: [words]}}}}", at=where
            )
        ((name, words),) = body.items()
        kind = self._fact(name, where)
        if kind.kind is not Kind.LIST:
            raise InvalidInputError(f"`only` at {where} asks `{name}`, which is not a list", at=where)
        return Only(kind.name, tuple(str(word) for word in self._words(kind, words, where)))

    def _comparison(self, name: object, body: object, where: str) -> Condition:
        kind = self._fact(name, where)
        return In(kind.name, self._words(kind, body, where))

    def _words(self, kind: FactType, body: object, where: str) -> tuple[str | bool, ...]:
        words = tuple(body) if isinstance(body, list | tuple) else (body,)
        if not words:
            raise InvalidInputError(f"`{kind.name}` at {where} is compared with nothing", at=where)
        if len(words) > MAX_WEIGHT:
            raise InvalidInputError(
                f"`{kind.name}` at {where} is compared with more than {MAX_WEIGHT} words; split it", at=where
            )
        listed = self.listed.setdefault(kind.name, frozenset(kind.values)) if kind.values else frozenset()
        for word in words:
            fits = (
                isinstance(word, bool)
                if kind.kind is Kind.BOOLEAN
                else isinstance(word, str) and word in listed
            )
            if not fits:
                raise InvalidInputError(
                    f"`{kind.name}` at {where} is compared with `{str(word)[:60]}`, which its vocabulary does not list",
                    at=where,
                )
        return words


def weight(condition: Condition) -> int:
    """Return how many comparisons *condition* makes."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return sum(weight(part) for part in parts)
        case Not(part) | Claimed(part):
            return weight(part)
        case In(_, values) | Only(_, values):
            return len(values)
        case Known():
            return 1


def depth(condition: Condition) -> int:
    """Return how deeply *condition* is nested; a bare comparison is 1 deep."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return 1 + max(depth(part) for part in parts)
        case Not(part) | Claimed(part):
            return 1 + depth(part)
        case In() | Only() | Known():
            return 1
