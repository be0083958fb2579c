"""OpenTelemetry traces that continue the caller's `traceparent`; without the extra `otel` nothing is imported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lastly.errors import InvalidRequestError
from lastly.scheduling.jobs import Stage
from lastly.types import Ranking

_NANOSECONDS = 1_000_000_000


class Tracing:
    """Sends spans to an OTLP/HTTP address; without one every method does nothing."""

    def __init__(self, endpoint: str | None) -> None:
        self._provider: Any = _provider(endpoint) if endpoint else None
        self._tracer: Any = self._provider.get_tracer("lastly") if self._provider else None

    @contextmanager
    def request(self, path: str, headers: Mapping[str, str]) -> Iterator[None]:
        """Span a request, as a child of the caller's span where it names one."""
        if self._tracer is None:
            yield
            return
        from opentelemetry import propagate
        from opentelemetry.trace import SpanKind

        parent = propagate.extract(dict(headers))
        attributes = {"url.path": path, "http.request.method": "POST"}
        # Exceptions are not recorded: their messages could hold a user's text.
        with self._tracer.start_as_current_span(
            "rerank", parent, SpanKind.SERVER, attributes, record_exception=False, set_status_on_exception=False
        ):
            yield

    def record(self, stages: Sequence[Stage], documents: int, ranking: Ranking) -> None:
        """Add a call's stages to the current span as its children, and its size."""
        if self._tracer is None:
            return
        from opentelemetry import trace

        trace.get_current_span().set_attributes(
            {"lastly.documents": documents, "lastly.tokens": ranking.tokens, "lastly.blocks": ranking.blocks}
        )
        for stage in stages:
            span = self._tracer.start_span(stage.name, start_time=int(stage.start * _NANOSECONDS))
            span.end(int(stage.end * _NANOSECONDS))

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()


def _provider(endpoint: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise InvalidRequestError("traces need more packages; install lastly[otel]") from error
    provider = TracerProvider(resource=Resource.create({"service.name": "lastly"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    return provider
