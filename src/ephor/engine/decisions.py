"""Use case: an agent asks before it acts. A decision that could not be recorded was not made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

from ephor.engine.asking import Asking
from ephor.engine.authority import compile_authority
from ephor.engine.ports import StaleError, Unit, World
from ephor.engine.remembering import keep, leave, leaves_traces, look_up, told
from ephor.kernel.canonical import Json, digest
from ephor.kernel.errors import NotFoundError
from ephor.kernel.events import Event
from ephor.rooms.approvals.call import CallApproval, claim
from ephor.rooms.decisions.authority import AgentAuthority, Authority
from ephor.rooms.decisions.bounds import added
from ephor.rooms.decisions.decide import callable_tools, facts_for, judged, path
from ephor.rooms.decisions.facts import Facts
from ephor.rooms.decisions.model import Call, Decision, Outcome, Verdict
from ephor.rooms.decisions.reading import read_call
from ephor.rooms.decisions.record import AuthorityRecord
from ephor.rooms.decisions.ruled import rules_told
from ephor.rooms.decisions.standing import NOTHING_KNOWN
from ephor.rooms.policies.sequences import Session, session_id

NO_AGENT = digest({"agent": None})
"""What a decision about an agent that is not registered rests on."""
_NONE, _FRESH = timedelta(0), timedelta(seconds=60)
"""How long a compiled authority serves when nothing changed: what runs out by the clock is noticed within it."""


_SESSIONS = 10_000
"""Sessions whose labels one process remembers."""
_KEPT = 10_000
"""Authorities, and digests of those known to be kept, that one process remembers; what is used again is compiled again."""
V = TypeVar("V")


@dataclass(slots=True)
class _Compiled:
    """The authorities in use by agent; each replaced as a whole, under a lock, when governance has moved on."""

    agents: dict[str, Authority] = field(default_factory=dict)
    kept: dict[str, None] = field(default_factory=dict)
    """Digests of the authorities that are known to be kept, so that their decisions can be replayed."""
    marked: dict[str, frozenset[str]] = field(default_factory=dict)
    """For sessions in use, labels that they are known to carry."""
    lock: Lock = field(default_factory=Lock)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Answers to calls."""

    world: World
    _compiled: _Compiled = field(default_factory=_Compiled)

    def decide(
        self, call: Call, *, intent: bool = False, awaited: str | None = None, explain: bool = False
    ) -> Decision:
        """Decide *call* and record the decision; with *intent*, that the tool is invoked now, too; *explain* adds the path.

        *awaited* is the call approval that the caller waited for: if it ran out or was withdrawn, that denies the
        call, and no new question is put.

        The entry is durable when this returns. If it cannot be recorded the error travels up and the caller must not act.

        Raises:
            InvalidInputError: the call is not one that can be recorded, such as arguments that are not JSON.
            UnavailableError: the ledger did not take the entry.
        """
        now = self.world.clock.now()
        call, arguments = read_call(call)
        for held in (self._at_hand, self._authority):
            at = held(call.agent, now)
            marked = self._compiled.marked.get(call.session or "", frozenset())
            if call.subject is not None or leaves_traces(call, at.agent, marked):
                break
            facts = self._facts(call, at.agent, now)
            made = self._made(call, arguments, facts, now, intent=intent, explain=explain)
            if made.verdict.outcome is Outcome.ASK:
                break
            self._keep_record(at.agent)
            decision = made.decision()
            try:
                entries = self.world.storage.append(made.events(decision), version=at.version)
            except StaleError:
                continue
            return _entered(decision, entries[0])
        with self.world.storage.unit() as unit:
            facts = self._facts_within(unit, call, self._authority_within(unit, call.agent, now).agent, now)
            made = self._made(call, arguments, facts, now, intent=intent, awaited=awaited, explain=explain)
            decision = made.settled(unit)
        hold(self._compiled.kept, decision.policy_digest, None, _KEPT)
        if facts is not None and decision.allowed:
            self._note_marks(call, facts)
        return decision

    def explain(self, call: Call) -> Verdict:
        """Return what `decide` would say now. Nothing is recorded, so nothing may be done on the strength of it.

        Raises:
            InvalidInputError: the call is not one that could be recorded.
        """
        now = self.world.clock.now()
        call, _ = read_call(call)
        return judged(self._facts(call, self._authority(call.agent, now).agent, now), call)

    def may_call(self, agent: str) -> Sequence[str]:
        """Return the tools that *agent* could call now, alone or once a person agrees; what a list of tools shows it.

        What depends on arguments, a session, a delegation or a person is decided when the tool is called.
        """
        now = self.world.clock.now()
        authority = self._authority(agent, now).agent
        return () if authority is None else callable_tools(authority, now)

    def authority(self, agent: str) -> AuthorityRecord:
        """Return what decisions about *agent* rest on now.

        Raises:
            NotFoundError: it is not registered.
        """
        if (found := self._authority(agent, self.world.clock.now()).agent) is None:
            raise NotFoundError(f"there is no agent `{agent[:80]}`; see `ephor agents list`", id=agent)
        return found.record

    def session(self, name: str) -> Sequence[str]:
        """Return the labels that the session of this name carries."""
        with self.world.storage.reading() as unit:
            found = unit.shelf(Session).find(session_id(name))
        return () if found is None else found.labels

    def _keep_record(self, authority: AgentAuthority | None) -> None:
        """Keep what the answer rests on before the answer is given, so that it can be given again."""
        if authority is None or authority.record.id in self._compiled.kept:
            return
        with self.world.storage.unit() as unit:
            keep(unit, authority.record)
        hold(self._compiled.kept, authority.record.id, None, _KEPT)

    def _made(
        self,
        call: Call,
        arguments: bytes,
        facts: Facts | None,
        now: datetime,
        *,
        intent: bool,
        awaited: str | None = None,
        explain: bool,
    ) -> _Made:
        names = self.world.pseudonyms
        return _Made(
            self.world,
            call,
            arguments,
            names.fingerprint(arguments),
            self._subject(call),
            facts,
            judged(facts, call),
            now,
            self._compiled.kept,
            intent,
            awaited,
            explain,
        )

    def _subject(self, call: Call) -> str | None:
        return self.world.pseudonyms.of(call.subject) if call.subject is not None else None

    def _note_marks(self, call: Call, facts: Facts) -> None:
        """Remember what a session carries for good, so that its next call need not look."""
        if call.session is None:
            return
        marked = self._compiled.marked
        if len(marked) >= _SESSIONS:
            marked.clear()
        marked[call.session] = (facts.known.labels or frozenset()) | added(facts)

    def _facts(self, call: Call, authority: AgentAuthority | None, now: datetime) -> Facts | None:
        alone = call.subject is None and call.on_behalf_of is None and call.session is None
        if alone and not leaves_traces(call, authority):
            return None if authority is None else facts_for(call, authority, now, NOTHING_KNOWN)
        with self.world.storage.reading() as unit:
            return self._facts_within(unit, call, authority, now)

    def _facts_within(
        self, unit: Unit, call: Call, authority: AgentAuthority | None, now: datetime
    ) -> Facts | None:
        if authority is None:
            return None
        return facts_for(call, authority, now, look_up(unit, call, self._subject(call), authority, now))

    def _at_hand(self, agent: str, now: datetime) -> Authority:
        """Return the authority in use, whether or not governance moved on: whoever records under it finds out."""
        held = self._compiled.agents.get(agent)
        if held is not None and _fresh(held, now):
            return held
        return self._authority(agent, now)

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
            hold(self._compiled.agents, agent, fresh, _KEPT)
            self._compiled.marked.clear()  # governance moved on, or a minute passed: sessions may have been cleared
        return fresh

    def _held(self, agent: str, version: int, now: datetime) -> Authority | None:
        """Return the authority in use if it is of this *version*, and fresh."""
        held = self._compiled.agents.get(agent)
        return held if held is not None and held.version == version and _fresh(held, now) else None


