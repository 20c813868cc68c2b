"""Use cases: evidence about agents, recorded by people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from ephor.engine.ports import Unit, World
from ephor.kernel.errors import InvalidInputError, NotPermittedError
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.agents.agent import Agent
from ephor.rooms.evidence.kinds import RULES, About, EvidenceKind
from ephor.rooms.evidence.record import Evidence, read_evidence, recorded, why_barred


@dataclass(frozen=True, slots=True)
class EvidenceRegister:
    """The register of evidence. Nothing in it comes from the agent it is about."""

    world: World

    def record(
        self,
        agent_id: str,
        kind: EvidenceKind,
        title: str,
        *,
        by: str,
        content: bytes | None = None,
        reference: str | None = None,
        about: str | None = None,
        on: date | None = None,
        expires: date | None = None,
    ) -> Evidence:
        """Keep that a thing was done for an agent: the digest of a file, or a reference to where it is kept.

        *on* is the day it was done, today unless said otherwise; *expires* the last day it counts, by default as long
        as its kind allows. The file itself is not kept.

        Raises:
            InvalidInputError: no content or an empty one, days that cannot be, or what it is about is not the agent's.
            NotFoundError: there is no such agent.
            NotPermittedError: *by* may not, or owns or registered the agent that an independent person must judge.
        """
        if content == b"":
            raise InvalidInputError("the file is empty, and an empty file shows nothing")
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            actor = require(unit.shelf(Person).find(by), PlanePermission.EVIDENCE, who=by)
            agent = unit.shelf(Agent).get(agent_id)
            found = read_evidence(
                id=self.world.ids.new("evd"),
                agent=agent.id,
                kind=kind,
                title=title,
                about=about,
                digest=None if content is None else "sha256:" + sha256(content).hexdigest(),
                reference=reference,
                on=on or now.date(),
                expires=expires,
                material_digest=agent.material_digest,
                by=actor.id,
                at=now,
            )
            if barred := why_barred(kind, by, owner=agent.manifest.owner, authors=agent.authors):
                raise NotPermittedError(f"{barred}; ask somebody else to record it", person=by)
            _check_about(unit, agent, found)
            unit.shelf(Evidence).add(found)
            unit.append(recorded(found))
        return found

    def all(self, agent: str | None = None) -> Sequence[Evidence]:
        """Return the evidence by id, the oldest first; only that about *agent* if one is named."""
        with self.world.storage.reading() as unit:
            return unit.shelf(Evidence).all(**({"agent": agent} if agent else {}))


def _check_about(unit: Unit, agent: Agent, found: Evidence) -> None:
    asked = RULES[found.kind].about
    models = agent.manifest.models or (agent.id,)
    if asked is About.MODEL and found.about not in models:
        known = ", ".join(models)
        raise InvalidInputError(f"`{found.about}` is no model of agent `{agent.id}`; use one of: {known}")
    if asked is About.PERSON and unit.shelf(Person).find(str(found.about)) is None:
        raise InvalidInputError(f"nobody is registered as `{found.about}`; see `ephor people list`")
