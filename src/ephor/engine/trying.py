"""Use cases: rules tried before they count, by cases from a file, by recorded calls, and in shadow. Nothing is recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from ephor.engine.authority import compile_authority
from ephor.engine.cataloguing import catalogue_of
from ephor.engine.ports import Unit, World
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.decisions.agent_rules import AgentRules, agent_facts, tool_facts
from ephor.rooms.decisions.authority import AgentAuthority
from ephor.rooms.policies.book import Slice, book_of
from ephor.rooms.policies.cases import (
    CaseResult,
    RuleCase,
    judge_case,
    needs_time,
    with_sensitivity,
)
from ephor.rooms.policies.check_rules import check_rules, near, refuse
from ephor.rooms.policies.foreign import Translated, translate
from ephor.rooms.policies.replay import Compared, Recorded, compare
from ephor.rooms.policies.rule import RuleSet, SetStatus
from ephor.rooms.policies.rulings import CallFacts, rule_on

_KIND = "decision.made/1"


@dataclass(frozen=True, slots=True)
class Shadowed:
    """One decision that the rules in shadow would have answered otherwise."""

    entry: str
    at: str
    agent: str
    tool: str
    outcome: str
    """The answer the rules in force gave, before any person's approval."""
    shadow: str
    reasons: tuple[str, ...]
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What rules in shadow would have changed among the newest decisions."""

    decisions: int
    evaluated: int
    """How many of them were decided while rules were in shadow."""
    changed: tuple[Shadowed, ...]


@dataclass(frozen=True, slots=True)
class Trying:
    """Rules against cases and against what happened."""

    world: World

    def test(self, text: str, cases: Sequence[RuleCase], *, where: str = "rules") -> Sequence[CaseResult]:
        """Return what rules answer in each case, by themselves: the ceiling is not asked.

        Raises:
            InvalidInputError: the rules are refused, a case names an agent or tool that is not there, or no time where the
                rules look at it.
        """
        with self.world.storage.reading() as unit:
            rules, findings = check_rules(text, catalogue_of(unit))
            refuse(where, findings)
            known = {rule.id for rule in rules}
            world = _Agents(unit, self._now(), [_unloaded(text, where, self._now())])
            return [_tried_at(number, case, world, known) for number, case in enumerate(cases)]

    def diff(self, old: str, new: str, *, limit: int, since: datetime | None = None) -> Compared:
        """Replay the newest recorded calls against two texts of rules; what depends on unrecorded facts is not known.

        Agents and tools are those of today, the time is that of the call.

        Raises:
            InvalidInputError: one of the texts is refused.
        """
        with self.world.storage.reading() as unit:
            for where, text in (("old", old), ("new", new)):
                refuse(where, check_rules(text, catalogue_of(unit))[1])
            before, after = (
                _Agents(unit, self._now(), [_unloaded(text, where, self._now())])
                for where, text in (("old", old), ("new", new))
            )
            found = []
            for entry in self._decisions(limit):
                if since is not None and datetime.fromisoformat(entry["at"]) < since:
                    break
                found.append(self._recorded(entry, before, after))
            return compare(found)

    def diff_cases(self, old: str, new: str, cases: Sequence[RuleCase]) -> Compared:
        """Answer cases by two texts of rules. What a case expects is not asked about.

        Raises:
            InvalidInputError: one of the texts is refused, or a case names an agent or tool that is not there.
        """
        olds, news = self.test(old, cases, where="old"), self.test(new, cases, where="new")
        return compare(
            Recorded(
                case.name, "", case.agent, case.tool, "", (), one.answer, other.answer, one.said, other.said
            )
            for case, one, other in zip(cases, olds, news, strict=True)
        )

    def translate(
        self, document: Mapping[str, Any], *, own: Mapping[str, str], where: str, lines: Mapping[str, int]
    ) -> Translated:
        """Return the policies of another engine as rules in Cedar, for the agents and tools of this plane.

        Raises:
            InvalidInputError: a rule of it has no meaning here.
        """
        with self.world.storage.reading() as unit:
            return translate(document, catalogue_of(unit), own=own, where=where, lines=lines)

    def shadowed(self, *, limit: int) -> ShadowReport:
        """Return what rules in shadow would have changed among the newest decisions."""
        decisions = evaluated = 0
        changed = []
        for entry in self._decisions(limit):
            decisions += 1
            told = entry.get("metadata", {}).get("shadow")
            if told is None:
                continue
            evaluated += 1
            if told["outcome"] != told["instead_of"]:
                agent = entry["actor"].removeprefix("agent:")
                changed.append(
                    Shadowed(
                        entry["id"], entry["at"], agent, entry["tool"], told["instead_of"], told["outcome"],
                        tuple(told["reasons"]), tuple(told["sets"]),
                    )
                )  # fmt: skip
        return ShadowReport(decisions, evaluated, tuple(changed))

    def _now(self) -> datetime:
        return self.world.clock.now()

    def _decisions(self, limit: int) -> Iterator[Mapping[str, Any]]:
        ledger = self.world.storage.ledger
        for position in ledger.search({"kind": _KIND}, before=None, limit=limit):
            yield orjson.loads(next(ledger.entries(position, position + 1)))

    def _recorded(self, entry: Mapping[str, Any], old: _Agents, new: _Agents) -> Recorded:
        agent, tool = entry["actor"].removeprefix("agent:"), entry["tool"]
        told = Recorded(
            entry["id"], entry["at"], agent, tool, entry["decision"], tuple(entry.get("reasons", ()))
        )
        one, other = old.slice(agent, tool), new.slice(agent, tool)
        if one is None or other is None:
            gone = "agent is not registered" if old.authority(agent) is None else "tool is not declared"
            return dataclasses.replace(told, not_known=f"today the {gone}")
        if one.texts == other.texts:
            return dataclasses.replace(told, same=True)
        facts, unknown = self._facts(entry, one)
        lacking = sorted(one.lacks(unknown) | other.lacks(unknown))
        if lacking:
            return dataclasses.replace(told, not_known=f"the record does not hold {', '.join(lacking)}")
        first, second = rule_on(one, facts), rule_on(other, facts)
        return dataclasses.replace(
            told,
            old=first.outcome,
            new=second.outcome,
            old_said=tuple(one.text for one in first.said),
            new_said=tuple(one.text for one in second.said),
        )

    def _facts(self, entry: Mapping[str, Any], slice: Slice) -> tuple[CallFacts, frozenset[str]]:
        """Return the recorded call as rules see it, and what of it the record does not hold."""
        unknown = set()
        sealed = self.world.storage.ledger.payload(entry["id"]) if "payload" in entry else None
        if sealed is None:
            unknown.add("arguments")
        told = entry.get("metadata", {})
        looked = told.get("looked_at", {})
        lent = looked.get("lent")
        if "on_behalf_of" in entry and lent is None:
            unknown |= {"on_behalf_of", "delegation_depth"}
        declared = Sensitivity(slice.tool.sensitivity)
        person = (lent or {}).get("person")
        facts = CallFacts(
            arguments=None if sealed is None else orjson.loads(sealed),
            at=datetime.fromisoformat(entry["at"]),
            sensitivity=max(declared, Sensitivity(looked.get("sensitivity", declared.value))),
            purpose=told.get("purpose"),
            model=looked.get("model"),
            session=entry.get("session"),
            has_subject="subject" in entry,
            giver=None if person is None else f"person:{person}",
            depth=len((lent or {}).get("chain", ())),
            labels=frozenset(looked.get("labels", ())),
        )
        return facts, frozenset(unknown)


class _Agents:
    """Today's agents with one set of rules; each is compiled once."""

    def __init__(self, unit: Unit, now: datetime, sets: Sequence[RuleSet]) -> None:
        self._unit, self._now, self._book = unit, now, book_of(sets)
        self._found: dict[str, tuple[AgentAuthority, AgentRules] | None] = {}

    def authority(self, agent: str) -> AgentAuthority | None:
        found = self._of(agent)
        return None if found is None else found[0]

    def slice(self, agent: str, tool: str) -> Slice | None:
        found = self._of(agent)
        return None if found is None or tool not in found[1].tools else found[1].slice(tool)

    def _of(self, agent: str) -> tuple[AgentAuthority, AgentRules] | None:
        if agent not in self._found:
            compiled = compile_authority(self._unit, agent, version=0, now=self._now).agent
            self._found[agent] = None if compiled is None else (compiled, self._rules(compiled))
        return self._found[agent]

    def _rules(self, compiled: AgentAuthority) -> AgentRules:
        tools = [one.tool for one in compiled.tools.values()]
        facts = agent_facts(compiled.agent, compiled.category)
        return AgentRules(self._book, facts, {tool.name: tool_facts(tool) for tool in tools})


