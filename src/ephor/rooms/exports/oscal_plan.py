"""OSCAL 1.2.1 plan of action and milestones: every gap, and every risk of the register that is not closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ephor.rooms.exports.assessed import Assessed, Judged, Source, gaps
from ephor.rooms.exports.naming import line
from ephor.rooms.exports.oscal import Json, Setting, metadata, prop, whole
from ephor.rooms.exports.oscal_results import agent_component, finding, observation, origins
from ephor.rooms.exports.oscal_risks import risk_of
from ephor.rooms.requirements.answer import Answer
from ephor.rooms.risk.register import RegisteredRisk, RiskStatus


def plan_of_action(setting: Setting, assessed: Sequence[Assessed]) -> Json | None:
    """Return the plan; None where nothing is left to be done, which OSCAL has no document for."""
    found = [(one, source, judged) for one in assessed for source in one.sources for judged in gaps(source)]
    risks = [(one, risk) for one in assessed for risk in one.risks if risk.status is not RiskStatus.CLOSED]
    if not found and not risks:
        return None
    made: Json = {
        "metadata": metadata(
            setting,
            "What is to be done about AI agents",
            "What is not known is listed as what is not met is: somebody has to find out.",
        ),
        "system-id": {
            "identifier-type": "http://ietf.org/rfc/rfc4122",
            "id": setting.id("plane"),
        },
        "local-definitions": {"components": [agent_component(setting, one) for one in assessed]},
    }
    if found:
        made["observations"] = [observation(setting, *one) for one in found]
    made["risks"] = [
        *(_risk_of_gap(setting, *one) for one in found),
        *(risk_of(setting, one, risk) for one, risk in risks),
    ]
    if found:
        made["findings"] = [_with_risk(setting, *one) for one in found]
    made["poam-items"] = [
        *(_item_of_gap(setting, *one) for one in found),
        *(_item_of_risk(setting, one, risk) for one, risk in risks),
    ]
    return whole("plan-of-action-and-milestones", made)


def _gap(setting: Setting, one: Assessed, source: Source, judged: Judged, kind: str) -> str:
    return setting.id(kind, one.agent.id, source.id, judged.id)


def _with_risk(setting: Setting, one: Assessed, source: Source, judged: Judged) -> Json:
    return finding(setting, one, source, judged) | {
        "related-risks": [{"risk-uuid": _gap(setting, one, source, judged, "gap-risk")}]
    }


def _risk_of_gap(setting: Setting, one: Assessed, source: Source, judged: Judged) -> Json:
    said = "is not met" if judged.status is Answer.NOT_MET else "is not known to be met"
    made: Json = {
        "uuid": _gap(setting, one, source, judged, "gap-risk"),
        "title": f"{line(judged.title)} ({line(one.agent.manifest.name)})",
        "description": line(judged.because),
        "statement": f"{line(judged.cite)} {said} by {line(one.agent.manifest.name)}",
        "props": [prop("answer", judged.status.value), prop("obligation", judged.id)],
        "status": "open" if judged.status is Answer.NOT_MET else "investigating",
        "origins": origins(setting),
        "related-observations": [
            {"observation-uuid": _gap(setting, one, source, judged, "observation")},
        ],
    }
    if judged.remedy:
        made["remediations"] = [
            {
                "uuid": _gap(setting, one, source, judged, "remedy"),
                "lifecycle": "recommendation",
                "title": line(judged.title),
                "description": line(judged.remedy),
            }
        ]
    return made


def _item_of_gap(setting: Setting, one: Assessed, source: Source, judged: Judged) -> Json:
    where = (setting, one, source, judged)
    return {
        "uuid": _gap(*where, "item"),
        "title": f"{line(judged.title)} ({line(one.agent.manifest.name)})",
        "description": line(judged.remedy or judged.because),
        "props": [
            prop("agent", one.agent.id),
            prop("obligation", judged.id),
            prop("cite", judged.cite),
            prop("answer", judged.status.value),
            prop("owner", one.agent.manifest.owner),
        ],
        "related-findings": [{"finding-uuid": _gap(*where, "finding")}],
        "related-observations": [{"observation-uuid": _gap(*where, "observation")}],
        "related-risks": [{"risk-uuid": _gap(*where, "gap-risk")}],
    }


def _item_of_risk(setting: Setting, one: Assessed, risk: RegisteredRisk) -> Json:
    return {
        "uuid": setting.id("risk-item", risk.id),
        "title": f"{line(risk.title)} ({line(one.agent.manifest.name)})",
        "description": "; ".join(_to_do(risk)) or "no action is planned",
        "props": [prop("agent", one.agent.id), prop("risk", risk.id), prop("owner", risk.owner)],
        "related-risks": [{"risk-uuid": setting.id("risk", risk.id)}],
    }


def _to_do(risk: RegisteredRisk) -> Iterator[str]:
    for action in risk.actions:
        if action.done_at is None:
            yield f"{line(action.text)}, by {action.owner}, until {action.due.isoformat()}"
