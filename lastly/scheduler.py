"""Who may use the model, and until when: admission, deadlines, one inference at a time."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from lastly.errors import DeadlineExceededError, OverloadedError
from lastly.metrics import Metrics
from lastly.reranker import Reranker
from lastly.types import Candidate, Encoding, Query, Ranking, Truncation

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """One rerank call; `deadline` is a time of `time.monotonic()` after which nobody waits for the answer."""

    query: Query
    candidates: Sequence[Candidate]
    truncation: Truncation
    deadline: float

    def remaining(self) -> float:
        """Give the seconds left."""
        return self.deadline - time.monotonic()


class Scheduler:
    """Runs jobs first come, first served; refuses what cannot wait or cannot end in time."""

    def __init__(self, reranker: Reranker, max_queue: int, metrics: Metrics) -> None:
        self._reranker = reranker
        self._max_queue = max_queue
        self._metrics = metrics
        self._waiting = 0
        self._model = asyncio.Lock()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="rerank")  # one infers, one encodes ahead
        self._seconds_per_token = 0.0  # of late; 0 until something ran

    async def submit(self, job: Job) -> Ranking:
        """Rank a job's candidates.

        Raises OverloadedError where the queue is full, DeadlineExceededError where the time is over or too short.
        """
        if self._waiting >= self._max_queue:
            raise OverloadedError("the queue is full; retry later or add a replica", self._retry_after())
        self._waiting += 1
        self._metrics.waiting.set(self._waiting)
        try:
            async with asyncio.timeout(max(job.remaining(), 0)):
                return await self._rank(job)
        except TimeoutError:
            raise DeadlineExceededError(
                "the caller's time is over; raise the timeout or send fewer documents"
            ) from None
        finally:
            self._waiting -= 1
            self._metrics.waiting.set(self._waiting)

    def close(self) -> None:
        """Let the running inference end and take no more work."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _rank(self, job: Job) -> Ranking:
        encodings = await self._in_thread(self._encode, job)
        arrived = time.monotonic()
        await self._model.acquire()
        try:
            self._metrics.queue_seconds.observe(time.monotonic() - arrived)
            self._check_time(job, encodings)
            running = asyncio.ensure_future(self._in_thread(self._score, encodings, job.candidates))
        except BaseException:
            self._model.release()
            raise
        running.add_done_callback(self._inference_ended)
        # A caller whose time is over is answered at once; the model stays taken until its inference ends.
        return await asyncio.shield(running)

    def _inference_ended(self, running: "asyncio.Future[Ranking]") -> None:
        self._model.release()
        if not running.cancelled():
            running.exception()  # marks it as seen where the caller is gone

    def _check_time(self, job: Job, encodings: Sequence[Encoding]) -> None:
        needed = self._seconds_per_token * sum(len(encoding.input_ids) for encoding in encodings)
        if job.remaining() < needed / 2:  # half: the estimate is rough, and a wrong refusal costs a good answer
            raise DeadlineExceededError(
                f"about {math.ceil(needed * 1000)} ms are needed, {max(0, int(job.remaining() * 1000))} ms are left; "
                "raise the timeout or send fewer documents"
            )

    def _encode(self, job: Job) -> list[Encoding]:
        with self._metrics.tokenize_seconds.time():
            return self._reranker.encode(job.query, job.candidates, job.truncation) if job.candidates else []

    def _score(self, encodings: Sequence[Encoding], candidates: Sequence[Candidate]) -> Ranking:
        if not encodings:
            return Ranking([], tokens=0, blocks=0)
        started = time.monotonic()
        ranking = self._reranker.score(encodings, candidates)
        seconds = time.monotonic() - started
        self._metrics.inference_seconds.observe(seconds)
        latest = seconds / ranking.tokens
        self._seconds_per_token = (
            latest if not self._seconds_per_token else 0.8 * self._seconds_per_token + 0.2 * latest
        )
        return ranking

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._waiting * self._seconds_per_token * 1024))

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
