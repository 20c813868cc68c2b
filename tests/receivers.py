"""Real receivers of notices on this machine: a web server and a mail server that keep what they are sent."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ephor.adapters.post import DirectPost


class Receiver:
    """A web server that keeps what it is sent and answers what a test wants."""

    def __init__(self):
        self.answers = []
        self.got = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((self.path, dict(self.headers), body))
                answer = outer.answers.pop(0) if outer.answers else 200
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                if 300 <= answer < 400:
                    self.send_header("Location", outer.url + "/elsewhere")
                self.end_headers()
                self.wfile.write(b"a page that nobody repeats")

            do_GET = do_PUT = do_POST  # noqa: N815 - the names are the library's

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MailServer:
    """As much of SMTP as a client needs (RFC 5321); answers of the test's choice to the end of the data."""

    def __init__(self, codes=()):
        self.mails, self.codes = [], list(codes)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream):
        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        say("220 test")
        envelope = []
        while words := stream.readline():
            verb = words[:4].upper()
            if verb == b"DATA":
                say("354 go on")
                data = b""
                while (part := stream.readline()) != b".\r\n":
                    data += part
                code = self.codes.pop(0) if self.codes else 250
                if code == 250:
                    self.mails.append((envelope, data.decode()))
                say(f"{code} said")
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                envelope.append(words.decode().strip())
                say("250 ok")

    def close(self):
        self.listening.close()


def post(smtp="", seconds=60.0):
    return DirectPost(smtp, "", "ephor@example.org", seconds)


def hook(plane, receiver, id="desk", **other):
    plane.notices.add(id, webhook=f"{receiver.url}/hooks?team=1", by="ada", **other)
    return plane.notices.secret(id, by="ada")
