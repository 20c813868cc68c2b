"""Every kind of event the ledger may hold, each with its meaning.

A kind never changes its shape: a changed shape is the next version, and readers keep both for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ephor.kernel.errors import InvalidInputError

AUDIT: Mapping[str, str] = MappingProxyType(
    {
        "agent.started/1": "an agent began a run",
        "agent.stopped/1": "an agent ended a run",
        "agent.error/1": "an agent failed",
        "decision.made/1": "a call was allowed, denied or sent to a person",
        "decision.overridden/1": "a person set a decision aside",
        "tool.invoked/1": "a tool is about to be called; the intent, written before the act",
        "tool.completed/1": "a tool returned",
        "tool.failed/1": "a tool did not return what it should",
        "data.accessed/1": "data was read",
        "data.modified/1": "data was written",
        "data.deleted/1": "data was deleted",
        "auth.requested/1": "somebody asked to be let in or to be allowed",
        "auth.granted/1": "somebody was let in or allowed",
        "auth.denied/1": "somebody was kept out or refused",
        "policy.evaluated/1": "a policy was applied to a call",
        "policy.violated/1": "a call broke a policy",
    }
)
"""The guide's audit events; what agents and their hosts may report from outside."""

SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "source.heartbeat/1": "a source of events is alive and has counted so far",
    }
)
"""What else may be reported from outside: signs of life of whoever reports."""

