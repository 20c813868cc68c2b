"""Evidence: what is refused, when it counts, and who may not show what."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.evidence.kinds import RULES, About, EvidenceKind
from ephor.rooms.evidence.record import (
    Evidence,
    is_current,
    lapses,
    read_evidence,
    record_digest,
    why_barred,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TODAY = NOW.date()


def read(kind: EvidenceKind = EvidenceKind.INCIDENT_DRILL, **other: Any) -> Evidence:
    about = None if RULES[kind].about is About.NOTHING else "something"
    given: dict[str, Any] = {
        "id": "evd_1",
        "agent": "a",
        "title": "a title",
        "about": about,
        "digest": "sha256:" + "a" * 64,
        "reference": None,
        "on": TODAY,
        "expires": None,
        "material_digest": "sha256:m",
        "by": "ola",
        "at": NOW,
    }
    return read_evidence(kind=kind, **{**given, **other})


@pytest.mark.parametrize("kind", EvidenceKind)
def test_every_kind_has_a_rule_counts_for_a_time_and_ends(kind: EvidenceKind) -> None:
    found = read(kind)
    assert found.expires == TODAY + RULES[kind].counts_for > TODAY
    assert is_current(found, TODAY)
    assert is_current(found, found.expires)
    assert not is_current(found, lapses(found))
    assert not is_current(found, TODAY - timedelta(1))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"digest": None}, "exactly one"),
        ({"reference": "DMS-1"}, "exactly one"),
        ({"digest": "sha256:abc"}, "not a digest"),
        ({"digest": None, "reference": "  "}, "reference is empty"),
        ({"digest": None, "reference": "x" * 501}, "501 characters"),
        ({"title": " \n"}, "title is empty"),
        ({"title": "fine\u202egnp.exe"}, "does not show"),
        ({"title": "two\nlines"}, "does not show"),
        ({"title": "\ud800"}, "does not show"),
        ({"on": TODAY + timedelta(1)}, "still to come"),
        ({"expires": TODAY - timedelta(1)}, "is not between"),
        ({"expires": TODAY + timedelta(367)}, "is not between"),
        ({"about": "x"}, "leave out"),
        ({"kind": EvidenceKind.MODEL_CARD, "about": None}, "names the model"),
        ({"kind": EvidenceKind.MODEL_CARD, "about": " "}, "names the model"),
        ({"kind": EvidenceKind.OPERATOR_TRAINING, "about": "ola"}, "their own training"),
    ],
)
def test_what_cannot_count_is_refused_with_the_reason(other: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        read(**other)


def test_an_old_thing_recorded_today_counts_from_the_day_it_was_done() -> None:
    old = read(EvidenceKind.AUDIT_LOG_REVIEW, on=TODAY - timedelta(40))
    assert not is_current(old, TODAY)


@pytest.mark.parametrize("kind", EvidenceKind)
@pytest.mark.parametrize(("person", "stands_apart"), [("eve", False), ("bob", False), ("sam", True)])
def test_the_owner_and_the_authors_never_judge_their_own_agent(
    kind: EvidenceKind, person: str, stands_apart: bool
) -> None:
    barred = why_barred(kind, person, owner="eve", authors=("bob",))
    assert (barred is None) == (stands_apart or not RULES[kind].independent)


OTHER_VALUES: dict[str, Any] = {
    "id": "evd_2",
    "agent": "b",
    "kind": EvidenceKind.POLICY_REVIEW,
    "title": "another",
    "about": "x",
    "digest": "sha256:" + "b" * 64,
    "reference": "x",
    "on": date(2026, 11, 1),
    "expires": date(2026, 12, 1),
    "material_digest": "sha256:n",
    "recorded_by": "sam",
    "at": NOW + timedelta(microseconds=1),
}


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(Evidence)])
def test_the_digest_covers_every_field(field: str) -> None:
    found = read()
    assert record_digest(dataclasses.replace(found, **{field: OTHER_VALUES[field]})) != record_digest(found)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_evidence_counts_on_days_without_a_gap(day: date) -> None:
    found = read(on=date(2025, 6, 1), expires=date(2026, 6, 1))
    assert is_current(found, day) == (date(2025, 6, 1) <= day < lapses(found))
