"""OSCAL 1.2.1: the parts that every document of ours is made of, the catalogs of the packs, and component definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from ephor.kernel.time import stamp
from ephor.rooms.exports.assessed import Assessed, Judged, Source
from ephor.rooms.exports.naming import URN, line, token, uuid5
from ephor.rooms.gate.finding import Exhibit
from ephor.rooms.requirements.answer import Answer

OSCAL = "1.2.1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """Of which plane documents are, by which version of Ephor, and when. ``origin`` names the plane's log."""

    origin: str
    version: str
    at: datetime

    def id(self, *parts: str) -> str:
        """Return the UUID of a part of this plane."""
        return uuid5(self.origin, *parts)


def prop(name: str, value: object) -> Json:
    """Return a property in our own namespace; OSCAL's own names have none."""
    return {"name": name, "ns": URN, "value": line(value)}


def metadata(setting: Setting, title: str, remarks: str) -> Json:
    """Return the metadata of a document: who made it is the tool, not a person."""
    return {
        "title": title,
        "last-modified": stamp(setting.at),
        "version": stamp(setting.at),
        "oscal-version": OSCAL,
        "props": [prop("ephor-version", setting.version), prop("log", setting.origin)],
        "parties": [{"uuid": setting.id("tool"), "type": "organization", "name": f"Ephor {setting.version}"}],
        "remarks": remarks,
    }


def whole(kind: str, content: Mapping[str, Any]) -> Json:
    """Return a whole document; its UUID is that of its content, so that other content has another one."""
    told = {name: value for name, value in content.items() if name != "metadata"}
    about = {
        name: value for name, value in content["metadata"].items() if name not in ("last-modified", "version")
    }
    return {
        kind: {
            "uuid": uuid5(kind, orjson.dumps([about, told], option=orjson.OPT_SORT_KEYS).decode()),
            **content,
        }
    }


def catalog(setting: Setting, source: Source, remarks: str = "") -> Json:
    """Return a pack or a checklist as a catalog: what the other documents point to."""
    controls = [
        {
            "id": control(one),
            "title": line(one.title),
            "props": [prop("cite", one.cite), prop("obligation", one.id)],
            "parts": [{"id": statement(one), "name": "statement", "prose": line(one.title)}],
        }
        for one in source.judged
    ]
    about = metadata(
        setting, line(source.title), remarks or "The obligations as this version of the pack words them."
    )
    about["props"] += [prop("pack", source.id), prop("pack-version", source.version)]
    if source.digest:
        about["props"].append(prop("pack-digest", source.digest))
    return whole("catalog", {"metadata": about, "controls": controls})


def catalog_name(source: Source) -> str:
    """Return the file that a source's catalog is in, beside the documents."""
    return f"catalog-{token(source.id)}.json"


def control(one: Judged) -> str:
    """Return the control's id in its catalog.

    An obligation's own id is ``pack/name``; a token has no slash.
    """
    return token(one.id.replace("/", ".."))


def statement(one: Judged) -> str:
    """Return the id of the one statement a control has."""
    return f"{control(one)}_smt"


def component_definition(setting: Setting, assessed: Sequence[Assessed]) -> Json:
    """Return the agents as components, each with what it is shown to implement.

    Only what is met is *implemented*; where some needs of an obligation are met and others fail, it is *partial*. What
    is not known is claimed nowhere, and counted.
    """
    components = [_agent(setting, one) for one in assessed]
    seen: dict[str, Json] = {}
    for one in assessed:
        for model in one.agent.manifest.models:
            seen.setdefault(f"model:{model}", _model(setting, model))
        for tool in one.agent.manifest.tools:
            seen.setdefault(
                f"tool:{tool.name}",
                {
                    "uuid": setting.id("tool", tool.name),
                    "type": "service",
                    "title": line(tool.name),
                    "description": line(tool.description or f"the tool {tool.name}"),
                    "props": [prop("effect", tool.effect.value), prop("sensitivity", tool.sensitivity.value)],
                },
            )
    return whole(
        "component-definition",
        {
            "metadata": metadata(
                setting,
                "AI agents and what they implement",
                "An obligation is listed as implemented only where recorded evidence shows that it is met.",
            ),
            "components": [*components, *(seen[name] for name in sorted(seen))],
        },
    )


