"""Use case: an agent asks before it acts. A decision that could not be recorded was not made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from ephor.engine.asking import Asking
from ephor.engine.authority import compile_authority, lent_by, subject_standing
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import digest
from ephor.kernel.events import Event
from ephor.rooms.approvals.call import CallApproval, claim
from ephor.rooms.decisions.authority import AgentAuthority, Authority
from ephor.rooms.decisions.decide import decide
from ephor.rooms.decisions.model import Call, Decision, Outcome, Verdict
from ephor.rooms.decisions.reading import read_call

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

    def decide(self, call: Call, *, intent: bool = False, awaited: str | None = None) -> Decision:
        """Decide *call* and record the decision; with *intent*, that the tool is invoked now, too.

        *awaited* is the call approval that the caller waited for: if it ran out or was withdrawn, that denies the
        call, and no new question is put.

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
            return self._decide_within(unit, call, arguments, now, intent=intent, awaited=awaited)

    def explain(self, call: Call) -> Verdict:
        """Return what `decide` would say now. Nothing is recorded, so nothing may be done on the strength of it.

        Raises:
            InvalidInputError: the call is not one that could be recorded.
        """
        now = self.world.clock.now()
        call, _ = read_call(call)
        return self._verdict(call, self._authority(call.agent, now).agent, now)

    def _decide_within(
        self, unit: Unit, call: Call, arguments: bytes, now: datetime, *, intent: bool, awaited: str | None
    ) -> Decision:
        """Decide inside a transaction: whoever withdraws consent or suspends the agent comes before it or after it."""
        authority = self._authority_within(unit, call.agent, now).agent
        verdict = self._verdict_within(unit, call, authority, now)
        made = self._made(call, arguments, authority, verdict, now, intent=intent, awaited=awaited)
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
        awaited: str | None = None,
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
            awaited,
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
    awaited: str | None = None

    def decision(self, *, verdict: Verdict | None = None, approval: str | None = None) -> Decision:
        said = verdict or self.verdict
        rests_on = self.authority.digest if self.authority else digest({"agent": None})
        return Decision(
            self.world.ids.new("dec"), said.outcome, said.reasons, said.obligations, "", rests_on, approval
        )

    def ask(self, unit: Unit, authority: AgentAuthority) -> Decision:
        """Use a person's approval of exactly this call if there is one, else put the question to people."""
        asking = Asking(
            self.world,
            self.call,
            self.args_digest,
            self.subject,
            authority,
            self.verdict,
            self.now,
            self.awaited,
        )
        said = asking.settle(unit)
        decision = self.decision(verdict=said.verdict, approval=said.approval.id)
        also = [self._event(said.kind, decision, shown=said.shown)] if said.kind else []
        if said.used:
            unit.shelf(CallApproval).replace(said.approval, claim(said.approval, decision=decision.id))
        return self.record(unit, decision, *also)

    def record(self, unit: Unit, decision: Decision, *also: Event) -> Decision:
        """Append the decision, and whatever goes with it.

        The arguments of a call that names a data subject are part of that person's data: sealed under the person's key.
        """
        first, *more = self.events(decision)
        entry = unit.append(first, self.arguments if self.call.subject is not None else None)
        for event in (*more, *also):
            unit.append(event)
        return dataclasses.replace(decision, entry=entry)

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
