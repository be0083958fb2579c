"""CUDA graphs: a short run recorded once for each shape and replayed, without the host's work between kernels."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from lastly.errors import ModelFolderError
from lastly.graph.opening import GraphOptions, open_graph
from lastly.model.folder import ModelFolder

_log = logging.getLogger("lastly")
Inputs = Mapping[str, npt.NDArray[Any]]


def open_cuda_graphs(folder: ModelFolder, options: GraphOptions, device: str) -> "CudaGraphs | None":
    """Open a second session of the folder, which records; None, and a line in the log, where ONNX Runtime can't."""
    graphs = {"enable_cuda_graph": "1"} if device == "cuda" else {}
    try:
        session = open_graph(folder, replace(options, provider_options=options.provider_options | graphs))
    except ModelFolderError as error:
        _log.warning("short lists are not recorded as CUDA graphs, and run as long ones do: %s", error)
        return None
    return CudaGraphs(session, device, folder.manifest.embedding_width)


class CudaGraphs:
    """Recordings of one ONNX Runtime session that was opened with `enable_cuda_graph`, made as shapes come.

    Each keeps its inputs and outputs in their places on the GPU. The session must be used for nothing else, and its
    memory never be given back: recordings write where they wrote first.
    """

    def __init__(self, session: Any, device: str, width: int) -> None:
        self._session = session
        self._device = device
        self._width = width
        self._recordings: dict[tuple[int, ...], _Recording] = {}
        self._lock = threading.Lock()

    def run(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        """Return document and query embeddings of inputs whose shapes come from few shapes."""
        shape = (*inputs["input_ids"].shape, inputs["document_positions"].shape[1])
        with self._lock:
            if shape not in self._recordings:
                number = str(len(self._recordings) + 1)
                self._recordings[shape] = _Recording(self._session, self._device, self._width, number, inputs)
            return self._recordings[shape].run(inputs)


class _Recording:
    def __init__(self, session: Any, device: str, width: int, number: str, inputs: Inputs) -> None:
        self._session = session
        self._binding = session.io_binding()
        self._inputs = {
            name: ort.OrtValue.ortvalue_from_numpy(value, device if value.ndim else "cpu", 0)
            for name, value in inputs.items()
        }
        for name, value in self._inputs.items():
            self._binding.bind_ortvalue_input(name, value)
        batch, documents = inputs["document_positions"].shape
        shapes = {"document_embeddings": (batch, documents, width), "query_embedding": (batch, width)}
        self._outputs = []
        for name, shape in shapes.items():
            value = ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, device, 0)
            self._binding.bind_ortvalue_output(name, value)
            self._outputs.append(value)
        self._options = ort.RunOptions()
        if device == "cuda":
            self._options.add_run_config_entry("gpu_graph_id", number)

    def run(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        for name, value in inputs.items():
            if value.ndim:  # the scalar belongs to the shape
                self._inputs[name].update_inplace(value)
        self._session.run_with_iobinding(self._binding, self._options)
        return [value.numpy() for value in self._outputs]
