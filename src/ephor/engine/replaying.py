"""Use case: make a recorded decision again, from what it rested on, and compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

import orjson

from ephor.engine.authority import book_then
from ephor.engine.ports import World
from ephor.kernel.canonical import digest
from ephor.kernel.errors import InvalidInputError, NotFoundError, VerificationError
from ephor.kernel.time import moment
from ephor.rooms.approvals.call import CallApproval
from ephor.rooms.decisions.arguments import encode_arguments
from ephor.rooms.decisions.authority import AgentAuthority, compile_record
from ephor.rooms.decisions.decide import facts_for, judged, path
from ephor.rooms.decisions.facts import Facts, behalf_of
from ephor.rooms.decisions.model import Outcome, Step
from ephor.rooms.decisions.recollect import BY_PEOPLE, call_from, known_from, observed_from
from ephor.rooms.decisions.record import AuthorityRecord, record_digest
from ephor.rooms.decisions.ruled import reads_arguments

NO_AGENT = digest({"agent": None})
"""What a decision about an agent that is not registered rests on."""


@unique
class Replay(StrEnum):
    """What making a decision again found. What is not known is never the same."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision as it was recorded, and as it is made again from what it rested on."""

    id: str
    entry: str
    replay: Replay
    recorded: Outcome
    recorded_reasons: tuple[str, ...]
    outcome: Outcome | None = None
    """As made again; None where that is not known."""
    reasons: tuple[str, ...] = ()
    because: str = ""
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Replays:
    """Decisions made again. Nothing is recorded, and nothing may be done on the strength of it."""

    world: World

    def replay(self, which: str, arguments: Mapping[str, Any] | None = None) -> Replayed:
        """Make the decision *which* (``dec_…`` or its entry ``evt_…``) again, as of its own time.

        The call's *arguments* are not kept, but for those about a data subject, which are sealed. Where neither gives
        them, what they said to each rule is taken from the entry.

        Raises:
            NotFoundError: there is no such decision.
            InvalidInputError: *arguments* are not those that the decision was about.
            VerificationError: the entry is no decision, or what it rested on does not match its digest.
        """
        entry = self._entry(which)
        recorded = Replayed(
            str((entry.get("refs") or {}).get("decision", "")),
            str(entry["id"]),
            Replay.NOT_KNOWN,
            Outcome(entry["decision"]),
            tuple(entry.get("reasons", ())),
        )
        given = self._arguments(entry, arguments)
        if entry.get("policy_digest") == NO_AGENT:
            return _compared(recorded, None, entry, None)
        authority = self._authority(str(entry.get("policy_digest")))
        if authority is None:
            because = "what it rested on was not kept: it was made by an older version, or taken away"
            return dataclasses.replace(recorded, because=because)
        facts = _facts(entry, authority, given)
        if given is None and reads_arguments(facts):
            because = "rules looked at the arguments, which were not kept; pass them"
            return dataclasses.replace(recorded, because=because)
        return _compared(recorded, facts, entry, self._answer(entry, recorded))

    def _entry(self, which: str) -> Mapping[str, Any]:
        ledger = self.world.storage.ledger
        if which.startswith("dec_"):
            return self._by_decision(which)
        position = ledger.position(which)
        (data,) = ledger.entries(position, position + 1)
        entry: Mapping[str, Any] = orjson.loads(data)
        if entry.get("kind") != "decision.made/1" or "policy_digest" not in entry:
            raise InvalidInputError(f"`{which}` is no decision of this plane; name one, dec_… or its entry")
        return entry

    def _by_decision(self, id: str) -> Mapping[str, Any]:
        """Walk the decisions, newest first: an id says when it was made, so the walk ends soon after."""
        ledger, before = self.world.storage.ledger, None
        while places := ledger.search({"kind": "decision.made/1"}, before=before, limit=500):
            for place in places:
                (data,) = ledger.entries(place, place + 1)
                entry: Mapping[str, Any] = orjson.loads(data)
                if (entry.get("refs") or {}).get("decision") == id:
                    return entry
            before = places[-1]
        raise NotFoundError(
            f"there is no decision `{id[:80]}`; see `ephor ledger list --kind decision.made/1`"
        )

    def _arguments(
        self, entry: Mapping[str, Any], given: Mapping[str, Any] | None
    ) -> Mapping[str, Any] | None:
        if given is not None:
            if self.world.pseudonyms.fingerprint(encode_arguments(given)) != entry.get("args_digest"):
                raise InvalidInputError(
                    "these are not the arguments that the decision was about; pass exactly those, or none"
                )
            return given
        sealed = self.world.storage.ledger.payload(str(entry["id"])) if "payload" in entry else None
        return None if sealed is None else orjson.loads(sealed)

    def _authority(self, id: str) -> AgentAuthority | None:
        with self.world.storage.reading() as unit:
            kept = unit.shelf(AuthorityRecord).find(id)
            book = None if kept is None else book_then(unit, kept)
        if kept is None:
            return None
        if kept.id != id or record_digest(kept) != id:
            raise VerificationError(
                f"what decisions under `{id}` rested on was changed after they were made; restore it from a backup"
            )
        return compile_record(kept, book)

    def _answer(self, entry: Mapping[str, Any], recorded: Replayed) -> str | None:
        """Return the reason that people gave, if their answer is there; "" where the entry tells of one that is not."""
        said = [code for code in recorded.recorded_reasons if code in BY_PEOPLE]
        if not said:
            return None
        with self.world.storage.reading() as unit:
            found = unit.shelf(CallApproval).find(str((entry.get("refs") or {}).get("approval", "")))
        return said[-1] if found is not None and found.tool == entry.get("tool") else ""


def _facts(entry: Mapping[str, Any], authority: AgentAuthority, given: Mapping[str, Any] | None) -> Facts:
    call, known = call_from(entry, given), known_from(entry)
    seen = observed_from(
        entry, authority.tools.get(call.tool), call, behalf_of(known), arguments_known=given is not None
    )
    return facts_for(call, authority, moment(str(entry["at"])), known, seen)


def _compared(
    recorded: Replayed, facts: Facts | None, entry: Mapping[str, Any], answer: str | None
) -> Replayed:
    call = facts.call if facts else call_from(entry, None)
    verdict = judged(facts, call)
    codes, outcome = tuple(reason.code for reason in verdict.reasons), verdict.outcome
    steps = path(facts, call)
    if answer == "":
        because = "the answer of people that it tells of is not there any more"
        return dataclasses.replace(recorded, because=because, path=steps)
    if answer is not None and outcome is Outcome.ASK:
        codes, outcome = (*codes, answer), BY_PEOPLE[answer]
    same = (outcome, codes) == (recorded.recorded, recorded.recorded_reasons)
    return dataclasses.replace(
        recorded,
        replay=Replay.SAME if same else Replay.DIFFERS,
        outcome=outcome,
        reasons=codes,
        because="" if same else "made again it gives another answer",
        path=steps,
    )
