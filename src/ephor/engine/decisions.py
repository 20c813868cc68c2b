"""Use case: an agent asks before it acts. A decision that could not be recorded was not made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

from ephor.engine.authority import compile_authority, first_giver, lent_by, subject_standing
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import digest
from ephor.kernel.events import Event
from ephor.rooms.agents.manifest import Tool
from ephor.rooms.approvals.call import (
    PATIENCE,
    CallApproval,
    CallStatus,
    claim,
    is_rejected,
    is_usable,
    standing_of,
)
from ephor.rooms.decisions.arguments import encode_arguments
from ephor.rooms.decisions.authority import AgentAuthority, Authority
from ephor.rooms.decisions.decide import decide, sensitivity_of
from ephor.rooms.decisions.model import Call, Decision, Outcome, Reason, Verdict
from ephor.rooms.decisions.reading import read_call
from ephor.rooms.pii.structure import mask_structure

_FRESH = timedelta(seconds=60)
"""How long a compiled authority serves when nothing changed: what runs out by the clock is noticed within it."""


@dataclass(slots=True)
class _Compiled:
    """The authorities in use by agent; each replaced as a whole, under a lock, when governance has moved on."""

    agents: dict[str, Authority] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Answers to calls."""

    world: World
    _compiled: _Compiled = field(default_factory=_Compiled)

    def decide(self, call: Call, *, intent: bool = False) -> Decision:
        """Decide *call* and record the decision; with *intent*, that the tool is invoked now, too.

        The entry is durable when this returns. If it cannot be recorded the error travels up and the caller must not act.

        Raises:
            InvalidInputError: the call is not one that can be recorded, such as arguments that are not JSON.
            UnavailableError: the ledger did not take the entry.
        """
        now = self.world.clock.now()
        call, arguments = read_call(call)
        if call.subject is None:
            authority = self._authority(call.agent, now).agent
            verdict = self._verdict(call, authority, now)
            if verdict.outcome is not Outcome.ASK:
                made = self._made(call, arguments, authority, verdict, now, intent=intent)
                decision = made.decision()
                entries = self.world.storage.append(made.events(decision))
                return dataclasses.replace(decision, entry=entries[0])
        with self.world.storage.unit() as unit:
            return self._decide_within(unit, call, arguments, now, intent=intent)

    def explain(self, call: Call) -> Verdict:
        """Return what `decide` would say now. Nothing is recorded, so nothing may be done on the strength of it.

        Raises:
            InvalidInputError: the call is not one that could be recorded.
        """
        now = self.world.clock.now()
        call, _ = read_call(call)
        return self._verdict(call, self._authority(call.agent, now).agent, now)

    def _decide_within(
        self, unit: Unit, call: Call, arguments: bytes, now: datetime, *, intent: bool
    ) -> Decision:
        """Decide inside a transaction: whoever withdraws consent or suspends the agent comes before it or after it."""
        authority = self._authority_within(unit, call.agent, now).agent
        verdict = self._verdict_within(unit, call, authority, now)
        made = self._made(call, arguments, authority, verdict, now, intent=intent)
        if verdict.outcome is Outcome.ASK and authority is not None:
            return made.ask(unit, authority)
        return made.record(unit, made.decision())

    def _made(
        self,
        call: Call,
        arguments: bytes,
        authority: AgentAuthority | None,
        verdict: Verdict,
        now: datetime,
        *,
        intent: bool,
    ) -> _Made:
        names = self.world.pseudonyms
        subject = names.of(call.subject) if call.subject is not None else None
        return _Made(
            self.world,
            call,
            arguments,
            names.fingerprint(arguments),
            subject,
            authority,
            verdict,
            now,
            intent,
        )

    def _verdict(self, call: Call, authority: AgentAuthority | None, now: datetime) -> Verdict:
        if call.subject is None and call.on_behalf_of is None:
            return decide(call, authority, now=now)
        with self.world.storage.reading() as unit:
            return self._verdict_within(unit, call, authority, now)

    def _verdict_within(
        self, unit: Unit, call: Call, authority: AgentAuthority | None, now: datetime
    ) -> Verdict:
        subject = self.world.pseudonyms.of(call.subject) if call.subject is not None else None
        return decide(
            call,
            authority,
            now=now,
            subject=subject_standing(unit, subject, call.purpose, now) if subject is not None else None,
            lent=lent_by(unit, call.on_behalf_of, now) if call.on_behalf_of is not None else None,
        )

    def _authority(self, agent: str, now: datetime) -> Authority:
        if (held := self._held(agent, self.world.storage.version(), now)) is not None:
            return held
        with self._compiled.lock:
            # Read again: whoever waited here may find the work done. And read before compiling: what is compiled is at
            # least as new as the number it goes by, so a change in between only means that it is compiled once more.
            version = self.world.storage.version()
            if (held := self._held(agent, version, now)) is not None:
                return held
            with self.world.storage.reading() as unit:
                return self._keep(agent, compile_authority(unit, agent, version=version, now=now))

    def _authority_within(self, unit: Unit, agent: str, now: datetime) -> Authority:
        """Return the authority as *unit* sees it. No lock: it is taken before storage's own, never after."""
        version = self.world.storage.version()
        if (held := self._held(agent, version, now)) is not None:
            return held
        return self._keep(agent, compile_authority(unit, agent, version=version, now=now))

    def _keep(self, agent: str, fresh: Authority) -> Authority:
        """Keep what was compiled, unless nobody is registered by that name: there are too many names."""
        if fresh.agent is not None:
            self._compiled.agents[agent] = fresh
        return fresh

    def _held(self, agent: str, version: int, now: datetime) -> Authority | None:
        """Return the authority in use if it is of this *version*, and fresh."""
        held = self._compiled.agents.get(agent)
        if held is None or held.version != version or not timedelta(0) <= now - held.compiled_at < _FRESH:
            return None
        return held


