"""The ceiling against a second, naive one over worlds that nobody thought of; and its algebra."""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ephor.kernel.vocabulary import Effect, Objection, Sensitivity, UseCase
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.access.roles import Permission, Role, lend
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import AskRule, Tool
from ephor.rooms.agents.stop import Stop, StopWhat, in_force
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions.catalogue import ToolEntry
from ephor.rooms.decisions.codes import AGAINST
from ephor.rooms.decisions.decide import decide
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from ephor.rooms.policies.governance import POLICIES, AboveCeiling, GovernancePolicy
from ephor.rooms.policies.limits import Behalf, read_limit
from ephor.rooms.policies.sequences import SequenceRule
from oracle.naive_decide import World, naive
from sample_agents import AT, support
from sample_decisions import authority

TOOLS, PURPOSES, MODELS = ("look", "pay", "wipe"), ("support", "ads", "news"), ("m@1", "m@2")
PERMISSIONS = [one.value for one in Permission][:3]
ROLE_NAMES = ("r1", "r2", "ghost")
SENSITIVITIES = [one.value for one in Sensitivity]


def some(values, **limits):
    return st.lists(st.sampled_from(values), unique=True, **limits)


def limit(measure, most, per, more):
    scale = more["scale"] if measure == "money" else 0
    argument = None if measure == "calls" else more["argument"]
    return {"measure": measure, "most": most, "per": per, **more, "scale": scale, "argument": argument}


LABELS = ("crm", "tool:look", "effect:external")
SENSITIVITY = st.sampled_from(SENSITIVITIES)
TOOL = st.fixed_dictionaries(
    {
        "effect": st.sampled_from(["read", "read", "write", "external", "irreversible"]),
        "sensitivity": SENSITIVITY,
        "permissions": st.just([]) | some([*PERMISSIONS, "no:such:thing"], max_size=2),
        "ask": st.lists(st.tuples(st.sampled_from(["n", "m"]), st.integers(0, 5)), max_size=2),
    }
)
ROLE = st.fixed_dictionaries({"permissions": some(PERMISSIONS), "tools": some(TOOLS), "ceiling": SENSITIVITY})
WORLDS = {
    "registered": st.just(False),
    "status": st.sampled_from([one.value for one in AgentStatus]),
    "approved_until": st.sampled_from([None, AT, AT - timedelta(1), AT + timedelta(microseconds=1)]),
    "approval_names_todays_manifest": st.just(False),
    "category": st.sampled_from(
        ["high", "high", "high", None, "unacceptable", "minimal", "out_of_scope", "needs_review"]
    ),
    "signed": st.just(False),
    "use_case": st.sampled_from([one.value for one in UseCase]),
    "autonomy": st.integers(1, 5),
    "policy_denies_above": st.just(True),
    "tools": st.fixed_dictionaries({"look": TOOL}, optional=dict.fromkeys(TOOLS[1:], TOOL)),
    "roles": some(ROLE_NAMES),
    "known_roles": st.fixed_dictionaries({"r1": ROLE, "r2": ROLE}),
    "models": st.dictionaries(st.sampled_from(MODELS), st.sampled_from([[], ["it is retired"]]), max_size=2),
    "consent_purposes": some(PURPOSES),
    "other_purposes": some(PURPOSES),
    "subject": st.none()
    | st.fixed_dictionaries(
        {"restricted": st.booleans(), "consent": st.sampled_from([one.value for one in Standing])},
        optional={
            "against": st.lists(st.sampled_from(sorted(AGAINST)), max_size=1),
            "opted_out": st.booleans(),
            "listed": st.booleans(),
        },
    ),
    "delegation": st.none()
    | st.fixed_dictionaries(
        {
            "agent": st.sampled_from(["bot", "bot", "other"]),
            "purpose": st.sampled_from(PURPOSES),
            "problems": st.sampled_from([[], [], ["delegation-revoked"]]),
            "permissions": st.just(PERMISSIONS) | some(PERMISSIONS),
            "tools": st.just(list(TOOLS)) | some(TOOLS),
            "ceiling": SENSITIVITY,
            "chain": st.sampled_from([[], ["dlg_0", "dlg_1"], ["dlg_1"]]),
            "person": st.sampled_from([None, "ann"]),
        }
    ),
    "catalogue": st.dictionaries(
        st.sampled_from(TOOLS),
        st.fixed_dictionaries(
            {
                "effect": st.sampled_from(["read", "read", "write", "external", "irreversible"]),
                "sensitivity": st.sampled_from(["public", *SENSITIVITIES]),
                "permissions": st.just([]) | some(PERMISSIONS, max_size=2),
                "ask": st.lists(st.tuples(st.sampled_from(["n", "m"]), st.integers(0, 5)), max_size=1),
                "approvers": st.sampled_from([[], [], ["call_approver"]]),
            }
        ),
        max_size=2,
    ),
    "rules": st.lists(
        st.fixed_dictionaries(
            {
                "after": some(LABELS, min_size=1, max_size=2),
                "effects": some(["read", "external"]),
                "tools": some(TOOLS, max_size=1),
                "then": st.sampled_from(["ask", "deny"]),
            }
        ),
        max_size=2,
    ),
    "labels": st.none() | some(LABELS),
    "limits": st.lists(
        st.builds(
            limit,
            st.sampled_from(["calls", "money", "records"]),
            st.integers(0, 12),
            some(["agent", "tool", "person", "delegation"]),
            st.fixed_dictionaries(
                {
                    "agent": st.sampled_from([None, None, "bot", "other"]),
                    "tool": st.sampled_from([None, *TOOLS]),
                    "delegation": st.sampled_from([None, None, "dlg_0", "dlg_9"]),
                    "argument": st.sampled_from(["n", "m"]),
                    "scale": st.sampled_from([0, 2]),
                }
            ),
        ),
        max_size=2,
    ),
    "used": st.dictionaries(st.sampled_from(["limit-0", "limit-1"]), st.integers(0, 9)),
    "stopped": st.lists(st.sampled_from(["all", "bot", "pay", "m@1", "other"]), max_size=1),
}
CALLS = {
    "tool": st.sampled_from(TOOLS),
    "arguments": st.dictionaries(
        st.sampled_from(["n", "m"]),
        st.integers(-9, 9)
        | st.booleans()
        | st.none()
        | st.sampled_from(["3", "0.07", "-1", "1.005", "2.", "x", "3.00"])
        | st.floats()
        | st.lists(st.none(), max_size=4),
        max_size=2,
    ),
    "session": st.just("s"),
    "model": st.sampled_from([*MODELS, "m@3"]),
    "subject": st.just("jane"),
    "purpose": st.sampled_from(PURPOSES),
    "sensitivity": SENSITIVITY,
    "on_behalf_of": st.just("dlg_1"),
}


