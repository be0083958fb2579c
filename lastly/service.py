"""What lives as long as the server: the loaded model, its scheduler, the metrics."""

import asyncio
import logging
import time

from lastly import model
from lastly.config import Settings
from lastly.errors import InvalidRequestError, NotReadyError, RequestTooLargeError, UnknownModelError
from lastly.metrics import Metrics
from lastly.model import Manifest
from lastly.reranker import Reranker
from lastly.scheduler import Job, Scheduler
from lastly.schemas import RerankRequest
from lastly.session import SessionOptions
from lastly.types import Candidate, Query, Ranking

_log = logging.getLogger("lastly")


class Service:
    """Loads the model in the background and answers rerank calls."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.folder = model.load(settings.model, verify=False)  # a wrong folder ends the start at once
        self._reranker: Reranker | None = None
        self._scheduler: Scheduler | None = None

    @property
    def manifest(self) -> Manifest:
        """What is served, known before it is loaded."""
        return self.folder.manifest

    @property
    def reranker(self) -> Reranker:
        """The loaded model; NotReadyError until it is warm."""
        if self._reranker is None:
            raise NotReadyError("the model is still loading; ask /health/ready")
        return self._reranker

    async def start(self) -> None:
        """Load and warm the model up without blocking the server; raises ModelFolderError."""
        started = time.monotonic()
        reranker = await asyncio.to_thread(self._load)
        self._scheduler = Scheduler(reranker, self.settings.max_queue, self.metrics)
        self._reranker = reranker
        _log.info("model %s ready after %.1f s", self.manifest.name, time.monotonic() - started)

    def close(self) -> None:
        """Let the running inference end."""
        if self._scheduler is not None:
            self._scheduler.close()

    async def rerank(self, request: RerankRequest, timeout_ms: int | None) -> Ranking:
        """Answer a rerank call within the caller's time (milliseconds)."""
        arrived = time.monotonic()
        reranker = self.reranker
        self._check(request)
        seconds = min(timeout_ms or self.settings.request_timeout_ms, self.settings.request_timeout_ms) / 1000
        truncation = request.to_truncation(reranker.manifest.truncation)
        job = Job(request.to_query(), request.to_candidates(), truncation, arrived + seconds)
        assert self._scheduler is not None  # noqa: S101  set before the model counts as ready
        ranking = await self._scheduler.submit(job)
        self.metrics.total_seconds.observe(time.monotonic() - arrived)
        self.metrics.tokens.observe(ranking.tokens)
        self.metrics.documents.observe(len(request.documents))
        return ranking

    def _check(self, request: RerankRequest) -> None:
        if request.model not in (None, self.manifest.name):
            raise UnknownModelError(f"that model is not loaded; leave it out or ask for {self.manifest.name}")
        if len(request.documents) > self.settings.max_documents:
            raise RequestTooLargeError(
                f"{len(request.documents)} documents, at most {self.settings.max_documents} are taken; "
                "send fewer or raise max_documents"
            )
        if not request.query.strip():
            raise InvalidRequestError("query is blank; send the text that the user searched for")

    def _load(self) -> Reranker:
        options = SessionOptions(self.settings.threads, self.settings.providers)
        reranker = Reranker.load(self.settings.model, options)
        reranker.rank(Query("warm up"), [Candidate(index, "a passage " * 8) for index in range(4)])
        return reranker
