"""What lies inside a column of JSON, from samples of it: which keys, where lists are, and the values to be looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")
_DEEPEST, _MOST = 8, 80
"""Beyond this many levels, or keys in one object, it is data that is keyed by something, not a shape."""


@dataclass(slots=True)
class Nested:
    """One place in a column: what lies inside by key, whether it lies in a list or is one, and its values."""

    inside: dict[str, Nested] = field(default_factory=dict)
    many: bool = False
    values: list[object] = field(default_factory=list)

    @property
    def leaves(self) -> Mapping[str, list[object]]:
        """Return the values by path, as a map writes it; of the place itself under an empty one."""
        if not self.inside:
            return {"": self.values}
        return {
            f"{name}.{path}".rstrip("."): values
            for name, one in self.inside.items()
            for path, values in one.leaves.items()
        }


def unfold(values: Sequence[object]) -> Nested | None:
    """Return what lies inside a column; nothing where it is not one of JSON, or its keys tell more than a shape.

    >>> found = unfold(['{"to": ["a@x"], "who": {"n": 1}}', None])
    >>> found.inside["to"].many, list(found.leaves)
    (True, ['to', 'who.n'])
    >>> unfold(["a"]), unfold(['{"ann@example.com": 1}'])
    (None, None)
    """
    documents = documents_of(values)
    root = Nested()
    if not documents or not all(_enter(root, one, 0) for one in documents):
        return None
    return root


def documents_of(values: Sequence[object]) -> list[Any] | None:
    """Return the objects and lists that a column holds; nothing where it holds anything else, or is empty."""
    found = []
    for value in values:
        if value is None:
            continue
        try:
            parsed = (
                json.loads(value) if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") else None
            )
        except (ValueError, RecursionError):
            return None
        if not isinstance(parsed, dict | list):
            return None
        found.append(parsed)
    return found or None


def _enter(at: Nested, value: Any, depth: int) -> bool:
    """Put a value in its place; tell whether it has one."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, list):
        at.many = True
        return all(_enter(at, one, depth + 1) for one in value)
    if isinstance(value, dict):
        if at.values or not all(_KEY.fullmatch(key) for key in value):
            return False
        return (
            all(_enter(at.inside.setdefault(key, Nested()), one, depth + 1) for key, one in value.items())
            and len(at.inside) <= _MOST
        )
    if value is not None:
        at.values.append(value)
    return value is None or not at.inside