GOVERNANCE: Mapping[str, str] = MappingProxyType(
    {
        "agent.registered/1": "an agent entered the inventory",
        "agent.changed/1": "an agent's registration was changed",
        "agent.classified/1": "an agent was placed in a class of the law",
        "agent.class-signed/1": "a reviewer signed off the class that an agent was placed in",
        "agent.assessed/1": "an agent's risk was scored",
        "agent.activated/1": "an agent may act from now on",
        "agent.suspended/1": "an agent may not act until it is resumed",
        "agent.resumed/1": "a suspended agent may act again",
        "agent.retired/1": "an agent may never act again",
        "stop.ordered/1": "an agent, a tool, a model or everything may not act until the stop is lifted",
        "stop.lift-asked/1": "a first person asked that a stop of everything be lifted",
        "stop.lifted/1": "what was stopped may act again",
        "approval.requested/1": "approval of an agent was asked for",
        "approval.approved/1": "every review an agent needs is in, and it is approved",
        "approval.rejected/1": "an agent was not approved",
        "approval.revoked/1": "an approval of an agent was taken back",
        "approval.expired/1": "an approval of an agent ran out",
        "review.submitted/1": "one reviewer gave one review",
        "call.asked/1": "a person was asked whether one call may happen",
        "call.approved/1": "a person allowed one call",
        "call.rejected/1": "a person refused one call",
        "call.endorsed/1": "one of several people who must allow a call did",
        "call.withdrawn/1": "a question about a call, or an approval not used up, was taken back",
        "call.expired/1": "nobody answered a question about a call, or used the answer, in time",
        "call.escalated/1": "a question about a call was passed on to further people",
        "approval-rule.set/1": "who approves which calls, how many and how soon, was set",
        "approval-rule.removed/1": "a rule on who approves calls was removed",
        "channel.added/1": "a place to which notices go was named",
        "channel.removed/1": "notices no longer go to a place",
        "reminder.due/1": "what waits or runs out reached a stage at which people are told; the notices are in the outbox",
        "notice.attempted/1": "a notice is about to be sent; the intent, written before the act",
        "notice.sent/1": "a notice was taken by where it went",
        "notice.retried/1": "a person had a notice that was set aside sent again",
        "notice.dropped/1": "a notice was not sent, for what it tells was over before",
        "notice.failed/1": "a notice was not taken; it is tried again, or set aside",
        "call.claimed/1": "the allowed call was carried out; the approval is used up",
        "role.added/1": "a role was created",
        "role.changed/1": "a role's permissions were changed",
        "role.removed/1": "a role was taken away; whoever has it may do nothing until the manifest names others",
        "tool.set/1": "the organisation described a tool for all agents",
        "tool.removed/1": "the organisation's description of a tool was taken away",
        "limit.set/1": "how much may pass in one window of time was laid down",
        "limit.removed/1": "a limit was taken away",
        "sequence.set/1": "what may come after what in one session was laid down",
        "housekeeping.cleared/1": "sessions and counters of limits that changed long ago were cleared away",
        "sequence.removed/1": "a rule about what may come after what was taken away",
        "agent.drifted/1": "an agent was seen to do what its manifest does not name; its approval ended",
        "policy.override-proposed/1": "a policy looser than the one in force was asked for; it awaits a signature",
        "policy.override-set/1": "the organisation's own policy for a use case took effect",
        "policy.override-refused/1": "a policy that awaited a signature was refused or taken back",
        "rules.activated/1": "a version of a set of the organisation's own rules took effect",
        "rules.shadowed/1": "a version of a rule set is evaluated from now on, without effect",
        "rules.removed/1": "a version of a rule set is evaluated no more",
        "person.added/1": "a person may use the plane",
        "person.changed/1": "a person's roles or standing were changed",
        "person.removed/1": "a person may not use the plane any more",
        "body.added/1": "an organisation or committee was named",
        "body.member-added/1": "a person was seated on a governance body",
        "body.member-removed/1": "a person was taken off a governance body",
        "body.seated-by-role/1": "roles decide again who sits on a governance body",
        "body.mandate-changed/1": "what a governance body answers for was changed",
        "delegation.granted/1": "a person lent authority to an agent or to another person",
        "delegation.revoked/1": "lent authority was taken back",
        "consent.given/1": "a data subject consented",
        "consent.withdrawn/1": "a data subject withdrew consent",
        "consent.refused/1": "a data subject refused consent",
        "consent.objected/1": "a data subject objected to processing for a purpose",
        "consent.opted-out/1": "a data subject opted out of a sale, of sharing or of another use of their data",
        "consent.text-added/1": "the text that is shown to whoever is asked for consent got a version",
        "consent.minor-recorded/1": "a data subject is known to be, or to have been, a child",
        "purpose.set/1": "what a purpose serves was laid down",
        "purpose.removed/1": "what a purpose serves is not laid down any more",
        "consent.expired/1": "a consent ran out",
        "dsr.received/1": "a data subject's request arrived",
        "dsr.confirmed/1": "a data subject was told that their request had arrived",
        "dsr.identity-verified/1": "the requester was shown to be the data subject",
        "dsr.code-sent/1": "a code was sent to the address that a request names, to show who asks",
        "dsr.code-failed/1": "a code that was given for a request was not the one that was sent",
        "dsr.fee-asked/1": "a fee was asked for a request, on a ground of the law",
        "dsr.task-given/1": "a person was given a store to work on by hand for a request, until a day",
        "dsr.task-done/1": "a person said what they did by hand for a request",
        "dsr.duplicate/1": "a request was closed as the same as an earlier one of the same person",
        "dsr.planned/1": "the stores and steps of a request were worked out",
        "dsr.reviewed/1": "a person looked at rows that are somebody else's too, and decided what becomes of them",
        "dsr.reapplied/1": "rows that a request had erased came back with a backup, and are erased again",
        "dsr.approved/1": "a person released the plan of a request",
        "dsr.fulfilled/1": "a request was fulfilled and answered",
        "dsr.refused/1": "a request was refused, with the ground in law",
        "dsr.restriction-lifted/1": "a restriction of processing was lifted, after the data subject was told",
        "dsr.paused/1": "the time to answer a request rests until the person shows who they are",
        "dsr.extended/1": "the time to answer a request was extended",
        "retention.planned/1": "data past its time was listed for deletion",
        "retention.approved/1": "a person released a list of data past its time",
        "retention.decided/1": "a person decided between retention rules that exclude each other",
        "retention.advanced/1": "a run of retention began, or came to where nothing is left to delete",
        "retention.executed/1": "data past its time was deleted",
        "hold.placed/1": "deletion was stopped for a legal claim",
        "hold.released/1": "a legal hold ended",
        "model.registered/1": "a model entered the register",
        "model.validated/1": "a model's validation results were recorded",
        "model.baseline-set/1": "how a model's columns were spread was kept, with the limits of drift",
        "model.observed/1": "what a model does in use was held against its baseline",
        "model.drifted/1": "what was observed lies beyond a limit and beyond chance",
        "model.bias-tested/1": "how groups fare under a model was tested",
        "model.completed/1": "what an import left open of a model's registration was filled in",
        "model.approved/1": "a model was approved, until a day",
        "model.deprecated/1": "a model's last day of use and its successor were named",
        "model.imported/1": "a version was taken over from another registry",
        "model.origin-noted/1": "what another registry notes of an imported version changed",
        "model.described/1": "somebody said something for a model's card",
        "model.status-changed/1": "a model moved to another status",
        "ropa.registered/1": "a processing activity entered the record of processing",
        "impact.recorded/1": "an impact assessment was written down",
        "impact.advised/1": "the data protection officer advised on an impact assessment",
        "impact.consulted/1": "the authority was asked about an impact assessment beforehand, or answered",
        "impact.approved/1": "a person approved an impact assessment",
        "impact.rejected/1": "a person rejected an impact assessment",
        "impact.notified/1": "an authority was told the result of an impact assessment",
        "impact.reopened/1": "an approved impact assessment holds no longer",
        "evidence.recorded/1": "evidence for a requirement was recorded",
        "erasure/1": "the key and salt of payloads were destroyed, lawfully",
        "plane.created/1": "a control plane began its log",
        "stream.opened/1": "a further log of this plane began",
        "stream.anchored/1": "the head of a stream's log, so that whoever vouches for this log vouches for it",
        "epoch.started/1": "a log that lost entries goes on here; the checkpoints of what is left and of what was published",
        "key.created/1": "a signing or encryption key came into being",
        "key.rotated/1": "a signing or wrapping key took the place of the one before it",
        "checkpoint.stamped/1": "a time-stamping authority stamped a checkpoint of this log",
        "witness.added/1": "a witness is asked to cosign this log's checkpoints from now on",
        "witness.removed/1": "a witness is asked no more",
        "risk.registered/1": "a risk entered the register",
        "risk.changed/1": "a newer assessment changed a risk's rating",
        "risk.treated/1": "what is done about a risk was decided, planned or done",
        "risk.reopened/1": "an acceptance of a risk ran out, or the risk got worse; it is open again",
        "risk.closed/1": "a risk was closed",
        "risk.accepted/1": "a person accepted a risk that remains",
        "audit.reported/1": "an audit report on a period was written; the digest of its files is in the entry",
        "incident.opened/1": "an incident was opened",
        "incident.classified/1": "facts about an incident were stated, for what the laws make of it",
        "incident.notified/1": "a person recorded that a notification about an incident was sent",
        "incident.clock-excused/1": "a person recorded why a notification about an incident is not sent",
        "incident.action-set/1": "a corrective action after an incident was decided on",
        "incident.action-ended/1": "a corrective action after an incident was done or dropped",
        "incident.cause-found/1": "the root cause of an incident was recorded",
        "incident.closed/1": "an incident was closed",
        "document.stated/1": "a person stated what only people can say in a document; the words stay with it",
        "document.drafted/1": "a version of a document was written from the facts as they were",
        "document.approved/1": "a person approved a version of a document that others wrote",
        "document.withdrawn/1": "a version of a document counts no longer",
        "training.recorded/1": "a person's training was recorded",
        "drill.recorded/1": "an exercise of oversight or recovery was recorded",
        "source.expected/1": "a source of events must be heard every so often from now on",
        "source.released/1": "a source of events need not be heard any more",
    }
)
"""What the plane itself records."""

