"""The ceiling against a second, naive one over worlds that nobody thought of; and its algebra."""

from __future__ import annotations

import copy
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ephor.kernel.vocabulary import Effect, Objection, Sensitivity, UseCase
from ephor.rooms.access.roles import Permission, Role, lend
from ephor.rooms.agents.agent import AgentStatus
from ephor.rooms.agents.manifest import AskRule, Tool
from ephor.rooms.consent.statement import Standing
from ephor.rooms.decisions.decide import decide
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.standing import Lent, SubjectStanding
from oracle.naive_decide import World, naive
from sample_agents import AT, support
from sample_decisions import authority

TOOLS, PURPOSES, MODELS = ("look", "pay", "wipe"), ("support", "ads", "news"), ("m@1", "m@2")
PERMISSIONS = [one.value for one in Permission][:3]
ROLE_NAMES = ("r1", "r2", "ghost")
SENSITIVITIES = [one.value for one in Sensitivity]


def some(values, **limits):
    return st.lists(st.sampled_from(values), unique=True, **limits)


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
    "category": st.sampled_from([None, "unacceptable", "high", "minimal", "out_of_scope", "needs_review"]),
    "use_case": st.sampled_from([one.value for one in UseCase]),
    "autonomy": st.integers(1, 5),
    "tools": st.fixed_dictionaries({"look": TOOL}, optional=dict.fromkeys(TOOLS[1:], TOOL)),
    "roles": some(ROLE_NAMES),
    "known_roles": st.fixed_dictionaries({"r1": ROLE, "r2": ROLE}),
    "models": st.dictionaries(st.sampled_from(MODELS), st.sampled_from([[], ["it is retired"]]), max_size=2),
    "consent_purposes": some(PURPOSES),
    "other_purposes": some(PURPOSES),
    "subject": st.none()
    | st.fixed_dictionaries(
        {"restricted": st.booleans(), "consent": st.sampled_from([one.value for one in Standing])}
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
        }
    ),
}
CALLS = {
    "tool": st.sampled_from(TOOLS),
    "arguments": st.dictionaries(
        st.sampled_from(["n", "m"]),
        st.integers(-9, 9) | st.booleans() | st.none() | st.just("3") | st.floats(),
        max_size=2,
    ),
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
        delegation={**role, "agent": "bot", "purpose": "support", "problems": []},
    )


@st.composite
def worlds(draw):
    """Change a few things in a world that allows, so that every later check is reached, and any two meet."""
    world = copy.deepcopy(fine())
    for name in draw(st.lists(st.sampled_from(sorted(WORLDS)), max_size=4, unique=True)):
        setattr(world, name, draw(WORLDS[name]))
    return world


@st.composite
def calls(draw):
    tool, n = draw(st.sampled_from([("look", 9), ("pay", 1), ("pay", 9)]))
    asked = {**dict.fromkeys(CALLS), "tool": tool, "arguments": {"n": n}}
    for name in draw(st.lists(st.sampled_from(sorted(CALLS)), max_size=5, unique=True)):
        asked[name] = draw(CALLS[name])
    return asked


WORLD, CALL = worlds(), calls()


def real(world, asked):
    """Ask the real ceiling about the same world."""
    call = Call(
        "bot", **{**asked, "sensitivity": Sensitivity(asked["sensitivity"]) if asked["sensitivity"] else None}
    )
    told = {
        "subject": SubjectStanding(world.subject["restricted"], Standing(world.subject["consent"])) if world.subject else None,
        "lent": lent(world.delegation) if world.delegation else None,
    }  # fmt: skip
    return decide(call, compiled(world) if world.registered else None, now=AT, **told)


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
        agent_is={"status": AgentStatus(world.status), "approved_until": world.approved_until},
        approval_binds=world.approval_names_todays_manifest,
        category=world.category,
        roles=roles,
        models={name: tuple(against) for name, against in world.models.items()},
        consent_purposes=frozenset(world.consent_purposes),
        other_purposes=frozenset(world.other_purposes),
    )


def lent(delegation):
    rights = lend(
        map(Permission, delegation["permissions"]), delegation["tools"], Sensitivity(delegation["ceiling"])
    )
    reasons = tuple(Objection(code, code) for code in delegation["problems"])
    return Lent(None if reasons else rights, reasons, delegation["agent"], delegation["purpose"])


MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


FEWER = settings(MANY, max_examples=120)


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
    "delegation narrower": lambda world: (
        world.delegation and world.delegation.update(ceiling="public", tools=["look"])
    ),
    "delegation gone": lambda world: setattr(world, "delegation", None),
    "autonomy lower": lambda world: setattr(world, "autonomy", 1),
    "a model that may not be used": lambda world: world.models.update({"m@1": ["it is retired"]}),
    "approval outdated": lambda world: setattr(world, "approval_names_todays_manifest", False),
    "approval expired": lambda world: setattr(world, "approved_until", AT),
    "class gone": lambda world: setattr(world, "category", None),
    "a tool asks": lambda world: world.tools["look"].update(ask=[*world.tools["look"]["ask"], ("n", 0)]),
    "a tool more sensitive": lambda world: world.tools["look"].update(sensitivity="restricted"),
    "a tool removed": lambda world: world.tools.pop("look"),
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
