"""Every reason that can be given is listed, and every one that is listed can be reached."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ephor.engine import asking
from ephor.engine import authority as looking
from ephor.kernel.vocabulary import Sensitivity
from ephor.rooms.access import delegation, roles
from ephor.rooms.access.delegation import Delegation, Granter, chain_rights
from ephor.rooms.access.roles import NOTHING, Permission, lend
from ephor.rooms.agents.stop import Stop, StopWhat
from ephor.rooms.decisions import bounds, checks
from ephor.rooms.decisions import decide as module
from ephor.rooms.decisions.codes import CODES
from ephor.rooms.decisions.decide import decide
from rooms.decisions.test_decide import CASES, codes
from sample_agents import AT
from sample_decisions import MODEL, authority, call
from sample_rules import ALL, ruling

FULL = lend(tuple(Permission), ("mail",), Sensitivity.CONFIDENTIAL)
FIRST = Delegation("dlg_1", Granter.PERSON, "eve", "alpha", (Permission.AGENT_DELEGATE,), ("mail",), Sensitivity.INTERNAL, "p", 1, AT, AT + timedelta(9))  # fmt: skip
SECOND = replace(FIRST, id="dlg_2", from_kind=Granter.AGENT, from_id="alpha", to_agent="beta", depth_left=0, parent="dlg_1")  # fmt: skip
STOPS = {StopWhat.AGENT: "support-assistant", StopWhat.TOOL: "customer_lookup", StopWhat.MODEL: MODEL, StopWhat.ALL: None}  # fmt: skip
CHAINS = [
    (),
    (SECOND,),
    (replace(FIRST, revoked_at=AT),),
    (replace(FIRST, expires_at=AT),),
    (replace(FIRST, granted_at=AT + timedelta(1)),),
    (FIRST, replace(SECOND, expires_at=AT + timedelta(10))),
    (FIRST, replace(SECOND, depth_left=1)),
    (FIRST, replace(SECOND, to_agent="alpha")),
    (replace(FIRST, permissions=()), SECOND),
    (replace(FIRST, tools=("other",), permissions=()),),
]
AMOUNT = 'forbid(principal, action == Action::"refund", resource) when { context.arguments has amount && '
RULES = [
    (ALL, {}),
    ('permit(principal, action == Action::"lookup", resource);', {}),
    (ALL + AMOUNT + "context.arguments.amount > 5 };", {"amount": 6}),
    (ALL + AMOUNT + "context.arguments.amount > 5 } unless { context.approved };", {"amount": 6}),
    (ALL + AMOUNT + "context.arguments.amount > 5 };", {"amount": "6"}),
    (ALL + AMOUNT + "context.arguments.amount * 4 > 5 };", {"amount": 2**62}),
    ("permit", {}),
]
ELSEWHERE = {
    # Reached over a whole plane: tests/engine/test_calls.py, test_decisions.py and test_access.py.
    "approved-by-person", "rejected-by-person", "question-expired", "question-withdrawn", "delegation-giver-stopped",
}  # fmt: skip
ENGINE_TESTS = Path(__file__).parents[2] / "engine"


def reached() -> set[str]:
    """Give every reason there is, by changing one thing each time."""
    found = set()
    for known, asked, told in CASES.values():
        found |= set(codes(decide(asked, known, now=AT, **told)))
    for what, name in STOPS.items():
        stop = Stop("stp_1", what, name, "enough", "ola", AT)
        found |= set(codes(decide(call(), authority(stops=(stop,)), now=AT)))
    for chain in CHAINS:
        worth = chain_rights(chain, lambda _: FULL, AT)
        found |= {one.code for one in worth} if isinstance(worth, tuple) else set()
    for text, arguments in RULES:
        found |= {one.code for one in ruling(text, arguments).said}
    for held in (lambda _: None, lambda _: NOTHING):
        found |= {one.code for one in chain_rights((FIRST, SECOND), held, AT)}
    return found | set(codes(decide(call(), authority(), now=AT)))


def test_every_code_that_is_listed_is_reached():
    assert set(CODES) - ELSEWHERE <= reached(), set(CODES) - ELSEWHERE - reached()
    told = "".join(path.read_text(encoding="utf-8") for path in ENGINE_TESTS.glob("*.py"))
    assert all(f'"{code}"' in told for code in ELSEWHERE)


def test_every_code_that_is_said_is_listed():
    files = (module, checks, bounds, roles, delegation, asking, looking)
    source = "".join(Path(one.__file__).read_text(encoding="utf-8") for one in files)
    said = set(re.findall(r'(?:deny|Reason|Objection|_refused)\(\s*(?:one,\s*)?"([a-z-]+)"', source))
    assert len(said) > 45
    assert said <= set(CODES), said - set(CODES)
    assert reached() <= set(CODES)