KINDS: Mapping[str, str] = MappingProxyType({**AUDIT, **SIGNS, **GOVERNANCE})
"""Every kind and its meaning."""

_CUSTOM = re.compile(r"x-[a-z0-9](?:[a-z0-9.-]{0,60}[a-z0-9])?/[1-9][0-9]{0,3}")
_SHAPE = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*/[1-9][0-9]{0,3}")


def check_known(kind: str) -> None:
    """Check that *kind* may stand in the ledger: listed here, or a custom ``x-NAME/VERSION``.

    Raises:
        InvalidInputError: it may not.
    """
    if kind not in KINDS and not is_custom(kind):
        raise InvalidInputError(
            f"unknown event kind `{kind[:80]}`; use a listed kind or `x-NAME/1`", kind=kind[:80]
        )


def check_external(kind: str) -> None:
    """Check that somebody outside may append *kind*: an audit event of the guide, a sign of life, or a custom one.

    The plane's own acts cannot be reported from outside: nobody else approves an agent.

    Raises:
        InvalidInputError: they may not.
    """
    if kind in AUDIT or kind in SIGNS or is_custom(kind):
        return
    if kind in GOVERNANCE:
        raise InvalidInputError(
            f"`{kind}` is recorded by the plane alone; do the act and it is recorded", kind=kind
        )
    check_known(kind)


def is_custom(kind: str) -> bool:
    """Return whether *kind* is a custom one.

    >>> is_custom("x-payroll.run/1"), is_custom("x-payroll"), is_custom("agent.retired/1")
    (True, False, False)
    """
    return _CUSTOM.fullmatch(kind) is not None


def is_kind(text: str) -> bool:
    """Return whether *text* has the shape of a kind, known here or not: a reader outlives the list it ships with.

    >>> is_kind("dsr.identity-verified/2"), is_kind("dsr.received"), is_kind("X/1")
    (True, False, False)
    """
    return len(text) <= 80 and _SHAPE.fullmatch(text) is not None
