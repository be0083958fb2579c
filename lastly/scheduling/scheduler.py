"""Runs the jobs inside: encodes ahead, one run of the graph at a time, answers whoever still waits."""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from lastly.errors import DeadlineExceededError, NotReadyError
from lastly.scheduling.admission import AdmissionQueue, Limits
from lastly.scheduling.batching import choose_batch, fill_ratio
from lastly.scheduling.encoding import Encoded, Encoder, Turns
from lastly.scheduling.jobs import Job, Stage, Ticket
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.pace import guess_tokens
from lastly.scheduling.pauses import Pauses
from lastly.scheduling.priority import lower_thread_priority
from lastly.scheduling.running_batch import Outcome, RunningBatch, TicketBlock, embed
from lastly.types import Ranking

T = TypeVar("T")


class Scheduler:
    """Everything happens in `_advance`, called on each event: a ticket came, was encoded, ran, or left.

    Only the event loop touches tickets; the two threads take values and return values.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._queue = AdmissionQueue(limits)
        self._metrics = metrics
        self._encoder = ThreadPoolExecutor(1, "encode", lower_thread_priority)
        self._model = ThreadPoolExecutor(1, "infer", lower_thread_priority)
        self._turns = Turns()
        self._pauses = Pauses()
        self._encoding: float | None = None  # since when the encoder's thread is at a turn
        self._running: RunningBatch | None = None

    def check_capacity(self, left: float = math.inf) -> None:
        """Raise OverloadedError where the queue is full, or too long for any call with so many seconds left."""
        self._queue.check_capacity()
        self._queue.check_wait(left)

    @property
    def idle(self) -> bool:
        """Whether no call is inside."""
        return len(self._queue) == 0

    def retry_after(self) -> int:
        """Estimate the seconds until what is inside is done, at least one."""
        return self._queue.retry_after()

    async def prepare(self, work: Callable[[], T]) -> T:
        """Run something in the model's own thread, between two runs."""
        return await asyncio.get_running_loop().run_in_executor(self._model, work)

    async def submit(self, job: Job, *, admit: bool = True) -> tuple[Ranking, list[Stage]]:
        """Rank a job's candidates; returns the stages of its time with it.

        Raises OverloadedError where it can't wait, DeadlineExceededError where the time is over or too short.
        Without `admit` it waits whatever is inside. A cancelled caller's work that did not start never does; a run that
        nobody waits for any more is stopped.
        """
        if not job.candidates:
            return Ranking([], tokens=0, blocks=0), []
        ticket = Ticket(
            job,
            guess_tokens(job.query, job.candidates, job.truncation.within(job.reranker.manifest.maximum_positions)),
            asyncio.get_running_loop().create_future(),
        )
        if admit:
            self._queue.enter(ticket)
        else:
            self._queue.add(ticket)
        self._advance()
        try:
            async with asyncio.timeout(max(job.remaining(), 0)):
                return await ticket.answer, ticket.stages
        except TimeoutError:
            raise DeadlineExceededError(
                "the caller's time is over; raise the timeout or send fewer documents"
            ) from None
        finally:
            self._queue.leave(ticket)
            self._advance()

    def fail_all(self) -> None:
        """Fail everything inside with NotReadyError, for a process that must end."""
        for ticket in self._queue.in_order():
            _fail(ticket, NotReadyError("the sidecar is stopping; send the call to another one"))
        self._advance()

    def stalled_s(self) -> float:
        """Return for how long the encoder or the model has been at one turn or one run, 0 where neither works."""
        since = [self._encoding, self._running.started if self._running else None]
        return max((time.monotonic() - self._pauses.latest(start) for start in since if start is not None), default=0.0)

    def close(self) -> None:
        """Stop the running inference and take no more work."""
        if self._running is not None:
            self._running.run.stop()
        for executor in (self._encoder, self._model):
            executor.shutdown(wait=True, cancel_futures=True)

    def _advance(self) -> None:
        self._metrics.queue_requests.set(len(self._queue))
        self._metrics.queue_tokens.set(self._queue.tokens)
        tickets = self._queue.in_order()
        self._pauses.watch(lambda: len(self._queue) > 0)
        if self._encoding is None:
            self._encode_next(tickets)
        if self._running is None:
            self._run_next(tickets)
        elif not self._running.wanted:
            self._running.run.stop()

    def _encode_next(self, tickets: list[Ticket]) -> None:
        """Return a turn to one of the best tickets that need encoding, while encoded ones are less than a run ahead."""
        ahead, waiting = 0, list[Ticket]()
        for ticket in tickets:
            if ahead > self._queue.limits.batch_tokens:
                break
            if ticket.blocks is None and not ticket.answer.done():
                waiting.append(ticket)
            ahead += sum(ticket.lengths()) if ticket.blocks is not None else 0
        if waiting:
            ticket = self._turns.next(waiting)
            ticket.encoder = ticket.encoder or Encoder.of(ticket.job)
            self._encoding = time.monotonic()
            self._in_thread(self._encoder, ticket.encoder.turn, partial(self._had_turn, ticket, ticket.encoder))

    def _had_turn(self, ticket: Ticket, encoder: Encoder, done: "asyncio.Future[Encoded | None]") -> None:
        started, self._encoding = self._encoding, None
        if error := done.exception():
            _fail(ticket, error)
        elif (encoded := done.result()) is not None:
            self._note_encoding(ticket, encoder, paused=self._pauses.ended_after(started or 0.0))
            ticket.encoded(*encoded)
        self._advance()

    def _note_encoding(self, ticket: Ticket, encoder: Encoder, paused: bool) -> None:
        if not paused:
            self._queue.speed(ticket.job.reranker).encoding.learn(ticket.tokens, encoder.seconds)
        self._metrics.tokenize_seconds.observe(encoder.seconds)
        ticket.stages.append(Stage("tokenize", encoder.started, time.time()))

    def _run_next(self, tickets: list[Ticket]) -> None:
        ready = [ticket for ticket in tickets if ticket.waiting and self._still_in_time(ticket)]
        if not ready:
            return
        chosen = choose_batch(ready, ready[0].job.reranker.session.max_batch, self._queue.limits.batch_tokens)
        for block in chosen:
            self._start(block)
        self._running = started = RunningBatch(chosen)
        self._queue.busy(len(chosen) * self._queue.speed(started.reranker).running.seconds(started.longest))
        encodings = [block.encoding for block in chosen]
        work = partial(embed, started.reranker.session, encodings, started.run)
        self._in_thread(self._model, partial(_timed, work), partial(self._ran, started))

    def _start(self, block: TicketBlock) -> None:
        ticket = block.ticket
        ticket.waiting.remove(block.place)
        if ticket.started is None:
            ticket.started = time.monotonic()
            waited = ticket.started - ticket.arrived
            self._metrics.queue_seconds.observe(waited)
            ticket.stages.append(Stage("queue", time.time() - waited, time.time()))

    def _ran(self, ended: RunningBatch, done: "asyncio.Future[tuple[list[Outcome], Stage]]") -> None:
        self._running = None
        self._queue.busy(0)
        if error := done.exception():
            if ended.run.stopped and not self._pauses.ended_after(ended.started):
                seconds = (time.monotonic() - ended.started) / len(ended.blocks)
                self._queue.speed(ended.reranker).running.learn_stopped(ended.longest, seconds)
            for block in ended.blocks:
                _fail(block.ticket, error)
        else:
            outcomes, stage = done.result()
            self._note_run(ended, stage)
            for block, outcome in zip(ended.blocks, outcomes, strict=True):
                _settle(block, outcome)
        self._advance()

    def _note_run(self, ended: RunningBatch, stage: Stage) -> None:
        seconds = stage.end - stage.start
        if not self._pauses.ended_after(ended.started):
            self._queue.speed(ended.reranker).running.learn(ended.longest, seconds / len(ended.blocks))
        self._metrics.inference_seconds.observe(seconds)
        self._metrics.batch_blocks.observe(len(ended.blocks))
        self._metrics.batch_fill.observe(fill_ratio(ended.blocks))
        for ticket in {block.ticket for block in ended.blocks}:
            ticket.stages.append(Stage("inference", stage.start, stage.end))

    def _still_in_time(self, ticket: Ticket) -> bool:
        """Fail a ticket whose remaining work can't end in time; nothing of it runs any more."""
        if ticket.answer.done():
            return False
        try:
            self._queue.check_alone(ticket)
        except DeadlineExceededError as error:
            _fail(ticket, error)
            return False
        return True

    def _in_thread(
        self, executor: ThreadPoolExecutor, work: Callable[[], T], then: Callable[["asyncio.Future[T]"], None]
    ) -> None:
        asyncio.get_running_loop().run_in_executor(executor, work).add_done_callback(then)


def _timed(work: Callable[[], T]) -> tuple[T, Stage]:
    started, begun = time.time(), time.monotonic()  # a clock that is set meanwhile must not change what is learnt
    result = work()
    return result, Stage("", started, started + time.monotonic() - begun)


def _settle(block: TicketBlock, outcome: Outcome) -> None:
    """Hand a block's outcome to its ticket, which it may complete or fail, and to no other."""
    ticket = block.ticket
    if isinstance(outcome, NotReadyError):
        _fail(ticket, outcome)
        return
    ticket.embedded[block.place] = outcome
    if ticket.complete and not ticket.answer.done():
        try:
            ticket.answer.set_result(ticket.rank())
        except Exception as error:  # whatever is wrong with an answer is its own call's alone
            _fail(ticket, error)


def _fail(ticket: Ticket, error: BaseException) -> None:
    if not ticket.answer.done():
        ticket.answer.set_exception(error)
        ticket.answer.exception()  # marks it as seen where the caller is gone
