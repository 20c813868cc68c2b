"""The face of approvals: of agents, and of single calls, by the words of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ephor.engine.approval_rules import ApprovalRules
from ephor.engine.approvals import Approvals
from ephor.engine.calls import Calls, Swept
from ephor.rooms.approvals.call import CallApproval
from ephor.rooms.approvals.lasting import Scope
from ephor.rooms.approvals.load import Load


@dataclass(frozen=True, slots=True)
class AllApprovals(Approvals):
    """Approvals of agents, and the inbox of calls that wait for a person."""

    calls: Calls = field(kw_only=True)
    rules: ApprovalRules = field(kw_only=True)

    def inbox(self, *, person: str | None = None) -> Sequence[CallApproval]:
        """Return the calls that wait, oldest first; with *person*, those that they may answer. See `Calls.inbox`."""
        return self.calls.inbox(person=person)

    def approve(
        self,
        id: str,
        *,
        by: str,
        because: str = "",
        scope: Scope = Scope.CALL,
        lasts: timedelta | None = None,
        uses: int | None = None,
        at_most: Mapping[str, int] | None = None,
    ) -> CallApproval:
        """Let the call that was asked about happen: once, or as far as is said. See `Calls.answer`."""
        return self.calls.answer(
            id, approve=True, by=by, because=because, scope=scope, lasts=lasts, uses=uses, at_most=at_most
        )

    def reject(self, id: str, reason: str, *, by: str) -> CallApproval:
        """Refuse exactly the call that was asked about. See `Calls.answer`."""
        return self.calls.answer(id, approve=False, by=by, because=reason)

    def withdraw(self, id: str, reason: str, *, by: str) -> CallApproval:
        """Take a question, or an approval that is not used up, back. See `Calls.withdraw`."""
        return self.calls.withdraw(id, reason, by=by)

    def sweep(self) -> Swept:
        """Record what ran out and pass on what nobody answered. See `Calls.sweep`."""
        return self.calls.sweep()

    def load(self, *, within: timedelta = timedelta(days=7)) -> Load:
        """Return how much people were asked to approve. See `Calls.load`."""
        return self.calls.load(within=within)
