"""OSCAL 1.2.1 risks: those of the register, with what is planned about them and by when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from ephor.kernel.time import stamp
from ephor.rooms.exports.assessed import Assessed
from ephor.rooms.exports.naming import URN, line
from ephor.rooms.exports.oscal import Json, Setting, prop
from ephor.rooms.risk.matrix import Rating
from ephor.rooms.risk.register import Action, RegisteredRisk, RiskStatus, seen_on

_STATUS = {
    RiskStatus.OPEN: "open",
    RiskStatus.TREATED: "remediating",
    RiskStatus.ACCEPTED: "deviation-approved",
    RiskStatus.CLOSED: "closed",
}


def risk_of(setting: Setting, one: Assessed, kept: RegisteredRisk) -> Json:
    """Return a risk as it stands on the day: an acceptance that ran out is open again."""
    risk = seen_on(kept, one.at.date())
    made: Json = {
        "uuid": setting.id("risk", risk.id),
        "title": line(risk.title),
        "description": f"{risk.category.value} risk of {line(one.agent.manifest.name)}",
        "statement": line(risk.title),
        "props": [prop("risk", risk.id), prop("owner", risk.owner), prop("category", risk.category.value)],
        "status": _STATUS[risk.status],
        "origins": [{"actors": [{"type": "party", "actor-uuid": setting.id("tool")}]}],
        "characterizations": [
            _rated(setting, "inherent", risk.inherent),
            _rated(setting, "residual", risk.residual),
        ],
    }
    if risk.because:
        made["props"].append(prop("because", risk.because))
    waiting = [action.due for action in risk.actions if action.done_at is None]
    if waiting:
        made["deadline"] = stamp(_moment(min(waiting)))
    if plans := [_plan(setting, risk)] if risk.actions or risk.treatment else []:
        made["remediations"] = plans
    if risk.acceptance:
        made["props"] += [
            prop("accepted-by", risk.acceptance.by),
            prop("accepted-until", risk.acceptance.until.isoformat()),
            prop("accepted-because", risk.acceptance.reason),
        ]
    return made


def _plan(setting: Setting, risk: RegisteredRisk) -> Json:
    done = bool(risk.actions) and all(action.done_at for action in risk.actions)
    treatment = risk.treatment.value if risk.treatment else "treat"
    made: Json = {
        "uuid": setting.id("plan", risk.id),
        "lifecycle": "completed" if done else "planned",
        "title": f"{treatment}: {line(risk.title)}",
        "description": f"treatment: {risk.treatment.value if risk.treatment else 'not said'}",
        "props": [prop("owner", risk.owner)],
    }
    if risk.actions:
        made["tasks"] = [_task(setting, risk, action) for action in risk.actions]
    return made


def _task(setting: Setting, risk: RegisteredRisk, action: Action) -> Json:
    made: Json = {
        "uuid": setting.id("task", risk.id, str(action.number)),
        "type": "milestone",
        "title": line(action.text),
        "props": [prop("owner", action.owner), prop("done", "yes" if action.done_at else "no")],
        "timing": {"on-date": {"date": stamp(_moment(action.due))}},
    }
    if action.done_at:
        made["props"].append(prop("done-at", stamp(action.done_at)))
    return made


def _rated(setting: Setting, name: str, rating: Rating) -> Json:
    facets = {
        "likelihood": rating.likelihood,
        "impact": rating.impact,
        "score": rating.score,
        "level": rating.level.value,
    }
    return {
        "props": [prop("rating", name)],
        "origin": {"actors": [{"type": "party", "actor-uuid": setting.id("tool")}]},
        "facets": [{"name": facet, "system": URN, "value": str(value)} for facet, value in facets.items()],
    }


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
