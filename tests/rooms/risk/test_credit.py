"""Credit for a control comes from unexpired evidence about exactly this configuration."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest

from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.evidence.record import Evidence
from ephor.rooms.risk.controls import CONTROLS
from ephor.rooms.risk.credit import PROVES, credit

TODAY = date(2026, 11, 24)
REVIEW = Evidence(
    id="evd_1",
    agent="bot",
    kind=EvidenceKind.SECURITY_REVIEW,
    title="review",
    about=None,
    digest="sha256:" + "a" * 64,
    reference=None,
    on=date(2026, 11, 1),
    expires=date(2027, 11, 1),
    material_digest="sha256:now",
    recorded_by="sam",
    at=datetime(2026, 11, 1, tzinfo=UTC),
)


def test_every_control_that_evidence_proves_exists():
    assert set(PROVES.values()) <= set(CONTROLS)


def test_current_evidence_earns_its_control_until_it_expires():
    assert credit([REVIEW], material_digest="sha256:now", as_of=TODAY) == {"access-review": date(2027, 11, 1)}


@pytest.mark.parametrize(
    "changed",
    [
        {"expires": date(2026, 11, 23)},
        {"on": date(2026, 11, 25)},
        {"material_digest": "sha256:before"},
        {"kind": EvidenceKind.INCIDENT_RESPONSE_PLAN},
        {"kind": EvidenceKind.MODEL_MONITORING},
    ],
)
def test_old_future_foreign_and_mere_plans_earn_nothing(changed):
    assert credit([dataclasses.replace(REVIEW, **changed)], material_digest="sha256:now", as_of=TODAY) == {}


def test_of_two_proofs_the_one_that_holds_longer_counts():
    longer = dataclasses.replace(REVIEW, id="evd_2", expires=date(2027, 12, 1))
    both = [longer, REVIEW]
    assert credit(both, material_digest="sha256:now", as_of=TODAY) == {"access-review": date(2027, 12, 1)}
