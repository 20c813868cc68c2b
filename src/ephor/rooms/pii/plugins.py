"""Recognizers of one's own: types from a file, with safe patterns, checks by name and context words; and finders of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

import re2

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.pii import american, european, national, payment
from ephor.rooms.pii.catalogue import KINDS, chosen
from ephor.rooms.pii.checksums import ean13, iso7064_mod11_10, iso7064_mod97, luhn
from ephor.rooms.pii.folding import fold
from ephor.rooms.pii.model import Find
from ephor.rooms.pii.rules import TIGHT, Rule, apart, options, sure

Finder = Callable[[str], Iterable[Find]]
"""Finds what has no form, names for example, in a text as it stands."""
VALIDATORS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "luhn": lambda text: text.isdigit() and luhn(text),
        "mod97": lambda text: text.isalnum() and iso7064_mod97(text) == 1,
        "iban": lambda text: text.isalnum() and len(text) > 4 and iso7064_mod97(text[4:] + text[:4]) == 1,
        "mod11_10": lambda text: text.isdigit() and iso7064_mod11_10(text),
        "ean13": lambda text: text.isdigit() and ean13(text),
        "verhoeff": lambda text: text.isdigit() and national.verhoeff(text),
        "card": lambda text: text.isdigit() and payment.is_card(text),
        "ssn": lambda text: bool(re.fullmatch(r"\d{9}", text)) and american.ssn(text),
        "nhs": lambda text: bool(re.fullmatch(r"\d{10}", text)) and european.nhs(text),
    }
)
"""Checks that a recognizer may name; each gets the value in capitals without spaces, dots and hyphens."""
_KEYS = frozenset({"type", "description", "pattern", "validator", "words", "confidence"})
_TYPE = re.compile(r"x_[a-z0-9_]{1,30}")
_MOST = 200


class Extended(frozenset[str]):
    """Types to look for, together with rules and a finder that this room does not bring along."""

    rules: tuple[Rule, ...]
    finder: Finder | None

    def __new__(
        cls, types: Iterable[str], rules: Sequence[Rule] = (), finder: Finder | None = None
    ) -> Extended:
        made = super().__new__(cls, [*types, *(rule.type for rule in rules)])
        made.rules, made.finder = tuple(rules), finder
        return made

    def __hash__(self) -> int:
        return hash((frozenset(self), tuple((rule.type, rule.pattern) for rule in self.rules), self.finder))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Extended)
            and frozenset(self) == frozenset(other)
            and (self.rules, self.finder) == (other.rules, other.finder)
        )


def recognizers(value: object, lines: Mapping[str, int], file: str) -> tuple[Rule, ...]:
    """Return the rules that a file of recognizers describes; *lines* tells on which line each value begins.

    >>> rules = recognizers({"recognizers": [{"type": "x_staff", "pattern": "EMP-[0-9]{6}"}]}, {}, "own.yaml")
    >>> rules[0].type
    'x_staff'

    Raises:
        InvalidInputError: the file is no such list, or a pattern, check, word or name in it is refused; with its line.
    """

    def refuse(message: str, place: str) -> NoReturn:
        line = lines.get(place, lines.get(place.rpartition(".")[0], 1))
        raise InvalidInputError(f"{file}:{line}: {message}", file=file, line=line)

    listed = value.get("recognizers") if isinstance(value, Mapping) else None
    if not isinstance(listed, list) or not listed or len(listed) > _MOST:
        refuse(
            f"no list `recognizers` of 1 to {_MOST} entries; write `recognizers:` and `- type: x_…` below", ""
        )
    made: list[Rule] = []
    for at, entry in enumerate(listed):
        place = f"recognizers[{at}]"
        if not isinstance(entry, Mapping):
            refuse("an entry is no mapping; write `type`, `pattern` and so on", place)
        unknown = sorted(set(entry) - _KEYS)
        if unknown:
            refuse(f"unknown key `{unknown[0]}`; use {', '.join(sorted(_KEYS))}", f"{place}.{unknown[0]}")
        rule = _rule(entry, place, refuse)
        if rule.type in {one.type for one in made} or rule.type in KINDS:
            refuse(f"type `{rule.type}` stands twice; give each recognizer its own", f"{place}.type")
        made.append(rule)
    return tuple(made)


def extended(
    types: frozenset[str] | None, rules: Sequence[Rule] = (), finder: Finder | None = None
) -> frozenset[str]:
    """Return *types* with more to look for."""
    wanted = chosen(types) if types or types is None or not rules else types
    return Extended(wanted, rules, finder) if rules or finder else wanted


def _rule(entry: Mapping[str, object], place: str, refuse: Callable[[str, str], NoReturn]) -> Rule:
    type_, pattern, validator = entry.get("type"), entry.get("pattern"), entry.get("validator")
    confidence, words = entry.get("confidence", 80), entry.get("words", [])
    if not isinstance(type_, str) or not _TYPE.fullmatch(type_):
        refuse("`type` must be `x_` and small letters, digits or underscores", f"{place}.type")
    if not isinstance(confidence, int) or isinstance(confidence, bool) or not 1 <= confidence <= 100:
        refuse("`confidence` is a whole number from 1 to 100", f"{place}.confidence")
    if validator is not None and validator not in VALIDATORS:
        refuse(
            f"unknown validator `{str(validator)[:40]}`; use one of: {', '.join(VALIDATORS)}",
            f"{place}.validator",
        )
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        refuse("`words` is a list of words", f"{place}.words")
    value = _pattern(pattern, lambda message: refuse(message, f"{place}.pattern"))
    judge = apart(sure(confidence, VALIDATORS[str(validator)] if validator else None))
    if not words:
        return Rule(type_, value, f"({value})", judge)
    said = "|".join(re.escape(fold(word.strip()).data.decode("latin-1")) for word in words)
    word = rf"\b(?i:{said})"
    return Rule(type_, word, rf"{word}(?:\b|_|s\b){TIGHT}({value})", judge)


def _pattern(pattern: object, refuse: Callable[[str], NoReturn]) -> str:
    if not isinstance(pattern, str) or not pattern or len(pattern) > 1_000:
        refuse("`pattern` is a text of 1 to 1000 characters")
    folded = fold(pattern).data.decode("latin-1")
    try:
        compiled = re2.compile(folded.encode("latin-1"), options())
        empty = (
            compiled.search(b"") is not None
            or re2.compile(f"(?:{folded})".encode("latin-1"), options()).groups > 0
        )
    except re2.error as error:
        told = (
            error.args[0].decode("latin-1") if error.args and isinstance(error.args[0], bytes) else str(error)
        )
        refuse(f"pattern is not RE2 ({told[:80]}); look-around and back-references do not exist in it")
    if empty:
        refuse(
            "pattern matches nothing at all, or has a capturing group; write `(?:…)` for groups, and at least one character"
        )
    return folded
