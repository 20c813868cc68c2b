"""A stand-in for Langfuse: traces in memory behind the paths of its public API. For trying things out; it is not Langfuse."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@contextmanager
def serving(traces: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Serve *traces* on a port of this machine; yield the URL by which Ephor reaches them."""

    class Line(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/api/public/traces":
                page, limit = int(asked.pop("page")), int(asked.pop("limit"))
                found = [
                    one for one in traces.values() if all(str(one.get(k)) == v for k, v in asked.items())
                ]
                self._say(200, {"data": found[(page - 1) * limit : page * limit], "meta": {"page": page}})
                return
            id = unquote(parts.path.removeprefix("/api/public/traces/"))
            self._say(200 if id in traces else 404, traces.get(id, {}))

        def do_DELETE(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            for id in json.loads(body)["traceIds"]:
                traces.pop(id, None)
            self._say(200, {"message": "Traces deleted successfully"})

        def _say(self, status: int, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"langfuse+http://public:secret@127.0.0.1:{server.server_port}?wait=20"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
