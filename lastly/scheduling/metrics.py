"""What Prometheus reads at /metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30)
_TOKENS = (128, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_BATCH = (1, 2, 4, 8, 16, 32)
_SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_DOCUMENTS = (1, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The sidecar's counters and histograms, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("lastly_requests", "Answered requests", "path", "status")
        self.refusals = self._counter("lastly_refusals", "Requests that were refused or failed", "reason")
        self.queue_requests = self._gauge("lastly_queue_requests", "Rerank calls inside, waiting or running")
        self.queue_tokens = self._gauge("lastly_queue_tokens", "Tokens of the calls inside, guessed until encoded")
        self.queue_bytes = self._gauge("lastly_queue_bytes", "Bytes of the bodies inside")
        self.queue_seconds = self._histogram("lastly_queue_seconds", "From arrival to a call's first run", _SECONDS)
        self.tokenize_seconds = self._histogram("lastly_tokenize_seconds", "Cutting and encoding texts", _SECONDS)
        self.inference_seconds = self._histogram("lastly_inference_seconds", "The model's own time", _SECONDS)
        self.total_seconds = self._histogram("lastly_rerank_seconds", "A rerank call from arrival to answer", _SECONDS)
        self.tokens = self._histogram("lastly_rerank_tokens", "Tokens of a rerank call", _TOKENS)
        self.documents = self._histogram("lastly_rerank_documents", "Documents of a rerank call", _DOCUMENTS)
        self.batch_blocks = self._histogram("lastly_batch_blocks", "Blocks that share a run", _BATCH)
        self.batch_fill = self._histogram("lastly_batch_fill", "Share of a run's tokens that is not padding", _SHARES)
        self.cache = self._counter("lastly_cache_requests", "Rerank calls that asked the result cache", "result")
        self.cache_bytes = self._gauge("lastly_cache_bytes", "Memory of the results kept")
        self.reloads = self._counter("lastly_reloads", "Reloads of models", "result")

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text form."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, buckets=buckets, registry=self.registry)
