"""Small stand-ins for services over HTTP: Langfuse's documented API, and a service that answers subject requests."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ephor.rooms.approvals.notice import verify_signature


@dataclass
class FakeLangfuse:
    """Named as what it is: traces in memory behind Langfuse's documented paths. Deletion comes some questions later."""

    traces: dict[str, dict[str, Any]]
    keys: str = "pk:sk"
    late: int = 0
    down: int = 0
    deletions: list[list[str]] = field(default_factory=list)
    _going: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        if headers["Authorization"] != "Basic " + base64.b64encode(self.keys.encode()).decode():
            return 401, {"message": "mary@example.org is not allowed"}
        if self.down:
            self.down -= 1
            return 503, {}
        parts = urlsplit(path)
        if method == "DELETE" and parts.path == "/api/public/traces":
            ids = json.loads(body)["traceIds"]
            self.deletions.append(ids)
            self._going |= dict.fromkeys(ids, self.late)
            self._settle()
            return 200, {"message": "Traces deleted successfully"}
        if parts.path == "/api/public/traces":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            page, limit = int(asked.pop("page")), int(asked.pop("limit"))
            found = [one for one in self.traces.values() if all(one.get(k) == v for k, v in asked.items())]
            listed = [one | {"observations": [o["id"] for o in one["observations"]]} for one in found]
            return 200, {"data": listed[(page - 1) * limit : page * limit], "meta": {"page": page}}
        id = unquote(parts.path.removeprefix("/api/public/traces/"))
        self._settle()
        return (200, self.traces[id]) if id in self.traces else (404, {"message": "not found"})

    def _settle(self) -> None:
        for id, left in list(self._going.items()):
            if left > 0:
                self._going[id] = left - 1
            else:
                self.traces.pop(id, None)
                del self._going[id]


def trace(id: str, user: str, said: str) -> dict[str, Any]:
    return {
        "id": id, "timestamp": "2026-01-01T00:00:00Z", "name": "support", "userId": user, "sessionId": f"s-{user}",
        "input": {"messages": [said]}, "output": f"hello, {said}", "metadata": {"customer": {"id": user}}, "tags": [],
        "observations": [{"id": f"o-{id}", "input": said}], "scores": [],
    }  # fmt: skip


@dataclass
class FakeService:
    """A service that keeps tickets and answers as the contract asks; `lies` makes it answer with rows nobody asked for."""

    rows: list[dict[str, Any]]
    secret: str = "s3cret"
    lies: bool = False
    down: int = 0
    done: dict[str, Any] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        key = verify_signature(self.secret, dict(headers), body, now=datetime.now(UTC))
        assert key == headers["Idempotency-Key"]
        asked = json.loads(body)
        assert path == f"/privacy/{asked['action']}"
        if key in self.done:
            return 200, self.done[key]
        answer: dict[str, Any] = getattr(self, asked["action"])(asked)
        if asked["action"] in ("erase", "rectify"):
            self.done[key] = answer
            self.acts.append(asked["action"])
        if self.down:  # it did what was asked, and the answer is lost
            self.down -= 1
            return 502, {}
        return 200, answer

    def describe(self, _: Any) -> dict[str, Any]:
        fields = ["id", "mail", "text", "who"]
        return {"collections": [{"name": "tickets", "fields": fields, "primary_key": ["id"]}]}

    def find(self, asked: Any) -> dict[str, Any]:
        fold = str.lower if asked.get("ignore_case") else str
        wanted = {fold(str(one)) for one in asked.get("values", ())}
        found = [
            row for row in self.rows
            if self.lies or "field" not in asked or fold(str(row[asked["field"]])) in wanted
        ]  # fmt: skip
        start = int(asked["after"] or 0)
        return {"rows": found[start : start + 1], "next": str(start + 1) if start + 1 < len(found) else None}

    def erase(self, asked: Any) -> dict[str, Any]:
        before = len(self.rows)
        self.rows = [row for row in self.rows if [row[name] for name in asked["key"]] not in asked["rows"]]
        return {"rows": before - len(self.rows)}

    def rectify(self, asked: Any) -> dict[str, Any]:
        hit = [row for row in self.rows if [row[name] for name in asked["key"]] in asked["rows"]]
        for row in hit:
            row.update(asked["values"])
        return {"rows": len(hit)}


@contextmanager
def served(fake: Any) -> Iterator[str]:
    """Serve *fake* on a port of this machine; yield `HOST:PORT`."""

    class Line(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = fake.answer(self.command, self.path, self.headers, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_DELETE = do_GET  # noqa: N815 - the standard library's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