def fine():
    """Return a world in which a call is allowed."""
    role = {"permissions": PERMISSIONS, "tools": list(TOOLS), "ceiling": "restricted"}
    look = {"effect": "read", "sensitivity": "public", "permissions": PERMISSIONS[:1], "ask": []}
    return World(
        approved_until=AT + timedelta(days=9),
        tools={"look": look, "pay": {**look, "effect": "external", "ask": [("n", 2)]}},
        roles=["r1", "r2"],
        known_roles={"r1": role, "r2": {**role}},
        models={"m@1": []},
        subject={"restricted": False, "consent": "given"},
        delegation={
            **role,
            "agent": "bot",
            "purpose": "support",
            "problems": [],
            "chain": ["dlg_1"],
            "person": "ann",
        },
        labels=[],
        used={"limit-0": 0, "limit-1": 0},
    )


@st.composite
def worlds(draw):
    """Change a few things in a world that allows, so that every later check is reached, and any two meet."""
    world = copy.deepcopy(fine())
    for name in draw(st.lists(st.sampled_from(sorted(WORLDS)), max_size=4, unique=True)):
        setattr(world, name, draw(WORLDS[name]))
    for index, one in enumerate(world.limits):
        one["name"] = f"limit-{index}"
    return world


@st.composite
def calls(draw):
    tool, n = draw(st.sampled_from([("look", 9), ("pay", 1), ("pay", 9)]))
    asked = {**dict.fromkeys(CALLS), "tool": tool, "arguments": {"n": n}}
    for name in draw(st.lists(st.sampled_from(sorted(CALLS)), max_size=5, unique=True)):
        asked[name] = draw(CALLS[name])
    return asked


WORLD, CALL = worlds(), calls()


