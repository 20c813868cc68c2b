"""A record of processing says what it lacks, article by article."""

from __future__ import annotations

from typing import Any

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.ropa.parse import parse_record
from ephor.rooms.ropa.record import BASIS_NEEDS, LegalBasis, missing


def complete() -> dict[str, Any]:
    return {
        "id": "customer-support",
        "name": "Customer support",
        "part": "controller",
        "controller": {"name": "Shop AS", "contact": "privacy@shop.example"},
        "dpo": {"name": "Dora", "contact": "dpo@shop.example"},
        "purposes": ["answer questions about orders"],
        "subjects": ["customers"],
        "categories": ["contact", "orders"],
        "recipients": [],
        "transfers": [{"country": "US", "safeguard": "standard_clauses", "documentation": "SCC-2026-01"}],
        "erasure": {"contact": "one year after the last order", "orders": "ten years"},
        "measures": ["encryption at rest"],
        "legal_basis": "contract",
        "basis_details": "the contract of sale",
        "automated_decisions": False,
        "agents": ["support-assistant"],
    }


def test_a_record_with_every_field_lacks_nothing() -> None:
    assert missing(parse_record(complete())) == ()


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("controller", "controller (Art. 30(1)(a))"),
        ("dpo", "dpo, or no_dpo_because (Art. 30(1)(a), 37)"),
        ("purposes", "purposes (Art. 30(1)(b))"),
        ("subjects", "subjects (Art. 30(1)(c))"),
        ("categories", "categories (Art. 30(1)(c))"),
        ("recipients", "recipients (Art. 30(1)(d))"),
        ("transfers", "transfers (Art. 30(1)(e))"),
        ("erasure", "erasure (Art. 30(1)(f))"),
        ("measures", "measures (Art. 30(1)(g), 32(1))"),
        ("legal_basis", "legal_basis (Art. 6(1))"),
        ("basis_details", "basis_details: the contract with the data subject (Art. 6(1)(b))"),
        ("automated_decisions", "automated_decisions (Art. 13(2)(f), 22)"),
    ],
)
def test_each_missing_field_is_named_with_its_article(field: str, named: str) -> None:
    given = complete()
    del given[field]
    assert missing(parse_record(given)) == (named,)


def test_saying_that_there_is_none_is_not_the_same_as_saying_nothing() -> None:
    assert missing(parse_record(complete() | {"recipients": [], "transfers": []})) == ()
    assert len(missing(parse_record(complete() | {"recipients": None, "transfers": None}))) == 2


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"erasure": {"contact": "a year"}}, "erasure"),
        ({"special_categories": ["health"]}, "special_condition (Art. 9(2))"),
        (
            {"transfers": [{"country": "BR", "safeguard": "derogation"}]},
            "transfers.documentation of BR (Art. 30(1)(e), 49(6))",
        ),
        (
            {"transfers": [{"country": "BR", "safeguard": "standard_clauses"}]},
            "transfers.documentation of BR (Art. 46)",
        ),
        ({"controller": {"name": "Shop AS"}}, "controller"),
    ],
)
def test_conditions_are_checked_with_the_fields_that_bring_them(change: dict[str, Any], gap: str) -> None:
    [found] = missing(parse_record(complete() | change))
    assert found.startswith(gap)


def test_an_adequacy_decision_needs_no_document_and_one_limit_may_serve_all() -> None:
    change = {"transfers": [{"country": "JP", "safeguard": "adequacy"}], "erasure": {"all": "a year"}}
    assert missing(parse_record(complete() | change)) == ()


def test_a_processor_answers_to_article_30_2() -> None:
    gaps = missing(parse_record({"id": "hosting", "name": "Hosting", "part": "processor"}))
    assert len(gaps) == 6
    assert all("30(2)" in gap for gap in gaps)


def test_every_legal_basis_says_what_it_takes() -> None:
    assert set(BASIS_NEEDS) == set(LegalBasis)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "Customer Support"},
        {"id": None},
        {"color": "red"},
        {"purposes": "marketing"},
        {"purposes": [""]},
        {"purposes": [1]},
        {"part": "joint"},
        {"legal_basis": "because"},
        {"automated_decisions": "no"},
        {"controller": "Shop AS"},
        {"dpo": {"email": "x"}},
        {"transfers": ["US"]},
        {"transfers": [{"safeguard": "adequacy"}]},
        {"transfers": [{"country": "US", "safeguard": "hope"}]},
        {"erasure": ["a year"]},
        {"agents": ["Not An Agent"]},
        {"name": ["x"]},
    ],
)
def test_what_is_no_record_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        parse_record(complete() | wrong)
