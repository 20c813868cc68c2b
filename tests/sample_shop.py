"""A small real shop in SQLite, with a map of it, that several tests look into."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE addresses (id INTEGER PRIMARY KEY, street TEXT, city TEXT);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, phone TEXT, score INTEGER,
    address_id INTEGER REFERENCES addresses(id));
CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),
    shipping_address_id INTEGER REFERENCES addresses(id), note TEXT);
CREATE TABLE order_items (
    order_id INTEGER REFERENCES orders(id), line INTEGER, product_id INTEGER REFERENCES products(id), quantity INTEGER,
    PRIMARY KEY (order_id, line));
CREATE TABLE payments (id TEXT PRIMARY KEY, order_id INTEGER REFERENCES orders(id), iban TEXT);
CREATE TABLE newsletter (email TEXT PRIMARY KEY, since TEXT);
CREATE TABLE page_views (id INTEGER PRIMARY KEY, cookie TEXT);
CREATE TABLE warehouse_log (id INTEGER PRIMARY KEY, line TEXT);
"""

MARY, JOHN = "mary@example.org", "john@example.org"

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "addresses": [(1, "1 Mary Lane", "Bergen"), (2, "2 Shared Street", "Oslo"), (3, "3 Gift Road", "Berlin")],
    "customers": [
        (1, "Mary@example.org", "Mary Miller", "+47 1", 7, 2),
        (2, JOHN, "John Jones", "+47 2", 3, 2),
    ],
    "products": [(1, "Lamp"), (2, "Chair")],
    "orders": [(10, 1, 1, "ring twice"), (11, 1, 3, None), (20, 2, 2, "for John")],
    "order_items": [(10, 1, 1, 1), (10, 2, 2, 4), (11, 1, 1, 1), (20, 1, 1, 2)],
    "payments": [("p10", 10, "NO9386011117947"), ("p20", 20, "DE89370400440532013000")],
    "newsletter": [(MARY, "2026"), (JOHN, "2025")],
    "page_views": [(1, "c1")],
    "warehouse_log": [(1, "door opened")],
}


def build_shop(path: Path, *, wal: bool = False) -> str:
    """Make the shop at *path* and return its URL."""
    with sqlite3.connect(path) as base:
        if wal:
            base.execute("PRAGMA journal_mode = WAL")
        base.executescript(SCHEMA)
        for table, rows in ROWS.items():
            marks = ", ".join("?" * len(rows[0]))
            base.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    base.close()
    return f"sqlite:///{path}"


def rows_of(path: Path, table: str) -> list[tuple[Any, ...]]:
    """Return everything a table holds, read without Ephor."""
    base = sqlite3.connect(path)
    try:
        return base.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2').fetchall()
    finally:
        base.close()


def field(name: str, *categories: str, **meta: object) -> dict[str, Any]:
    """Return a field of a data map."""
    return {"name": name, "data_categories": list(categories) or ["system.operations"]} | (
        {"fides_meta": meta} if meta else {}
    )


def refers(to: str, direction: str | None = None, dataset: str = "shop") -> list[dict[str, str]]:
    """Return the references of a field."""
    one = {"dataset": dataset, "field": to}
    return [one | ({"direction": direction} if direction else {})]


def shop_map() -> Mapping[str, Any]:
    """Return the data map of the shop; ``page_views`` is mapped and nothing leads to it, ``warehouse_log`` is not mapped."""
    key = {"primary_key": True}
    collections: list[dict[str, Any]] = [
        {
            "name": "customers",
            "fields": [
                field("id", **key),
                field("email", "user.contact.email", identity="email"),
                field("name", "user.name"),
                field("phone", "user.contact.phone_number"),
                field("score", "user.derived"),
                field("address_id", references=refers("addresses.id", "to")),
            ],
        },
        {
            "name": "addresses",
            "fields": [
                field("id", **key),
                field("street", "user.contact.address.street"),
                field("city", "user.contact.address.city"),
            ],
        },
        {
            "name": "orders",
            "fields": [
                field("id", **key),
                field("customer_id", references=refers("customers.id", "from")),
                field("shipping_address_id", references=refers("addresses.id", "to")),
                field("note", "user.content"),
            ],
        },
        {
            "name": "order_items",
            "fields": [
                field("order_id", primary_key=True, references=refers("orders.id", "from")),
                field("line", **key),
                field("product_id", references=refers("products.id", "to")),
                field("quantity"),
            ],
        },
        {"name": "products", "fields": [field("id", **key), field("title")]},
        {
            "name": "payments",
            "fields": [
                field("id", **key),
                field("order_id", references=refers("orders.id", "from")),
                field("iban", "user.financial.bank_account"),
            ],
        },
        {
            "name": "newsletter",
            "fields": [
                field("email", "user.contact.email", identity="email", primary_key=True),
                field("since"),
            ],
        },
        {"name": "page_views", "fields": [field("id", **key), field("cookie", "user.device.cookie_id")]},
    ]
    return {"dataset": [{"fides_key": "shop", "name": "The shop", "collections": collections}]}
