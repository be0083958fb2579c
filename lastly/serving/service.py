"""What lives as long as the server: models, scheduler, cache, keys, metrics."""

import asyncio
import logging
import time
from dataclasses import replace

from lastly.config import Settings
from lastly.errors import InvalidRequestError, LastlyError, NotReadyError, RequestTooLargeError
from lastly.ranking.reranker import Reranker
from lastly.scheduling.admission import Limits
from lastly.scheduling.jobs import Job
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.scheduler import Scheduler
from lastly.serving.cache import ResultCache, key_of
from lastly.serving.credentials.api_keys import ApiKeys
from lastly.serving.dialects.common import RerankCall
from lastly.serving.registry import ModelRegistry
from lastly.serving.tracing import Tracing
from lastly.serving.warming import Warming
from lastly.types import Candidate, Query, Ranking, Truncation

_log = logging.getLogger("lastly")
_WARM_UP_S = 300.0
_WARM_UP_DOCUMENTS = (1, 8, 8)  # the first run pays for what ONNX Runtime does once; the last tells the pace


class Service:
    """Answers rerank calls once its models are loaded."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.models = ModelRegistry(settings)
        self._loading = asyncio.Lock()
        self.keys = ApiKeys(settings)
        self.tracing = Tracing(settings.trace_endpoint)
        self._scheduler = Scheduler(_limits(settings), self.metrics)
        self._warming = Warming(self._scheduler, settings.max_batch_tokens)
        self._cache = ResultCache(settings.cache_bytes, self.metrics)

    async def start(self) -> None:
        """Load the models and warm them up without blocking the server; raises ModelFolderError."""
        async with self._loading:
            await self.models.load(self._warm_up)

    async def reload(self) -> None:
        """Load the models again from their folders, after a load that is under way; a failure leaves those that run.

        Whatever happens is one line of the log and one count.
        """
        async with self._loading:
            try:
                await self.models.load(self._warm_up)
            except LastlyError as error:
                self._reload_failed(str(error))
            except Exception as error:  # a message that is not ours can hold anything
                self._reload_failed(type(error).__name__)
            else:
                self.metrics.reloads.labels("done").inc()
                _log.info("the reload is done")

    def _reload_failed(self, reason: str) -> None:
        self.metrics.reloads.labels("failed").inc()
        _log.error("the reload failed, the model that runs stays: %s", reason)

    def fail_all(self) -> None:
        """Answer every call inside with NotReadyError: the time to drain is over."""
        self._scheduler.fail_all()

    def close(self) -> None:
        """Let the running inference end."""
        self._warming.stop()
        self._scheduler.close()
        self.tracing.close()

    def check_capacity(self, timeout_ms: int | None, arrived: float) -> None:
        """Raise OverloadedError where no call fits, or none that has so long from `arrived` on.

        With a cache each call must be read first: it may be answered.
        """
        if not self._cache.enabled:
            self._scheduler.check_capacity(arrived + self._seconds(timeout_ms) - time.monotonic())

    def check_ready(self) -> None:
        """Raise NotReadyError until every model is warm, and while the encoder or a model does not move."""
        self.models.check_ready()
        if self._scheduler.stalled_s() > self.settings.stall_timeout_s:
            raise NotReadyError(f"nothing has moved for over {self.settings.stall_timeout_s} s; restart the sidecar")

    def _seconds(self, timeout_ms: int | None) -> float:
        return min(timeout_ms or self.settings.request_timeout_ms, self.settings.request_timeout_ms) / 1000

    def retry_after(self) -> int:
        """Return the seconds after which a call that was refused now makes sense."""
        return self._scheduler.retry_after()

    def check_count(self, documents: int) -> None:
        """Raise RequestTooLargeError where a call has too many documents."""
        if documents > self.settings.max_documents:
            raise RequestTooLargeError(
                f"over {self.settings.max_documents} documents; send fewer or raise max_documents"
            )

    async def rerank(
        self, call: RerankCall, timeout_ms: int | None, arrived: float | None = None
    ) -> tuple[str, Ranking]:
        """Answer a call within the caller's time: milliseconds from `arrived`, a time of `time.monotonic()` (now).

        Returns the model's name and the ranking.
        """
        arrived = time.monotonic() if arrived is None else arrived
        self._check(call)
        name, reranker = self.models.get(call.model)
        seconds = self._seconds(timeout_ms)
        candidates = [Candidate(index, text) for index, text in enumerate(call.texts)]
        truncation = call.truncation(self._truncation(reranker))
        weight = self._lexical_weight(reranker) if call.lexical_weight is None else call.lexical_weight
        ranking = await self._rank(Job(reranker, call.query, candidates, truncation, weight, arrived + seconds), call)
        self.metrics.total_seconds.observe(time.monotonic() - arrived)
        self.metrics.tokens.observe(ranking.tokens)
        self.metrics.documents.observe(len(call.texts))
        return name, ranking

    def _truncation(self, reranker: Reranker) -> Truncation:
        """Return the cut of calls that name none: the model's own, changed as the settings say."""
        if self.settings.long_documents == "model":
            return reranker.manifest.truncation
        return replace(reranker.manifest.truncation, long_documents=self.settings.long_documents)

    def _lexical_weight(self, reranker: Reranker) -> float:
        """Return what words count in calls that say nothing of it: the settings' share, or the model's own."""
        told = self.settings.lexical_weight
        return reranker.manifest.lexical_weight if told is None else told

    async def _rank(self, job: Job, call: RerankCall) -> Ranking:
        if not self._cache.enabled:
            return await self._submit(job)
        key = key_of(job, embeddings=call.embeddings)
        ranking = self._cache.get(key)
        if ranking is None:
            ranking = await self._submit(job)
            self._cache.put(key, ranking, embeddings=call.embeddings)
        return ranking

    async def _submit(self, job: Job) -> Ranking:
        ranking, stages = await self._scheduler.submit(job)
        self.tracing.record(stages, len(job.candidates), ranking)
        return ranking

    def _check(self, call: RerankCall) -> None:
        self.check_count(len(call.texts))
        if not call.query.text.strip():
            raise InvalidRequestError("query is blank; send the text that the user searched for")

    async def _warm_up(self, name: str, reranker: Reranker) -> None:
        """Run the model through the scheduler, which learns its pace from this; on a GPU some shapes before that."""
        await self._warming.start(name, reranker.session)
        for count in _WARM_UP_DOCUMENTS:
            texts = [Candidate(index, "a passage " * 16) for index in range(count)]
            deadline = time.monotonic() + _WARM_UP_S
            manifest = reranker.manifest
            job = Job(reranker, Query("warm up"), texts, manifest.truncation, manifest.lexical_weight, deadline)
            await self._scheduler.submit(job, admit=False)


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.max_queue,
        settings.max_queue_tokens,
        settings.max_batch_tokens,
        settings.brownout_wait_ms / 1000,
        settings.brownout_tokens,
    )
