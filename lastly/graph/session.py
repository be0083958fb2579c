"""A graph, loaded once, run on batches of encodings."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from lastly.errors import ModelFolderError, NotReadyError
from lastly.graph import shapes
from lastly.graph.cuda_graphs import open_cuda_graphs
from lastly.graph.inputs import INPUTS, Batch
from lastly.graph.opening import CUDA, GraphOptions, open_graph, words
from lastly.graph.warm_shapes import Shape, WarmShapes
from lastly.model.folder import Manifest, ModelFolder
from lastly.types import BlockEmbeddings, Encoding

_log = logging.getLogger("lastly")
_OUTPUTS = ["document_embeddings", "query_embedding"]


class Run:
    """A run of the graph, which any thread may stop; its memory returns to the system at the end.

    Without an arena every activation is mapped and faulted in anew: 1,318 tokens on lastly-mini took 0.93 s instead of
    0.53. An arena that is never shrunk keeps the longest request's memory for good.
    `python -m benchmarks.cpu.memory_return` shows both.
    """

    def __init__(self) -> None:
        self.options: Any = ort.RunOptions()

    @property
    def stopped(self) -> bool:
        """Whether it has been told to stop."""
        return bool(self.options.terminate)

    def stop(self) -> None:
        """End it before the graph's next node; `Session.run` then raises."""
        self.options.terminate = True

    def release_memory(self, device: str) -> None:
        """Shrink the arena of a device ("cpu:0") when the run ends."""
        self.options.add_run_config_entry("memory.enable_memory_arena_shrinkage", device)


