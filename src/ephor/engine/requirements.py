"""Use case: every obligation of every law, answered for an agent from its facts and from what is recorded about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ephor.engine.ports import Packs
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.regulation.pack import Pack
from ephor.rooms.requirements.answer import Answer, Compliance, LawAnswer, concluded
from ephor.rooms.requirements.guide import Checker, check
from ephor.rooms.requirements.judge import classify_law, judge_law

AI_ACT = "eu-ai-act"


@dataclass(frozen=True, slots=True)
class Answered:
    """Every law's answer, and the reference guide's checker of the AI Act where that was asked too."""

    compliance: Compliance
    checker: Checker | None


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the laws ask of an agent, and what of it is shown. It asks; it records nothing.

    ``facts`` returns what is recorded about an agent, by a day, as the gate's checks see it.
    """

    packs: Packs
    facts: Callable[[str, date | None], GateFacts]

    def check(self, agent_id: str, *, as_of: date | None = None, laws: Sequence[str] = ()) -> Answered:
        """Answer every obligation of *laws*, or of every pack that comes with this version, as of today or another day.

        A law is named as its pack is, however it is spelled, or by the path of a pack's folder.

        Raises:
            NotFoundError: there is no such agent, or no such law.
            InvalidInputError: the manifest states a fact in a word that a pack does not know.
        """
        packs = (
            [self._pack(name) for name in laws]
            if laws
            else [self.packs.load(name) for name in self.packs.names()]
        )
        facts = self.facts(agent_id, as_of)
        words = self.packs.load(AI_ACT).vocabulary
        answers = tuple(judge_law(pack, facts, words) for pack in packs)
        checker = next(self._checker(packs, answers, facts), None)
        compliance = Compliance(
            agent=agent_id,
            as_of=facts.day,
            compliant=concluded(answers),
            laws=answers,
            recommendations=tuple(dict.fromkeys(_gaps(answers))),
        )
        return Answered(compliance, checker)

    def _checker(
        self, packs: Sequence[Pack], answers: Sequence[LawAnswer], facts: GateFacts
    ) -> Iterator[Checker]:
        words = self.packs.load(AI_ACT).vocabulary
        for pack, answer in zip(packs, answers, strict=True):
            if pack.identity.id == AI_ACT:
                yield check(pack, answer, classify_law(pack, facts, words), facts)

    def _pack(self, name: str) -> Pack:
        if "/" in name:
            return self.packs.load(name)
        known = {_folded(one): one for one in self.packs.names()}
        if not name.strip():
            raise InvalidInputError("an empty --law names nothing; see `ephor packs list`")
        return self.packs.load(known.get(_folded(name), name))


def _folded(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def _gaps(answers: Sequence[LawAnswer]) -> Iterator[str]:
    """Return a recommendation for each gap, what is known to fail first."""
    for status in (Answer.NOT_MET, Answer.NOT_KNOWN):
        for law in answers:
            yield from (
                f"{one.id}: {one.recommendation}"
                for one in law.obligations
                if one.status is status and one.recommendation
            )
