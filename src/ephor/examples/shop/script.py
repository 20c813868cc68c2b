"""The support agent's scripted work, as data: what it tries, what should come of it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AGENT = "support-assistant"
CUSTOMER = 7
"""Marit Eksempelsen, whose requests the agent works on and who later asks to be erased."""
CUSTOMER_EMAIL = "marit.eksempelsen@example.com"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the agent tries.

    ``expected`` is the answer to the call itself: ``allow``, ``ask`` or ``deny``. ``runs`` says whether the tool has
    run when the step is over. ``approver`` answers an *ask* with yes, for exactly this call. ``reuses`` names an
    earlier step whose approval the agent presents for this call. ``after`` is what an operator does just before.
    """

    name: str
    tool: str
    arguments: Mapping[str, object]
    expected: str
    runs: bool
    because: str
    approver: str = ""
    reuses: str = ""
    after: str = ""


STEPS: tuple[Step, ...] = (
    Step(
        "lookup",
        "customer_lookup",
        {"id": CUSTOMER},
        "allow",
        runs=True,
        because="reading a customer is its job; phone, birth date and card come back masked, the e-mail address does not",
    ),
    Step(
        "mail",
        "email_send",
        {
            "to": CUSTOMER_EMAIL,
            "subject": "Your order 1072",
            "body": "Dear Marit Eksempelsen, we are sorry about the broken milk jug and refund its price.",
        },
        "allow",
        runs=True,
        because="writing to the customer is its job, and its role may send mail",
    ),
    Step(
        "outside-role",
        "database_query",
        {"sql": "SELECT name, email, birth_date FROM customers"},
        "deny",
        runs=False,
        because="free queries belong to analysts: neither its manifest nor its roles name this tool",
    ),
    Step(
        "small-refund",
        "refund_issue",
        {"order": 1072, "amount_cents": 2_500},
        "allow",
        runs=True,
        because="the milk jug was broken, and up to 5,000 cents no person has to be asked",
    ),
    Step(
        "large-refund",
        "refund_issue",
        {"order": 1071, "amount_cents": 18_900},
        "ask",
        runs=True,
        because="the coffee grinder came back; above 5,000 cents a person approves, and approves exactly this call",
        approver="cal",
    ),
    Step(
        "changed-amount",
        "refund_issue",
        {"order": 1071, "amount_cents": 19_900},
        "ask",
        runs=False,
        because="the shop would pay it, but the approval was for 18,900 cents and was used: a changed call asks anew",
        reuses="large-refund",
    ),
    Step(
        "lookup-suspended",
        "customer_lookup",
        {"id": CUSTOMER},
        "deny",
        runs=False,
        because="a suspended agent may do nothing, not even what it could do a moment ago",
        after="suspend",
    ),
    Step(
        "refund-suspended",
        "refund_issue",
        {"order": 1071, "amount_cents": 2_500},
        "deny",
        runs=False,
        because="a suspended agent may do nothing, however small",
    ),
)
