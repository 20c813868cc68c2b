"""Columns of JSON in PostgreSQL are masked by their structure, and nothing else in the row is written again."""

from __future__ import annotations

import sqlalchemy as sa

from ephor.adapters.texts.masked_tables import TableMask, mask_database
from ephor.rooms.pii.operators import redact

ROWS = [
    (1, '{"card": 4111111111111111, "none": null, "jane@example.com": ["joe@example.com", 7]}', "plain"),
    (2, '"jane@example.com"', "jane@example.com"),
    (3, '{"a": "b"}', None),
    (4, None, "jane@example.com"),
    (5, "null", "jane@example.com"),
]


def masked(url: str, **named: frozenset[str]) -> tuple[list[str], dict[int, tuple[object, ...]]]:
    mask = TableMask(named, frozenset({"email", "credit_card"}), redact, lambda _name, _finds: None)
    mask_database(url, mask)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("select id, doc::text, note from t order by id").all()
    engine.dispose()
    return mask.skipped, {row[0]: tuple(row[1:]) for row in rows}


def filled(url: str, kind: str) -> str:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists t")
        connection.exec_driver_sql(f"create table t (id int primary key, doc {kind}, note text)")
        for row in ROWS:
            connection.execute(
                sa.text(f"insert into t values (:a, cast(:b as {kind}), :c)"),
                dict(zip("abc", row, strict=True)),
            )
    engine.dispose()
    return url


def test_what_is_found_inside_json_is_masked_there(postgres_url: str) -> None:
    for kind in ("json", "jsonb"):
        skipped, rows = masked(filled(postgres_url, kind))
        assert skipped == ["t.id"]
        for value in ('"card": "[credit_card]"', '"none": null', '"[email]": ["[email]", 7]'):
            assert value in str(rows[1][0])
        assert rows[2] == ('"[email]"', "[email]")
        assert rows[3] == ('{"a": "b"}', None)
        assert (rows[4], rows[5]) == ((None, "[email]"), ("null", "[email]")), (
            "no value is not the value null"
        )


def test_a_column_of_json_that_is_named_loses_every_value(postgres_url: str) -> None:
    _, rows = masked(filled(postgres_url, "jsonb"), t=frozenset({"doc"}))
    assert [row[0] for row in rows.values()] == ['"[field]"'] * 3 + [None, "null"]
    assert rows[2][1] == "jane@example.com"
