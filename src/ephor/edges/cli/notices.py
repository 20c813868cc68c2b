"""`ephor notices`: where people are told that a call waits for them, and what is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ephor.edges.cli.approvals import app as approvals
from ephor.edges.cli.fields import listed, minute, unfolded
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import as_json, emit
from ephor.kernel.vocabulary import word
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.notice import Channel, Notice, NoticeStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ephor.engine.notices import Delivered
    from ephor.rooms.approvals.reminding import Reminder

app = typer.Typer(name="notices", help="Where people are told that a call waits.", no_args_is_help=True)

ChannelId = Annotated[str, typer.Argument(help="The channel's name, for example `desk`.")]


@app.command()
def add(
    context: typer.Context,
    id: ChannelId,
    webhook: Annotated[
        str | None,
        typer.Option("--webhook", metavar="URL", help="Send signed requests there.", callback=given),
    ] = None,
    email: Annotated[
        str | None, typer.Option("--email", metavar="ADDRESS", help="Send mail there.", callback=given)
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="Only what this role may answer. Default: all.")
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Name a place that is told when a call waits for a person. Takes an administrator; a webhook's secret is shown.

    Example: ephor notices add desk --webhook https://chat.example.com/hooks/ephor
    """
    notices, who = context.obj.open(database).notices, person or context.obj.person
    roles = [word(PlaneRole, text, "role") for text in role or ()]
    channel = notices.add(id, webhook=webhook, email=email, roles=roles, by=who)
    secret = notices.secret(id, by=who) if webhook else None
    emit({**_document(channel), "secret": secret}, lambda out: _print_added(out, channel, secret), json=json)


@app.command()
def secret(
    context: typer.Context, id: ChannelId, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Show the secret that a webhook's notices are signed with. Another one: remove the channel and add it.

    Example: ephor notices secret desk
    """
    found = context.obj.open(database).notices.secret(id, by=person or context.obj.person)
    emit({"channel": id, "secret": found}, lambda out: out.print(found), json=json)


@app.command()
def remove(
    context: typer.Context, id: ChannelId, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Tell a place nothing any more; what waits for it is set aside.

    Example: ephor notices remove desk
    """
    channel = context.obj.open(database).notices.remove(id, by=person or context.obj.person)
    emit(_document(channel), lambda out: out.print(f"{channel.id} is told nothing any more"), json=json)


@app.command("list")
def list_channels(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List the places that are told.

    Example: ephor notices list
    """
    found = context.obj.open(database).notices.channels()
    emit([_document(one) for one in found], lambda out: _print_channels(out, found), json=json)


@app.command()
def due(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """List what people are told of now: reviews, approvals, risks, clocks of incidents, answers to data subjects, documents.

    Example: ephor notices due
    """
    found = context.obj.open(database).reminders.due()
    emit([as_json(one) for one in found], lambda out: _print_due(out, found), json=json)


@app.command()
def outbox(
    context: typer.Context,
    status: Annotated[
        str | None,
        typer.Option("--status", help="Only pending, sent, failed or dropped ones.", callback=given),
    ] = None,
    json: Json = False,
    database: Database = None,
) -> None:
    """List notices, the oldest first.

    Example: ephor notices outbox --status pending
    """
    wanted = word(NoticeStatus, status, "status") if status else None
    found = context.obj.open(database).notices.outbox(wanted)
    emit(found, lambda out: _print_notices(out, found), json=json)


@app.command()
def retry(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help="The notice's id, ntc_….")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Send a notice that was set aside once more.

    Example: ephor notices retry ntc_0193a2b4c5d67e8f9a0b1c2d3e4f5061
    """
    notice = context.obj.open(database).notices.again(id, by=person or context.obj.person)
    emit(notice, lambda out: out.print(f"{notice.id} is sent next: ephor approvals notify"), json=json)


@approvals.command()
def notify(context: typer.Context, json: Json = False, database: Database = None) -> None:
    """Send the notices that are due, after recording what ran out, passing on what waits, and reminding; run it every minute.

    What `ephor approvals due` and `ephor notices due` list goes out once at each stage.

    Exits 1 when one was not taken; it is tried again.

    Example: ephor approvals notify
    """
    engine = context.obj.open(database)
    engine.approvals.sweep()
    engine.reminders.queue()
    done = engine.notices.deliver(context.obj.post())
    answer = {
        "sent": as_json(done.sent),
        "failed": as_json(done.failed),
        "dropped": as_json(done.dropped),
        "waiting": done.waiting,
    }
    emit(answer, lambda out: _print_delivered(out, done), json=json)
    if done.failed:
        raise typer.Exit(1)


def _document(channel: Channel) -> dict[str, Any]:
    return {name: value for name, value in as_json(channel).items() if name != "nonce"}


def _print_added(out: Console, channel: Channel, secret: str | None) -> None:
    out.print(f"{channel.id} is told from now on")
    if secret:
        out.print(f"its secret: {secret}")


def _print_channels(out: Console, found: Sequence[Channel]) -> None:
    rows = [
        (one.id, one.kind.value, one.address, listed([role.value for role in one.roles])) for one in found
    ]
    unfolded(
        out, ("channel", "kind", "address", "only for"), rows, empty="nobody is told; see `ephor notices add`"
    )


def _print_due(out: Console, found: Sequence[Reminder]) -> None:
    rows = [
        (
            one.subject,
            one.stage,
            one.agent or "-",
            f"{one.day:%Y-%m-%d}",
            listed(one.people),
            listed(one.passed_on_to),
        )
        for one in found
    ]
    heads = ("about", "stage", "agent", "day", "who", "passed on to")
    unfolded(out, heads, rows, empty="nobody is to be told of anything")


def _print_notices(out: Console, found: Sequence[Notice]) -> None:
    rows = [
        (
            one.id,
            one.channel,
            one.about.value,
            one.approval,
            one.status.value,
            str(one.attempts),
            one.said or "-",
        )
        for one in found
    ]
    heads = ("id", "channel", "about", "of", "status", "tries", "last said")
    unfolded(out, heads, rows, empty="no notices")


def _print_delivered(out: Console, done: Delivered) -> None:
    for one in done.failed:
        until = f"; next try {minute(one.next_at)}" if one.status is NoticeStatus.PENDING else "; set aside"
        out.print(f"{one.id} was not taken by {one.channel}: {one.said}{until}")
    for one in done.dropped:
        out.print(f"{one.id} was dropped: {one.said}")
    out.print(f"{len(done.sent)} sent, {done.waiting} still to send")