def real(world, asked, known=None):
    """Ask the real ceiling about the same world."""
    call = Call(
        "bot", **{**asked, "sensitivity": Sensitivity(asked["sensitivity"]) if asked["sensitivity"] else None}
    )
    told = {
        "subject": person(**world.subject) if world.subject else None,
        "lent": lent(world.delegation) if world.delegation and asked["on_behalf_of"] else None,
        "labels": None if world.labels is None or not asked["session"] else frozenset(world.labels),
        "used": world.used,
    }  # fmt: skip
    return decide(call, (known or compiled(world)) if world.registered else None, now=AT, **told)


def person(restricted, consent, against=(), opted_out=False, listed=False):
    return SubjectStanding(restricted, Standing(consent), tuple(against), opted_out, listed)


def _policy(world: World) -> GovernancePolicy:
    above = AboveCeiling.DENY if world.policy_denies_above else AboveCeiling.ASK
    return dataclasses.replace(POLICIES[UseCase(world.use_case)], above_autonomy=above)


def compiled(world):
    tools = tuple(
        Tool(
            name,
            Effect(tool["effect"]),
            Sensitivity(tool["sensitivity"]),
            permissions=tuple(tool["permissions"]),
            ask=tuple(AskRule(argument=argument, above=above) for argument, above in tool["ask"]),
        )
        for name, tool in world.tools.items()
    )
    roles = {
        name: Role(
            name,
            tuple(map(Permission, role["permissions"])),
            Sensitivity(role["ceiling"]),
            tuple(role["tools"]),
        )
        for name, role in world.known_roles.items()
    }
    return authority(
        support(
            id="bot",
            use_case=UseCase(world.use_case),
            autonomy=world.autonomy,
            tools=tools,
            roles=tuple(world.roles),
            models=tuple(world.models),
        ),
        policy=_policy(world),
        agent_is={
            "id": "bot",
            "status": AgentStatus(world.status),
            "approved_until": world.approved_until,
        },
        approval_binds=world.approval_names_todays_manifest,
        category=world.category,
        signed=world.signed,
        roles=roles,
        models={name: tuple(against) for name, against in world.models.items()},
        consent_purposes=frozenset(world.consent_purposes),
        other_purposes=frozenset(world.other_purposes),
        catalogue=[described(name, entry) for name, entry in world.catalogue.items()],
        limits=[
            read_limit(
                {("id" if key == "name" else key): value for key, value in one.items()} | {"window": "day"}
            )
            for one in world.limits
        ],
        sequences=[
            SequenceRule(
                f"rule-{index}",
                tuple(one["after"]),
                tuple(map(Effect, one["effects"])),
                tuple(one["tools"]),
                one["then"] == "deny",
            )
            for index, one in enumerate(world.rules)
        ],
        stops=in_force(map(stop, world.stopped), "bot", world.tools, world.models),
    )


def stop(name):
    what = {"all": StopWhat.ALL, "bot": StopWhat.AGENT, "other": StopWhat.AGENT, "m@1": StopWhat.MODEL}.get(
        name, StopWhat.TOOL
    )
    return Stop(f"stp_{name}", what, None if name == "all" else name, "enough", "ola", AT)


def described(name, entry):
    return ToolEntry(
        name,
        Effect(entry["effect"]),
        Sensitivity(entry["sensitivity"]),
        permissions=tuple(entry["permissions"]),
        ask=tuple(AskRule(argument=argument, above=above) for argument, above in entry["ask"]),
        approvers=tuple(map(PlaneRole, entry["approvers"])),
    )


def lent(delegation):
    rights = lend(
        map(Permission, delegation["permissions"]), delegation["tools"], Sensitivity(delegation["ceiling"])
    )
    reasons = tuple(Objection(code, code) for code in delegation["problems"])
    behalf = Behalf(tuple(delegation["chain"]), delegation["person"] if delegation["chain"] else None)
    return Lent(None if reasons else rights, reasons, delegation["agent"], delegation["purpose"], behalf)


MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


FEWER = settings(MANY, max_examples=80)


@MANY
@given(WORLD, CALL)
def test_two_implementations_agree_on_every_world(world, asked):
    verdict = real(world, asked)
    event(verdict.outcome.value)
    assert verdict.outcome.value == naive(world, asked, AT)
    assert verdict.outcome is max(reason.outcome for reason in verdict.reasons)


