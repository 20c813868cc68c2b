"""Which documents there should be, whatever the law: the guide's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ephor.rooms.documents.kinds import ALL, DocumentKind


def expected(
    agents: Sequence[str], models: Sequence[str], incidents: Sequence[str], today: date
) -> dict[tuple[DocumentKind, str], date]:
    """Return the guide's documents for what is in use, each with the day from which it is asked for.

    >>> found = expected(["bot"], ["m@1"], [], date(2026, 11, 28))
    >>> [(kind.value, subject) for kind, subject in found][:3]
    [('system_description', 'bot'), ('risk_assessment', 'bot'), ('model_card', 'm@1')]
    """
    asked = [
        (kind, one)
        for one in agents
        for kind in (DocumentKind.SYSTEM_DESCRIPTION, DocumentKind.RISK_ASSESSMENT)
    ]
    asked += [(DocumentKind.MODEL_CARD, one) for one in models]
    asked += [(DocumentKind.INCIDENT_REPORT, one) for one in incidents]
    if agents:
        asked.append((DocumentKind.PROCESSING_RECORDS, ALL))
    return dict.fromkeys(asked, today)
