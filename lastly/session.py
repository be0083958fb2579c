"""The only user of ONNX Runtime: a graph, loaded once, run on batches of encodings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from lastly.allocator import return_large_blocks
from lastly.errors import ModelFolderError, NotReadyError
from lastly.model import Manifest, ModelFolder
from lastly.types import BlockEmbeddings, Encoding

_CPU = "CPUExecutionProvider"


def runtime() -> str:
    """Name ONNX Runtime and its version."""
    return f"onnxruntime {ort.__version__}"


@dataclass(frozen=True)
class SessionOptions:
    """`threads`: 0 lets ONNX Runtime take one per physical core. `providers`: in order of preference."""

    threads: int = 0
    providers: tuple[str, ...] = (_CPU,)


class Run:
    """A run of the graph, which any thread may stop; its memory goes back to the system at its end.

    Without an arena every activation is mapped and faulted in anew, which took 0.93 s instead of 0.53 for 1,318 tokens
    on lastly-mini; an arena that is never shrunk keeps the longest request's memory for good.
    `python -m benchmarks.memory_return` shows both.
    """

    def __init__(self) -> None:
        self.options: Any = ort.RunOptions()
        self.options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return bool(self.options.terminate)

    def stop(self) -> None:
        """End it before the graph's next node; the call of `Session.run` raises then."""
        self.options.terminate = True


class Session:
    """Runs the graph of a model folder. Safe to call from several threads."""

    def __init__(self, folder: ModelFolder, options: SessionOptions | None = None) -> None:
        self._manifest: Manifest = folder.manifest
        self._session: Any = _open(folder.graph_path, options or SessionOptions())
        found = {value.name for value in self._session.get_inputs()}
        if not found <= set(self._manifest.graph.inputs) or not found <= set(_FEEDS):
            raise ModelFolderError(f"{folder.graph_path} wants inputs {sorted(found)}; export the model again")
        self._inputs = found

    @property
    def providers(self) -> list[str]:
        """The execution providers in use, in order."""
        return list(self._session.get_providers())

    @property
    def max_batch(self) -> int:
        """How many encodings may share one run.

        On the CPU one: a batch was not faster there, and its padding is work for nothing.
        """
        return 1 if self.providers[0] == _CPU else 32

    def run(self, encodings: Sequence[Encoding], run: Run | None = None) -> list[BlockEmbeddings]:
        """Embed every block; shorter ones are padded on the right, which causal attention never reads.

        Raises NotReadyError where memory ran out or `run` was stopped; the session stays usable.
        """
        batch = _Batch.of(encodings, self._manifest.pad_token_id)
        feeds = {name: _FEEDS[name](batch) for name in self._inputs}
        run = run or Run()
        try:
            documents, queries = self._session.run(["document_embeddings", "query_embedding"], feeds, run.options)
        except Exception as error:  # ONNX Runtime raises classes of its own that it does not export
            if run.stopped:
                raise NotReadyError("the run was stopped; send the call again") from error
            if _is_out_of_memory(error):
                raise NotReadyError(
                    f"out of memory at {batch.input_ids.shape[1]} tokens; send fewer or shorter documents"
                ) from error
            raise
        return [
            BlockEmbeddings(rows[: len(encoding.document_positions)], query)
            for rows, query, encoding in zip(documents, queries, encodings, strict=True)
        ]


@dataclass(frozen=True)
class _Batch:
    input_ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    document_positions: npt.NDArray[np.int64]
    query_position: npt.NDArray[np.int64]

    @classmethod
    def of(cls, encodings: Sequence[Encoding], pad: int) -> "_Batch":
        return cls(
            _padded([encoding.input_ids for encoding in encodings], pad),
            np.array([len(encoding.input_ids) for encoding in encodings], np.int32),
            _padded([encoding.document_positions for encoding in encodings], 0),
            np.array([encoding.query_position for encoding in encodings], np.int64),
        )


_FEEDS: dict[str, Callable[[_Batch], npt.NDArray[Any]]] = {
    "input_ids": lambda batch: batch.input_ids,
    "sequence_lengths": lambda batch: batch.lengths,
    "total_sequence_length": lambda batch: np.array(batch.input_ids.shape[1], np.int32),
    "attention_mask": lambda batch: (np.arange(batch.input_ids.shape[1]) < batch.lengths[:, None]).astype(np.int64),
    "document_positions": lambda batch: batch.document_positions,
    "query_position": lambda batch: batch.query_position,
}


def _padded(rows: Sequence[npt.NDArray[np.int64]], value: int) -> npt.NDArray[np.int64]:
    table = np.full((len(rows), max(map(len, rows))), value, np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def _open(graph: Path, options: SessionOptions) -> Any:
    missing = set(options.providers) - set(ort.get_available_providers())
    if missing:
        raise ModelFolderError(
            f"execution provider {sorted(missing)[0]} is not in this onnxruntime; install onnxruntime-gpu or use {_CPU}"
        )
    return_large_blocks()
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.enable_mem_pattern = False  # a pattern is kept for every length that was ever seen
    try:
        return ort.InferenceSession(str(graph), settings, providers=list(options.providers))
    except Exception as error:
        raise ModelFolderError(
            f"{graph} cannot be loaded by ONNX Runtime {ort.__version__} on {options.providers[0]}: export it again; "
            "bf16 runs on CUDA only, so choose another --dtype for a CPU"
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error)
    return isinstance(error, MemoryError) or "Failed to allocate" in text or "bad_alloc" in text or "BFCArena" in text
