"""The shop's first rows: the same ones every time, made by counting rather than by chance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from .people import Customer, customers

Row = tuple[object, ...]


class Sale(NamedTuple):
    """One row of the orders."""

    id: int
    customer_id: int
    shipping_address_id: int
    ordered_on: str
    status: str
    total_cents: int


SHARED_HOME = (11, 12)
"""Two customers who live at one address: erasing one of them must leave the other's home alone."""

# Numbers that the card networks and their processors publish for tests; no card was ever issued with one.
_CARDS = (
    ("visa", "4111111111111111"),
    ("mastercard", "5555555555554444"),
    ("visa", "4012888888881881"),
    ("mastercard", "5105105105105100"),
    ("amex", "378282246310005"),
    ("visa", "4242424242424242"),
    ("amex", "371449635398431"),
    ("discover", "6011111111111117"),
)
_PRODUCTS = (
    ("tea kettle", 3490),
    ("paper filters", 490),
    ("enamel mug", 1290),
    ("coffee grinder", 18900),
    ("espresso machine", 24900),
    ("milk jug", 2500),
    ("bread knife", 4450),
    ("kitchen scale", 5990),
    ("cast iron pan", 7900),
)
# The customer of the demo has an order big enough for every refund of its story.
_CHOSEN: Mapping[int, tuple[tuple[int, ...], ...]] = {7: ((3, 4), (5, 2))}
_STATUS = ("delivered", "shipped", "paid")
_FIRST_DAY = date(2026, 3, 2)
_TOPICS = (
    ("Where is my parcel?", "The tracking page has not moved for four days."),
    ("Wrong colour", "I ordered the blue one and a green one came."),
    ("Invoice wanted", "Please send the invoice once more."),
)


def rows() -> Mapping[str, tuple[Row, ...]]:
    """Return every table's first rows, in an order in which each reference finds what it points to."""
    people = customers()
    sales, items = _sales(people)
    return {
        "addresses": tuple(_address(one) for one in people if one.id != SHARED_HOME[1]),
        "customers": tuple(
            (one.id, one.name, one.email, one.phone, one.birth_date, home_of(one.id)) for one in people
        ),
        "cards": tuple(_card(one) for one in people),
        "orders": sales,
        "order_items": items,
        "refunds": _refunds(sales),
        "tickets": _tickets(people),
        "emails": _emails(people, sales),
    }


def home_of(customer: int) -> int:
    """Return the number of the address at which *customer* lives.

    >>> home_of(7), home_of(11), home_of(12)
    (7, 11, 11)
    """
    return SHARED_HOME[0] if customer == SHARED_HOME[1] else customer


def _address(one: Customer) -> Row:
    return (one.id, f"Example Street {one.id}", f"{one.id:05d}", one.town, one.country)


def _card(one: Customer) -> Row:
    brand, number = _CARDS[(one.id + 1) % len(_CARDS)]
    return (one.id, one.id, brand, number, f"{2027 + one.id % 4}-{one.id % 12 + 1:02d}")


def _baskets(customer: int) -> tuple[tuple[int, ...], ...]:
    """Return what *customer* bought: for each order the places of its products in the catalogue."""
    if customer in _CHOSEN:
        return _CHOSEN[customer]
    count = len(_PRODUCTS)
    return tuple(
        tuple((customer * 5 + order + item * 2) % count for item in range(1 + (customer + order) % 3))
        for order in range(1 + customer % 3)
    )


def _sales(people: tuple[Customer, ...]) -> tuple[tuple[Sale, ...], tuple[Row, ...]]:
    """Return all orders and all their items; order 1071 is the first of customer 7."""
    sales: list[Sale] = []
    items: list[Row] = []
    for one in people:
        for number, basket in enumerate(_baskets(one.id), start=1):
            id = 1000 + one.id * 10 + number
            day = _FIRST_DAY + timedelta(days=one.id * 4 + number)
            total = 0
            for place in basket:
                product, price = _PRODUCTS[place]
                quantity = 1 if one.id in _CHOSEN else 1 + place % 2
                total += quantity * price
                items.append((len(items) + 1, id, product, quantity, price))
            status = "delivered" if one.id in _CHOSEN else _STATUS[(one.id + number) % 3]
            sales.append(Sale(id, one.id, home_of(one.id), day.isoformat(), status, total))
    return tuple(sales), tuple(items)


def _refunds(sales: tuple[Sale, ...]) -> tuple[Row, ...]:
    """Return 300 cents of goodwill for each order of every eighth customer, and 100 cents for order 1072."""
    lucky = [sale.id for sale in sales if sale.customer_id % 8 == 0]
    booked = [
        (number, order, 300, "2026-09-14T10:00:00+00:00") for number, order in enumerate(lucky, start=1)
    ]
    return (*booked, (len(booked) + 1, 1072, 100, "2026-09-15T10:00:00+00:00"))


def _tickets(people: tuple[Customer, ...]) -> tuple[Row, ...]:
    """Return one ticket of every third customer, the seventh among them."""
    asking = [one for one in people if one.id % 3 == 1]
    return tuple(
        (
            number,
            one.id,
            *_TOPICS[number % len(_TOPICS)],
            "open" if number % 2 else "closed",
            f"2026-09-{number + 1:02d}T08:30:00+00:00",
        )
        for number, one in enumerate(asking, start=1)
    )


def _emails(people: tuple[Customer, ...], sales: tuple[Sale, ...]) -> tuple[Row, ...]:
    """Return the confirmation that was mailed for each order."""
    by_id = {one.id: one for one in people}
    mails = []
    for number, sale in enumerate(sales, start=1):
        one = by_id[sale.customer_id]
        body = f"Dear {one.name}, thank you for order {sale.id}."
        sent = f"{sale.ordered_on}T07:00:00+00:00"
        mails.append((number, one.id, one.email, f"Your order {sale.id}", body, sent))
    return tuple(mails)