NARROWER = {
    "a role removed": lambda world: setattr(world, "roles", world.roles[:-1]),
    "a role that reaches less": lambda world: world.known_roles["r1"].update(ceiling="public"),
    "a role that grants less": lambda world: world.known_roles["r1"].update(permissions=[]),
    "a tool taken from a role": lambda world: world.known_roles["r1"].update(tools=[]),
    "suspended": lambda world: setattr(world, "status", "suspended"),
    "restricted": lambda world: setattr(world, "subject", {"restricted": True, "consent": "given"}),
    "consent withdrawn": lambda world: setattr(
        world, "subject", {"restricted": False, "consent": "withdrawn"}
    ),
    "opted out": lambda world: (
        world.subject and world.subject.update(against=["opted-out-sale"], opted_out=True)
    ),
    "delegation narrower": lambda world: (
        world.delegation and world.delegation.update(ceiling="public", tools=["look"])
    ),
    "delegation gone": lambda world: setattr(world, "delegation", None),
    "autonomy lower": lambda world: setattr(world, "autonomy", 1),
    "a model that may not be used": lambda world: world.models.update({"m@1": ["it is retired"]}),
    "approval outdated": lambda world: setattr(world, "approval_names_todays_manifest", False),
    "approval expired": lambda world: setattr(world, "approved_until", AT),
    "class not signed": lambda world: setattr(world, "signed", False),
    "class gone": lambda world: setattr(world, "category", None),
    "a tool asks": lambda world: world.tools["look"].update(ask=[*world.tools["look"]["ask"], ("n", 0)]),
    "a tool more sensitive": lambda world: world.tools["look"].update(sensitivity="restricted"),
    "a tool removed": lambda world: world.tools.pop("look"),
    "catalogue graver": lambda world: world.catalogue.update(
        look={
            "effect": "irreversible",
            "sensitivity": "internal",
            "permissions": ["data:pii:read"],
            "ask": [("n", 1)],
            "approvers": [],
        }
    ),
    "a limit more": lambda world: world.limits.append(
        {
            **limit(
                "calls", 1, [], dict.fromkeys(["agent", "tool", "delegation", "argument"]) | {"scale": 0}
            ),
            "name": "limit-9",
        }
    ),
    "a limit lower": lambda world: [one.update(most=0) for one in world.limits],
    "more used": lambda world: world.used.update({name: used + 3 for name, used in world.used.items()}),
    "more touched": lambda world: world.labels is not None and setattr(world, "labels", [*LABELS]),
    "session not known": lambda world: setattr(world, "labels", None),
    "a deny more": lambda world: world.rules.append(
        {"after": ["crm"], "effects": [], "tools": [], "then": "deny"}
    ),
    "an ask more": lambda world: world.rules.append(
        {"after": ["crm"], "effects": [], "tools": [], "then": "ask"}
    ),
    "everything stopped": lambda world: world.stopped.append("all"),
    "consent needed": lambda world: setattr(world, "consent_purposes", [*world.consent_purposes, "support"]),
}


@FEWER
@given(WORLD, CALL, st.sampled_from(sorted(NARROWER)))
def test_whatever_narrows_never_allows_more(world, asked, how):
    less = copy.deepcopy(world)
    NARROWER[how](less)
    assert real(less, asked).outcome >= real(world, asked).outcome


@FEWER
@given(WORLD, CALL, st.sampled_from(SENSITIVITIES))
def test_a_more_sensitive_call_never_is_allowed_more(world, asked, raised):
    more = {**asked, "sensitivity": max(raised, asked["sensitivity"] or "public", key=SENSITIVITIES.index)}
    assert real(world, more).outcome >= real(world, asked).outcome


@FEWER
@given(WORLD, CALL)
def test_naming_a_delegation_never_allows_more(world, asked):
    alone = {**asked, "on_behalf_of": None}
    assert real(world, {**asked, "on_behalf_of": "dlg_1"}).outcome >= real(world, alone).outcome


@FEWER
@given(WORLD, st.lists(CALL, min_size=2, max_size=4))
def test_an_answer_never_depends_on_the_calls_before_it(world, several):
    shared = compiled(world)
    for asked in (*several, *several):
        assert real(world, asked, shared) == real(world, asked)


def test_the_worlds_reach_every_answer():
    outcomes, codes = Counter(), set()

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(WORLD, CALL)
    def look(world, asked):
        verdict = real(world, asked)
        outcomes[verdict.outcome] += 1
        codes.update(reason.code for reason in verdict.reasons)

    look()
    assert all(outcomes[one] > 15 for one in Outcome), outcomes
    assert len(codes) > 20
