"""A config server's HTTP API over a judge of packages: Vespa's own server is on no registry."""

import io
import json
import threading
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Verdict = Callable[[Path], tuple[bool, str]]


class ConfigServer:
    """Stands in for a config server's HTTP API: Vespa's own is on no registry. What a package is worth `judge` decides.

    Only the transport is ours: the judge is Vespa's config model, which a config server runs too.
    """

    def __init__(self, judge: Verdict, folder: Path) -> None:
        self.judge = judge
        self.activated: Path | None = None
        self.answer: dict[str, Any] = {
            "session-id": "7",
            "message": "Session 7 for tenant 'default' prepared and activated.",
        }
        self.polls_until_converged = 2
        self.paths: list[str] = []
        self.package = b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.paths.append(self.path)
                outer.package = self.rfile.read(int(self.headers["Content-Length"]))
                uploaded = folder / str(len(outer.paths))
                with zipfile.ZipFile(io.BytesIO(outer.package)) as archive:
                    archive.extractall(uploaded)
                accepted, said = outer.judge(uploaded)
                outer.activated = uploaded if accepted else None
                refusal = {"error-code": "INVALID_APPLICATION_PACKAGE", "message": said}
                self.answer(*((200, outer.answer) if accepted else (400, refusal)))

            def do_GET(self) -> None:
                outer.paths.append(self.path)
                outer.polls_until_converged -= 1
                self.answer(200, {"converged": outer.polls_until_converged <= 0})

            def answer(self, status: int, body: dict[str, Any]) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *args: Any) -> None:
                """Keep the tests' output readable."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