@dataclass(frozen=True, slots=True)
class _Made:
    """One decision in the making: its facts, and the events that record it."""

    world: World
    call: Call
    arguments: bytes
    args_digest: str
    subject: str | None
    """The data subject's pseudonym."""
    authority: AgentAuthority | None
    verdict: Verdict
    now: datetime
    intent: bool

    def decision(self, *, verdict: Verdict | None = None, approval: str | None = None) -> Decision:
        said = verdict or self.verdict
        rests_on = self.authority.digest if self.authority else digest({"agent": None})
        return Decision(
            self.world.ids.new("dec"), said.outcome, said.reasons, said.obligations, "", rests_on, approval
        )

    def ask(self, unit: Unit, authority: AgentAuthority) -> Decision:
        """Use a person's approval of exactly this call if there is one, else put the question to people."""
        tool = authority.tools[self.call.tool].tool
        call_digest = self._call_digest(tool)
        known = [
            one
            for one in unit.shelf(CallApproval).all(call_digest=call_digest)
            if one.authority == authority.digest
        ]
        for one in sorted(known, key=lambda one: (one.asked_at, one.id), reverse=True):
            if is_usable(one, call_digest=call_digest, authority=authority.digest, now=self.now):
                return self._claim(unit, one)
            if is_rejected(one, call_digest=call_digest, authority=authority.digest, now=self.now):
                return self._rejected(unit, one)
            if standing_of(one, self.now) is CallStatus.PENDING:
                return self.record(unit, self.decision(approval=one.id))
        asked = self._question(unit, authority, tool, call_digest)
        unit.shelf(CallApproval).add(asked)
        decision = self.decision(approval=asked.id)
        return self.record(unit, decision, self._event("call.asked/1", decision, shown=asked.shown_digest))

    def _claim(self, unit: Unit, approval: CallApproval) -> Decision:
        """Let the call through once: the approval is used up in the transaction that records the decision."""
        text = f"`{approval.decided_by}` approved exactly this call (`{approval.id}`)"
        reasons = (*self.verdict.reasons, Reason("approved-by-person", Outcome.ALLOW, text))
        decision = self.decision(
            verdict=dataclasses.replace(self.verdict, outcome=Outcome.ALLOW, reasons=reasons),
            approval=approval.id,
        )
        unit.shelf(CallApproval).replace(approval, claim(approval, decision=decision.id))
        return self.record(unit, decision, self._event("call.claimed/1", decision))

    def _rejected(self, unit: Unit, approval: CallApproval) -> Decision:
        text = f"`{approval.decided_by}` rejected exactly this call: {approval.because}"
        reasons = (*self.verdict.reasons, Reason("rejected-by-person", Outcome.DENY, text))
        verdict = Verdict(Outcome.DENY, reasons, ())
        return self.record(unit, self.decision(verdict=verdict, approval=approval.id))

    def record(self, unit: Unit, decision: Decision, *also: Event) -> Decision:
        """Append the decision, and whatever goes with it.

        The arguments of a call that names a data subject are part of that person's data: sealed under the person's key.
        """
        first, *more = self.events(decision)
        entry = unit.append(first, self.arguments if self.call.subject is not None else None)
        for event in (*more, *also):
            unit.append(event)
        return dataclasses.replace(decision, entry=entry)

    def _question(self, unit: Unit, authority: AgentAuthority, tool: Tool, call_digest: str) -> CallApproval:
        """Put together what a person is shown: facts, not the model's prose, and personal data masked."""
        told = {
            "arguments": self.call.arguments,
            "why": [reason.text for reason in self.verdict.reasons],
            "purpose": self.call.purpose,
        }
        shown = {
            "agent": self.call.agent,
            "tool": tool.name,
            "description": tool.description,
            "effect": tool.effect.value,
            "sensitivity": sensitivity_of(self.call, authority.tools[tool.name]).value,
            "data": list(tool.data),
            "subject": self.subject,
            "on_behalf_of": self.call.on_behalf_of,
            "model": self.call.model,
            **mask_structure(told)[0],
        }
        text = encode_arguments(shown)
        return CallApproval(
            id=self.world.ids.new("apr"),
            agent=self.call.agent,
            owner=authority.agent.manifest.owner,
            tool=tool.name,
            call_digest=call_digest,
            authority=authority.digest,
            reasons=tuple(reason.code for reason in self.verdict.reasons),
            shown=text.decode(),
            shown_digest="sha256:" + sha256(text).hexdigest(),
            asked_at=self.now,
            expires_at=self.now + PATIENCE,
            on_behalf_of=self.call.on_behalf_of,
            behalf_person=first_giver(unit, self.call.on_behalf_of) if self.call.on_behalf_of else None,
            subject=self.subject,
        )

    def _call_digest(self, tool: Tool) -> str:
        """Cover everything an approval is for: any change to it is another call."""
        definition = {
            "name": tool.name,
            "effect": tool.effect.value,
            "sensitivity": tool.sensitivity.value,
            "description": tool.description,
        }
        facts = {
            "agent": self.call.agent,
            "tool": definition,
            "arguments": self.args_digest,
            "on_behalf_of": self.call.on_behalf_of,
            "subject": self.subject,
            "purpose": self.call.purpose,
            "model": self.call.model,
            "sensitivity": self.call.sensitivity.value if self.call.sensitivity else None,
        }
        return digest(facts)

    def events(self, decision: Decision) -> list[Event]:
        """Return what is recorded: the decision, and the intent to invoke the tool where that follows at once."""
        events = [self._event("decision.made/1", decision)]
        if self.intent and decision.allowed:
            events.append(self._event("tool.invoked/1", decision))
        return events

    def _event(self, kind: str, decision: Decision, shown: str | None = None) -> Event:
        refs = {"decision": decision.id, "approval": decision.approval, "shown": shown}
        return Event(
            kind=kind,
            at=self.now,
            actor=f"agent:{self.call.agent}",
            action="call",
            tool=self.call.tool,
            on_behalf_of=self.call.on_behalf_of,
            session=self.call.session,
            trace=self.call.trace,
            subject=self.subject,
            args_digest=self.args_digest,
            decision=decision.outcome.value,
            reasons=tuple(reason.code for reason in decision.reasons),
            policy_digest=decision.policy_digest,
            refs={name: id for name, id in refs.items() if id},
            metadata={"purpose": self.call.purpose} if self.call.purpose else {},
        )
