"""Which key of a provider is meant: the one that signed the head, the one that wrapped this; looked up when it changes."""

from __future__ import annotations

from ephor.adapters.keys.provider import SigningKey, SigningKeys, Wrapping, Wrappings
from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger.note import parse_key


class SigningRing:
    """Signing keys by the verifier key that names them (C2SP signed-note)."""

    def __init__(self, source: SigningKeys) -> None:
        self._source = source
        self._known: dict[bytes, SigningKey] = {}

    def named(self, verifier_key: str) -> SigningKey:
        """Return the key that *verifier_key* is the public half of.

        Raises:
            UnavailableError: no key is at hand at all.
            VerificationError: those at hand are others.
        """
        try:
            wanted = parse_key(verifier_key).public_key
        except InvalidInputError as error:
            raise VerificationError(
                f"the stored head names no key: {error}; run `ephor ledger fsck`"
            ) from None
        if wanted not in self._known:
            self._known = {key.public_key: key for key in self._source.at_hand()}
        if wanted not in self._known:
            raise VerificationError(
                "the ledger is signed with another key than the signing key at hand; restore its own key folder or point "
                "EPHOR_KEYS at it",
                stored=verifier_key,
                mine=[public.hex() for public in self._known],
            )
        return self._known[wanted]

    def for_new(self, like: str | None) -> SigningKey:
        """Return the key for a new log: the one that signs the others as *like*, or the one a new plane would use."""
        if like is not None:
            try:
                return self.named(like)
            except (
                VerificationError
            ):  # a backup of before a rotation: the new epoch is signed by what there is
                pass
        return self._source.at_hand()[0]


class WrappingRing:
    """Wrapping keys by their marks."""

    def __init__(self, source: Wrappings) -> None:
        self._source = source
        self._known: dict[int, Wrapping] = {}

    def marked(self, mark: int) -> Wrapping:
        """Return the key of that mark.

        Raises:
            UnavailableError: no key is at hand at all.
            VerificationError: those at hand are others.
        """
        if mark not in self._known:
            self._known = {key.mark: key for key in self._source.at_hand()}
        if mark not in self._known:
            raise VerificationError(
                f"`wrapping.key` is not the key that this was wrapped with, or what stands in for it is not (`{mark:014x}`); "
                "restore its key folder, or point EPHOR_KEYS at it"
            )
        return self._known[mark]

    def first(self) -> Wrapping:
        """Return the key that a new plane would use."""
        return self._source.at_hand()[0]
