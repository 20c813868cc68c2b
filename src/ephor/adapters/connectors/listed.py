"""Lists inside a JSON column: the database narrows to rows that may hold a value, and each is then looked into here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ephor.adapters.connectors.inside import Clause, jsonb
from ephor.adapters.connectors.records import alike, set_at, values_at
from ephor.rooms.dsr.store import Value


def may_hold(column: Clause, path: list[str], values: Iterable[Value], dialect: str, *, fold: bool) -> Clause:
    """Return which rows may hold one of *values* at *path* in *column*, inside lists or not; never too few."""
    texts = [str(text) for one in values if (text := alike(one)) is not None]
    offered = dict.fromkeys(text for one in texts for text in (one, f"{one}.0"))
    wanted = [*dict.fromkeys([*offered, *(one.lower() for one in offered)])] if fold else [*offered]
    if dialect == "sqlite":
        whole = sa.case((sa.func.json_valid(column) == 1, column), else_=sa.literal("null", sa.Text()))
        told = sa.func.json_tree(whole).table_valued("atom", "type", name="inside")
        truth = told.c.type.in_(["true", "false"])
        atom: Clause = sa.case((truth, told.c.type), else_=sa.cast(told.c.atom, sa.Text()))
        return _exists(told, atom, wanted, fold=fold)
    if dialect == "postgresql":
        steps = "".join(f".{json.dumps(one)}" for one in path)
        document = sa.cast(sa.cast(column, sa.Text()), jsonb())
        place = sa.cast(sa.literal(f"lax ${steps}[*]", sa.Text()), _jsonpath())
        held = sa.func.jsonb_path_query(document, place).table_valued(
            sa.column("one", jsonb()), name="inside"
        )
        nothing = sa.cast(sa.literal("{}", sa.Text()), sa.ARRAY(sa.Text()))
        return _exists(held, sa.column("inside").op("#>>")(nothing), wanted, fold=fold)
    return sa.func.json_valid(column) == 1  # MySQL cannot tell without knowing how deep the lists are


def _exists(held: Any, text: Clause, wanted: Sequence[str], *, fold: bool) -> Clause:
    seen = sa.func.lower(text) if fold else text
    found = seen.in_([sa.literal(one, sa.Text()) for one in wanted])
    return sa.exists(sa.select(sa.literal_column("1")).select_from(held).where(found))


def document_of(held: object) -> Any:
    """Return what a JSON column holds; nothing where it is no JSON."""
    if not isinstance(held, str | bytes):
        return held
    try:
        return json.loads(held)
    except (ValueError, RecursionError):
        return None


def lies_in_list(held: object, path: list[str]) -> bool:
    """Tell whether *path* comes through a list: the database's own way to set a field ends there.

    >>> lies_in_list('{"a": [{"b": 1}]}', ["a", "b"]), lies_in_list('{"a": {"b": [1]}}', ["a", "b"])
    (True, False)
    """
    at = document_of(held)
    for step in path:
        if isinstance(at, list):
            return True
        at = at.get(step) if isinstance(at, dict) else None
    return False


def with_set(held: object, root: str, changes: Mapping[str, Value]) -> str:
    """Return what a JSON column holds with *changes* made, in every element of a list on the way."""
    record = {root: document_of(held)}
    for name, value in changes.items():
        set_at(record, name, value)
    return json.dumps(record[root], ensure_ascii=False)


def holding(
    rows: Iterable[Mapping[str, Any]], column: str, values: Sequence[Value], *, fold: bool
) -> Iterable[Mapping[str, Any]]:
    """Return those of *rows*, by root column, that hold one of *values* in *column*."""
    wanted = {text.lower() if fold else text for one in values if (text := alike(one)) is not None}
    for row in rows:
        held = (alike(one) for one in values_at(row, column))
        if any(one is not None and (one.lower() if fold else one) in wanted for one in held):
            yield row


def _jsonpath() -> Any:
    from sqlalchemy.dialects.postgresql import JSONPATH  # noqa: PLC0415 - only where it is PostgreSQL

    return JSONPATH()
