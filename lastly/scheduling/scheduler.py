"""Runs the jobs inside: encodes ahead, one run of the graph at a time, answers whoever still waits."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from lastly.errors import DeadlineExceededError, NotReadyError
from lastly.graph.session import Run, Session
from lastly.scheduling.admission import AdmissionQueue, Limits
from lastly.scheduling.batching import choose_batch, fill_ratio
from lastly.scheduling.jobs import Job, Stage, Ticket
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.pace import guess_tokens
from lastly.scheduling.priority import lower_thread_priority
from lastly.scheduling.running_batch import RunningBatch, TicketBlock
from lastly.types import BlockEmbeddings, Encoding, Ranking, WordOverlap

T = TypeVar("T")
Encoded = tuple[list[Encoding], WordOverlap | None]  # what a call's texts became
Outcome = BlockEmbeddings | NotReadyError  # of one block of a run


class Scheduler:
    """Everything happens in `_advance`, called on each event: a ticket came, was encoded, ran, or left.

    Only the event loop touches tickets; the two threads take values and return values.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._queue = AdmissionQueue(limits)
        self._metrics = metrics
        self._encoder = ThreadPoolExecutor(1, "encode", lower_thread_priority)
        self._model = ThreadPoolExecutor(1, "infer", lower_thread_priority)
        self._encoding = False
        self._running: RunningBatch | None = None

    def check_capacity(self) -> None:
        """Raise OverloadedError where the queue is full."""
        self._queue.check_capacity()

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

    async def submit(self, job: Job) -> tuple[Ranking, list[Stage]]:
        """Rank a job's candidates; returns the stages of its time with it.

        Raises OverloadedError where it can't wait, DeadlineExceededError where the time is over or too short.
        A cancelled caller's work that did not start never does; a run that nobody waits for any more is stopped.
        """
        if not job.candidates:
            return Ranking([], tokens=0, blocks=0), []
        ticket = Ticket(
            job,
            guess_tokens(job.query, job.candidates, job.truncation),
            asyncio.get_running_loop().create_future(),
        )
        self._queue.enter(ticket)
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

    def close(self) -> None:
        """Let the running inference end and take no more work."""
        for executor in (self._encoder, self._model):
            executor.shutdown(wait=True, cancel_futures=True)

    def _advance(self) -> None:
        self._metrics.queue_requests.set(len(self._queue))
        self._metrics.queue_tokens.set(self._queue.tokens)
        tickets = self._queue.in_order()
        if not self._encoding:
            self._encode_next(tickets)
        if self._running is None:
            self._run_next(tickets)
        elif not self._running.wanted:
            self._running.run.stop()

    def _encode_next(self, tickets: list[Ticket]) -> None:
        """Encode the best ticket that needs it, while encoded ones are less than a run ahead or stand behind it."""
        ahead = 0
        for ticket in tickets:
            if ticket.blocks is None and not ticket.answer.done():
                self._encoding = True
                self._in_thread(
                    self._encoder, partial(_timed, partial(_encode, ticket.job)), partial(self._encoded, ticket)
                )
                return
            ahead += sum(ticket.lengths())
            if ahead > self._queue.limits.batch_tokens:
                return

    def _encoded(self, ticket: Ticket, done: "asyncio.Future[tuple[Encoded, Stage]]") -> None:
        self._encoding = False
        if error := done.exception():
            _fail(ticket, error)
        else:
            (blocks, overlap), stage = done.result()
            seconds = stage.end - stage.start
            self._queue.speed(ticket.job.reranker).encoding.learn(ticket.tokens, seconds)
            self._metrics.tokenize_seconds.observe(seconds)
            ticket.stages.append(Stage("tokenize", stage.start, stage.end))
            ticket.encoded(blocks, overlap)
        self._advance()

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
        work = partial(_embed, started.reranker.session, encodings, started.run)
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
            if ended.run.stopped:
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


def _encode(job: Job) -> Encoded:
    """Do all that a call needs of its texts before the graph runs."""
    blocks = job.reranker.encode(job.query, job.candidates, job.truncation)
    return blocks, job.reranker.word_overlap(job.query, job.candidates, job.lexical_weight)


def _embed(session: Session, encodings: list[Encoding], run: Run) -> list[Outcome]:
    """Run the graph; where memory does not last for all blocks each runs alone, so that only its own call can fail."""
    try:
        return list(session.run(encodings, run))
    except NotReadyError:
        if len(encodings) == 1 or run.stopped:
            raise
    return [_embed_alone(session, encoding, run) for encoding in encodings]


def _embed_alone(session: Session, encoding: Encoding, run: Run) -> Outcome:
    try:
        return session.run([encoding], run)[0]
    except NotReadyError as error:
        if run.stopped:
            raise
        return error


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
