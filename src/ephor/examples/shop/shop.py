"""The tools of the shop: what its agents can really do to its database and its outbox."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from .database import ShopError, connection_to, read_only, writing
from .outbox import compose, deliver

Facts = dict[str, object]

_MOST_ROWS = 200
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")
_LARGEST_ID = 2**53 - 1
_DAY = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
"""The day on which this shop always is: it asks no clock, so that each run writes the same bytes."""


class Shop:
    """A shop on a SQLite file that `create_shop` made, with an outbox for its mail.

    Every tool opens the file for itself, so a shop may be used from several threads and processes.
    """

    def __init__(self, path: Path, outbox: Path, at: datetime = _DAY) -> None:
        self.path = path
        self.outbox = outbox
        self.at = at

    def tools(self) -> Mapping[str, Callable[..., Facts]]:
        """Return the tools by the names under which manifests and roles know them."""
        return {
            "customer_lookup": self.customer_lookup,
            "database_query": self.database_query,
            "email_send": self.email_send,
            "refund_issue": self.refund_issue,
            "ticket_management": self.ticket_management,
        }

    def customer_lookup(self, id: int) -> Facts:
        """Return one customer with address, card and orders, amounts in cents.

        Raises:
            ShopError: there is no such customer.
        """
        with connection_to(self.path) as connection:
            person = _one(connection, "SELECT * FROM customers WHERE id = ?", id, "customer")
            home = _one(connection, "SELECT * FROM addresses WHERE id = ?", person["address_id"], "address")
            cards = "SELECT brand, number, expires FROM cards WHERE customer_id = ? ORDER BY id"
            orders = (
                "SELECT id, ordered_on, status, total_cents FROM orders WHERE customer_id = ? ORDER BY id"
            )
            return {
                "id": id,
                "name": person["name"],
                "email": person["email"],
                "phone": person["phone"],
                "birth_date": person["birth_date"],
                "address": {key: home[key] for key in ("street", "postal_code", "city", "country")},
                "cards": _all(connection, cards, id),
                "orders": _all(connection, orders, id),
            }

    def ticket_management(
        self, action: str, customer: int, subject: str = "", text: str = "", ticket: int = 0
    ) -> Facts:
        """List a customer's tickets, open one, or close one; return the tickets concerned.

        *action* is ``list``, ``open`` (needs *subject* and *text*) or ``close`` (needs *ticket*).

        Raises:
            ShopError: unknown action, no such customer, or no open ticket of that number and customer.
        """
        with connection_to(self.path) as connection, writing(connection):
            _one(connection, "SELECT id FROM customers WHERE id = ?", customer, "customer")
            if action == "open":
                ticket = self._open_ticket(connection, customer, subject, text)
            elif action == "close":
                _close_ticket(connection, customer, ticket)
            elif action != "list":
                raise ShopError(f"unknown action `{action}`; use list, open or close")
            tickets = _all(
                connection,
                "SELECT id, subject, text, status, opened_at FROM tickets WHERE customer_id = ? ORDER BY id",
                customer,
            )
        chosen = tickets if action == "list" else [one for one in tickets if one["id"] == ticket]
        return {"customer": customer, "tickets": chosen}

    def email_send(self, to: str, subject: str, body: str) -> Facts:
        """Mail *body* to one address, and keep a copy on the customer's record where the address is a customer's.

        Raises:
            ShopError: *to* is not one plain address, or the subject or the body cannot be mailed.
        """
        mail = compose(to, subject, body, self.at)
        with connection_to(self.path) as connection, writing(connection):
            known = connection.execute("SELECT id FROM customers WHERE email = ?", (to,)).fetchone()
            connection.execute(
                "INSERT INTO emails (customer_id, recipient, subject, body, sent_at) VALUES (?, ?, ?, ?, ?)",
                (known["id"] if known else None, to, subject, body, self.at.isoformat()),
            )
            file = deliver(mail, self.outbox)  # last: what could not be recorded is not mailed
        return {"sent_to": to, "file": file.name}

    def refund_issue(self, order: int, amount_cents: int) -> Facts:
        """Book a refund and return what is left to refund on the order, in cents.

        Raises:
            ShopError: no such order, not a positive whole amount, or more than the order's total less earlier refunds.
        """
        if type(amount_cents) is not int or amount_cents <= 0:
            raise ShopError(f"`{amount_cents}` is not an amount; use a positive whole number of cents")
        with connection_to(self.path) as connection, writing(connection):
            total = _one(connection, "SELECT total_cents FROM orders WHERE id = ?", order, "order")[
                "total_cents"
            ]
            refunded = "SELECT coalesce(sum(amount_cents), 0) AS cents FROM refunds WHERE order_id = ?"
            left = total - _one(connection, refunded, order, "order")["cents"]
            if amount_cents > left:
                raise ShopError(
                    f"`{amount_cents}` cents are more than the {left} left to refund on order {order}"
                )
            booked = connection.execute(
                "INSERT INTO refunds (order_id, amount_cents, booked_at) VALUES (?, ?, ?)",
                (order, amount_cents, self.at.isoformat()),
            )
        return {
            "refund": booked.lastrowid,
            "order": order,
            "amount_cents": amount_cents,
            "left_cents": left - amount_cents,
        }

    def database_query(self, sql: str) -> Facts:
        """Return the rows of one reading query, at most 200 of them. It belongs to analysts, not to the support agent.

        Raises:
            ShopError: not one query, one that does not only read, or one that runs too long.
        """
        columns, found = read_only(self.path, sql, _MOST_ROWS + 1)
        return {"columns": columns, "rows": found[:_MOST_ROWS], "truncated": len(found) > _MOST_ROWS}

    def _open_ticket(self, connection: sqlite3.Connection, customer: int, subject: str, text: str) -> int:
        if not subject.strip() or not text.strip() or _UNWRITABLE.search(subject + text):
            raise ShopError("a ticket needs a subject and a text that can be written down")
        opened = connection.execute(
            "INSERT INTO tickets (customer_id, subject, text, status, opened_at) VALUES (?, ?, ?, 'open', ?)",
            (customer, subject, text, self.at.isoformat()),
        )
        return opened.lastrowid or 0


def _close_ticket(connection: sqlite3.Connection, customer: int, ticket: int) -> None:
    closed = connection.execute(
        "UPDATE tickets SET status = 'closed' WHERE id = ? AND customer_id = ? AND status = 'open'",
        (ticket, customer),
    )
    if closed.rowcount != 1:
        raise ShopError(f"customer {customer} has no open ticket `{ticket}`")


def _one(connection: sqlite3.Connection, sql: str, id: int, what: str) -> sqlite3.Row:
    if type(id) is not int or not 0 < id <= _LARGEST_ID:
        raise ShopError(f"`{id}` is not the number of a {what}")
    found: sqlite3.Row | None = connection.execute(sql, (id,)).fetchone()
    if found is None:
        raise ShopError(f"there is no {what} `{id}`")
    return found


def _all(connection: sqlite3.Connection, sql: str, id: int) -> list[Facts]:
    return [dict(row) for row in connection.execute(sql, (id,))]
