"""Which evidence proves which control, and until when: the only way a residual risk comes to be lower."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from ephor.rooms.evidence.kinds import RULES, EvidenceKind
from ephor.rooms.evidence.record import Evidence, is_current

PROVES: Mapping[EvidenceKind, str] = MappingProxyType(
    {
        EvidenceKind.PRIVACY_IMPACT_ASSESSMENT: "impact-assessment",
        EvidenceKind.MODEL_CARD: "model-card",
        EvidenceKind.OPERATOR_TRAINING: "oversight",
        EvidenceKind.INCIDENT_DRILL: "stop-drill",
        EvidenceKind.AUDIT_LOG_REVIEW: "log-review",
        EvidenceKind.BIAS_TEST: "bias-test",
        EvidenceKind.SECURITY_REVIEW: "access-review",
    }
)
"""The control that evidence of a kind is proof of. A kind that is not here earns no credit: a plan is no proof."""


def credit(kept: Iterable[Evidence], *, material_digest: str, as_of: date) -> dict[str, date]:
    """Return, for each control proven on the day *as_of*, the last day its proof holds.

    Evidence bound to a configuration counts for that configuration only.
    """
    proven: dict[str, date] = {}
    for one in kept:
        control = PROVES.get(one.kind)
        stale = RULES[one.kind].bound and one.material_digest != material_digest
        if control is not None and not stale and is_current(one, as_of):
            proven[control] = max(one.expires, proven.get(control, one.expires))
    return proven
