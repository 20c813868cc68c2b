"""OCSF 1.8: an entry of the ledger as an event for a SIEM, without personal data in the clear.

Acts are API Activity (6003), incidents Incident Findings (2005), breaches of policy and drift Detection Findings (2004).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ephor.kernel.time import moment
from ephor.rooms.ledger.kinds import KINDS
from ephor.rooms.pii.model import StructuredFind
from ephor.rooms.pii.structure import mask_structure

SCHEMA = "1.8.0"
Json = dict[str, Any]
API, DETECTION, INCIDENT = 6003, 2004, 2005
_CLASSES = {
    API: (6, "Application Activity", "API Activity"),
    DETECTION: (2, "Findings", "Detection Finding"),
    INCIDENT: (2, "Findings", "Incident Finding"),
}
_DETECTIONS = frozenset({"policy.violated", "agent.drifted", "model.drifted"})
_CREATES = frozenset(
    {
        "created",
        "added",
        "registered",
        "opened",
        "received",
        "placed",
        "granted",
        "given",
        "requested",
        "recorded",
    }
)
_UPDATES = frozenset(
    {
        "changed",
        "modified",
        "set",
        "status-changed",
        "rotated",
        "extended",
        "treated",
        "classified",
        "activated",
    }
)
_DELETES = frozenset({"deleted", "removed", "executed"})
_OTHER = 99
_SEVERITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}
_SEVERITY_NAMES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
_OUTCOMES = {
    "allow": (1, "Allowed", 1, "Allowed"),
    "deny": (2, "Denied", 2, "Blocked"),
    "ask": (99, "ask", 14, "Delayed"),
}
"""Action and disposition of a decision (profile security_control): what waits for a person is delayed."""
_MASKED = (
    "metadata",
    "reasons",
    "error",
    "action",
    "resource",
    "tool",
    "on_behalf_of",
    "actor",
    "approver",
    "confidence",
)
"""Fields with words in them; the others are ids, times and digests."""
_REST = (
    "v", "src", "n", "parent", "args_digest", "input_hash", "output_hash", "policy_digest", "approver", "confidence",
    "reasons", "payload", "refs", "metadata", "on_behalf_of", "decision", "subject",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event_of(entry: Mapping[str, Any], position: int, leaf: str, version: str) -> Json:
    """Return one entry as one event. *leaf* is the entry's hash in the ledger's tree, by which it is found and proven there.

    A data subject is named by the pseudonym the ledger has. What looks like personal data in free words is masked, and
    each place is an observable that says of which type it was.
    """
    told, finds = mask_structure({name: entry[name] for name in _MASKED if name in entry})
    entry = {**entry, **told}
    kind = str(entry["kind"]).partition("/")[0]
    number = _class(kind)
    category, category_name, class_name = _CLASSES[number]
    activity, activity_name = _activity(number, kind)
    severity = _severity(kind, entry)
    made: Json = {
        "activity_id": activity,
        "activity_name": activity_name,
        "actor": _actor(str(entry["actor"])),
        "category_name": category_name,
        "category_uid": category,
        "class_name": class_name,
        "class_uid": number,
        "message": KINDS.get(str(entry["kind"]), kind),
        "metadata": _metadata(entry, number, position, version),
        "severity": _SEVERITY_NAMES[severity],
        "severity_id": severity,
        "time": milliseconds(str(entry["at"])),
        "timezone_offset": 0,
        "type_name": f"{class_name}: {activity_name}",
        "type_uid": number * 100 + activity,
        "unmapped": {name: entry[name] for name in _REST if name in entry} | {"leaf": leaf},
    }
    if "duration_ms" in entry:
        made["duration"] = entry["duration_ms"]
    made |= _of_class(number, kind, entry)
    if number != INCIDENT:
        made |= _decided(entry)
    if observables := _observables(entry, finds):
        made["observables"] = observables
    return made


def milliseconds(stamp: str) -> int:
    """Return a time of the ledger as milliseconds since 1970.

    >>> milliseconds("1970-01-01T00:00:01.500000Z")
    1500
    """
    return (moment(stamp) - _EPOCH) // timedelta(milliseconds=1)


def _class(kind: str) -> int:
    if kind.startswith("incident."):
        return INCIDENT
    return DETECTION if kind in _DETECTIONS else API


def _activity(number: int, kind: str) -> tuple[int, str]:
    happened = kind.rpartition(".")[2]
    if number == DETECTION:
        return 1, "Create"
    if number == INCIDENT:
        return {"opened": (1, "Create"), "closed": (3, "Close")}.get(happened, (2, "Update"))
    if kind == "erasure" or happened in _DELETES:
        return 4, "Delete"
    if kind == "data.accessed":
        return 2, "Read"
    if happened in _CREATES:
        return 1, "Create"
    return (3, "Update") if happened in _UPDATES else (_OTHER, happened)


def _severity(kind: str, entry: Mapping[str, Any]) -> int:
    if kind.startswith("incident."):
        metadata = entry.get("metadata")
        said = metadata.get("severity") if isinstance(metadata, Mapping) else None
        return _SEVERITIES.get(str(said), 3)
    if kind in ("policy.violated", "stop.ordered", "epoch.started"):
        return 4
    if kind in _DETECTIONS or entry.get("decision") == "deny" or kind in ("agent.error", "auth.denied"):
        return 3
    return 2 if entry.get("decision") == "ask" or "error" in entry else 1


def _actor(actor: str) -> Json:
    room, _, name = actor.partition(":")
    if room == "person" and name:
        return {"user": {"name": name, "uid": actor, "type_id": 1, "type": "User"}}
    return {"app_name": name or actor, "app_uid": actor}


def _metadata(entry: Mapping[str, Any], number: int, position: int, version: str) -> Json:
    made: Json = {
        "version": SCHEMA,
        "uid": entry["id"],
        "event_code": entry["kind"],
        "log_name": entry["log"],
        "log_provider": "ephor",
        "logged_time": milliseconds(str(entry["received_at"])),
        "original_time": entry["at"],
        "sequence": position,
        "product": {"name": "Ephor", "vendor_name": "Ephor", "version": version},
    }
    profiles = [] if number == API else ["host"]  # which lets a finding name its actor
    if number != INCIDENT and entry.get("decision") in _OUTCOMES:
        profiles.append("security_control")
    if profiles:
        made["profiles"] = profiles
    if thread := entry.get("trace") or entry.get("session"):
        made["correlation_uid"] = thread
    return made


def _of_class(number: int, kind: str, entry: Mapping[str, Any]) -> Json:
    resource = str(entry.get("resource") or entry.get("tool") or entry["id"])
    title = KINDS.get(str(entry["kind"]), kind)
    if number == API:
        return _api(kind, entry)
    told: Json = {"uid": resource, "title": title, "created_time": milliseconds(str(entry["at"]))}
    if number == DETECTION:
        return {"finding_info": told, "status": "New", "status_id": 1}
    status, name = {"opened": (1, "New"), "closed": (5, "Closed")}.get(
        kind.rpartition(".")[2], (2, "In Progress")
    )
    actor = str(entry["actor"])
    handler = {"name": actor.rpartition(":")[2], "uid": actor}  # whoever acts on it has it in hand
    return {"finding_info_list": [told], "status": name, "status_id": status, "assignee": handler}


def _api(kind: str, entry: Mapping[str, Any]) -> Json:
    operation = str(entry.get("tool") or entry.get("action") or kind)
    failed = "error" in entry or kind in ("tool.failed", "agent.error")
    made: Json = {
        "api": {
            "operation": operation,
            "service": {"name": kind.partition(".")[0]},
            "request": {"uid": str(entry["id"])},
        },
        "src_endpoint": {"name": str(entry["log"]), "uid": str(entry["src"])},
        "status": "Failure" if failed else "Success",
        "status_id": 2 if failed else 1,
    }
    if failed and "error" in entry:
        made["status_detail"] = str(entry["error"])
    if resource := entry.get("resource"):
        room, _, name = str(resource).partition(":")
        made["resources"] = [{"uid": str(resource), "type": room, "name": name or str(resource)}]
    return made


def _decided(entry: Mapping[str, Any]) -> Json:
    outcome = _OUTCOMES.get(str(entry.get("decision")))
    if outcome is None:
        return {}
    action, action_name, disposition, disposition_name = outcome
    made: Json = {
        "action_id": action,
        "action": action_name,
        "disposition_id": disposition,
        "disposition": disposition_name,
    }
    policy = entry.get("policy_digest")
    told: Json = {"decision": entry["decision"]}
    made["authorizations"] = [told | {"policy": {"uid": policy, "name": "authority"}} if policy else told]
    return made


def _observables(entry: Mapping[str, Any], finds: tuple[StructuredFind, ...]) -> list[Json]:
    made: list[Json] = []
    if subject := entry.get("subject"):
        made.append(
            {"name": "unmapped.subject", "type_id": 31, "type": "User Object: uid", "value": str(subject)}
        )
    if str(entry["actor"]).startswith("person:"):
        made.append(
            {
                "name": "actor.user.uid",
                "type_id": 31,
                "type": "User Object: uid",
                "value": str(entry["actor"]),
            }
        )
    if resource := entry.get("resource"):
        made.append({"name": "resources.uid", "type_id": 10, "type": "Resource UID", "value": str(resource)})
    seen = dict.fromkeys((find.path, find.find.type) for find in finds)
    for path, type in seen:
        where = ".".join(("unmapped", *path.strip("/").split("/")))
        made.append({"name": where, "type_id": _OTHER, "type": type, "value": f"[{type}]"})
    return made
