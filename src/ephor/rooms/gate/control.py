"""The checks on control: what is logged, what can be reached, and who can stop it."""

from __future__ import annotations

from ephor.rooms.access.people import GRANTS, Person, PlanePermission
from ephor.rooms.access.roles import Permission, allowed_by
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.evidence.kinds import EvidenceKind
from ephor.rooms.gate.evidenced import judge_evidence
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.gate.finding import Exhibit, Finding, met, not_known, not_met, together

_SPELLED = frozenset(permission.value for permission in Permission)


def audit_logging(facts: GateFacts) -> Finding:
    """Return whether a decision on the agent's calls is in the ledger, under a signed head that holds.

    Before deployment a trial call shows it: the call is denied, and the denial is recorded like any other decision.
    """
    log = facts.log
    if log.holds is not True:
        return _spoilt(facts)
    if log.decision is None:
        tool = next((tool.name for tool in facts.agent.record.manifest.tools), "TOOL")
        return not_known(
            f"the ledger has no decision on a call of the agent by {facts.day.isoformat()}",
            f"make a trial call: ephor decide --agent {facts.id} --tool {tool}",
        )
    return met(
        f"its calls are decided and recorded; the newest is proven to be under the signed head of {log.size} entries",
        Exhibit("decision on a call", log.decision.id, log.decision.id, log.decision.at.date()),
    )


def audit_log_review(facts: GateFacts) -> Finding:
    """Return whether somebody independent reviewed the audit log within a month, and the log still holds."""
    if facts.log.holds is False:
        return _spoilt(facts)
    return judge_evidence(facts, EvidenceKind.AUDIT_LOG_REVIEW)


def access_controls(facts: GateFacts) -> Finding:
    """Return whether every tool declared can be reached through a role that exists, with permissions that exist."""
    manifest = facts.agent.record.manifest
    if missing := unbacked(facts):
        return missing
    if not manifest.tools:
        return not_known(
            "the manifest declares no tool, so there is nothing that control is shown on",
            "declare the tools, then: ephor agents register FILE",
        )
    parts = [_role(facts, name) for name in manifest.roles] + [_tool(facts, tool) for tool in manifest.tools]
    found = together(parts)
    return (
        found
        if found.remedy
        else met(f"{len(manifest.tools)} tools, each through a role that allows it", *found.evidence)
    )


def human_oversight(facts: GateFacts) -> Finding:
    """Return whether people who exist watch the agent, one of whom may stop it (AI Act, Articles 14 and 26(2))."""
    remedy = "state `oversight` with people, means and stop, then: ephor agents register FILE"
    if missing := unbacked(facts):
        return missing
    oversight = facts.agent.record.manifest.oversight
    if oversight is None:
        return not_known("the manifest does not say who oversees the agent", remedy)
    if not oversight.people or not oversight.means.strip() or not oversight.stop.strip():
        return not_met("the manifest names no people, no means or no way to stop the agent", remedy)
    if strangers := [name for name in oversight.people if name not in facts.people]:
        return not_met(
            f"nobody is registered as `{strangers[0]}`, who is to oversee it",
            f"ephor people add {strangers[0]} --role operator",
        )
    able = [name for name in oversight.people if can_suspend(facts.people[name].record)]
    if not able:
        names = ", ".join(f"`{name}`" for name in oversight.people)
        return not_met(
            f"none of {names} may suspend an agent",
            "name somebody who is operator, then: ephor agents register FILE",
        )
    backed = [name for name in able if facts.people[name].entry is not None]
    if not backed:
        return not_known(
            f"the ledger has no entry that `{able[0]}` may suspend an agent", "ephor ledger verify"
        )
    exhibits = [facts.people[name].shown("may suspend agents", f"person:{name}") for name in backed]
    return met(
        f"overseen by {', '.join(oversight.people)}; {', '.join(backed)} may stop it",
        manifest_of(facts),
        *exhibits,
    )


def can_suspend(person: Person) -> bool:
    """Tell whether one of the person's roles lets them stop an agent."""
    return any(PlanePermission.SUSPEND in GRANTS[role] for role in person.roles)


def unbacked(facts: GateFacts) -> Finding | None:
    """Return that what the manifest says is not known, where the ledger does not have this manifest by the day asked."""
    if facts.agent.entry is not None:
        return None
    return not_known(
        f"the ledger has no entry for this manifest by {facts.day.isoformat()}", "ephor ledger verify"
    )


def manifest_of(facts: GateFacts) -> Exhibit:
    """Return the manifest as an exhibit. Only where `unbacked` finds nothing."""
    return facts.agent.shown("manifest", facts.agent.record.digest)


def _spoilt(facts: GateFacts) -> Finding:
    judged = not_met if facts.log.holds is False else not_known
    return judged(facts.log.problem, "stop, call a person, and run: ephor ledger verify")


def _role(facts: GateFacts, name: str) -> Finding:
    found = facts.roles.get(name)
    if found is None:
        return not_met(
            f"there is no role `{name}`",
            f"ephor roles add {name} --permission PERMISSION --tool TOOL --max-sensitivity LEVEL",
        )
    if found.record.builtin:
        return met(f"role `{name}` is standard", manifest_of(facts))
    if found.entry is None:
        return not_known(f"the ledger has no entry for role `{name}` as it is", "ephor ledger verify")
    return met(f"role `{name}` exists", found.shown("role", f"role:{name}"))


def _tool(facts: GateFacts, tool: Tool) -> Finding:
    remedy = "change the tool's permissions or the agent's roles, then: ephor agents register FILE"
    if unknown := [text for text in tool.permissions if text not in _SPELLED]:
        return not_met(f"tool `{tool.name}` needs `{unknown[0]}`, which is no permission", remedy)
    roles = [facts.roles[name].record for name in facts.agent.record.manifest.roles if name in facts.roles]
    needed = [Permission(text) for text in tool.permissions]
    if against := allowed_by(roles, tool.name, tool.sensitivity, needed):
        return not_met("; ".join(reason.text for reason in against), remedy)
    return met(f"tool `{tool.name}` is reachable", manifest_of(facts))