def _tried_at(number: int, case: RuleCase, agents: _Agents, known: set[str]) -> CaseResult:
    """Try a case, and say of a refusal where in its file it stands."""
    try:
        return _tried(case, agents, known)
    except InvalidInputError as error:
        raise InvalidInputError(str(error), **{**error.facts, "path": f"cases[{number}]"}) from error


def _tried(case: RuleCase, agents: _Agents, known: set[str]) -> CaseResult:
    what = f"case `{case.name}`"
    authority = agents.authority(case.agent)
    if authority is None:
        raise InvalidInputError(f"{what}: there is no agent `{case.agent}`; see `ephor agents list`")
    slice = agents.slice(case.agent, case.tool)
    if slice is None:
        advice = near(case.tool, authority.tools, "")
        raise InvalidInputError(f"{what}: agent `{case.agent}` declares no tool `{case.tool}`; {advice}")
    if strange := [one for one in case.because if one not in known]:
        raise InvalidInputError(f"{what}: there is no rule `{strange[0]}`; {near(strange[0], known, '')}")
    if needs_time(case, slice.context):
        raise InvalidInputError(
            f"{what} names no time, and the rules look at it; write `at: 2026-11-27T22:00:00Z`"
        )
    return judge_case(case, rule_on(slice, with_sensitivity(case, Sensitivity(slice.tool.sensitivity))))


def _unloaded(text: str, where: str, now: datetime) -> RuleSet:
    return RuleSet(where, where, 0, SetStatus.SHADOW, text, "", "", now)
