"""OSCAL 1.2.1 assessment results: every answer of the laws and the checklists as a finding, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time

from ephor.kernel.time import stamp
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.exports.assessed import Assessed, Judged, Source
from ephor.rooms.exports.naming import line
from ephor.rooms.exports.oscal import (
    Json,
    Setting,
    agent_props,
    catalog_name,
    control,
    exhibited,
    metadata,
    prop,
    statement,
    whole,
)
from ephor.rooms.exports.oscal_risks import risk_of
from ephor.rooms.requirements.answer import Answer

_STATES = {
    AgentStatus.DRAFT: "under-development",
    AgentStatus.IN_REVIEW: "under-development",
    AgentStatus.APPROVED: "under-development",
    AgentStatus.ACTIVE: "operational",
    AgentStatus.SUSPENDED: "other",
    AgentStatus.RETIRED: "disposition",
}
_REASONS = {Answer.MET: "pass", Answer.NOT_MET: "fail", Answer.NOT_KNOWN: "other"}
"""OSCAL knows only satisfied and not satisfied; what is not known is not satisfied, for another reason than failure."""


def assessment_results(setting: Setting, assessed: Sequence[Assessed]) -> Json:
    """Return one result for each agent; there must be one agent at least."""
    plan = setting.id("assessment-plan")
    return whole(
        "assessment-results",
        {
            "metadata": metadata(
                setting,
                "What was asked of AI agents, and what is shown",
                "Satisfied means: met, on recorded evidence. Not satisfied with the reason `fail` means: not met; with the "
                "reason `other`: not known. What is not known is never satisfied.",
            ),
            "import-ap": {"href": f"#{plan}"},
            "results": [_result(setting, one) for one in assessed],
            "back-matter": {
                "resources": [
                    {
                        "uuid": plan,
                        "title": "How this was assessed",
                        "description": "Every obligation of the packs named, and both checklists, are answered from ledger "
                        "entries, registers and evidence, as `ephor agents compliance` and `ephor gate` show.",
                    },
                    *_catalogs(setting, assessed),
                ]
            },
        },
    )


def _catalogs(setting: Setting, assessed: Sequence[Assessed]) -> list[Json]:
    sources = {source.id: source for one in assessed for source in one.sources if source.judged}
    return [
        {
            "uuid": setting.id("catalog", id),
            "title": line(sources[id].title),
            "rlinks": [{"href": catalog_name(sources[id]), "media-type": "application/oscal.catalog+json"}],
        }
        for id in sorted(sources)
    ]


def _result(setting: Setting, one: Assessed) -> Json:
    pairs = [(source, judged) for source in one.sources for judged in answered(source)]
    made: Json = {
        "uuid": setting.id("result", one.agent.id, stamp(one.at)),
        "title": f"{line(one.agent.manifest.name)} as of {one.at.date().isoformat()}",
        "description": _told(one),
        "start": stamp(one.at),
        "end": stamp(one.at),
        "props": [prop("agent", one.agent.id), prop("manifest-digest", one.agent.digest)],
        "local-definitions": {"components": [agent_component(setting, one)]},
        "reviewed-controls": {
            "control-selections": [_selected(source) for source in one.sources if source.judged]
        },
        "observations": [observation(setting, one, source, judged) for source, judged in pairs],
    }
    if one.risks:
        made["risks"] = [risk_of(setting, one, risk) for risk in one.risks]
    if pairs:
        made["findings"] = [finding(setting, one, source, judged) for source, judged in pairs]
    else:
        del made["observations"]
    return made


def _told(one: Assessed) -> str:
    reach = [
        f"{source.id}: {'does not apply' if source.applies is False else 'applies' if source.applies else 'not known'}"
        f" ({line(source.because)})"
        for source in one.sources
    ]
    return "; ".join(reach) or "nothing was asked"


def _selected(source: Source) -> Json:
    """Say what was looked at; what is not applicable is excluded, and is no finding."""
    asked = [{"control-id": control(judged)} for judged in answered(source)]
    spared = [
        {"control-id": control(judged)} for judged in source.judged if judged.status is Answer.NOT_APPLICABLE
    ]
    made: Json = {
        "description": line(source.title),
        "props": [prop("catalog", catalog_name(source)), prop("pack-version", source.version)],
        **({"include-controls": asked} if asked else {"include-all": {}}),
    }
    if spared:
        made["exclude-controls"] = spared
        made["remarks"] = "What is excluded does not apply to this agent on this day."
    return made


def answered(source: Source) -> tuple[Judged, ...]:
    """Return what has an answer; not applicable is none."""
    return tuple(one for one in source.judged if one.status is not Answer.NOT_APPLICABLE)


def agent_component(setting: Setting, one: Assessed) -> Json:
    """Return an agent as a component of the system looked at."""
    return {
        "uuid": setting.id("agent", one.agent.id),
        "type": "software",
        "title": line(one.agent.manifest.name),
        "description": line(one.agent.manifest.purpose),
        "props": agent_props(one),
        "status": {"state": _STATES[one.agent.status], "remarks": line(one.agent.status_reason)},
    }


def observation(setting: Setting, one: Assessed, source: Source, judged: Judged) -> Json:
    """Return what was found about one obligation, with what it rests on."""
    made: Json = {
        "uuid": setting.id("observation", one.agent.id, source.id, judged.id),
        "title": line(judged.title),
        "description": line(judged.because),
        "props": [prop("answer", judged.status.value)],
        "methods": ["EXAMINE"],
        "types": ["finding"],
        "origins": origins(setting),
        "subjects": [{"subject-uuid": setting.id("agent", one.agent.id), "type": "component"}],
        "collected": stamp(one.at),
    }
    if judged.evidence:
        made["relevant-evidence"] = list(_evidence(judged))
    if judged.lapses:
        made["expires"] = stamp(start_of(judged.lapses))
    return made


def _evidence(judged: Judged) -> Iterator[Json]:
    for exhibit in judged.evidence:
        told: Json = {
            "description": exhibited(exhibit),
            "props": [prop("kind", exhibit.what), prop("id", exhibit.id)],
        }
        if exhibit.entry:
            told["props"].append(prop("ledger-entry", exhibit.entry))
        yield told


def finding(setting: Setting, one: Assessed, source: Source, judged: Judged) -> Json:
    """Return the answer to one obligation."""
    status: Json = {
        "state": "satisfied" if judged.status is Answer.MET else "not-satisfied",
        "reason": _REASONS[judged.status],
    }
    if judged.status is Answer.NOT_KNOWN:
        status["remarks"] = f"not known: {line(judged.because)}"
    made: Json = {
        "uuid": setting.id("finding", one.agent.id, source.id, judged.id),
        "title": line(judged.title),
        "description": line(f"{judged.cite}: {judged.because}"),
        "props": [prop("answer", judged.status.value), prop("cite", judged.cite), prop("pack", source.id)],
        "origins": origins(setting),
        "target": {
            "type": "statement-id",
            "target-id": statement(judged),
            "title": line(judged.title),
            "status": status,
        },
        "related-observations": [
            {"observation-uuid": setting.id("observation", one.agent.id, source.id, judged.id)}
        ],
    }
    if judged.remedy:
        made["remarks"] = f"what to do next: {line(judged.remedy)}"
    return made


def origins(setting: Setting) -> list[Json]:
    """Say that the tool found it, not a person."""
    return [{"actors": [{"type": "party", "actor-uuid": setting.id("tool")}]}]


def start_of(day: date) -> datetime:
    """Return the first moment of a day, in UTC."""
    return datetime.combine(day, time(), UTC)
