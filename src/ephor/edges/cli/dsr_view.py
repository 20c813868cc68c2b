"""How requests of data subjects, their plans and certificates are told: what was done, and as plainly what was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from ephor.edges.cli.fields import minute
from ephor.edges.cli.render import table
from ephor.rooms.dsr.judge import Stay
from ephor.rooms.dsr.plan import Certificate, DataPlan
from ephor.rooms.dsr.request import Request, is_overdue

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.dsr import RequestView


Matters = Mapping[str, str]
"""The legal holds by id, and what each is for."""


def print_plan(out: Console, plan: DataPlan, matters: Matters) -> None:
    """What would be done, and what stays and why."""
    rows = [
        (
            line.collection,
            line.found,
            line.act,
            "; ".join(
                f"{stay.rows} {stay.reason} ({stay.because}{_for(stay.because, matters)})"
                for stay in line.stays
            ),
        )
        for line in plan.lines
    ]
    table(out, ("collection", "found", plan.fulfilment, "stays"), rows, empty="nothing was found")
    if (
        any(stay.reason is Stay.SHARED for line in plan.lines for stay in line.stays)
        and not plan.release_shared
    ):
        out.print(
            f"shared rows wait for somebody to look at them: ephor dsr review {plan.id} --map … --store …"
        )
    if plan.household:
        out.print(f"together with, and verified: {', '.join(plan.household)}")
    for one in plan.by_hand:
        out.print(f"{one.dataset}: by hand, by {one.person}")
    out.print(f"sealed payloads in the ledger: {plan.ledger}")
    if plan.unreachable:
        out.print(f"nothing leads to: {', '.join(plan.unreachable)}")
    if plan.unmapped:
        out.print(f"not in the map, so not searched: {', '.join(plan.unmapped)}")


_STAYS = {
    Stay.HELD: "a legal hold or a duty to keep it ({because})",
    Stay.REFERENCED: "rows that stay name it ({because})",
    Stay.SHARED: "it is somebody else's too ({because})",
    Stay.NOT_PERSONAL: "nothing in it is about a person ({because})",
}
"""Why rows stay, in words for whoever tells the person."""


def _for(because: str, matters: Matters) -> str:
    """Return what the holds that are named are for; nothing where none is."""
    told = [matters[one] for one in because.removeprefix("held: ").split(", ") if one in matters]
    return f": {'; '.join(told)}" if told else ""


def print_certificate(out: Console, done: Certificate, view: RequestView, matters: Matters) -> None:
    """What was done, and as plainly what was not: somebody tells the person by this."""
    out.print(
        f"certificate of {done.id}: {done.fulfilment}, {view.request.status.replace('_', ' ')}, "
        f"{minute(done.completed_at)}, entry {done.entry}"
    )
    for line in done.verified:
        out.print(f"  {line}")
    if done.keys_destroyed:
        out.print(f"  ledger: {done.payloads_destroyed} sealed payloads destroyed with their key")
    if view.plan is not None and view.plan.ledger.startswith("held"):
        held = f"{view.plan.ledger}{_for(view.plan.ledger, matters)}"
        out.print(f"  stays: the sealed payloads in the ledger, {held}")
    if done.not_searched:
        out.print(f"  not searched: {', '.join(done.not_searched)}")
    for row in done.lines:
        for stay in row.stays:
            why = _STAYS[stay.reason].format(because=stay.because) + _for(stay.because, matters)
            out.print(
                f"  stays: {stay.rows} of {row.found} rows in {row.collection}: {stay.reason.value}, {why}"
            )


def print_view(out: Console, view: RequestView, matters: Matters) -> None:
    request = view.request
    late = ", overdue" if view.overdue else ""
    out.print(
        f"{request.id}: {request.right} under {request.law}, {request.status}, due {request.due.isoformat()}{late}"
    )
    for said in _life(request):
        out.print(f"  {said}")
    if view.plan is not None:
        print_plan(out, view.plan, matters)
    if view.certificate is not None:
        print_certificate(out, view.certificate, view, matters)


def _life(request: Request) -> Iterator[str]:
    """Yield what happened to a request, in order, as far as its status does not say it."""
    asked = ", by an agent" if request.by_agent else ""
    confirm, verified, extended = request.confirm_by, request.verified_at, request.extended_at
    yield f"received on {request.received_on.isoformat()} by {request.channel}{asked}, taken in by {request.opened_by}"
    told = (
        (request.purposes, f"about: {', '.join(request.purposes)}"),
        (request.mandate, f"mandate: {request.mandate}"),
        (request.duplicate_of, f"asks for the same as {request.duplicate_of}"),
        (request.household, f"of the household {request.household}"),
        (confirm and not request.confirmed_on, f"receipt is to be confirmed by {confirm}"),
        (request.confirmed_on, f"receipt confirmed on {request.confirmed_on}, due {confirm}"),
        (
            verified,
            f"identity shown on {verified and minute(verified)}, by {request.verified_by}: {request.verification_method}",
        ),
        (request.paused_on, f"the time rests since {request.paused_on}, until the identity is shown"),
        (request.fee, f"fee asked: {request.fee}"),
        (extended, f"extended on {extended and minute(extended)}: {request.extension_reason}"),
        *(
            (
                one,
                f"{len(one.rows)} shared rows of {one.collection}: {one.decision}, by {one.by}: {one.because}",
            )
            for one in request.reviews
        ),
        (request.approved_by, f"plan approved by {request.approved_by}"),
        (request.refusal_ground, f"refused: {request.refusal_ground}"),
        (request.refusal_notes, f"the person was told: {request.refusal_notes}"),
    )
    yield from (text for known, text in told if known)


def print_requests(out: Console, found: Sequence[Request], today: date) -> None:
    """Print requests with their last days, and which of them are over."""
    rows = [
        (
            one.id,
            one.law,
            one.right,
            one.status,
            one.due.isoformat(),
            "overdue" if is_overdue(one, today) else "",
        )
        for one in found
    ]
    table(out, ("id", "law", "right", "status", "due", ""), rows, empty="no requests")
