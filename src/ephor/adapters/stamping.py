"""Time stamps of others (RFC 3161): asking a time-stamping authority, and judging what it signed."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509

from ephor.adapters.posting import post
from ephor.kernel.errors import InvalidInputError, UnavailableError, VerificationError
from ephor.rooms.ledger.timestamps import Stamped

try:
    import rfc3161_client as rfc3161
except ModuleNotFoundError as error:
    raise UnavailableError(
        "time stamps need `rfc3161-client`, which is not installed; install Ephor with its extra `timestamps`"
    ) from error

_HASH = rfc3161.HashAlgorithm.SHA256


class HttpStamps:
    """Asks authorities over HTTP and HTTPS (RFC 3161, section 3.4), and trusts only the roots it is handed."""

    def ask(self, url: str, data: bytes, roots: bytes) -> bytes:
        """Return the answer of the authority at *url*, which stamps *data* under one of *roots* (PEM)."""
        asked = rfc3161.TimestampRequestBuilder().data(data).hash_algorithm(_HASH).build()
        came = post(url, asked.as_bytes(), "application/timestamp-query")
        if came.status != 200 or came.media_type != "application/timestamp-reply":
            raise VerificationError(
                f"`{url}` answered {came.status} with `{came.media_type[:60]}`, not a time stamp; check the address"
            )
        _judge(came.body, data, roots, nonce=asked.nonce)
        return came.body

    def judge(self, answer: bytes, data: bytes, roots: bytes) -> Stamped:
        """Return when and by whom *data* was stamped."""
        return _judge(answer, data, roots)


def _judge(answer: bytes, data: bytes, roots: bytes, nonce: int | None = None) -> Stamped:
    try:
        trusted = x509.load_pem_x509_certificates(roots)
    except ValueError as error:
        raise InvalidInputError("the roots are no certificates in PEM; name the authority's root") from error
    try:
        found = rfc3161.decode_timestamp_response(answer)
        builder = rfc3161.VerifierBuilder(roots=trusted)
        if nonce is not None:
            builder = builder.nonce(nonce)
        builder.build().verify_message(
            found, data
        )  # certificates must be valid at the time stamped, not today
        info = found.tst_info
    except (ValueError, rfc3161.VerificationError) as error:
        raise VerificationError(f"the time stamp does not hold: {error}") from error
    at: datetime = info.gen_time
    named = info.name.value if isinstance(info.name, x509.DirectoryName) else None
    return Stamped(at.astimezone(UTC), named.rfc4514_string() if named else "")
