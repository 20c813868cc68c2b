"""Read the fields of a pack's entries one by one, naming the place of whatever does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NoReturn, TypeVar

from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.kernel.vocabulary import word

W = TypeVar("W", bound=StrEnum)
_ID = re.compile(r"[a-z0-9][a-z0-9_./-]{0,95}")


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping of a pack, read by name; ``where`` is its place in the pack."""

    raw: Mapping[str, object]
    where: str

    @classmethod
    def of(cls, raw: object, where: str, allowed: frozenset[str]) -> Fields:
        """Return *raw* as fields.

        Raises:
            InvalidInputError: not a mapping, or a field that is not among *allowed*.
        """
        if not isinstance(raw, Mapping):
            raise InvalidInputError(f"{where} is `{str(raw)[:60]}`; write a mapping", at=where)
        for name in raw:
            if name not in allowed:
                known = ", ".join(sorted(allowed))
                raise InvalidInputError(
                    f"unknown field `{str(name)[:60]}` at {where}; use one of: {known}", at=where
                )
        return cls(raw, where)

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.raw.get(name)
        if isinstance(value, str) and value:
            return value
        return self._refuse(name, value, "text")

    def id(self, name: str) -> str:
        """Return an id that must be there: lower case, digits and ``-_./``."""
        value = self.text(name)
        if not _ID.fullmatch(value):
            raise InvalidInputError(
                f"`{value[:60]}` at {self.where} is not an id; use lower case, digits, `-_./`"
            )
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a text, or None where the field is left out."""
        return None if self.raw.get(name) is None else self.text(name)

    def flag(self, name: str) -> bool:
        """Return a boolean; left out is false."""
        value = self.raw.get(name, False)
        return value if isinstance(value, bool) else self._refuse(name, value, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; left out is empty."""
        value = self.raw.get(name, ())
        if isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value):
            return tuple(value)
        return self._refuse(name, value, "a list of texts")

    def day(self, name: str) -> date:
        """Return a day that must be there."""
        try:
            return day(self.text(name))
        except InvalidInputError as error:
            raise InvalidInputError(f"`{name}` at {self.where}: {error}", at=self.where) from None

    def day_or_none(self, name: str) -> date | None:
        """Return a day, or None where the field is left out."""
        return None if self.raw.get(name) is None else self.day(name)

    def word(self, name: str, kind: type[W]) -> W:
        """Return a member of *kind* that must be there."""
        try:
            return word(kind, self.text(name), name)
        except InvalidInputError as error:
            raise InvalidInputError(f"`{name}` at {self.where}: {error}", at=self.where) from None

    def count_or_none(self, name: str) -> int | None:
        """Return a whole number that is not negative, or None where the field is left out."""
        value = self.raw.get(name)
        if value is None or (type(value) is int and value >= 0):
            return value
        return self._refuse(name, value, "a whole number")

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        """Return one of *words* that must be there."""
        value = self.text(name)
        return value if value in words else self._refuse(name, value, f"one of: {', '.join(words)}")

    def entries(self, name: str) -> tuple[tuple[str, object], ...]:
        """Return the entries of a list, each with its place; left out is empty."""
        value = self.raw.get(name, ())
        if not isinstance(value, list | tuple):
            return self._refuse(name, value, "a list")
        prefix = f"{self.where}.{name}" if self.where else name
        return tuple((f"{prefix}[{index}]", one) for index, one in enumerate(value))

    def mapping(self, name: str) -> Mapping[str, object]:
        """Return a mapping; left out is empty."""
        value = self.raw.get(name, {})
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return value
        return self._refuse(name, value, "a mapping")

    def _refuse(self, name: str, value: object, wanted: str) -> NoReturn:
        got = "missing" if value is None else f"`{str(value)[:60]}`"
        raise InvalidInputError(
            f"`{name}` at {self.where or 'the top'} is {got}; write {wanted}", at=self.where
        )
