"""Drafts of notifications and the report of an incident, as Markdown: facts filled in, gaps shown as gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from ephor.rooms.incidents.clocks import Clock, ClockStatus, Named
from ephor.rooms.incidents.figures import count
from ephor.rooms.incidents.record import Incident
from ephor.rooms.regulation.pack import ClockRule, Fill

GAP = "**[to be filled in]**"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_HOLDS = {True: "yes", False: "no", None: "not known"}


def draft(incident: Incident, clock: Clock, rule: ClockRule) -> str:
    """Return the notification that a clock asks for. Nobody sends it but a person."""
    lines = [
        f"# Draft: {plain(rule.title)}",
        "",
        f"- To: {plain(rule.recipient)}",
        f"- Under: {plain(rule.cite)} ({clock.source}, verified: {clock.verified})",
        f"- Incident: {incident.id}, severity {incident.severity.value}",
        f"- Aware since: {_minute(incident.aware_at)}",
        f"- Due: {_due(clock)}",
    ]
    if clock.status is ClockStatus.NOT_KNOWN:
        lines.append(f"- Whether it is owed is not known; to be stated: {', '.join(clock.unknown)}")
    if clock.overdue:
        lines += ["", f"The time is over. Reasons for the delay: {GAP}"]
    for item in rule.contents:
        lines += ["", f"## {plain(item.item)}", "", *_filled(incident, item.fill)]
    return "\n".join([*lines, ""])


def report(incident: Incident, names: Sequence[Named], found: Sequence[Clock], now: datetime) -> str:
    """Return the report of an incident; every statement names the entry of the ledger that it rests on."""
    lines = [
        f"# Incident {incident.id}: {plain(incident.title)}",
        "",
        f"Written on {_minute(now)}. The log is `{incident.origin}`.",
        "",
        f"- Status: {incident.status.value}",
        f"- Severity: {incident.severity.value}{_entry(incident.entry)}",
        f"- Opened by {incident.by} on {_minute(incident.at)}{_entry(incident.entry)}",
        f"- Aware since {_minute(incident.aware_at)}; days are counted in {plain(incident.zone)}{_entry(incident.entry)}",
        f"- Agents: {plain(', '.join(incident.agents)) or 'none named'}{_entry(incident.entry)}",
    ]
    if incident.suspended:
        lines.append(f"- Suspended with it: {plain(', '.join(incident.suspended))}{_entry(incident.entry)}")
    lines += [
        "",
        "## What happened",
        "",
        f"{plain(incident.summary)}{_entry(incident.entry)}",
        "",
        *_nature(incident),
    ]
    lines += _entries(incident)
    lines += _law(incident, names, found)
    lines += _work(incident)
    return "\n".join([*lines, ""])


def _entries(incident: Incident) -> Iterator[str]:
    if incident.pins:
        yield from (
            "",
            "| position | entry | at | kind | agent | decision | leaf hash |",
            "|---|---|---|---|---|---|---|",
        )
    for one in incident.pins:
        words = [plain(word) for word in (one.at, one.kind, one.agent or "", one.decision or "")]
        yield f"| {one.position} | {one.id} | {' | '.join(words)} | {one.leaf} |"


def _law(incident: Incident, names: Sequence[Named], found: Sequence[Clock]) -> Iterator[str]:
    yield from ("", "## What the law calls it", "")
    last = incident.stated[-1].entry if incident.stated else None
    for name in names:
        missing = f"; to be stated: {', '.join(name.unknown)}" if name.holds is None else ""
        yield f"- {plain(name.title)} ({plain(name.cite)}): {_HOLDS[name.holds]}{missing}{_entry(last)}"
    for one in incident.stated:
        told = ", ".join(
            [*(f"{name}={_word(value)}" for name, value in sorted(one.facts.items())),
             *(f"{name}=unknown" for name in one.unknown)]
        )  # fmt: skip
        rest = "; all else does not hold" if one.complete else ""
        yield f"- Stated by {one.by} on {_minute(one.at)}: {plain(told) or 'nothing'}{rest}{_entry(one.entry)}"
    yield from ("", "## Clocks", "")
    shown = [one for one in found if one.status is not ClockStatus.NOT_RUNNING]
    yield from [_told(incident, one) for one in shown] or ["None runs."]


def _told(incident: Incident, clock: Clock) -> str:
    entries = [one.entry for one in incident.sendings if one.clock == clock.id]
    entries += [one.entry for one in incident.excuses if one.clock == clock.id]
    state = clock.status.value.replace("_", " ")
    if clock.status is ClockStatus.ANSWERED and clock.sent_at is not None:
        state = (
            f"sent {_minute(clock.sent_at)} by {plain(clock.channel or '')}{', late' if clock.late else ''}"
        )
    elif clock.status is ClockStatus.EXCUSED:
        state = f"not notified: {plain(clock.reason or '')}"
    overdue = ", OVERDUE" if clock.overdue else ""
    missing = f"; to be stated: {', '.join(clock.unknown)}" if clock.unknown else ""
    return (
        f"- {plain(clock.title)}, to {plain(clock.recipient)} ({plain(clock.cite)}; {clock.source}, verified: {clock.verified}): "
        f"{state}{overdue}{missing}; due: {_due(clock)}{_entry(entries[-1] if entries else incident.entry)}"
    )


def _work(incident: Incident) -> Iterator[str]:
    yield from ("", "## Root cause", "")
    yield from [f"{plain(one.text)} ({one.by}){_entry(one.entry)}" for one in incident.causes] or [GAP]
    yield from ("", "## Corrective actions", "", *_measures(incident))
    if incident.closing is not None:
        closing = incident.closing
        yield from ("", "## Closed", "")
        yield f"By {closing.by} on {_minute(closing.at)}: {plain(closing.reason)}{_entry(closing.entry)}"


def _filled(incident: Incident, fill: Fill | None) -> list[str]:
    if fill is Fill.NATURE:
        return [plain(incident.summary), "", *_nature(incident)]
    if fill is Fill.AGENTS and incident.agents:
        return [f"- {plain(one)}" for one in incident.agents]
    if fill is Fill.CAUSE and incident.causes:
        return [plain(incident.causes[-1].text)]
    if fill is Fill.MEASURES:
        return _measures(incident)
    return [GAP]


def _nature(incident: Incident) -> list[str]:
    figures = count(incident.pins)
    if not figures.entries:
        return ["No entry of the ledger is pinned to it."]
    kinds = ", ".join(f"{name}: {many}" for name, many in figures.kinds.items())
    lines = [
        f"- {figures.entries} entries of the ledger, from {figures.first} to {figures.last}: {plain(kinds)}"
    ]
    if figures.decisions:
        lines.append(
            f"- decided: {plain(', '.join(f'{name}: {many}' for name, many in figures.decisions.items()))}"
        )
    return lines


def _measures(incident: Incident) -> list[str]:
    lines = [f"- suspended at once: {plain(one)}{_entry(incident.entry)}" for one in incident.suspended]
    for one in incident.actions:
        state = "open" if one.ended_at is None else "dropped" if one.dropped else "done"
        outcome = f": {plain(one.outcome)}" if one.outcome else ""
        lines.append(
            f"- {plain(one.what)} ({one.owner}, due {one.due.isoformat()}): {state}{outcome}{_entry(one.ended_entry or one.entry)}"
        )
    return lines or [GAP]


def plain(text: str) -> str:
    r"""Return *text* as Markdown that shows it and does nothing else.

    >>> plain("[a](b) <script>")
    '\\[a\\](b) \\<script\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _due(clock: Clock) -> str:
    if clock.at_once:
        return "at once, without undue delay"
    if clock.last_day is not None:
        later = (
            f" (Regulation 1182/71 would count to {clock.latest_day.isoformat()})" if clock.latest_day else ""
        )
        return f"through {clock.last_day.isoformat()}{later}"
    return _minute(clock.due) if clock.due else "not started"


def _entry(id: str | None) -> str:
    return f" [{id}]" if id else ""


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _word(value: str | bool | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else ",".join(value)
