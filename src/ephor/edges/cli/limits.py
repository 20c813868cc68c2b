"""`ephor limits`: how much may pass in one window of time."""

from __future__ import annotations

import typer

from ephor.edges.cli.definitions import Laid, commands
from ephor.edges.cli.fields import listed
from ephor.rooms.policies.limits import Limit, Window, shown

app = typer.Typer(
    name="limits", help="Limits on calls, money and records per window of time.", no_args_is_help=True
)


def _rows(one: Limit) -> list[tuple[str, object]]:
    return [
        ("limit", one.id),
        ("at most", f"{shown(one)} {_when(one)}"),
        ("counted for", _whom(one)),
        ("covers", _covers(one)),
        ("amount in", one.argument or "-"),
        (
            "currency",
            f"{one.currency}, as `{one.currency_argument or 'currency'}` says" if one.currency else "any",
        ),
    ]


def _when(one: Limit) -> str:
    return "in all" if one.window is Window.EVER else f"per {one.window.value}"


def _whom(one: Limit) -> str:
    return f"each {listed(one.per)}" if one.per else "all together"


def _covers(one: Limit) -> str:
    named = {"agent": one.agent, "tool": one.tool, "delegation": one.delegation}
    return ", ".join(f"{what} {name}" for what, name in named.items() if name) or "every call"


commands(
    app,
    Laid(
        key="limits",
        noun="limit",
        load="""Lay down the limits in a file, in place of those of the same names. They count at once.

Windows are the calendar's, in UTC: minute, hour, day, week (from Monday), month, ever. Money is a whole number in
the smallest unit, or text with at most `scale` decimals. A call whose amount is missing, negative, unreadable or in a
currency that no limit counts is denied; a call that is denied, or that waits for a person, uses nothing up. A limit
for an agent or tool that nobody knows yet is warned of; one for a delegation that there is not is refused.

Example: ephor limits load limits.yaml""",
        listing="List the limits.\n\nExample: ephor limits list",
        show="Show one limit.\n\nExample: ephor limits show refunds-a-day",
        remove="""Take a limit away; calls it held back are held back no more.

Example: ephor limits remove refunds-a-day""",
        gone=lambda one: f"limit {one.id} is gone",
        columns=("limit", "at most", "window", "counted for", "covers"),
        row=lambda one: (one.id, shown(one), _when(one), _whom(one), _covers(one)),
        empty="no limits",
        rows=_rows,
    ),
)
