"""Use cases: the register of risks, what is done about them, who accepts what remains, and what it may cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.engine.ports import Unit, World
from ephor.kernel.canonical import Json
from ephor.kernel.errors import ConflictError, InvalidInputError
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import RiskLevel
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.agents.wording import worded
from ephor.rooms.risk import register
from ephor.rooms.risk.assess import AssessmentRecord
from ephor.rooms.risk.loss import Loss, Simulation, simulate
from ephor.rooms.risk.matrix import rate
from ephor.rooms.risk.register import MANUAL, RegisteredRisk, RiskStatus, Treatment
from ephor.rooms.risk.rules import RiskCategory
from ephor.rooms.risk.tags import BY_CATEGORY, read_tags


@dataclass(frozen=True, slots=True)
class RiskRegister:
    """The risks of this plane's agents."""

    world: World

    def register(
        self,
        agent_id: str,
        title: str,
        category: RiskCategory,
        likelihood: int,
        impact: int,
        *,
        owner: str,
        by: str,
        tags: Sequence[str] = (),
        loss: Loss | None = None,
    ) -> RegisteredRisk:
        """Put a risk into the register that a person sees.

        Raises:
            InvalidInputError: no title, a rating off the matrix, an unknown tag, or nobody is registered as the owner.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
        """
        rating = rate(likelihood, impact)
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            agent = unit.shelf(Agent).get(agent_id)
            _require_owner(unit, owner)
            made = RegisteredRisk(
                id=self.world.ids.new("rsk"), agent=agent.id, title=worded(title, "title"), category=category,
                inherent=rating, residual=rating, owner=owner, source=MANUAL,
                tags=read_tags(tags) or BY_CATEGORY[category], loss=loss, registered_by=by,
                registered_at=self.world.clock.now(),
            )  # fmt: skip
            unit.shelf(RegisteredRisk).add(made)
            self._record(unit, "risk.registered/1", made, by)
        return made

    def take_over(
        self, agent_id: str, *, owner: str, by: str, at_least: RiskLevel = RiskLevel.MEDIUM
    ) -> Sequence[RegisteredRisk]:
        """Take the factors of an agent's newest assessment into the register, those of a level and above.

        A factor that is there already keeps its owner and treatment, and takes the newer rating; if that is worse than
        what was accepted, it is open again.

        Raises:
            InvalidInputError: nobody is registered as the owner.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not.
            ConflictError: the agent was not assessed as it is now.
        """
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            agent = unit.shelf(Agent).get(agent_id)
            _require_owner(unit, owner)
            record = unit.shelf(AssessmentRecord).find(agent.id)
            if record is None or record.manifest_digest != agent.digest:
                raise ConflictError(
                    f"agent `{agent.id}` was not assessed as it is now; run `ephor assess {agent.id}` first"
                )
            shelf, found = unit.shelf(RegisteredRisk), record.assessment
            known = {one.category: one for one in shelf.all(agent=agent.id) if not one.is_manual}
            for factor in found.factors:
                old = known.get(factor.category)
                if old is not None:
                    new = register.refresh(old, factor.inherent, factor.residual, found.input_digest)
                    if new != old:
                        shelf.replace(old, new)
                        opened = new.status is RiskStatus.OPEN and old.status is not RiskStatus.OPEN
                        self._record(unit, "risk.reopened/1" if opened else "risk.changed/1", new, by)
                elif max(factor.inherent.level, factor.residual.level) >= at_least:
                    made = RegisteredRisk(
                        id=self.world.ids.new("rsk"), agent=agent.id, title=factor.description,
                        category=factor.category, inherent=factor.inherent, residual=factor.residual,
                        owner=owner, source=found.input_digest, tags=BY_CATEGORY[factor.category], loss=None,
                        registered_by=by, registered_at=self.world.clock.now(),
                    )  # fmt: skip
                    shelf.add(made)
                    self._record(unit, "risk.registered/1", made, by)
            return sorted(
                (one for one in shelf.all(agent=agent.id) if not one.is_manual), key=lambda one: one.id
            )

    def treat(
        self,
        id: str,
        *,
        by: str,
        how: Treatment | None = None,
        action: str | None = None,
        action_owner: str | None = None,
        due: date | None = None,
        done: int | None = None,
    ) -> RegisteredRisk:
        """Choose a treatment, plan something to be done about a risk, or record that it was done.

        Raises:
            InvalidInputError: nothing of that is asked, or an action lacks its owner or its day.
            NotFoundError: there is no such risk.
            NotPermittedError: *by* may not.
            ConflictError: the risk is closed, or the action was done before.
        """
        if how is None and action is None and done is None:
            raise InvalidInputError("nothing is to be done; name a treatment, an action, or one that is done")
        if (action is None) is not (action_owner is None and due is None):
            raise InvalidInputError(
                "an action takes its text, its owner and the day it is due; name all three"
            )
        now = self.world.clock.now()

        def change(unit: Unit, old: RegisteredRisk) -> RegisteredRisk:
            new = register.treat(old, how) if how is not None else old
            if action is not None:
                if action_owner is None or due is None:
                    raise InvalidInputError(
                        "an action takes its text, its owner and the day it is due; name all three"
                    )
                _require_owner(unit, action_owner)
                new = register.plan_action(new, action, action_owner, due, now.date())
            return register.finish_action(new, done, by=by, at=now) if done is not None else new

        return self._change(id, "risk.treated/1", PlanePermission.EVIDENCE, by, change)

    def accept(self, id: str, reason: str, until: date, *, by: str) -> RegisteredRisk:
        """Accept what remains of a risk through a day, by somebody who neither owns nor registered it.

        A high or critical risk takes an executive; one below that, anybody who reviews agents.

        Raises:
            InvalidInputError: no reason, or a day that cannot be.
            NotFoundError: there is no such risk.
            NotPermittedError: *by* may not, or it is their own.
            ConflictError: it is closed.
        """

        def change(unit: Unit, old: RegisteredRisk) -> RegisteredRisk:
            if old.residual.level >= RiskLevel.HIGH:
                require(unit.shelf(Person).find(by), PlanePermission.REVIEW_EXECUTIVE, who=by)
            owner = unit.shelf(Agent).get(old.agent).manifest.owner
            return register.accept(
                old, by=by, agent_owner=owner, reason=reason, until=until, at=self.world.clock.now()
            )

        return self._change(id, "risk.accepted/1", PlanePermission.RISK_ACCEPT, by, change)

    def close(self, id: str, reason: str, *, by: str) -> RegisteredRisk:
        """Close a risk that is gone. One above low is closed by somebody who does not own it.

        Raises:
            InvalidInputError: no reason.
            NotFoundError: there is no such risk.
            NotPermittedError: *by* may not.
            ConflictError: it is closed already, or something is still to be done.
        """

        def change(unit: Unit, old: RegisteredRisk) -> RegisteredRisk:
            if old.residual.level > RiskLevel.LOW and by in (
                old.owner,
                old.registered_by,
                unit.shelf(Agent).get(old.agent).manifest.owner,
            ):
                raise ConflictError(
                    f"risk `{old.id}` is {old.residual.level.value}, and `{by}` has a part in it; somebody else closes it"
                )
            return register.close(old, reason)

        return self._change(id, "risk.closed/1", PlanePermission.EVIDENCE, by, change)

    def expire(self) -> Sequence[RegisteredRisk]:
        """Record every acceptance that ran out; run it daily. Such a risk shows as open whether this ran or not."""
        today = self.world.clock.now().date()
        with self.world.storage.unit() as unit:
            shelf = unit.shelf(RegisteredRisk)
            lapsed = [
                one for one in shelf.all(status=RiskStatus.ACCEPTED.value) if register.has_lapsed(one, today)
            ]
            opened = []
            for old in lapsed:
                new = register.seen_on(old, today)
                shelf.replace(old, new)
                self._record(unit, "risk.reopened/1", new, None)
                opened.append(new)
            return opened

    def all(
        self, agent: str | None = None, status: RiskStatus | None = None, *, on: date | None = None
    ) -> Sequence[RegisteredRisk]:
        """Return the risks as they stand on a day, the gravest first."""
        day = on or self.world.clock.now().date()
        with self.world.storage.reading() as unit:
            kept = unit.shelf(RegisteredRisk).all(**({"agent": agent} if agent else {}))
        found = [register.seen_on(one, day) for one in kept if one.registered_at.date() <= day]
        chosen = [one for one in found if status is None or one.status is status]
        return sorted(chosen, key=lambda one: (-one.residual.score, -one.inherent.score, one.id))

    def show(self, id: str) -> RegisteredRisk:
        """Return one risk as it stands today. Raises NotFoundError."""
        with self.world.storage.reading() as unit:
            return register.seen_on(unit.shelf(RegisteredRisk).get(id), self.world.clock.now().date())

    def simulate(
        self, agent: str | None = None, *, currency: str | None = None, runs: int = 10_000, seed: int = 1
    ) -> Simulation:
        """Return what the risks that are not closed may cost in a year; the same seed gives the same answer.

        Raises:
            InvalidInputError: none of them says what it may cost, or they are in several currencies.
        """
        losses = [
            (one.id, one.loss)
            for one in self.all(agent)
            if one.loss is not None
            and one.status is not RiskStatus.CLOSED
            and currency in (None, one.loss.currency)
        ]
        return simulate(losses, runs=runs, seed=seed)

    def _change(
        self,
        id: str,
        kind: str,
        permission: PlanePermission,
        by: str,
        change: Callable[[Unit, RegisteredRisk], RegisteredRisk],
    ) -> RegisteredRisk:
        today = self.world.clock.now().date()
        with self.world.storage.unit() as unit:
            require(unit.shelf(Person).find(by), permission, who=by)
            shelf = unit.shelf(RegisteredRisk)
            old = shelf.get(id)
            current = register.seen_on(old, today)
            if current != old:
                self._record(unit, "risk.reopened/1", current, None)
            new = change(unit, current)
            shelf.replace(old, new)
            self._record(unit, kind, new, by)
        return new

    def _record(self, unit: Unit, kind: str, risk: RegisteredRisk, by: str | None) -> None:
        accepted = risk.acceptance
        facts: dict[str, Json] = {
            "category": risk.category.value,
            "status": risk.status.value,
            "inherent": risk.inherent.score,
            "residual": risk.residual.score,
            "owner": risk.owner,
            "treatment": risk.treatment.value if risk.treatment else None,
            "actions": [
                {
                    "number": one.number,
                    "owner": one.owner,
                    "due": one.due.isoformat(),
                    "done": one.done_at is not None,
                }
                for one in risk.actions
            ],
            "because": risk.because or None,
            "accepted_by": accepted.by if accepted else None,
            "accepted_until": accepted.until.isoformat() if accepted else None,
            "reason": accepted.reason if accepted else None,
            "tags": list(risk.tags),
        }
        unit.append(
            Event(
                kind=kind,
                at=self.world.clock.now(),
                actor=f"person:{by}" if by else "ephor",
                resource=f"risk:{risk.id}",
                approver=f"person:{by}" if kind == "risk.accepted/1" else None,
                refs={"agent": risk.agent, **({} if risk.is_manual else {"input": risk.source})},
                metadata=facts,
            )
        )


def _require_owner(unit: Unit, owner: str) -> None:
    if unit.shelf(Person).find(owner) is None:
        raise InvalidInputError(
            f"nobody is registered as `{owner[:80]}`; see `ephor people list`", person=owner
        )