def _model(setting: Setting, model: str) -> Json:
    return {
        "uuid": setting.id("model", model),
        "type": "software",
        "title": line(model),
        "description": f"the model {line(model)}",
        "props": [prop("kind", "machine-learning-model")],
    }


def _agent(setting: Setting, one: Assessed) -> Json:
    manifest = one.agent.manifest
    component: Json = {
        "uuid": setting.id("agent", one.agent.id),
        "type": "software",
        "title": line(manifest.name),
        "description": line(manifest.purpose),
        "purpose": line(manifest.purpose),
        "props": [*agent_props(one), *_counts(one)],
    }
    links = [{"href": f"#{setting.id('model', model)}", "rel": "uses-model"} for model in manifest.models]
    links += [{"href": f"#{setting.id('tool', tool.name)}", "rel": "uses-tool"} for tool in manifest.tools]
    if links:
        component["links"] = links
    implemented = [made for source in one.sources if (made := _implemented(setting, one, source))]
    if implemented:
        component["control-implementations"] = implemented
    return component


def agent_props(one: Assessed) -> list[Json]:
    """Return what is known of an agent, as properties."""
    manifest = one.agent.manifest
    return [
        prop("agent", one.agent.id),
        prop("owner", manifest.owner),
        prop("status", one.agent.status.value),
        prop("use-case", manifest.use_case.value),
        prop("operator-role", manifest.operator_role.value),
        prop("autonomy", manifest.autonomy),
        prop("data-sensitivity", manifest.data.sensitivity.value),
        prop("manifest-digest", one.agent.digest),
    ]


def _counts(one: Assessed) -> Iterable[Json]:
    for source in one.sources:
        count = Counter(judged.status.value for judged in source.judged)
        if source.applies is False:
            yield prop(f"{token(source.id)}-applies", "no")
        else:
            told = ", ".join(f"{count[answer.value]} {answer.value.replace('_', ' ')}" for answer in Answer)
            yield prop(f"{token(source.id)}-answers", told)


def _implemented(setting: Setting, one: Assessed, source: Source) -> Json | None:
    where = ("agent", one.agent.id, source.id)
    made = [_requirement(setting, where, judged) for judged in source.judged if _shown(judged)]
    if not made:
        return None
    return {
        "uuid": setting.id(*where),
        "source": catalog_name(source),
        "description": f"What is shown of {line(source.title)}, as of {one.at.date().isoformat()}.",
        "props": [prop("pack-version", source.version)],
        "implemented-requirements": made,
    }


def _shown(judged: Judged) -> bool:
    return judged.status is Answer.MET or (judged.status is Answer.NOT_MET and bool(judged.met))


def _requirement(setting: Setting, where: tuple[str, ...], judged: Judged) -> Json:
    whole_of_it = judged.status is Answer.MET
    made: Json = {
        "uuid": setting.id(*where, judged.id),
        "control-id": control(judged),
        "description": line(judged.because if whole_of_it else "; ".join(judged.met)),
        "props": [
            {"name": "implementation-status", "value": "implemented" if whole_of_it else "partial"},
            prop("answer", judged.status.value),
            *(prop("evidence", exhibited(exhibit)) for exhibit in judged.evidence),
        ],
    }
    if judged.lapses:
        made["props"].append(prop("lapses", judged.lapses.isoformat()))
    if not whole_of_it:
        made["remarks"] = f"not met as a whole: {line(judged.because)}"
    return made


def exhibited(exhibit: Exhibit) -> str:
    """Return an exhibit in words: what it is, its id, the entry that records it, its day."""
    entry = f", ledger entry {exhibit.entry}" if exhibit.entry else ""
    return f"{exhibit.what} {exhibit.id}{entry}, {exhibit.date.isoformat()}"
