"""How a statement of consent is written into the ledger, and what stops purposes for somebody who asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.rooms.consent.statement import SELF, ConsentState, Statement, next_number, statement_id


def event_of(said: Statement, *, actor: str, request: str | None = None) -> Event:
    """Return the event that records a statement; it names the subject by pseudonym only."""
    expires = {"expires_at": stamp(said.expires_at)} if said.expires_at else {}
    shown = {"shown": said.shown} if said.shown else {}
    given_by = {"given_by": said.given_by} if said.given_by != SELF else {}
    return Event(
        kind=f"consent.{said.state.value.replace('_', '-')}/1",
        at=said.at,
        actor=actor,
        resource=f"consent:{said.id}",
        subject=said.subject,
        input_hash=said.proof,
        refs={**({"request": request} if request else {}), **shown},
        metadata={
            "purpose": said.purpose,
            "notice": said.notice_version,
            "channel": said.channel,
            **expires,
            **given_by,
        },
    )


def stopping(
    history: Sequence[Statement],
    subject: str,
    purposes: Sequence[str],
    state: ConsentState,
    *,
    at: datetime,
    channel: str,
    by: str,
) -> tuple[Statement, ...]:
    """Return the statements that stop *purposes*, in their order, to go behind one subject's *history*."""
    first = next_number(history)
    return tuple(
        Statement(
            id=statement_id(subject, number),
            subject=subject,
            purpose=purpose,
            state=state,
            notice_version="",
            channel=channel,
            at=at,
            number=number,
            recorded_by=by,
        )
        for number, purpose in enumerate(purposes, first)
    )
