"""A first data map of a database: from its keys, the names of its columns, and what was found in samples of them.

A draft is for a person to read and correct. What nobody can tell is filed as personal rather than as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ephor.rooms.dsr.nested import Nested
from ephor.rooms.dsr.store import ForeignKey, Table, root_of
from ephor.rooms.pii.columns import ColumnCount

_MOSTLY = 0.6
"""Share of a column's filled values from which on it is a column of that type."""
_EMAIL = "user.contact.email"
OPERATIONS = "system.operations"
PERSON = "user"
CONTENT = "user.content"

_FOUND: Mapping[str, str] = {
    "email": "user.contact.email",
    "phone": "user.contact.phone_number",
    "credit_card": "user.financial.credit_card",
    "card_security_code": "user.financial.credit_card",
    "card_expiry": "user.financial.credit_card",
    "card_track": "user.financial.credit_card",
    "iban": "user.financial.bank_account",
    "bank_account": "user.financial.bank_account",
    "us_routing_number": "user.financial.bank_account",
    "uk_sort_code": "user.financial.bank_account",
    "bitcoin_address": "user.financial",
    "ethereum_address": "user.financial",
    "us_passport": "user.government_id.passport_number",
    "us_driver_license": "user.government_id.drivers_license_number",
    "medical_record_number": "user.health_and_medical.record_id",
    "health_plan_number": "user.health_and_medical.insurance_beneficiary_id",
    "uk_nhs": "user.health_and_medical.record_id",
    "us_zip": "user.contact.address.postal_code",
    "ipv4": "user.device.ip_address",
    "ipv6": "user.device.ip_address",
    "ip_address": "user.device.ip_address",
    "mac_address": "user.device",
    "date_of_birth": "user.demographic.date_of_birth",
    "gps_coordinates": "user.location.precise",
    "licence_plate": "user.government_id.vehicle_registration",
}
"""Fides' category of each type that is no other government's number."""

