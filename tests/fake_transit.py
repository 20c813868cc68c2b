"""A FAKE of the part of HashiCorp Vault's transit API that Ephor uses, written from its public documentation.

It is not Vault: it has one token, one mount and no policies. What is real: the socket, TLS, Ed25519 and AES-GCM, the
versions in ciphertexts and signatures, and the rules about minimum versions.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import re
import secrets
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

TOKEN = "hvs.FAKE-TOKEN-that-no-message-may-show"


class RefusedError(Exception):
    """Status and words of an answer that is an error."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class Key:
    """A named key: versions from 1, and the lowest that may be used."""

    type: str
    versions: dict[int, Any] = field(default_factory=dict)
    encryption: int = 0
    decryption: int = 1
    available: int = 0

    def rotate(self) -> None:
        new = Ed25519PrivateKey.generate() if self.type == "ed25519" else secrets.token_bytes(32)
        self.versions[max(self.versions, default=0) + 1] = new

    def told(self, name: str) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        for number, key in self.versions.items():
            if number < self.decryption:
                continue
            keys[str(number)] = 1_700_000_000 + number
            if self.type == "ed25519":
                public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
                keys[str(number)] = {
                    "creation_time": f"2026-01-0{number}",
                    "name": "ed25519",
                    "public_key": public,
                }
        return {
            "name": name, "type": self.type, "keys": keys, "derived": False, "exportable": False,
            "latest_version": max(self.versions), "min_encryption_version": self.encryption,
            "min_decryption_version": self.decryption, "min_available_version": self.available,
        }  # fmt: skip

    def version(self, asked: int) -> int:
        number = asked or max(self.versions)
        if number not in self.versions or (self.encryption and number < self.encryption):
            raise RefusedError(400, "requested version is less than the minimum or higher than the latest")
        return number


class FakeTransit:
    """The fake and its server; *faults* are hooks for what goes wrong."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.keys: dict[str, Key] = {}
        self.asked: list[tuple[str, str]] = []
        self.status = 0
        """Answer everything with this status."""
        self.ignores_context = False
        self.silent = False
        """Take requests, and never answer."""
        self.lie = b""
        """Sign this instead of what was asked."""
        self.fail_after = -1
        """Requests answered before everything is refused."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                fake._connections.append(self.connection)

            def do_GET(self) -> None:
                fake._serve(self, {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                fake._serve(self, json.loads(self.rfile.read(length) or b"{}"))

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that hung up is no fault of the fake's."""

        self._connections: list[Any] = []
        self.server = Server(("127.0.0.1", port), Handler)
        self.tls = tls
        if tls is not None:
            self.server.socket = tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self.server.server_address[1]
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def make(self, name: str, type: str) -> None:
        """Make a key as an operator of Vault would."""
        self.keys[name] = Key(type)
        self.keys[name].rotate()

    def url(self, name: str) -> str:
        return f"vault:{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/transit/{name}"

    def close(self) -> None:
        self._gone.set()
        self.server.shutdown()
        for one in self._connections:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.server.server_close()
        self._thread.join()

    def _serve(self, request: Any, body: dict[str, Any]) -> None:
        self.asked.append((request.command, request.path))
        if self.silent:
            self._gone.wait(300)
            request.close_connection = True
            return
        try:
            if request.headers.get("X-Vault-Token") != TOKEN:
                # Vault does not repeat the token; this does, to see that nobody shows it.
                raise RefusedError(403, f"permission denied for {request.headers.get('X-Vault-Token')}")
            if self.fail_after == 0:
                raise RefusedError(500, "internal error")
            self.fail_after -= 1
            if self.status:
                raise RefusedError(self.status, f"asked to answer so, token {TOKEN}")
            status, answer = 200, {"data": self._answer(request.command, request.path, body)}
        except RefusedError as refused:
            status, answer = refused.status, {"errors": [str(refused)]}
        data = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        found = re.fullmatch(
            r"/v1/transit/(keys|sign|encrypt|decrypt)/([a-z-]+)(?:/(rotate|config|trim))?", path
        )
        if found is None or found[2] not in self.keys:
            raise RefusedError(404 if method == "GET" else 400, "encryption key not found")
        key = self.keys[found[2]]
        if found[1] == "keys":
            return self._manage(key, found[2], found[3], body)
        return {"sign": self._sign, "encrypt": self._encrypt, "decrypt": self._decrypt}[found[1]](key, body)

    def _manage(self, key: Key, name: str, verb: str | None, body: dict[str, Any]) -> dict[str, Any]:
        if verb == "rotate":
            key.rotate()
        elif verb == "config":
            decryption = body.get("min_decryption_version", key.decryption)
            encryption = body.get("min_encryption_version", key.encryption)
            if max(decryption, encryption) > max(key.versions) or 0 < encryption < decryption:
                raise RefusedError(400, "cannot set min encryption/decryption values")
            key.decryption, key.encryption = decryption, encryption
        elif verb == "trim":
            floor = body["min_available_version"]
            if not key.encryption or floor > min(key.encryption, key.decryption) or floor < key.available:
                raise RefusedError(
                    400, "minimum available version cannot be greater than the minimum versions"
                )
            key.available = floor
            key.versions = {number: one for number, one in key.versions.items() if number >= floor}
        return key.told(name)

    def _sign(self, key: Key, body: dict[str, Any]) -> dict[str, Any]:
        number = key.version(body.get("key_version", 0))
        signed = key.versions[number].sign(self.lie or base64.b64decode(body["input"]))
        return {"signature": f"vault:v{number}:{base64.b64encode(signed).decode()}", "key_version": number}

    def _encrypt(self, key: Key, body: dict[str, Any]) -> dict[str, Any]:
        number, nonce = key.version(body.get("key_version", 0)), secrets.token_bytes(12)
        box = AESGCM(key.versions[number]).encrypt(
            nonce, base64.b64decode(body["plaintext"]), self._context(body)
        )
        return {
            "ciphertext": f"vault:v{number}:{base64.b64encode(nonce + box).decode()}",
            "key_version": number,
        }

    def _decrypt(self, key: Key, body: dict[str, Any]) -> dict[str, Any]:
        found = re.fullmatch(r"vault:v(\d+):(.+)", body["ciphertext"])
        if found is None or int(found[1]) not in key.versions or int(found[1]) < key.decryption:
            raise RefusedError(400, "ciphertext or signature version is disallowed by policy (too old)")
        try:
            box = base64.b64decode(found[2])
            plain = AESGCM(key.versions[int(found[1])]).decrypt(box[:12], box[12:], self._context(body))
        except (InvalidTag, ValueError):
            raise RefusedError(400, "cipher: message authentication failed") from None
        return {"plaintext": base64.b64encode(plain).decode()}

    def _context(self, body: dict[str, Any]) -> bytes:
        return b"" if self.ignores_context else base64.b64decode(body.get("associated_data", ""))


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS and the file of the authority that vouches for it: itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake vault")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    authority, private = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return context, authority
