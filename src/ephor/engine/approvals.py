"""Use cases: approval of an agent is asked for, reviewed, taken back, and runs out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ephor.engine.overriding import in_force
from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.time import stamp
from ephor.kernel.vocabulary import ReviewType, UseCase
from ephor.rooms.access.people import REVIEW_PERMISSION, Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent, AgentStatus, approve, move, unapproved
from ephor.rooms.agents.changes import Change, changes
from ephor.rooms.approvals import standing
from ephor.rooms.approvals.bodies import BodyRecord, SeatedBody, check_seat, seat
from ephor.rooms.approvals.due import Waiting, waiting
from ephor.rooms.approvals.request import (
    ApprovalRequest,
    RequestStatus,
    Review,
    Shown,
    Verdict,
    refuse_category,
    request,
    review,
)
from ephor.rooms.policies.governance import GovernancePolicy, policy_of


@dataclass(frozen=True, slots=True)
class Standing:
    """What an agent has by way of approval now: one that holds, one still under review, either or neither."""

    approval: ApprovalRequest | None
    pending: ApprovalRequest | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """Approvals of agents. ``category_of`` tells an agent's AI Act category, None while it has none for its manifest."""

    world: World
    policies: Mapping[UseCase, GovernancePolicy]
    category_of: Callable[[Unit, Agent], str | None]
    sign_class: Callable[[Unit, Agent, str, str], None] = lambda _unit, _agent, _by, _request: None
    """Signs off the class of an agent that a review approved: who reviewed last, and through which request."""

    def request(self, agent_id: str, justification: str, *, by: str) -> ApprovalRequest:
        """Ask for an agent to be approved exactly as it stands.

        A pending request about an older manifest or policy gives way; an approval in force stays until this is decided.

        Raises:
            InvalidInputError: no justification.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
            ConflictError: a request is pending, or the agent is retired, prohibited, not classified, or breaks its policy.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.APPROVALS, who=by)
            agent = self._after_expiry(unit, unit.shelf(Agent).get(agent_id))
            policy = policy_of(in_force(unit, self.policies), agent.manifest.use_case)
            gone = self._clear_way(unit, agent, policy, by)
            asked = request(
                agent,
                policy,
                self.category_of(unit, agent),
                id=self.world.ids.new("apr"),
                by=by,
                justification=justification,
                at=self.world.clock.now(),
            )
            unit.shelf(ApprovalRequest).add(asked)
            if agent.status is AgentStatus.DRAFT:
                self._move(unit, agent, AgentStatus.IN_REVIEW, f"approval requested as {asked.id}")
            stated: dict[str, Json] = {"justification": asked.justification, "supersedes": gone}
            self._record(unit, "approval.requested/1", asked, by, stated)
            return asked

    def submit_review(
        self,
        request_id: str,
        type: ReviewType,
        decision: Verdict,
        *,
        by: str,
        notes: str = "",
        conditions: Sequence[str] = (),
        evidence: Mapping[str, bytes] | None = None,
    ) -> ApprovalRequest:
        """Give one review; the first rejection and the last approval decide the request.

        *evidence* are files by name that it rests on; their digests are kept with it.

        Raises:
            InvalidInputError: a rejection without notes, or an empty file.
            NotFoundError: there is no such request.
            NotPermittedError: *by* does not hold the review's role, does not sit on the body that owns it, or requested,
                owns or registered what is reviewed.
            ConflictError: the request is decided, the review not required or already in, or what it is about has changed.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), REVIEW_PERMISSION[type], who=by)
            check_seat(type, by, self._seated(unit))
            asked = unit.shelf(ApprovalRequest).get(request_id)
            agent = self._after_expiry(unit, unit.shelf(Agent).get(asked.agent))
            asked = unit.shelf(ApprovalRequest).get(request_id)
            given = Review(
                type, by, decision, notes, tuple(conditions), self.world.clock.now(), _shown(evidence or {})
            )
            reviewed = review(asked, given)
            self._refuse_stale(unit, asked, agent)
            if decision is Verdict.APPROVE:
                refuse_category(agent, self.category_of(unit, agent))
            unit.shelf(ApprovalRequest).replace(asked, reviewed)
            self._record_review(unit, reviewed, reviewed.reviews[-1])
            self._follow(unit, agent, reviewed, by)
            return reviewed

    def revoke(self, request_id: str, reason: str, *, by: str) -> ApprovalRequest:
        """Take an approval back, which suspends the agent, or withdraw a request that is still pending.

        Whoever requested it may withdraw it while it is pending; everything else needs the permission.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such request.
            NotPermittedError: *by* may not.
            ConflictError: it has ended before.
        """
        with self.world.storage.unit() as unit:
            asked = unit.shelf(ApprovalRequest).get(request_id)
            own = asked.status is RequestStatus.PENDING and asked.requested_by == by
            needed = PlanePermission.APPROVALS if own else PlanePermission.REVOKE
            require(unit.shelf(Person).find(by), needed, who=by)
            ended = standing.revoke(asked, by=by, reason=reason, at=self.world.clock.now())
            unit.shelf(ApprovalRequest).replace(asked, ended)
            self._record(
                unit,
                "approval.revoked/1",
                ended,
                by,
                {"reason": ended.ended_because, "was": asked.status.value},
            )
            agent = unit.shelf(Agent).get(asked.agent)
            if asked.status is RequestStatus.APPROVED:
                self._suspend(unit, agent, ended, by)
            elif agent.status is AgentStatus.IN_REVIEW:
                self._move(unit, agent, AgentStatus.DRAFT, f"request {ended.id} was withdrawn")
            return ended

    def expire(self) -> Sequence[ApprovalRequest]:
        """Record every approval that ran out, and return those; run it daily.

        An approval past its day lets nobody act whether this ran or not.
        """
        with self.world.storage.unit() as unit:
            shelf, now = unit.shelf(ApprovalRequest), self.world.clock.now()
            due = [
                one
                for one in shelf.all(status=RequestStatus.APPROVED.value)
                if standing.has_run_out(one, now)
            ]
            for asked in due:
                self._after_expiry(unit, unit.shelf(Agent).get(asked.agent))
            return [shelf.get(one.id) for one in due]

    def all(self, agent: str | None = None, status: RequestStatus | None = None) -> Sequence[ApprovalRequest]:
        """Return requests as they stand now, by id: the oldest first."""
        with self.world.storage.reading() as unit:
            found = unit.shelf(ApprovalRequest).all(**({"agent": agent} if agent else {}))
            now = [standing.seen_at(one, self.world.clock.now()) for one in found]
            return [one for one in now if status is None or one.status is status]

    def show(self, id: str) -> ApprovalRequest:
        """Return one request as it stands now.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self.world.storage.reading() as unit:
            return standing.seen_at(unit.shelf(ApprovalRequest).get(id), self.world.clock.now())

    def standing(self, agent_id: str) -> Standing:
        """Return the approval that covers an agent now, and the request under review.

        Raises:
            NotFoundError: there is no such agent.
        """
        with self.world.storage.reading() as unit:
            agent = unit.shelf(Agent).get(agent_id)
            requests = unit.shelf(ApprovalRequest).all(agent=agent_id)
            holds = standing.approval_in_force(
                agent, requests, in_force(unit, self.policies), self.world.clock.now()
            )
            pending = next((one for one in requests if one.status is RequestStatus.PENDING), None)
            return Standing(holds, pending)

    def changed(self, id: str) -> Sequence[Change] | None:
        """Return what a request's manifest changes against what was approved before it; None where nothing was.

        Raises:
            NotFoundError: there is none of that id.
        """
        with self.world.storage.reading() as unit:
            asked = unit.shelf(ApprovalRequest).get(id)
            before = [
                one
                for one in unit.shelf(ApprovalRequest).all(agent=asked.agent)
                if one.expires_at is not None
                and one.decided_at is not None
                and one.manifest is not None
                and one.id != asked.id
                and one.decided_at <= asked.requested_at
            ]
        if asked.manifest is None or not before:
            return None
        last = max(before, key=lambda one: (one.decided_at, one.id))
        return changes(last.manifest, asked.manifest) if last.manifest is not None else None

    def due(self) -> Sequence[Waiting]:
        """Return what waits for people, since when, and whom to remind."""
        with self.world.storage.reading() as unit:
            now = self.world.clock.now()
            requests = [standing.seen_at(one, now) for one in unit.shelf(ApprovalRequest).all()]
            return waiting(requests, unit.shelf(Person).all(), now, self._seated(unit))

    def bodies(self) -> Sequence[SeatedBody]:
        """Return the governance bodies and who sits on each, from the top."""
        with self.world.storage.reading() as unit:
            return self._seated(unit)

    def _seated(self, unit: Unit) -> tuple[SeatedBody, ...]:
        return seat(unit.shelf(Person).all(), unit.shelf(BodyRecord).all())

    def _clear_way(self, unit: Unit, agent: Agent, policy: GovernancePolicy, by: str) -> list[Json]:
        """Let go of a pending request about what is no longer there; refuse while one about what is there is pending."""
        pending = unit.shelf(ApprovalRequest).all(agent=agent.id, status=RequestStatus.PENDING.value)
        for asked in pending:
            if standing.is_bound_to(asked, agent, policy):
                raise ConflictError(
                    f"request `{asked.id}` for agent `{agent.id}` is pending; review it, or revoke it first",
                    request=asked.id,
                )
            self._supersede(unit, asked, by, "what it was about has changed")
        return [asked.id for asked in pending]

    def _supersede(self, unit: Unit, asked: ApprovalRequest, by: str, reason: str) -> None:
        ended = standing.supersede(asked, by=by, reason=reason, at=self.world.clock.now())
        unit.shelf(ApprovalRequest).replace(asked, ended)

    def _refuse_stale(self, unit: Unit, asked: ApprovalRequest, agent: Agent) -> None:
        policy = policy_of(in_force(unit, self.policies), agent.manifest.use_case)
        if not standing.is_bound_to(asked, agent, policy):
            raise ConflictError(
                f"what request `{asked.id}` is about has changed; make a new one with `ephor approvals request {agent.id}`"
            )

    def _follow(self, unit: Unit, agent: Agent, asked: ApprovalRequest, by: str) -> None:
        """Do what a decided request brings about, in the same unit."""
        if asked.status is RequestStatus.REJECTED:
            self._record(unit, "approval.rejected/1", asked, by, {})
            if agent.status is AgentStatus.IN_REVIEW:
                self._move(unit, agent, AgentStatus.DRAFT, f"request {asked.id} was rejected")
        if asked.status is RequestStatus.APPROVED and asked.expires_at is not None:
            self._approve(unit, agent, asked, asked.expires_at, by)

    def _approve(self, unit: Unit, agent: Agent, asked: ApprovalRequest, until: datetime, by: str) -> None:
        before = unit.shelf(ApprovalRequest).all(agent=agent.id, status=RequestStatus.APPROVED.value)
        older = [one for one in before if one.id != asked.id]
        for one in older:
            self._supersede(unit, one, by, f"approved anew as {asked.id}")
        gone: list[Json] = [one.id for one in older]
        self._record(unit, "approval.approved/1", asked, by, {"expires_at": stamp(until), "supersedes": gone})
        approved = approve(agent, approval=asked.id, until=until, at=self.world.clock.now())
        unit.shelf(Agent).replace(agent, approved)
        self.sign_class(unit, agent, by, asked.id)
        if approved.status is not agent.status:
            self._record_agent(unit, "agent.activated/1", approved, asked, by)

    def _suspend(self, unit: Unit, agent: Agent, ended: ApprovalRequest, by: str) -> None:
        stopped = unapproved(agent)
        if agent.status in (AgentStatus.APPROVED, AgentStatus.ACTIVE):
            reason = f"approval {ended.id} was revoked"
            stopped = move(stopped, AgentStatus.SUSPENDED, reason=reason, at=self.world.clock.now())
            self._record_agent(unit, "agent.suspended/1", stopped, ended, by)
        unit.shelf(Agent).replace(agent, stopped)

    def _after_expiry(self, unit: Unit, agent: Agent) -> Agent:
        """Record the agent's approvals that ran out and return it as it is then: a draft, or under review again."""
        shelf, now = unit.shelf(ApprovalRequest), self.world.clock.now()
        requests = shelf.all(agent=agent.id)
        for asked in requests:
            if standing.has_run_out(asked, now):
                ended = standing.expire(asked, at=now)
                shelf.replace(asked, ended)
                self._record(unit, "approval.expired/1", ended, None, {})
        if agent.approval is None or shelf.get(agent.approval).status is not RequestStatus.EXPIRED:
            return agent
        lapsed = unapproved(agent)
        if agent.status in (AgentStatus.APPROVED, AgentStatus.ACTIVE):
            lapsed = move(lapsed, AgentStatus.DRAFT, reason=f"approval {agent.approval} ran out", at=now)
            if any(one.status is RequestStatus.PENDING for one in requests):
                lapsed = move(lapsed, AgentStatus.IN_REVIEW, reason=lapsed.status_reason, at=now)
        unit.shelf(Agent).replace(agent, lapsed)
        return lapsed

    def _move(self, unit: Unit, agent: Agent, to: AgentStatus, reason: str) -> None:
        unit.shelf(Agent).replace(agent, move(agent, to, reason=reason, at=self.world.clock.now()))

    def _record(
        self, unit: Unit, kind: str, asked: ApprovalRequest, by: str | None, metadata: Mapping[str, Json]
    ) -> None:
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}" if by else "ephor",
                resource=f"approval:{asked.id}",
                policy_digest=asked.policy_digest,
                refs={"agent": asked.agent, "manifest": asked.digest},
                metadata={"use_case": asked.use_case.value, "status": asked.status.value, **metadata},
            )
        )

    def _record_review(self, unit: Unit, asked: ApprovalRequest, given: Review) -> None:
        unit.append(
            Event(
                kind="review.submitted/1",
                at=given.at,
                actor=f"person:{given.reviewer}",
                resource=f"approval:{asked.id}",
                decision=given.decision.value,
                approver=f"person:{given.reviewer}",
                policy_digest=asked.policy_digest,
                refs={"agent": asked.agent, "manifest": asked.digest},
                metadata={
                    "type": given.type.value,
                    "notes": given.notes,
                    "conditions": list(given.conditions),
                    **(
                        {"evidence": [{"name": one.name, "digest": one.digest} for one in given.evidence]}
                        if given.evidence
                        else {}
                    ),
                },
            )
        )

    def _record_agent(self, unit: Unit, kind: str, agent: Agent, asked: ApprovalRequest, by: str) -> None:
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}",
                resource=f"agent:{agent.id}",
                refs={"approval": asked.id, "manifest": agent.digest},
                metadata={"to": agent.status.value, "reason": agent.status_reason},
            )
        )


def _shown(evidence: Mapping[str, bytes]) -> tuple[Shown, ...]:
    for name, content in evidence.items():
        if not content:
            raise InvalidInputError(f"the file `{name[:80]}` is empty, and an empty file shows nothing")
    return tuple(Shown(name, "sha256:" + sha256(content).hexdigest()) for name, content in evidence.items())
