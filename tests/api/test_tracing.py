"""A call's span continues the caller's trace; sent to a real listener in OTLP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from lastly.config import Settings
from tests.kit.sidecars.in_process import CALL, serving, small_settings

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """Take OTLP over HTTP and keep the bodies."""
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(raw)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", bodies
    server.shutdown()
    server.server_close()


def spans(bodies: list[bytes]) -> list[Span]:
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    return [
        span
        for sent in requests
        for resource in sent.resource_spans
        for part in resource.scope_spans
        for span in part.spans
    ]


def test_the_caller_s_trace_is_continued_with_the_stages_as_children(
    small_model: Path, collector: tuple[str, list[bytes]]
) -> None:
    endpoint, bodies = collector
    with serving(Settings(**small_settings(small_model, trace_endpoint=endpoint))) as client:
        client.post("/v1/rerank", json=CALL, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    found = {span.name: span for span in spans(bodies)}
    call = found["rerank"]
    assert (call.trace_id.hex(), call.parent_span_id.hex()) == (TRACE, PARENT)
    for stage in ("tokenize", "queue", "inference"):
        assert found[stage].parent_span_id == call.span_id
        assert call.start_time_unix_nano <= found[stage].start_time_unix_nano + 5_000_000
        assert found[stage].end_time_unix_nano >= found[stage].start_time_unix_nano
    assert not any(b"green tea" in body for body in bodies)
