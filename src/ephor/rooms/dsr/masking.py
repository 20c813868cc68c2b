"""What stands in a field after an erasure that keeps its row: Fides' masking strategies, those that cannot be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TypeAlias

from ephor.kernel.errors import InvalidInputError

Value: TypeAlias = "str | int | float | bool | None"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@unique
class Strategy(StrEnum):
    """How a field is overwritten. ``delete`` is said of a collection: its rows go, as they do where nothing is said."""

    DELETE = "delete"
    NULL = "null_rewrite"
    TEXT = "string_rewrite"
    RANDOM = "random_string_rewrite"
    HASH = "hash"
    HMAC = "hmac"


@dataclass(frozen=True, slots=True)
class Mask:
    """A strategy with what it writes, how long, and what it ends in."""

    strategy: Strategy
    text: str = ""
    length: int = 30
    suffix: str = ""


NOTHING = Mask(Strategy.NULL)
"""What becomes of personal fields that a map says nothing of, in a collection whose rows stay."""
_CONFIGURATION = {
    Strategy.DELETE: frozenset[str](),
    Strategy.NULL: frozenset[str](),
    Strategy.TEXT: frozenset({"rewrite_value", "format_preservation"}),
    Strategy.RANDOM: frozenset({"length", "format_preservation"}),
    Strategy.HASH: frozenset({"algorithm", "format_preservation"}),
    Strategy.HMAC: frozenset({"algorithm", "format_preservation"}),
}


def read_mask(given: object, where: str) -> Mask | None:
    """Return the mask that ``masking_strategy_override`` describes.

    >>> read_mask({"strategy": "string_rewrite", "configuration": {"rewrite_value": "MASKED"}}, "x").text
    'MASKED'

    Raises:
        InvalidInputError: a strategy that is not known or can be undone, or a configuration that it does not take.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) - {"strategy", "configuration"}:
        raise InvalidInputError(f"`masking_strategy_override` of {where} is `strategy` and `configuration`")
    try:
        strategy = Strategy(str(given.get("strategy")))
    except ValueError:
        known = ", ".join(Strategy)
        raise InvalidInputError(
            f"{where} is to be masked by `{str(given.get('strategy'))[:60]}`, which is not known or can be undone; use: {known}"
        ) from None
    said = given.get("configuration") or {}
    if not isinstance(said, Mapping) or set(said) - _CONFIGURATION[strategy]:
        raise InvalidInputError(f"`{strategy}` of {where} does not take this configuration")
    kept = said.get("format_preservation") or {}
    if not isinstance(kept, Mapping) or set(kept) - {"suffix"}:
        raise InvalidInputError(f"`format_preservation` of {where} is a `suffix`")
    text, length, suffix = said.get("rewrite_value", ""), said.get("length", 30), kept.get("suffix", "")
    if strategy is Strategy.TEXT and (not isinstance(text, str) or "rewrite_value" not in said):
        raise InvalidInputError(f"`string_rewrite` of {where} takes `rewrite_value`, the text to write")
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= 1_000:
        raise InvalidInputError(f"`length` of {where} is a number from 1 to 1000")
    return Mask(strategy, str(text), length, str(suffix))


def masked(mask: Mask, value: Value, place: str, fingerprint: Callable[[bytes], str]) -> Value:
    """Return what is written instead of *value*. The same place gets the same again, so that a run can be carried through.

    A hash is keyed: without the key nobody finds a value by trying all.

    >>> masked(Mask(Strategy.RANDOM, length=4, suffix="@x"), "a", "t.f.1", lambda data: data.decode())
    'f0vx@x'
    >>> masked(NOTHING, "a", "", str), masked(Mask(Strategy.HASH), None, "", str)
    (None, None)
    """
    if mask.strategy is Strategy.NULL or (value is None and mask.strategy is not Strategy.TEXT):
        return None
    if mask.strategy is Strategy.TEXT:
        return mask.text + mask.suffix
    if mask.strategy is Strategy.RANDOM:
        made, count = "", 0
        while len(made) < mask.length:
            seed = hashlib.sha256(f"{count}:{fingerprint(f'random:{place}'.encode())}".encode()).digest()
            made += "".join(_LETTERS[byte % len(_LETTERS)] for byte in seed)
            count += 1
        return made[: mask.length] + mask.suffix
    return hashlib.sha256(fingerprint(f"hash:{value}".encode()).encode()).hexdigest() + mask.suffix
