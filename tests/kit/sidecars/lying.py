"""A sidecar for faults that the real one never shows: wrong, missing, doubled and broken answers, and slow ones."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[int], bytes]


def _results(scores: list[Any]) -> bytes:
    results = [{"index": index, "relevance_score": score} for index, score in enumerate(scores)]
    return json.dumps({"model": "test", "usage": {"total_tokens": 1}, "results": results}).encode()


def reversed_order(count: int) -> bytes:
    """Score the last candidate best, so that every hit moves; scores are cosines, as the model's are."""
    return _results([index / count for index in range(count)])


LIES: dict[str, Answer] = {
    "a score is missing": lambda count: _results([0.5] * (count - 1)),
    "a score is not a number": lambda count: _results([0.5] * (count - 1) + ["much"]),
    "a score is NaN": lambda count: _results([0.5] * (count - 1) + [float("nan")]),
    "an index is doubled": lambda count: _results([0.5] * count).replace(b'"index": 1,', b'"index": 0,'),
    "an index is out of range": lambda count: _results([0.5] * count).replace(b'"index": 0,', b'"index": 9999,'),
    "there are no results": lambda count: b'{"model": "test"}',
    "the answer is no JSON": lambda count: b"<html>busy</html>",
    "the answer is empty": lambda count: b"",
}


@dataclass
class Call:
    """What one call brought."""

    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class LyingSidecar:
    """Answers as told; keeps what it got."""

    answer: Answer = reversed_order
    status: int = 200
    delay_s: float = 0.0
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self) -> None:
        """Tell the truth again, and forget the calls."""
        self.answer, self.status, self.delay_s = reversed_order, 200, 0.0
        self.calls.clear()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # of the default 5, a burst of callers would have had their connections dropped


def _handler(sidecar: LyingSidecar) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one write: two cost 40 ms (Nagle and delayed acknowledgement)
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sidecar.calls.append(Call(body, {name.lower(): value for name, value in self.headers.items()}))
            time.sleep(sidecar.delay_s)
            answer = sidecar.answer(len(body["documents"]))
            self.send_response(sidecar.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Keep the tests' output readable."""

    return Handler
