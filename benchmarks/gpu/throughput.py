"""Part 4: 32 clients of 20 documents of 100 tokens through Lastly's scheduler, against the published way."""

import asyncio
import random
import time
from typing import Any

from benchmarks.gpu.part import Part, percentile, run
from benchmarks.gpu.reference import Published
from lastly.ranking.reranker import Reranker
from lastly.ranking.steps import finish
from lastly.scheduling.admission import Limits
from lastly.scheduling.jobs import Job
from lastly.scheduling.metrics import Metrics
from lastly.scheduling.scheduler import Scheduler
from lastly.serving.warming import Warming
from lastly.types import Candidate, Query

_TURNS = 10
DOCUMENTS, WORDS = 20, 100  # about 100 tokens of the random model's tokenizer
_VOCABULARY = ("return the value of a given string object list file", "path name error number type index key line")
_WORDS = " ".join(_VOCABULARY).split()


def work(part: Part) -> None:
    """Measure."""
    reranker = _on_gpu(part) if part.cuda else Reranker(part.folder(part.dtypes[0]))
    if not part.cuda:
        reranker.session = part.session(part.folder(part.dtypes[0]))
    tokens = [len(reranker.encode(*_request(seed), reranker.manifest.truncation)[0].input_ids) for seed in range(8)]
    _, lengths = finish(reranker._tokenizer.prepare_candidates(*_request(0), reranker.manifest.truncation))
    part.note("tokens of documents", lengths)
    part.note("tokens of a request", tokens)
    asyncio.run(_all_clients(part, reranker))


async def _all_clients(part: Part, reranker: Reranker) -> None:
    """One scheduler serves them all, warmed up as the sidecar warms itself up."""
    metrics = Metrics()
    scheduler = Scheduler(Limits(256, 1 << 22), metrics)
    started = time.monotonic()
    warming = Warming(scheduler, 1024 if part.tiny else 32768)
    await warming.start("model", reranker.session)
    part.note("ready", {"seconds": round(time.monotonic() - started, 1)})
    for turn in range(1 if part.tiny else _TURNS):  # as it gets faster: calls are served while shapes are warmed
        part.note(f"turn {turn}", await _clients(reranker, 32, 10, scheduler, metrics))
    for clients in (32, 0, 1, 8, 4, 16, 64):
        with part.step(f"clients {clients}" if clients else "published"):
            if not clients:
                part.note("published", _published(part, reranker, 4 if part.tiny else 100))
                continue
            await _clients(reranker, clients, 1, scheduler, metrics)
            rounds = 1 if part.tiny else max(5, 320 // clients)
            part.note(f"clients {clients}", await _clients(reranker, clients, rounds, scheduler, metrics))
    warming.stop()
    scheduler.close()


def _on_gpu(part: Part) -> Reranker:
    from lastly.graph.opening import CPU, CUDA, GraphOptions

    return Reranker(part.folder(part.dtypes[0]), GraphOptions(providers=(CUDA, CPU), cuda_graph_tokens=2048))


async def _clients(
    reranker: Reranker, clients: int, rounds: int, scheduler: Scheduler, metrics: Metrics
) -> dict[str, Any]:
    """Every client asks, waits for its answer, and asks again."""
    before = _totals(metrics)
    took: list[float] = []
    requests = {(number, turn): _request(number * 1000 + turn) for number in range(clients) for turn in range(rounds)}

    async def client(number: int) -> None:
        for turn in range(rounds):
            query, candidates = requests[number, turn]
            started = time.perf_counter()
            deadline = time.monotonic() + 60
            await scheduler.submit(Job(reranker, query, candidates, reranker.manifest.truncation, 0.0, deadline))
            took.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    seconds = time.perf_counter() - started
    blocks, runs, inference = (after - start for after, start in zip(_totals(metrics), before, strict=True))
    return {
        "requests": len(took),
        "requests per second": len(took) / seconds,
        "median seconds": percentile(took, 50),
        "p95 seconds": percentile(took, 95),
        "blocks per run": blocks / max(runs, 1),
        "seconds in the model": inference,
        "seconds": seconds,
    }


def _totals(metrics: Metrics) -> tuple[float, float, float]:
    runs = sum(bucket.get() for bucket in metrics.batch_blocks._buckets)
    return metrics.batch_blocks._sum.get(), runs, metrics.inference_seconds._sum.get()


def _published(part: Part, reranker: Reranker, requests: int) -> dict[str, Any]:
    """Encode and run one request at a time, with the same encodings."""
    published = Published(part, "bf16" if part.cuda else "fp32")
    truncation = reranker.manifest.truncation
    for seed in range(3):
        published.run(reranker.encode(*_request(seed), truncation)[0])
    started = time.perf_counter()
    for seed in range(requests):
        published.run(reranker.encode(*_request(seed), truncation)[0])
    seconds = time.perf_counter() - started
    return {"requests": requests, "requests per second": requests / seconds, "seconds": seconds}


def _request(seed: int) -> tuple[Query, list[Candidate]]:
    rng = random.Random(seed)
    texts = [" ".join(rng.choices(_WORDS, k=rng.randint(WORDS - 15, WORDS + 15))) for _ in range(DOCUMENTS)]
    query = " ".join(rng.choices(_WORDS, k=6))
    return Query(query), [Candidate(place, text) for place, text in enumerate(texts)]


if __name__ == "__main__":
    run(work)