def hold(held: dict[str, V], key: str, value: V, most: int) -> None:
    """Put *key* behind all others, and let go of those that were longest ago where there are more than *most*."""
    held.pop(key, None)
    held[key] = value
    while len(held) > most:
        with suppress(RuntimeError, StopIteration):  # another thread put one there meanwhile
            held.pop(next(iter(held)), None)


def _fresh(held: Authority, now: datetime) -> bool:
    return _NONE <= now - held.compiled_at < _FRESH


def _entered(made: Decision, entry: str) -> Decision:
    """Return the decision with its entry. Nobody else has seen it yet, and to make another takes longer than to judge a call."""
    object.__setattr__(made, "entry", entry)
    return made


@dataclass(slots=True)
class _Made:
    """One decision in the making: its facts, and the events that record it. Never changed; to freeze it costs each call."""

    world: World
    call: Call
    arguments: bytes
    args_digest: str
    subject: str | None
    """The data subject's pseudonym."""
    facts: Facts | None
    """None where no such agent is registered."""
    verdict: Verdict
    now: datetime
    kept: Mapping[str, None]
    """Digests of the authorities that are known to be kept: to look would read the largest record there is."""
    intent: bool
    awaited: str | None = None
    explain: bool = False

    def settled(self, unit: Unit) -> Decision:
        """Settle it inside a transaction: whoever withdraws consent or suspends the agent comes before it or after it."""
        if self.verdict.outcome is Outcome.ASK and self.facts is not None:
            return self.ask(unit, self.facts.authority)
        return self.record(unit, self.decision())

    def decision(self, *, verdict: Verdict | None = None, approval: str | None = None) -> Decision:
        said = verdict or self.verdict
        rests_on = self.facts.authority.record.id if self.facts else NO_AGENT
        return Decision(
            self.world.ids.new("dec"),
            said.outcome,
            said.reasons,
            said.obligations,
            "",
            rests_on,
            approval,
            path(self.facts, self.call) if self.explain else (),
            rules=said.rules,
            shadow=said.shadow,
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
        An allowed call is counted, and marks its session, in the transaction of its entry.
        """
        if self.facts is not None:
            if decision.policy_digest not in self.kept:
                keep(unit, self.facts.authority.record)
            if decision.allowed:
                leave(unit, self.facts)
        first, *more = self.events(decision)
        entry = unit.append(first, self.arguments if self.call.subject is not None else None)
        for event in (*more, *also):
            unit.append(event)
        return _entered(decision, entry)

    def events(self, decision: Decision) -> list[Event]:
        """Return what is recorded: the decision, and the intent to invoke the tool where that follows at once."""
        events = [self._event("decision.made/1", decision)]
        if self.intent and decision.allowed:
            events.append(self._event("tool.invoked/1", decision))
        return events

    def _event(self, kind: str, decision: Decision, shown: str | None = None) -> Event:
        refs = {"decision": decision.id}
        if decision.approval:
            refs["approval"] = decision.approval
        if shown:
            refs["shown"] = shown
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
            reasons=tuple([reason.code for reason in decision.reasons]),
            policy_digest=decision.policy_digest,
            refs=refs,
            metadata=self._told(decision) if kind == "decision.made/1" else self._purpose(),
        )

    def _purpose(self) -> Mapping[str, Json]:
        return {"purpose": self.call.purpose} if self.call.purpose else {}

    def _told(self, decision: Decision) -> Mapping[str, Json]:
        if self.facts is None:
            return self._purpose()
        return {**self._purpose(), **told(self.facts), **rules_told(decision)}
