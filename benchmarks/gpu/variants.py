"""Part 7: choices inside ONNX Runtime, with 4 layers of the true width: attention kernels, graph kinds, new shapes."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from benchmarks.gpu.part import Part, encoding, interleaved, run
from lastly.graph.inputs import Batch
from lastly.graph.session import Session
from lastly.types import Encoding

SDPA = {"automatic": "0", "flash": "1", "memory efficient": "2", "cuDNN": "8"}


def work(part: Part) -> None:
    """Measure."""
    with part.step("kinds"):
        part.note("kinds", _kinds(part))
    folder = f"small-{'cuda' if part.cuda else part.kinds[0]}-{part.dtypes[0]}"  # where ONNX Runtime chooses
    for name, number in SDPA.items() if part.cuda else ():
        with part.step(f"attention {name}"):
            session = part.session(part.folder(folder), provider_options={"sdpa_kernel": number})
            part.note(f"attention {name}", _lengths(part, session))
            part.note(f"attention {name}, new shape", _new_shapes(part, session))
    options = {
        "tunable": {"tunable_op_enable": "1", "tunable_op_tuning_enable": "1"},
        "TF32": {"use_tf32": "1"},
        "unified stream": {"use_ep_level_unified_stream": "1"},
        "doubling arena": {"arena_extend_strategy": "kNextPowerOfTwo"},
    }
    for name, given in options.items() if part.cuda else ():
        with part.step(name):
            part.note(name, _lengths(part, part.session(part.folder(folder), provider_options=given), quick=True))


def _kinds(part: Part) -> dict[str, Any]:
    """The graph with Lastly's operators, the packed one and the plain fused one, turn by turn."""
    sessions: dict[str, Session] = {
        kind: part.session(part.folder(f"small-{kind}-{part.dtypes[0]}")) for kind in part.kinds
    }
    found = {}
    for length in part.lengths(512, 2048, 8192, 32768):
        prompt = encoding(length, next(iter(sessions.values()))._manifest.vocabulary_size)
        runners = {kind: partial(session.run, [prompt]) for kind, session in sessions.items()}
        found[str(length)] = interleaved(runners, 25, 4, 6)
    return found


def _lengths(part: Part, session: Session, quick: bool = False) -> dict[str, float]:
    vocabulary = session._manifest.vocabulary_size
    found: dict[str, float] = {}
    for length in part.lengths(*((8192,) if quick else (2048, 8192, 32768))):
        prompt = encoding(length, vocabulary)
        found[str(length)] = interleaved({"": partial(session.run, [prompt])}, 15, 3, 3)[""]
    batch = [encoding(part.lengths(2700)[0], vocabulary, 20, seed) for seed in range(8)]
    found["8 of 2700"] = interleaved({"": lambda: session.run(batch)}, 10, 3, 3)[""]
    return found


def _new_shapes(part: Part, session: Session) -> dict[str, Any]:
    """First and second run of lengths that nothing ran before, in milliseconds, without buckets."""
    found = {}
    for length in (3137, 3201, 3265, 3329):
        prompt = encoding(length, session._manifest.vocabulary_size)
        exact = Batch.of([prompt], 0, length, len(prompt.document_positions))
        session._batch = partial(_always, exact)  # type: ignore[method-assign]
        times = []
        for _ in range(3):
            started = time.perf_counter()
            session.run([prompt])
            times.append(round(1000 * (time.perf_counter() - started), 2))
        del session._batch
        found[str(length)] = times
    return found


def _always(batch: Batch, _: Sequence[Encoding], tokens: int) -> Batch:
    return batch


if __name__ == "__main__":
    run(work)
