"""Part 8: memory that runs out is answered, and the process lives on."""

import asyncio
import time
from typing import Any

import numpy as np

from benchmarks.gpu.part import Part, encoding, run
from lastly.errors import LastlyError
from lastly.graph.session import Session
from lastly.ranking.scoring import cosine
from lastly.types import Encoding


def work(part: Part) -> None:
    """With 3 GiB for the session, and on a GPU that others have filled but for 3 GiB."""
    folder = part.folder(part.dtypes[0])
    vocabulary = folder.manifest.vocabulary_size
    short = encoding(part.lengths(2048)[0], vocabulary)
    with part.step("limit"):
        session = part.session(folder, gpu_memory=0 if part.tiny else 3 << 30)
        part.note("limit", out_and_on(session, [encoding(part.lengths(131072)[0], vocabulary)], short))
    with part.step("whole GPU"):
        session = part.session(folder)
        session.run([short])
        taken = _take_all_but(3 << 30) if part.cuda else None
        part.note("whole GPU", out_and_on(session, [encoding(part.lengths(131072)[0], vocabulary)], short))
        del taken
        _give_back(part)
        part.note("with memory again", out_and_on(session, [encoding(part.lengths(131072)[0], vocabulary)], short))
    with part.step("stopped"):
        part.note("stopped", asyncio.run(stopped_early(session, encoding(part.lengths(131072)[0], vocabulary), short)))


def _take_all_but(left: int) -> Any:
    """Hold the GPU's memory as another program would."""
    import torch

    free, _ = torch.cuda.mem_get_info()
    held = torch.empty(free - left, dtype=torch.uint8, device="cuda")
    print("held", held.numel(), "free", torch.cuda.mem_get_info(), flush=True)
    return held


def _give_back(part: Part) -> None:
    if part.cuda:
        import torch

        torch.cuda.empty_cache()


def out_and_on(session: Session, large: list[Encoding], short: Encoding) -> dict[str, Any]:
    """Run what does not fit, then a short input again: the answer, and how far its scores are from those before."""
    before = _answer(session, short)
    try:
        session.run(large)
        answer = "it fitted"
    except LastlyError as error:
        answer = f"{error.status}: {error}"
    after = _answer(session, short)
    return {"answer": answer, "same scores afterwards": float(np.abs(before - after).max())}


async def stopped_early(session: Session, long: Encoding, short: Encoding) -> dict[str, Any]:
    """A run that nobody waits for ends before its time."""
    from lastly.graph.session import Run

    started = time.perf_counter()
    session.run([long])
    whole = time.perf_counter() - started
    run = Run()
    started = time.perf_counter()
    task = asyncio.create_task(asyncio.to_thread(session.run, [long], run))
    await asyncio.sleep(whole / 10)
    run.stop()
    try:
        await task
        answer = "it ended before"
    except LastlyError as error:
        answer = f"{error.status}: {error}"
    stopped = time.perf_counter() - started
    return {"answer": answer, "whole": whole, "stopped after": stopped, "alive": bool(len(_answer(session, short)))}


def _answer(session: Session, prompt: Encoding) -> np.ndarray:
    block = session.run([prompt])[0]
    return cosine(block.query, block.documents)


if __name__ == "__main__":
    run(work)