class Session:
    """Runs the graph of a model folder. Safe to call from several threads."""

    def __init__(self, folder: ModelFolder, options: GraphOptions | None = None) -> None:
        self._manifest: Manifest = folder.manifest
        self._options = options or GraphOptions()
        self._session: Any = open_graph(folder, self._options)
        self._input_names = {value.name for value in self._session.get_inputs()}
        if not self._input_names <= {*INPUTS} & {*self._manifest.graph.inputs}:
            names = sorted(self._input_names)
            raise ModelFolderError(f"{folder.graph_path} wants inputs {names}; export the model again")
        self._device = "cuda" if self.providers[0] == CUDA else "cpu"
        self._warm = WarmShapes(self._manifest.maximum_positions)
        records = bool(self._options.cuda_graph_tokens) and self.on_gpu
        self._cuda_graphs = open_cuda_graphs(folder, self._options, self._device) if records else None

    @property
    def providers(self) -> list[str]:
        """The execution providers in use, in order."""
        return list(self._session.get_providers())

    @property
    def on_gpu(self) -> bool:
        """Whether the graph runs on a GPU."""
        return self.providers[0] == CUDA

    @property
    def recording(self) -> bool:
        """Whether short lists are recorded as CUDA graphs."""
        return self._cuda_graphs is not None

    @property
    def _arena(self) -> str:
        return "gpu:0" if self._device == "cuda" else "cpu:0"

    @property
    def max_batch(self) -> int:
        """How many encodings may share one run.

        On the CPU one: a batch was not faster there, and its padding is work for nothing.
        """
        return 32 if self.on_gpu else 1

    def run(self, encodings: Sequence[Encoding], run: Run | None = None) -> list[BlockEmbeddings]:
        """Embed every block; shorter ones are padded on the right, which causal attention never reads.

        Raises NotReadyError where memory ran out or `run` was stopped; the session stays usable.
        """
        run = run or Run()
        return [block for part, tokens in self._parts(encodings) for block in self._run(part, tokens, run)]

    def shapes(self, tokens: int) -> list[Shape]:
        """Return the shapes that runs of up to `tokens` tokens take on a GPU at first, largest first; none on the CPU.

        A new one costs 70 to 140 ms (cuDNN plans its attention) in each thread that meets it, so that `warm` belongs
        to the thread that runs.
        """
        if not self.on_gpu:
            return []
        most = min(tokens, self._manifest.maximum_positions)
        rows = [1 << power for power in range(self.max_batch.bit_length())]
        found = [
            (count, length) for count in rows for length in shapes.padded_lengths(most) if count * length <= tokens
        ]
        return sorted(found, key=lambda shape: -shape[0] * shape[1])

    def wanted(self) -> Shape | None:
        """Take the shape that is worth warming next: runs took a larger one or several in its place."""
        return self._warm.wanted()

    def warm(self, shape: Shape) -> None:
        """Run a shape once, so that no request waits for kernels to be chosen; record it where it is recorded."""
        rows, length = shape
        counts = [count for count in shapes.DOCUMENTS if 4 * count <= length] if self._recorded(rows, length) else [1]
        for documents in counts:
            ids = np.full(length, self._manifest.pad_token_id, np.int64)
            encoding = Encoding(ids, np.arange(documents, dtype=np.int64), length - 1)
            try:
                self._run([encoding] * rows, length, Run())
            except NotReadyError as error:
                _log.warning("warming %d times %d tokens up: %s", rows, length, error)

    def _parts(self, encodings: Sequence[Encoding]) -> Iterator[tuple[Sequence[Encoding], int]]:
        """Encodings that run together, with the tokens that each is padded to."""
        lengths = [len(encoding.input_ids) for encoding in encodings]
        if not self.on_gpu:
            yield encodings, max(lengths)
            return
        start = 0
        for rows, tokens in self._warm.runs(lengths):
            yield encodings[start : start + rows], tokens
            start += rows

    def _run(self, encodings: Sequence[Encoding], tokens: int, run: Run) -> list[BlockEmbeddings]:
        batch = self._batch(encodings, tokens)
        inputs = {name: INPUTS[name](batch) for name in self._input_names}
        try:
            documents, queries = self._compute(inputs, batch, run)
        except Exception as error:  # ONNX Runtime raises classes of its own that it does not export
            raise self._translated(error, batch, run) from error
        self._warm.ran((len(encodings), tokens))
        return [
            BlockEmbeddings(rows[: len(encoding.document_positions)], query)
            for rows, query, encoding in zip(documents, queries, encodings, strict=True)
        ]

    def _batch(self, encodings: Sequence[Encoding], tokens: int) -> Batch:
        rows = max(len(encoding.document_positions) for encoding in encodings)
        documents = shapes.padded_documents(rows) if self.on_gpu else rows
        return Batch.of(encodings, self._manifest.pad_token_id, tokens, documents)

    def _compute(self, inputs: dict[str, npt.NDArray[Any]], batch: Batch, run: Run) -> Any:
        if not self.on_gpu:
            run.release_memory(self._arena)
            return self._session.run(_OUTPUTS, inputs, run.options)
        recorded = self._cuda_graphs and not run.stopped and self._recorded(*batch.input_ids.shape)
        if recorded and (found := self._replayed(inputs)):
            return found
        if batch.input_ids.size > self._options.kept_tokens:
            run.release_memory(self._arena)
        return self._compute_bound(inputs, run)

    def _recorded(self, rows: int, tokens: int) -> bool:
        return self._cuda_graphs is not None and rows == 1 and tokens <= self._options.cuda_graph_tokens

    def _replayed(self, inputs: dict[str, npt.NDArray[Any]]) -> Any:
        """Run through a recording; where one can't be made, that is said once and nothing is recorded any more."""
        try:
            return self._cuda_graphs.run(inputs) if self._cuda_graphs else None
        except Exception as error:  # of ONNX Runtime's own classes
            if _is_out_of_memory(error):
                raise
            _log.warning("CUDA graphs are given up, lists run without: %s", words(error))
            self._cuda_graphs = None
            return None

    def _compute_bound(self, inputs: dict[str, npt.NDArray[Any]], run: Run) -> Any:
        """Put the inputs where their readers are: one scalar on the CPU, the rest on the GPU."""
        binding = self._session.io_binding()
        for name, value in inputs.items():
            device = "cpu" if value.ndim == 0 else self._device
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(value, device, 0))
        for name in _OUTPUTS:
            binding.bind_output(name, "cpu")
        self._session.run_with_iobinding(binding, run.options)
        return binding.copy_outputs_to_cpu()

    def _translated(self, error: Exception, batch: Batch, run: Run) -> Exception:
        if run.stopped:
            return NotReadyError("the run was stopped; send the call again")
        if not _is_out_of_memory(error):
            return error
        self._release_memory()
        rows, tokens = batch.input_ids.shape
        return NotReadyError(f"out of memory at {rows * tokens} tokens; send fewer or shorter documents")

    def _release_memory(self) -> None:
        """Free what the failed run's arena holds, by a run of one token: pieces of odd sizes would fail the next."""
        run = Run()
        run.release_memory(self._arena)
        smallest = Batch.of([Encoding(np.array([0]), np.array([0]), 0)], 0, 1, 1)
        inputs = {name: INPUTS[name](smallest) for name in self._input_names}
        try:
            self._session.run(_OUTPUTS, inputs, run.options)
        except Exception as error:
            _log.warning("memory could not be given back: %s", type(error).__name__)


_OUT_OF_MEMORY = (
    "Failed to allocate",
    "bad_alloc",
    "BFCArena",
    "out of memory",
    "smaller than requested bytes",
    "ALLOC_FAILED",
    "cudaErrorMemoryAllocation",
)


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(part in str(error) for part in _OUT_OF_MEMORY)
