"""A call that a person must approve: use the approval there is, or put the question. A step of deciding."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ephor.engine.authority import first_giver, lenders_of
from ephor.engine.ports import Unit, World
from ephor.engine.telling import tell
from ephor.kernel.canonical import Json, digest
from ephor.rooms.access.people import Person
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.approvals.call import (
    CallApproval,
    CallStatus,
    ends_at,
    is_rejected,
    is_usable,
    roles_now,
    standing_of,
)
from ephor.rooms.approvals.notice import About
from ephor.rooms.approvals.rule import DEFAULT, ApprovalRule, narrowed, rule_digest, rule_for
from ephor.rooms.decisions.arguments import encode_arguments
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.decisions.decide import sensitivity_of
from ephor.rooms.decisions.model import Call, Outcome, Reason, Verdict
from ephor.rooms.pii.structure import mask_structure
from ephor.rooms.risk.assess import AssessmentRecord


@dataclass(frozen=True, slots=True)
class Said:
    """What came of asking: the answer to give, and the approval it rests on or waits for."""

    verdict: Verdict
    approval: CallApproval
    used: bool = False
    kind: str | None = None
    """The event to record beside the decision."""
    shown: str | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """One call whose verdict is *ask*."""

    world: World
    call: Call
    args_digest: str
    subject: str | None
    """The data subject's pseudonym."""
    authority: AgentAuthority
    verdict: Verdict
    now: datetime
    awaited: str | None = None

    def settle(self, unit: Unit) -> Said:
        """Answer from what people said about exactly this call under exactly these rules; else put the question.

        The newest word counts, be it yes or no.
        """
        tool = self.authority.tools[self.call.tool].tool
        rule = answering(unit, self.authority, tool.name)
        binding, scope = bound_to(self.authority, rule), self._scope(tool)
        call_digest = digest({"scope": scope, "arguments": self.args_digest})
        shelf = unit.shelf(CallApproval)
        found = {one.id: one for one in (*shelf.all(call_digest=call_digest), *shelf.all(scope=scope))}
        known = [one for one in found.values() if one.authority == binding]
        for one in sorted(known, key=lambda one: (one.asked_at, one.id), reverse=True):
            if is_usable(
                one,
                call_digest=call_digest,
                authority=binding,
                now=self.now,
                scope=scope,
                arguments=self.call.arguments,
            ):
                if self._holds(unit, one):
                    return self._approved(one)
                continue
            if is_rejected(one, call_digest=call_digest, authority=binding, now=self.now):
                return self._refused(
                    one, "rejected-by-person", f"`{one.decided_by}` rejected exactly this call: {one.because}"
                )
            if one.call_digest == call_digest and standing_of(one, self.now) is CallStatus.PENDING:
                return Said(self.verdict, one)
            if one.id == self.awaited and (said := self._gone(one)) is not None:
                return said
        asked = self._question(unit, tool, rule, binding, call_digest, scope)
        shelf.add(asked)
        tell(unit, self.world, About.ASKED, asked, self.now)
        return Said(self.verdict, asked, kind="call.asked/1", shown=asked.shown_digest)

    def _holds(self, unit: Unit, one: CallApproval) -> bool:
        """Tell whether everybody who approved may still answer: who left, or lost the role, approves nothing any more."""
        people = [unit.shelf(Person).find(given.by) for given in one.answers if given.approve]
        roles = set(roles_now(one, self.now))
        return bool(people) and all(person is not None and roles & set(person.roles) for person in people)

    def _approved(self, one: CallApproval) -> Said:
        """Let the call through: the approval is used in the transaction that records the decision."""
        what = (
            "exactly this call"
            if one.lasting is None
            else f"calls like this one until {ends_at(one):%Y-%m-%d %H:%M} UTC"
        )
        who = ", ".join(f"`{given.by}`" for given in one.answers)
        reason = Reason("approved-by-person", Outcome.ALLOW, f"{who} approved {what} (`{one.id}`)")
        verdict = dataclasses.replace(
            self.verdict, outcome=Outcome.ALLOW, reasons=(*self.verdict.reasons, reason)
        )
        return Said(verdict, one, used=True, kind="call.claimed/1")

    def _gone(self, one: CallApproval) -> Said | None:
        """Silence denies, and so does whoever takes the question back."""
        standing = standing_of(one, self.now)
        if standing is CallStatus.EXPIRED:
            text = f"nobody answered `{one.id}`, or the answer was not used, before it ran out"
            return self._refused(one, "question-expired", text)
        if standing is CallStatus.WITHDRAWN:
            return self._refused(
                one, "question-withdrawn", f"`{one.decided_by}` withdrew `{one.id}`: {one.because}"
            )
        return None

    def _refused(self, one: CallApproval, code: str, text: str) -> Said:
        reasons = (*self.verdict.reasons, Reason(code, Outcome.DENY, text))
        return Said(
            dataclasses.replace(self.verdict, outcome=Outcome.DENY, reasons=reasons, obligations=()), one
        )

    def _question(
        self, unit: Unit, tool: Tool, rule: ApprovalRule, binding: str, call_digest: str, scope: str
    ) -> CallApproval:
        giver = first_giver(unit, self.call.on_behalf_of) if self.call.on_behalf_of else None
        lenders = lenders_of(unit, self.call.on_behalf_of) if self.call.on_behalf_of else ()
        text = encode_arguments(self._shown(unit, tool, giver))
        return CallApproval(
            id=self.world.ids.new("apr"),
            agent=self.call.agent,
            owner=self.authority.agent.manifest.owner,
            tool=tool.name,
            call_digest=call_digest,
            authority=binding,
            reasons=tuple(reason.code for reason in self.verdict.reasons),
            shown=text.decode(),
            shown_digest="sha256:" + sha256(text).hexdigest(),
            asked_at=self.now,
            expires_at=self.now + rule.patience,
            on_behalf_of=self.call.on_behalf_of,
            behalf_person=giver,
            lenders=lenders,
            subject=self.subject,
            quorum=rule.quorum,
            approvers=rule.approvers,
            escalation=rule.escalation,
            scope=scope,
        )

    def _shown(self, unit: Unit, tool: Tool, giver: str | None) -> dict[str, object]:
        """Put together what a person is shown: facts, not the model's prose, and personal data masked."""
        manifest = self.authority.agent.manifest
        told = {
            "arguments": self.call.arguments,
            "why": [reason.text for reason in self.verdict.reasons],
            "purpose": self.call.purpose,
        }
        return {
            "agent": self.call.agent,
            "tool": tool.name,
            "description": tool.description,
            "effect": tool.effect.value,
            "sensitivity": sensitivity_of(self.call, self.authority.tools[tool.name]).value,
            "data": list(tool.data),
            "subject": self.subject,
            "on_behalf_of": self.call.on_behalf_of,
            "model": self.call.model,
            "asked_by": {"agent": self.call.agent, "owner": manifest.owner, "for": giver},
            "risk": self._risk(unit),
            "touches": {
                "stores": [store.name for store in manifest.data_stores],
                "subjects": list(manifest.data.subjects),
                "outside": tool.effect.value == "external",
                "undone": tool.effect.value not in ("irreversible", "external"),
            },
            **mask_structure(told)[0],
        }

    def _risk(self, unit: Unit) -> dict[str, Json]:
        """What is known of the agent's risk; None is what nobody worked out."""
        record = unit.shelf(AssessmentRecord).find(self.call.agent)
        return {
            "use_case": self.authority.policy.use_case.value,
            "policy": self.authority.policy.risk_level.value,
            "class": self.authority.category,
            "assessed": _residual(record, self.authority),
        }

    def _scope(self, tool: Tool) -> str:
        """Cover everything an approval is for but the arguments: any change to it is another call."""
        definition = {
            "name": tool.name,
            "effect": tool.effect.value,
            "sensitivity": tool.sensitivity.value,
            "description": tool.description,
        }
        facts = {
            "agent": self.call.agent,
            "tool": definition,
            "on_behalf_of": self.call.on_behalf_of,
            "subject": self.subject,
            "purpose": self.call.purpose,
            "model": self.call.model,
            "sensitivity": self.call.sensitivity.value if self.call.sensitivity else None,
        }
        return digest(facts)


def answering(unit: Unit, authority: AgentAuthority, tool: str) -> ApprovalRule:
    """Return the rule by which people answer for a tool of this agent."""
    rule = rule_for(unit.shelf(ApprovalRule).find, authority.agent.id, tool)
    return narrowed(rule, authority.tools[tool].approvers)


def bound_to(authority: AgentAuthority, rule: ApprovalRule) -> str:
    """Cover what an answer rests on: manifest, policy and roles, and the rule by which people answer."""
    if rule == DEFAULT:
        return authority.digest
    return digest({"authority": authority.digest, "rule": rule_digest(rule)})


def _residual(record: AssessmentRecord | None, authority: AgentAuthority) -> str | None:
    if record is None or record.manifest_digest != authority.agent.digest:
        return None
    return record.assessment.overall.residual.value
