"""CycloneDX 1.6: agents, models with their cards, tools and data as a bill of materials for machine learning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from ephor.kernel.time import stamp
from ephor.kernel.vocabulary import Effect
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.exports.cyclonedx_card import model_card
from ephor.rooms.exports.inventory import Inventory, ModelFacts
from ephor.rooms.exports.naming import line, uuid5
from ephor.rooms.exports.oscal import Setting

SPEC = "1.6"
Json = dict[str, Any]
_FLOWS = {
    Effect.READ: "outbound",
    Effect.WRITE: "inbound",
    Effect.IRREVERSIBLE: "inbound",
    Effect.EXTERNAL: "bi-directional",
}
"""Which way data flows, as seen from the tool."""


def bill_of_materials(setting: Setting, inventory: Inventory) -> Json:
    """Return the whole bill; its serial number is that of its content."""
    tools = {
        tool.name: tool for agent in reversed(inventory.agents) for tool in reversed(agent.manifest.tools)
    }
    services = [_service(inventory, tools[name]) for name in sorted(tools)]
    components = [
        *(_agent(agent) for agent in inventory.agents),
        *(_model(model) for model in inventory.models),
        *_data(inventory),
    ]
    content: Json = {
        "components": components,
        "services": services,
        "dependencies": list(_dependencies(inventory, [one["bom-ref"] for one in (*components, *services)])),
    }
    plane: Json = {"type": "platform", "bom-ref": "plane", "name": line(setting.origin)}
    serial = uuid5("bom", setting.origin, orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode())
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": stamp(setting.at),
            "lifecycles": [{"phase": "operations"}],
            "tools": {"components": [{"type": "application", "name": "ephor", "version": setting.version}]},
            "component": plane,
        },
        **content,
    }


def properties(told: Mapping[str, object]) -> list[Json]:
    """Return properties in our own namespace (CycloneDX property taxonomy); lists become several of one name."""
    made = []
    for name, value in told.items():
        for one in value if isinstance(value, tuple | list) else (value,):
            if one is not None:
                made.append({"name": f"ephor:{name}", "value": _said(one)})
    return made


def _said(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _agent(agent: Agent) -> Json:
    manifest = agent.manifest
    told: dict[str, object] = {
        "kind": "agent",
        "id": agent.id,
        "owner": manifest.owner,
        "status": agent.status.value,
        "use-case": manifest.use_case.value,
        "operator-role": manifest.operator_role.value,
        "autonomy": manifest.autonomy,
        "data-sensitivity": manifest.data.sensitivity.value,
        "data-category": manifest.data.categories,
        "data-subject": manifest.data.subjects,
        "role": manifest.roles,
        "jurisdiction": manifest.jurisdictions,
        "approved-by-request": agent.approval,
    }
    if manifest.oversight:
        told |= {"oversight-people": manifest.oversight.people, "oversight-means": manifest.oversight.means}
    if manifest.disclosure:
        told["tells-people-it-is-ai"] = manifest.disclosure.tells_people
    return {
        "type": "application",
        "bom-ref": _agent_ref(agent.id),
        "name": line(manifest.name),
        "version": agent.digest,
        "description": line(manifest.purpose),
        "properties": properties(told),
    }


def _model(model: ModelFacts) -> Json:
    name, _, version = model.id.partition("@")
    made: Json = {
        "type": "machine-learning-model",
        "bom-ref": _model_ref(model.id),
        "name": line(name),
    }
    if version:
        made["version"] = version
    found = model.version
    if found is None:
        made["properties"] = properties({"registered": False})
        return made
    if found.provider:
        made["supplier"] = {"name": line(found.provider)}
    told: dict[str, object] = {
        "registered": True,
        "status": found.status.value,
        "owner": found.owner,
        "model-type": found.model_type or None,
        "risk-tier": found.risk_tier.value if found.risk_tier else None,
        "approved-by": found.approved_by,
        "approved-at": stamp(found.approved_at) if found.approved_at else None,
    }
    told |= {f"metadata:{key}": value for key, value in found.metadata.items()}
    made["modelCard"] = model_card(model, found)
    made["properties"] = properties(told)
    return made


def _service(inventory: Inventory, tool: Tool) -> Json:
    using = [
        agent.id for agent in inventory.agents if any(one.name == tool.name for one in agent.manifest.tools)
    ]
    flow: Json = {
        "flow": _FLOWS[tool.effect],
        "classification": tool.sensitivity.value,
        "name": line(tool.name),
    }
    if tool.data:
        flow["description"] = ", ".join(tool.data)
    told: dict[str, object] = {
        "kind": "tool",
        "effect": tool.effect.value,
        "sensitivity": tool.sensitivity.value,
        "permission": tool.permissions,
        "reveals": tool.reveals,
        "asks-a-person": bool(tool.ask),
        "used-by": tuple(using),
    }
    made: Json = {"bom-ref": _tool_ref(tool.name), "name": line(tool.name)}
    if tool.description:
        made["description"] = line(tool.description)
    return made | {
        "x-trust-boundary": tool.effect is Effect.EXTERNAL,
        "data": [flow],
        "properties": properties(told),
    }


def _data(inventory: Inventory) -> Iterator[Json]:
    """Yield each data store once, however many agents use it."""
    seen: dict[str, Json] = {}
    for agent in inventory.agents:
        uses = agent.manifest.data
        for store in agent.manifest.data_stores:
            ref = _store_ref(store.name, store.location)
            about: Json = {
                "type": "dataset",
                "name": line(store.name),
                "classification": uses.sensitivity.value,
                "contents": {
                    "properties": properties({"kind": store.kind, "mapped": store.data_map is not None})
                },
            }
            if uses.categories:
                about["sensitiveData"] = list(uses.categories)
            if ref not in seen:
                seen[ref] = {
                    "type": "data",
                    "bom-ref": ref,
                    "name": line(store.name),
                    "data": [about],
                    "properties": properties({"kind": "data-store", "store-kind": store.kind}),
                }
            seen[ref]["properties"] += properties({"used-by": agent.id})
    yield from (seen[ref] for ref in sorted(seen))


def _dependencies(inventory: Inventory, refs: list[str]) -> Iterator[Json]:
    needs = {
        _agent_ref(agent.id): sorted(
            {
                *(_model_ref(model) for model in agent.manifest.models),
                *(_tool_ref(tool.name) for tool in agent.manifest.tools),
                *(_store_ref(store.name, store.location) for store in agent.manifest.data_stores),
            }
        )
        for agent in inventory.agents
    }
    yield {"ref": "plane", "dependsOn": sorted(needs)} if needs else {"ref": "plane"}
    for ref in refs:
        yield {"ref": ref, "dependsOn": needs[ref]} if needs.get(ref) else {"ref": ref}


def _agent_ref(id: str) -> str:
    return f"agent:{id}"


def _model_ref(id: str) -> str:
    return f"model:{id}"


def _tool_ref(name: str) -> str:
    return f"tool:{name}"


def _store_ref(name: str, location: str) -> str:
    """Name a store without its location, which may say more than a reader of the bill should know."""
    return f"data:{name}:{uuid5('store', name, location)[:8]}"