_NAMED: tuple[tuple[str, str], ...] = (
    (r"e?_?mail(_address)?", "user.contact.email"),
    (r"phone|mobile|telephone|fax|phone_number", "user.contact.phone_number"),
    (
        r"(first|last|middle|full|given|family|user|display|nick|customer|contact)_?name|surname|name",
        "user.name",
    ),
    (r"street\w*|address(_?line)?_?\d?|address", "user.contact.address.street"),
    (r"(postal|post|zip)_?(code)?", "user.contact.address.postal_code"),
    (r"city|town", "user.contact.address.city"),
    (r"country(_code)?", "user.contact.address.country"),
    (r"state|province|region", "user.contact.address.state"),
    (r"(date_of_)?birth\w*|dob", "user.demographic.date_of_birth"),
    (r"gender|sex", "user.demographic.gender"),
    (r"ip(_address|_addr)?|remote_addr", "user.device.ip_address"),
    (r"cookie(_id)?", "user.device.cookie_id"),
    (r"password\w*|passwd|secret|api_?key|\w*token", "user.authorization.credentials"),
    (r"iban|account_number", "user.financial.bank_account"),
    (r"ssn|national_id|tax_id", "user.government_id"),
    (r"(user|customer|person|member|patient|employee|client)_?id", "user.unique_id"),
)
_ADDRESS = "user.contact.address"
_COMMON = ("user.name", "user.contact.address.state", "user.contact.address.country")
"""Names that a product or an order has as well: they count only where something else says that a person is meant."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """What a sample of one table held: its rows, each column's filled values, which are text, and what was found.

    ``inside`` says what columns of JSON hold, by key, and then the rest goes by path; ``closed`` are those of which
    nobody can tell.
    """

    rows: int
    filled: Mapping[str, int]
    text: frozenset[str]
    counts: tuple[ColumnCount, ...]
    inside: Mapping[str, Nested] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """A data map to be read by a person, and what they should look at."""

    data_map: Mapping[str, object]
    notes: tuple[str, ...]


def draft_map(dataset: str, tables: Mapping[str, Table], samples: Mapping[str, Sampled]) -> Draft:
    """Return the data map that *tables* and *samples* suggest.

    >>> people = Table("people", ("id", "email"), ("id",))
    >>> seen = Sampled(2, {"id": 2, "email": 2}, frozenset({"email"}), (ColumnCount("people", "email", "email", 2, 2),))
    >>> [field["name"] for field in draft_map("shop", {"people": people}, {"people": seen}).data_map["dataset"][0]["collections"][0]["fields"]]
    ['id', 'email']
    """
    found = {name: _found(table, samples[name]) for name, table in tables.items()}
    people = _descending(tables, {name for name in tables if _has_identity(found[name])})
    notes: list[str] = []
    collections = [
        _collection(dataset, table, samples[table.name], found[table.name], tables, people, notes)
        for table in tables.values()
    ]
    if not people:
        notes.append("no column of e-mail addresses was found; mark what people are found by with `identity`")
    entry = {
        "fides_key": dataset,
        "name": dataset,
        "description": "Drafted by `ephor dsr map` from keys, names and samples; read and correct it.",
        "collections": collections,
    }
    return Draft({"dataset": [entry]}, tuple(notes))


def _collection(
    dataset: str,
    table: Table,
    sample: Sampled,
    found: Mapping[str, str],
    tables: Mapping[str, Table],
    people: frozenset[str],
    notes: list[str],
) -> dict[str, object]:
    personal = table.name in people or any(one != CONTENT for one in found.values())
    fields = [
        _field(
            dataset, table, column, column, sample.inside.get(column), sample, found, notes, personal=personal
        )
        for column in table.columns
    ]
    for column, made in zip(table.columns, fields, strict=True):
        meta: dict[str, object] = {"primary_key": True} if column in table.primary_key else {}
        ties = [one for one in table.foreign_keys if column in one.columns and one.target in tables]
        if ties and "fields" not in made:
            meta["references"] = [
                _reference(dataset, one, column, tables[one.target], people) for one in ties
            ]
        if meta:
            made["fides_meta"] = {**meta, **made.get("fides_meta", {})}
    if not table.primary_key:
        notes.append(f"{dataset}.{table.name}: no primary key; mark the fields that tell its rows apart")
    if not sample.rows:
        notes.append(f"{dataset}.{table.name}: empty, so only names were looked at")
    return {"name": table.name, "fields": fields}


def _field(
    dataset: str,
    table: Table,
    path: str,
    name: str,
    inside: Nested | None,
    sample: Sampled,
    found: Mapping[str, str],
    notes: list[str],
    *,
    personal: bool,
) -> dict[str, Any]:
    """Return a column, or a place inside one, as a map says it."""
    if inside is not None and inside.inside:
        deeper = [
            _field(dataset, table, f"{path}.{key}", key, one, sample, found, notes, personal=personal)
            for key, one in inside.inside.items()
        ]
        return {"name": name, "fields": deeper} | (
            {"fides_meta": {"data_type": "object[]"}} if inside.many else {}
        )
    meta: dict[str, object] = {"data_type": "string[]"} if inside is not None and inside.many else {}
    category = found.get(path) or _by_name(name, personal=personal)
    if path in sample.closed:
        notes.append(f"{dataset}.{table.name}.{path}: JSON without a shape of its own; say what lies inside")
        category = CONTENT
    elif category is None:
        tied = any(path in one.columns for one in table.foreign_keys)
        category = _unknown(table, path, sample, personal=personal and not tied)
        if category == PERSON:
            notes.append(f"{dataset}.{table.name}.{path}: text beside a person's data; say what it holds")
    if category == _EMAIL and path in found:
        meta["identity"] = "email"
    return {"name": name, "data_categories": [category]} | ({"fides_meta": meta} if meta else {})


def _found(table: Table, sample: Sampled) -> Mapping[str, str]:
    """Return the category of each column in which personal data was found."""
    best: dict[str, ColumnCount] = {}
    for one in sample.counts:
        if one.column not in best or one.rows > best[one.column].rows:
            best[one.column] = one
    categories = {}
    for column, one in best.items():
        filled = max(sample.filled.get(column, 0), 1)
        mostly = one.rows / filled >= _MOSTLY
        categories[column] = _FOUND.get(one.type, "user.government_id") if mostly else CONTENT
    return {column: category for column, category in categories.items() if root_of(column, table.columns)}


def _by_name(column: str, *, personal: bool) -> str | None:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()
    for pattern, category in _NAMED:
        if re.fullmatch(pattern, words) and (personal or category not in _COMMON):
            return category
    return None


def _unknown(table: Table, column: str, sample: Sampled, *, personal: bool) -> str:
    plain = column in table.primary_key or not personal or column not in sample.text
    return OPERATIONS if plain else PERSON


def _has_identity(found: Mapping[str, str]) -> bool:
    return _EMAIL in found.values()


def _descending(tables: Mapping[str, Table], roots: set[str]) -> frozenset[str]:
    """Return the tables whose rows hang on a person's, the people's own among them."""
    reached, grew = set(roots), True
    while grew:
        more = {
            name
            for name, table in tables.items()
            if name not in reached and any(one.target in reached for one in table.foreign_keys)
        }
        reached |= more
        grew = bool(more)
    return frozenset(reached)


def _reference(
    dataset: str, tie: ForeignKey, column: str, target: Table, people: frozenset[str]
) -> dict[str, str]:
    """A person's rows lead to what hangs on them, and to what they merely name, and not back from there to everybody."""
    columns: Sequence[str] = tie.target_columns or target.primary_key
    direction = "from" if tie.target in people else "to"
    return {
        "dataset": dataset,
        "field": f"{tie.target}.{columns[tie.columns.index(column)]}",
        "direction": direction,
    }
