"""The shop's tables, as SQL."""

from __future__ import annotations

VERSION = 1
"""Kept in the database as ``PRAGMA user_version``."""

TABLES = (
    """
    CREATE TABLE addresses (
        id INTEGER PRIMARY KEY,
        street TEXT NOT NULL,
        postal_code TEXT NOT NULL,
        city TEXT NOT NULL,
        country TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE customers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        email TEXT NOT NULL UNIQUE,
        phone TEXT NOT NULL,
        birth_date TEXT NOT NULL,
        address_id INTEGER NOT NULL REFERENCES addresses (id)
    ) STRICT
    """,
    # No security code: sensitive authentication data is not kept after authorisation (PCI DSS 3.3.1).
    # A real shop would also hold a token in place of the number (PCI DSS 3.5.1); this one shows what masking is for.
    """
    CREATE TABLE cards (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customers (id),
        brand TEXT NOT NULL,
        number TEXT NOT NULL,
        expires TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customers (id),
        shipping_address_id INTEGER NOT NULL REFERENCES addresses (id),
        ordered_on TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('paid', 'shipped', 'delivered')),
        total_cents INTEGER NOT NULL CHECK (total_cents > 0)
    ) STRICT
    """,
    """
    CREATE TABLE order_items (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        product TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        price_cents INTEGER NOT NULL CHECK (price_cents > 0)
    ) STRICT
    """,
    """
    CREATE TABLE refunds (
        id INTEGER PRIMARY KEY,
        order_id INTEGER NOT NULL REFERENCES orders (id),
        amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
        booked_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE tickets (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER NOT NULL REFERENCES customers (id),
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
        opened_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE emails (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER REFERENCES customers (id),
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL,
        sent_at TEXT NOT NULL
    ) STRICT
    """,
)

INSERTS = {
    "addresses": "INSERT INTO addresses VALUES (?, ?, ?, ?, ?)",
    "customers": "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)",
    "cards": "INSERT INTO cards VALUES (?, ?, ?, ?, ?)",
    "orders": "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
    "order_items": "INSERT INTO order_items VALUES (?, ?, ?, ?, ?)",
    "refunds": "INSERT INTO refunds VALUES (?, ?, ?, ?)",
    "tickets": "INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?)",
    "emails": "INSERT INTO emails VALUES (?, ?, ?, ?, ?, ?)",
}
"""How a row enters each table, in an order in which every reference finds what it points to."""
