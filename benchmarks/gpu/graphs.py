"""Part 6: CUDA graphs for short inputs, against the same session without."""

from typing import Any

import numpy as np
import onnxruntime as ort

from benchmarks.gpu.part import Part, encoding, interleaved, run
from lastly.session import _FEEDS, _Batch
from lastly.types import Encoding


def work(part: Part) -> None:
    """Measure the bare graph with and without capture at short lengths."""
    folder = part.folder(part.dtypes[0])
    plain = part.session(folder)
    captured = Captured(part, {"enable_cuda_graph": "1"} if part.cuda else {})
    for length in part.lengths(128, 256, 512, 1024, 2048, 4096):
        with part.step(f"graph {length}"):
            prompt = encoding(length, folder.manifest.vocabulary_size, 20)
            replay = captured.prepare(prompt)
            runners = {"plain": lambda prompt=prompt: plain.run([prompt]), "captured": replay}
            found = interleaved(runners, 30, warm=4, most=8)
            wanted, got = plain.run([prompt])[0], replay()
            gap = float(np.abs(got[0][0][: len(wanted.documents)] - wanted.documents).max())
            part.note(f"graph {length}", found | {"largest difference": gap})


class Captured:
    """A session that captures one CUDA graph a shape; inputs and outputs keep their places on the GPU."""

    def __init__(self, part: Part, options: dict[str, str]) -> None:
        self._part = part
        settings = ort.SessionOptions()
        settings.enable_mem_pattern = False
        providers: list[Any] = ["CPUExecutionProvider"]
        if part.cuda:
            providers.insert(0, ("CUDAExecutionProvider", options | {"arena_extend_strategy": "kSameAsRequested"}))
        self._session = ort.InferenceSession(str(part.folder(part.dtypes[0]).graph_path), settings, providers=providers)
        self._inputs = [value.name for value in self._session.get_inputs()]
        self._count = 0

    def prepare(self, prompt: Encoding) -> Any:
        """Bind a shape and give a function that runs it."""
        self._count += 1
        batch = _Batch.of([prompt], 0, len(prompt.input_ids), len(prompt.document_positions))
        binding, device = self._session.io_binding(), self._part.device
        for name in self._inputs:
            value = _FEEDS[name](batch)
            where = "cpu" if value.ndim == 0 else device
            binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(value, where, 0))
        width = self._part.folder(self._part.dtypes[0]).manifest.embedding_width
        shapes = {
            "document_embeddings": (1, len(prompt.document_positions), width),
            "query_embedding": (1, width),
        }
        outputs = {
            name: ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, device, 0)
            for name, shape in shapes.items()
        }
        for name, value in outputs.items():
            binding.bind_ortvalue_output(name, value)
        options = ort.RunOptions()
        if self._part.cuda:
            options.add_run_config_entry("gpu_graph_id", str(self._count))

        def replay() -> list[np.ndarray]:
            self._session.run_with_iobinding(binding, options)
            return [value.numpy() for value in outputs.values()]

        return replay


if __name__ == "__main__":
    run(work)
