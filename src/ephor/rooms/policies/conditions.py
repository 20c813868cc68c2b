"""Conditions as other policy engines write them, read by a grammar: whatever the grammar does not know is refused.

``action.type == 'export' and not (user.role in ['admin', 'owner'] or amount <= 500)``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ephor.kernel.errors import InvalidInputError

Literal: TypeAlias = "str | int | float | bool | tuple[str | int | float | bool, ...]"

MAX_DEPTH = 40
MAX_TEXT = 10_000
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains")

_TOKENS = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<word>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)
      | (?P<mark>==|!=|<=|>=|&&|\|\||[<>!()\[\],])
      | (?P<other>\S+)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Compares:
    """A field compared with a literal; ``is`` with True is the truth of the field by itself."""

    field: str
    op: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of one condition."""

    part: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conditions that must hold together."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions of which one is enough."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Always:
    """A condition that is true, or false, whatever the call."""

    value: bool


Condition: TypeAlias = "Compares | Not | AllOf | AnyOf | Always"


def read_condition(text: str) -> Condition:
    """Return the condition that *text* says. Keywords may be written in either case; text in quotes is never looked into.

    >>> read_condition("not x == 'a and b'")
    Not(part=Compares(field='x', op='==', value='a and b'))

    Raises:
        InvalidInputError: an operator, a word or a bracket that the grammar does not know; the message names it.
    """
    if len(text) > MAX_TEXT:
        raise InvalidInputError(f"the condition is longer than {MAX_TEXT} characters; split the rule")
    return _Reader([*_tokens(text)]).whole()


def fields_of(condition: Condition) -> Iterator[str]:
    """Return every field that a condition looks at."""
    match condition:
        case Compares(field=field):
            yield field
        case Not(part=part):
            yield from fields_of(part)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from fields_of(part)
        case _:
            pass


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in _TOKENS.finditer(text):
        kind = str(found.lastgroup)
        piece = found[kind]
        if kind == "other":
            raise InvalidInputError(
                f"`{piece[:40]}` is no operator here; use one of: {', '.join(OPERATORS)}, and, or, not"
            )
        if kind == "word" and piece.lower() in ("and", "or", "not", "in", "contains", "true", "false"):
            kind, piece = "key", piece.lower()
        yield (
            ("key", {"&&": "and", "||": "or", "!": "not"}[piece])
            if piece in ("&&", "||", "!")
            else (kind, piece)
        )


class _Reader:
    """Reads tokens by the grammar: or, and, not, comparison, from the weakest to the strongest."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    def whole(self) -> Condition:
        if not self._tokens:
            raise InvalidInputError("the condition is empty; write one, or `true`")
        found = self._either(MAX_DEPTH)
        if self._at < len(self._tokens):
            raise InvalidInputError(
                f"nothing can follow before `{self._next()[1][:40]}`; join with `and` or `or`, or use one of: {', '.join(OPERATORS)}"
            )
        return found

    def _either(self, room: int) -> Condition:
        if room == 0:
            raise InvalidInputError(f"the condition is nested deeper than {MAX_DEPTH} levels; split the rule")
        parts = [self._both(room)]
        while self._take("key", "or"):
            parts.append(self._both(room))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self, room: int) -> Condition:
        parts = [self._not(room)]
        while self._take("key", "and"):
            parts.append(self._not(room))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self, room: int) -> Condition:
        if self._take("key", "not"):
            if room == 1:
                raise InvalidInputError(
                    f"the condition is nested deeper than {MAX_DEPTH} levels; split the rule"
                )
            return Not(self._not(room - 1))
        return self._comparison(room)

    def _comparison(self, room: int) -> Condition:
        if self._take("mark", "("):
            inner = self._either(room - 1)
            self._need(")")
            return inner
        kind, piece = self._next()
        if kind == "key" and piece in ("true", "false"):
            self._at += 1
            return Always(piece == "true")
        if kind != "word":
            raise InvalidInputError(f"`{piece[:40]}` stands where a field must; write `FIELD OPERATOR VALUE`")
        self._at += 1
        op = self._operator()
        return Compares(piece, "is", True) if op is None else Compares(piece, op, self._value(op))

    def _operator(self) -> str | None:
        kind, piece = self._next()
        if kind == "mark" and piece in OPERATORS:
            self._at += 1
            return piece
        for word in ("in", "contains"):
            if self._take("key", word):
                return word
        if (kind, piece) == ("key", "not") and self._next(1) == ("key", "in"):
            self._at += 2
            return "not in"
        return None

    def _value(self, op: str) -> Literal:
        if op in ("in", "not in"):
            self._need("[")
            values = [] if self._take("mark", "]") else [self._literal()]
            if values:
                while self._take("mark", ","):
                    values.append(self._literal())
                self._need("]")
            return tuple(values)
        return self._literal()

    def _literal(self) -> str | int | float | bool:
        kind, piece = self._next()
        self._at += 1
        if kind == "text":
            return _ESCAPE.sub(r"\1", piece[1:-1])
        if kind == "number":
            return float(piece) if "." in piece else int(piece)
        if kind == "key" and piece in ("true", "false"):
            return piece == "true"
        if kind == "word":
            raise InvalidInputError(
                f"`{piece[:40]}` is no literal; put text in quotes, as in `'{piece[:40]}'`"
            )
        raise InvalidInputError(
            f"`{piece[:40]}` stands where a value must; write text in quotes, a number, true or false"
        )

    def _need(self, mark: str) -> None:
        if not self._take("mark", mark):
            raise InvalidInputError(f"`{mark}` is missing before `{self._next()[1][:40]}`; write it")

    def _take(self, kind: str, piece: str) -> bool:
        if self._next() == (kind, piece):
            self._at += 1
            return True
        return False

    def _next(self, ahead: int = 0) -> tuple[str, str]:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ("end", "the end")
