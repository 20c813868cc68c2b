"""Every error Ephor raises on purpose, in six families by what the caller can do.

A denial is not here: being told "no" is an answer (`ephor.Decision`), not a failure.
How an error looks in HTTP, as an exit code or in JSON-RPC is each edge's own table.
"""

from __future__ import annotations

from typing import ClassVar


class EphorError(Exception):
    """Root of the family; never raised itself.

    ``code`` is public: it stands in responses, logs and the ledger and is never reused for another meaning.
    ``facts`` carry the particulars as data beside the prose.
    Messages: lower case, no full stop, the user's own input in backticks, what to do next.
    """

    code: ClassVar[str]

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class InvalidInputError(EphorError):
    """The request cannot be understood. Fix it, then send it again."""

    code = "invalid-input"


class NotFoundError(EphorError):
    """The thing named does not exist, or this principal may not see it. Check the name."""

    code = "not-found"


class ConflictError(EphorError):
    """The state moved on, or does not allow this step. Read again, then decide again."""

    code = "conflict"


class NotPermittedError(EphorError):
    """This principal may not operate the plane in this way. Ask for the role."""

    code = "not-permitted"


class VerificationError(EphorError):
    """A proof, signature, digest or tree does not hold. Stop; call a person."""

    code = "verification-failed"


class UnavailableError(EphorError):
    """Something Ephor depends on did not answer. Nothing was decided; retry later."""

    code = "unavailable"
