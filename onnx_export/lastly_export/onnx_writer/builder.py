"""Writes an ONNX graph node by node."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from lastly_export.onnx_writer.data_file import DataFile

CONTRIB = "com.microsoft"
OPERATORS = "lastly"  # Lastly's own, lastly/graph/native
OPSET = 20  # newer opsets lose CUDA kernels
_IR_VERSION = 10

Dims = Sequence[int | str]


class GraphBuilder:
    """Collects nodes, inputs and weights; `finish` returns the model. Large tensors go to the data file at once."""

    def __init__(self, name: str, data: DataFile) -> None:
        self._name = name
        self._data = data
        self._nodes: list[ir.Node] = []
        self._count = itertools.count()
        self._inputs: list[ir.Value] = []
        self._initializers: dict[str, ir.Value] = {}

    def input(self, name: str, dtype: ir.DataType, shape: Dims) -> ir.Value:
        """Declare a graph input."""
        value = ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape(shape))
        self._inputs.append(value)
        return value

    def op(
        self, kind: str, *inputs: ir.Value | None, domain: str = "", name: str | None = None, **attrs: Any
    ) -> ir.Value:
        """Add a node with one output."""
        return self.ops(kind, 1, *inputs, domain=domain, name=name, **attrs)[0]

    def ops(
        self, kind: str, outputs: int, *inputs: ir.Value | None, domain: str = "", name: str | None = None, **attrs: Any
    ) -> Sequence[ir.Value]:
        """Add a node with several outputs; every output is named, and so exists for the kernel even if unread."""
        label = name or f"{kind}_{next(self._count)}"
        node = ir.node(kind, inputs, attrs or None, domain=domain, num_outputs=outputs, name=label)
        for place, output in enumerate(node.outputs):
            output.name = f"{label}_{place}" if place else label
        self._nodes.append(node)
        return node.outputs

    @contextmanager
    def subgraph(self, name: str) -> Iterator["Subgraph"]:
        """Collect the nodes added meanwhile as the body of a Loop or a branch of an If; it may read outer values."""
        outer, self._nodes = self._nodes, []
        try:
            yield Subgraph(f"{name}_{len(outer)}", self._nodes)
        finally:
            self._nodes = outer

    def constant(self, value: npt.ArrayLike, dtype: Any = np.int64) -> ir.Value:
        """Return a small constant; equal ones are shared."""
        array = np.asarray(value, dtype)
        key = f"const_{array.dtype}_{'x'.join(map(str, array.shape))}_{array.tobytes().hex()}"
        if len(key) > 80:
            key = f"const_{len(self._initializers)}"
        return self._initializers.get(key) or self._register(ir.tensor(array, name=key))

    def weight(self, name: str, array: npt.NDArray[Any]) -> ir.Value:
        """Write a tensor to the data file."""
        return self._register(self._data.append(name, array))

    def weight_rows(self, name: str, shape: tuple[int, ...], parts: Iterable[npt.NDArray[Any]]) -> ir.Value:
        """Write a tensor to the data file part by part (along its first axis)."""
        return self._register(self._data.append_rows(name, shape, parts))

    def finish(self, outputs: Sequence[ir.Value]) -> ir.Model:
        """Return the model, without what no output needs.

        ONNX Runtime runs unread nodes too, and on a GPU one of them may want a number on the other side: the copy
        between host and GPU alone keeps it from recording a CUDA graph.
        """
        graph = ir.Graph(
            self._inputs,
            outputs,
            nodes=self._nodes,
            initializers=list(self._initializers.values()),
            opset_imports={"": OPSET, CONTRIB: 1} | {node.domain: 1 for node in self._nodes if node.domain},
            name=self._name,
        )
        model = ir.Model(graph, ir_version=_IR_VERSION, producer_name="lastly-export")
        RemoveUnusedNodesPass()(model)
        return model

    def _register(self, tensor: Any) -> ir.Value:
        value = ir.Value(
            name=tensor.name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(tensor.shape), const_value=tensor
        )
        self._initializers[value.name or ""] = value
        return value


class Subgraph:
    """The body of a Loop, or a branch of an If, while it is being written."""

    def __init__(self, name: str, nodes: list[ir.Node]) -> None:
        self._name = name
        self._nodes = nodes
        self._inputs: list[ir.Value] = []

    def input(self, name: str, dtype: ir.DataType) -> ir.Value:
        """Declare a scalar input."""
        value = ir.Value(name=f"{self._name}_{name}", type=ir.TensorType(dtype), shape=ir.Shape([]))
        self._inputs.append(value)
        return value

    def finish(self, outputs: Sequence[ir.Value]) -> ir.Graph:
        """Return the body."""
        return ir.Graph(self._inputs, outputs, nodes=self._nodes, name=self._name)
