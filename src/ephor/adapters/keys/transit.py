"""One transit key of HashiCorp Vault over HTTP: what is asked, what an answer means, and that no error shows the token.

The API is Vault's transit secrets engine: https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Timer
from typing import Any
from urllib.parse import urlsplit

from ephor.kernel.errors import InvalidInputError, UnavailableError, VerificationError

PATIENCE = 5.0
"""Seconds until a Vault that does not answer counts as gone."""
_LARGEST = 1 << 20
_PATH = re.compile(r"/((?:[A-Za-z0-9_.-]+/)+)([A-Za-z0-9_.-]+)")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a transit key is: ``https://host:8200/MOUNT/NAME``."""

    host: str
    port: int
    mount: str
    key: str
    tls: bool

    def __str__(self) -> str:
        scheme = "https" if self.tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}/{self.mount}/{self.key}"


def read_address(text: str) -> Address:
    """Return the place that ``vault:https://host:8200/transit/NAME`` names.

    Raises:
        InvalidInputError: it names none, or one where the token would travel in the clear.
    """
    usage = "write vault:https://host:8200/transit/NAME"
    try:
        url = urlsplit(text.removeprefix("vault:"))
        host, port = url.hostname, url.port
    except ValueError:
        raise InvalidInputError(f"this is no address of a Vault key; {usage}") from None
    path = _PATH.fullmatch(url.path)
    if not host or path is None or url.query or url.fragment or url.scheme not in ("http", "https"):
        raise InvalidInputError(f"this is no address of a Vault key; {usage}")
    if url.username is not None or url.password is not None:
        raise InvalidInputError(
            f"an address of Vault holds no password; set EPHOR_VAULT_TOKEN_FILE, and {usage}"
        )
    if url.scheme == "http" and host not in _LOOPBACK:
        raise InvalidInputError(f"`{host}` would be sent the token in the clear; {usage}")
    return Address(host, port or 8200, path[1].rstrip("/"), path[2], url.scheme == "https")


class Transit:
    """Asks Vault about one key. One connection, made when it is needed and again when it broke."""

    def __init__(
        self, address: Address, token: Callable[[], str], authority: str = "", patience: float = PATIENCE
    ) -> None:
        self.address = address
        self._token, self._authority, self._patience = token, authority, patience
        self._lock = Lock()
        self._connection: http.client.HTTPConnection | None = None

    def read(self) -> Mapping[str, Any]:
        """Return what Vault tells of the key, which is never the key itself."""
        return self.ask("GET", f"keys/{self.address.key}")

    def act(self, verb: str, **body: object) -> Mapping[str, Any]:
        """Sign, encrypt or decrypt with the key."""
        return self.ask("POST", f"{verb}/{self.address.key}", body)

    def change(self, verb: str, **body: object) -> Mapping[str, Any]:
        """Rotate, configure or trim the key."""
        return self.ask("POST", f"keys/{self.address.key}/{verb}", body)

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """Return the data of Vault's answer.

        Raises:
            UnavailableError: no answer in time, or Vault is sealed, refuses the token, or has no such key.
            VerificationError: Vault says that what it was given is wrong (status 400).
        """
        token = self._token()
        with self._lock:
            try:
                status, data = self._exchange(
                    method,
                    f"/v1/{self.address.mount}/{path}",
                    None if body is None else json.dumps(body).encode(),
                    {"X-Vault-Token": token, "X-Vault-Request": "true"},
                )
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                raise UnavailableError(
                    f"Vault at `{self.address}` did not answer: {_why(error)}; nothing was recorded, try again"
                ) from None  # the request, and with it the token, hangs on the original
            except BaseException:
                self._hang_up()
                raise
        return self._judge(status, data, token)

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._hang_up()

    def _judge(self, status: int, data: bytes, token: str) -> Mapping[str, Any]:
        try:
            told = json.loads(data) if data else {}
            found = told.get("data") or {}
            said = "; ".join(str(one) for one in told.get("errors") or ())
        except (ValueError, AttributeError, TypeError):
            found, said = None, ""
        if 200 <= status < 300 and isinstance(found, dict):
            return found
        words = said.replace(token, "…")[:300]
        if status == 400:
            raise VerificationError(f"Vault at `{self.address}` refuses: {words or 'bad request'}")
        reason = {
            403: "it refuses the token; renew it, or give its policy what the operator's page lists",
            404: "there is no such key; make it as the operator's page says",
            503: "it is sealed or under maintenance",
        }.get(status, f"status {status}")
        raise UnavailableError(
            f"Vault at `{self.address}` does not help: {reason} ({words or 'no more was said'})"
        )

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        if self._connection is not None:
            with suppress(ConnectionError, http.client.RemoteDisconnected):  # it was closed since: ask anew
                return self._once(self._connection, method, path, body, headers)
            self._hang_up()
        connection = self._connection = self._connect()
        return self._once(connection, method, path, body, headers)

    def _once(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes]:
        connection.timeout = self._patience
        # The timeout of a socket starts anew with every byte; this one does not.
        watch = Timer(self._patience, _cut, (connection,))
        watch.daemon = True
        watch.start()
        try:
            if connection.sock is None:
                connection.connect()
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            data = response.read(_LARGEST + 1)
        finally:
            watch.cancel()
        if len(data) > _LARGEST:
            raise http.client.HTTPException("the answer is too long")
        return response.status, data

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self.address.host, self.address.port
        if not self.address.tls:
            return http.client.HTTPConnection(host, port, timeout=self._patience)
        try:
            context = ssl.create_default_context(cafile=self._authority or None)
        except (OSError, ssl.SSLError):
            raise UnavailableError(
                f"`{self._authority}` holds no certificate; point EPHOR_VAULT_CA at the PEM of Vault's authority"
            ) from None
        return http.client.HTTPSConnection(host, port, timeout=self._patience, context=context)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def token_from(text: str, file: str) -> Callable[[], str]:
    """Return what asks for the token: the setting, or the file anew each time, since an agent of Vault renews it."""

    def ask() -> str:
        token = text or _read_token(file)
        if not token:
            raise UnavailableError(
                "there is no token for Vault; set EPHOR_VAULT_TOKEN_FILE or EPHOR_VAULT_TOKEN"
            )
        if not re.fullmatch(r"[!-~]{1,1024}", token):
            raise UnavailableError(
                "the token for Vault holds what no token holds; write it alone on one line"
            )
        return token

    return ask


def _read_token(file: str) -> str:
    if not file:
        return ""
    try:
        path = Path(file)
        if path.stat().st_mode & stat.S_IRWXO:
            raise UnavailableError(
                f"`{path}` is open to every account; run `chmod o= {path}`, and renew the token"
            )
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UnavailableError(
            f"cannot read the token for Vault from `{file}`: {why}; make it readable"
        ) from None


def _cut(connection: http.client.HTTPConnection) -> None:
    if (used := connection.sock) is not None:
        with suppress(OSError):
            used.shutdown(socket.SHUT_RDWR)


def _why(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}); point EPHOR_VAULT_CA at its authority"
        )
    if isinstance(error, TimeoutError):
        return "too late"
    return str(error)[:200] or type(error).__name__
