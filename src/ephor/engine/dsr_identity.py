"""Use cases: showing who asks, by a code that goes to the address a request names or by the account they are signed in to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ephor.engine.dsr_work import event_of, record, sealed
from ephor.engine.ports import Post, Sent, Unit, World
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError, UnavailableError
from ephor.rooms.access.people import Person, PlanePermission, require
from ephor.rooms.dsr.code import LASTS, IdentityCode, check_open, clean, digits, renew
from ephor.rooms.dsr.request import Request, RequestStatus, check_mandate, check_step, resumed

_SUBJECT = "Your code"
_TEXT = (
    "Somebody asked about personal data under this address. If it was you, this code shows it:\n\n    {code}\n\n"
    "It is good for {minutes} minutes. If it was not you, do nothing: without the code nothing is answered.\n"
)


@dataclass(frozen=True, slots=True)
class CodeSent:
    """What came of sending a code. ``code`` is said only where no mail went out: then a person hands it over."""

    request: str
    kind: str
    sent: bool
    said: str
    code: str


@dataclass(frozen=True, slots=True)
class DsrIdentity:
    """Codes of subject requests. Neither code nor address enters a record or the ledger."""

    world: World

    def send_code(self, id: str, *, by: str, kind: str = "email", post: Post | None = None) -> CodeSent:
        """Send a new code to the address the request is found by; without *post*, return it to be handed over.

        Raises:
            ConflictError: the identity needs no showing any more, or too many codes were sent.
            InvalidInputError: the request names no address of this kind.
            UnavailableError: the mail was not taken; no code is open then, and none was counted.
            NotPermittedError: *by* may not.
        """
        request = self._open(id, by)
        identities = sealed(self.world, request)["identities"]
        if kind not in identities:
            known = ", ".join(sorted(identities))
            raise InvalidInputError(f"`{id}` names no `{kind[:40]}` to send a code to; it names: {known}")
        if post is not None and kind != "email":
            raise InvalidInputError(
                f"only e-mail goes out by itself; hand the code for `{kind}` over, without --mail"
            )
        code = digits(self.world.ids.new("code") + self.world.ids.new("code"))
        now = self.world.clock.now()
        made = IdentityCode(id, kind, self._fingerprint(id, code), now)
        with self.world.storage.reading() as unit:
            renew(unit.shelf(IdentityCode).find(id), made)
        said = "hand it over on the way the person is known by"
        if post is not None:
            text = _TEXT.format(code=code, minutes=int(LASTS.total_seconds() // 60))
            done: Sent = post.mail(identities[kind], _SUBJECT, text, id)
            if not done.taken:
                raise UnavailableError(
                    f"no code went out for `{id}`: {done.said}; try again, or hand one over, without --mail"
                )
            said = done.said
        with self.world.storage.unit() as unit:
            shelf = unit.shelf(IdentityCode)
            before = shelf.find(id)
            fresh = renew(before, made)
            if before is None:
                shelf.add(fresh)
            else:
                shelf.replace(before, fresh)
            facts = {"kind": kind, "number": fresh.number, "by_mail": post is not None}
            unit.append(event_of(self.world, "dsr.code-sent/1", request, by, metadata=facts))
        return CodeSent(id, kind, sent=post is not None, said=said, code=code if post is None else "")

    def confirm(self, id: str, code: str, *, by: str, mandate: str = "") -> Request:
        """Take the code that came back; the right one verifies the identity, a wrong one counts.

        *mandate* is the digest of the person's permission, where somebody else asks for them.

        Raises:
            InvalidInputError: no code, as it was typed.
            ConflictError: no code is open: none was sent, or it was used, ran out, or was guessed at.
            NotPermittedError: it is not the one that was sent, or *by* may not.
        """
        given, request = clean(code), self._open(id, by)
        shown = check_mandate(request, mandate)
        now = self.world.clock.now()
        with self.world.storage.unit() as unit:
            shelf = unit.shelf(IdentityCode)
            kept = shelf.find(id)
            if kept is None:
                raise ConflictError(f"no code was sent for `{id}`; send one first")
            check_open(kept, now)
            right = kept.fingerprint == self._fingerprint(id, given)
            shelf.replace(kept, replace(kept, tries=kept.tries + 1, used=right))
            if right:
                return self._verified(unit, request, f"code sent to the {kept.kind}", by, shown)
            unit.append(
                event_of(self.world, "dsr.code-failed/1", request, by, metadata={"tries": kept.tries + 1})
            )
        raise NotPermittedError(f"this is not the code that was sent for `{id}`", person=by)

    def signed_in(self, id: str, kind: str, value: str, *, by: str, mandate: str = "") -> Request:
        """Verify the identity by the account that somebody is signed in to: *value* is what that account is known by.

        Raises:
            InvalidInputError: the request names no identity of this kind.
            ConflictError: the identity needs no showing any more, or an agent shows no mandate.
            NotPermittedError: the account is somebody else's, or *by* may not.
        """
        request = self._open(id, by)
        shown = check_mandate(request, mandate)
        identities = sealed(self.world, request)["identities"]
        if kind not in identities:
            known = ", ".join(sorted(identities))
            raise InvalidInputError(
                f"`{id}` names no `{kind[:40]}` to compare an account with; it names: {known}"
            )
        if _same(kind, value) != _same(kind, identities[kind]):
            raise NotPermittedError(
                f"the account's `{kind[:40]}` is not that of request `{id}`: somebody else is signed in",
                person=by,
            )
        with self.world.storage.unit() as unit:
            return self._verified(unit, request, f"signed in with the {kind}", by, shown)

    def _verified(self, unit: Unit, request: Request, method: str, by: str, mandate: str) -> Request:
        now = self.world.clock.now()
        verified = replace(
            resumed(request, now.date()),
            status=RequestStatus.IDENTITY_VERIFIED,
            verified_by=by,
            verification_method=method,
            verified_at=now,
            mandate=mandate,
        )
        record(unit, request, verified, event_of(self.world, "dsr.identity-verified/1", request, by))
        return verified

    def _open(self, id: str, by: str) -> Request:
        with self.world.storage.reading() as unit:
            require(unit.shelf(Person).find(by), PlanePermission.PRIVACY, who=by)
            request = unit.shelf(Request).get(id)
        check_step(request, RequestStatus.IDENTITY_VERIFIED)
        return request

    def _fingerprint(self, id: str, code: str) -> str:
        return self.world.pseudonyms.fingerprint(f"{id}:{code}".encode())


def _same(kind: str, value: str) -> str:
    """Return an identity as it is compared: an address without regard to case, as it is searched for."""
    return value.strip().casefold() if kind == "email" else value.strip()
