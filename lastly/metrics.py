"""What Prometheus reads at /metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30)
_TOKENS = (128, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_DOCUMENTS = (1, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The sidecar's counters and histograms, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("lastly_requests", "Answered requests", "path", "status")
        self.refusals = self._counter("lastly_refusals", "Requests that were refused or failed", "reason")
        self.waiting = Gauge("lastly_queue_requests", "Requests that wait for the model", registry=self.registry)
        self.queue_seconds = self._histogram("lastly_queue_seconds", "Wait for the model", _SECONDS)
        self.tokenize_seconds = self._histogram("lastly_tokenize_seconds", "Cutting and encoding texts", _SECONDS)
        self.inference_seconds = self._histogram("lastly_inference_seconds", "The model's own time", _SECONDS)
        self.total_seconds = self._histogram("lastly_rerank_seconds", "A rerank call from door to door", _SECONDS)
        self.tokens = self._histogram("lastly_rerank_tokens", "Tokens of a rerank call", _TOKENS)
        self.documents = self._histogram("lastly_rerank_documents", "Documents of a rerank call", _DOCUMENTS)

    def render(self) -> bytes:
        """Give all metrics in Prometheus' text form."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, buckets=buckets, registry=self.registry)
