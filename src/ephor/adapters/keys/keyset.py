"""The keys of one plane, each from the provider that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ephor.adapters.keys.environment import GivenPseudonym, GivenSigning, GivenWrapping
from ephor.adapters.keys.files import FilePseudonym, FileSigning, FileWrapping
from ephor.adapters.keys.private import PrivateFolder
from ephor.adapters.keys.provider import PseudonymKey, SigningKeys, Wrappings
from ephor.adapters.keys.remote import RemoteSigning
from ephor.kernel.errors import InvalidInputError
from ephor.settings import Settings

if TYPE_CHECKING:
    from ephor.adapters.keys.transit import Transit


@dataclass(frozen=True, slots=True)
class KeySet:
    """The providers of a plane, and the folder beside which its heads are kept whoever they are."""

    path: Path
    signing: SigningKeys
    wrapping: Wrappings
    pseudonym: PseudonymKey

    def create(self) -> None:
        """Make whatever key is missing and is for the plane to make.

        Raises:
            UnavailableError: one cannot be made, or its provider does not answer.
        """
        PrivateFolder(self.path).create()  # whoever provides the keys: the heads are kept here
        self.signing.make()
        self.wrapping.make()
        self.pseudonym.make()

    def is_made(self) -> bool:
        """Tell whether a plane used this folder."""
        try:
            return (self.path / "head").exists() or bool(PrivateFolder(self.path).numbered("signing"))
        except (OSError, ValueError):  # out of reach, or no name for a folder
            return False

    def close(self) -> None:
        """Release the connections to whoever holds keys elsewhere."""
        self.signing.close()
        self.wrapping.close()

    def publish(self, verifier_key: str) -> None:
        """Write the public key, for auditors to take away.

        Raises:
            UnavailableError: the folder cannot be written.
        """
        PrivateFolder(self.path).replace("signing.pub", verifier_key.encode() + b"\n", 0o644)


def key_set(path: Path, settings: Settings) -> KeySet:
    """Return the keys that *settings* ask for; those they do not name lie in files in the folder *path*.

    Raises:
        InvalidInputError: two providers for one key, or an address that is none.
    """
    folder = PrivateFolder(path)
    wrapping, pseudonym = _wrapping(folder, settings)
    if settings.pseudonym_key:
        pseudonym = GivenPseudonym(settings.pseudonym_key)
    return KeySet(path, _signing(folder, settings), wrapping, pseudonym)


def _signing(folder: PrivateFolder, settings: Settings) -> SigningKeys:
    if settings.signer and settings.signing_key:
        raise InvalidInputError(
            "EPHOR_SIGNER and EPHOR_SIGNING_KEY both name the signing key; set one of them"
        )
    if settings.signing_key:
        return GivenSigning(settings.signing_key)
    if settings.signer.startswith("unix:") and (place := settings.signer.removeprefix("unix:")):
        return RemoteSigning(Path(place))
    if settings.signer.startswith("vault:"):
        from ephor.adapters.keys.transit_keys import TransitSigning  # noqa: PLC0415 - TLS is slow to load

        return TransitSigning(_transit(settings.signer, settings))
    if settings.signer:
        raise InvalidInputError(
            f"`{settings.signer[:80]}` names no signer; write unix:PATH or vault:https://host:8200/transit/NAME"
        )
    return FileSigning(folder)


def _wrapping(folder: PrivateFolder, settings: Settings) -> tuple[Wrappings, PseudonymKey]:
    """Return who wraps, and the pseudonym key that goes with it where none is given."""
    if settings.wrapper and settings.wrapping_key:
        raise InvalidInputError(
            "EPHOR_WRAPPER and EPHOR_WRAPPING_KEY both name the wrapping key; set one of them"
        )
    if settings.wrapping_key:
        return GivenWrapping(settings.wrapping_key), FilePseudonym(folder)
    if settings.wrapper.startswith("vault:"):
        from ephor.adapters.keys.transit_keys import TransitPseudonym, TransitWrappings  # noqa: PLC0415

        wrapping = TransitWrappings(_transit(settings.wrapper, settings), folder)
        return wrapping, TransitPseudonym(wrapping, folder)
    if settings.wrapper:
        raise InvalidInputError(
            f"`{settings.wrapper[:80]}` wraps no keys; write vault:https://host:8200/transit/NAME"
        )
    return FileWrapping(folder), FilePseudonym(folder)


def _transit(text: str, settings: Settings) -> Transit:
    from ephor.adapters.keys.transit import Transit, read_address, token_from  # noqa: PLC0415

    token = token_from(settings.vault_token, settings.vault_token_file)
    return Transit(read_address(text), token, settings.vault_ca)
