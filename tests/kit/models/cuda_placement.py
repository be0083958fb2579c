"""Where ONNX Runtime's CUDA provider would run a graph's nodes: told from its table of kernels, without a GPU.

Two things keep a node off the GPU: no kernel for its operator, version and types, or inputs that lie on the host, as
shapes do. ONNX Runtime then copies between host and GPU, and such a graph can't be recorded.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnxruntime.capi import onnxruntime_pybind11_state as native

TABLE = Path(__file__).with_name("cuda_kernels.json")
OWN = "lastly"  # the domain whose kernels are ours, lastly/graph/native
# Inputs that CUDA kernels read on the host (OrtMemTypeCPUInput in ONNX Runtime's sources).
_ON_HOST = {
    "Expand": {1},
    "GroupQueryAttention": {6},
    "Pad": {1, 3},
    "Range": {0, 1, 2},
    "Reshape": {1},
    "Slice": {1, 2, 3, 4},
    "Split": {1},
    "Squeeze": {1},
    "Unsqueeze": {1},
}
_SHAPES = {"Shape", "Size"}  # whose CUDA kernels answer on the host


@dataclass(frozen=True)
class Kernel:
    """Operator sets `first` to `last` (None: open) and the types of each of the schema's type parameters."""

    first: int
    last: int | None
    types: dict[str, set[str]]

    def fits(self, since: int) -> bool:
        """Whether it serves an operator of that version; an open end promises nothing about later ones."""
        return self.first == since or (self.last is not None and self.first <= since <= self.last)


def kernels() -> dict[str, list[Kernel]]:
    """Read the table, by "domain:operator" or "operator"."""
    found: dict[str, list[Kernel]] = {}
    for row in json.loads(TABLE.read_text())["kernels"]:
        types = {name: set(kinds) for name, kinds in row["types"].items()}
        found.setdefault(row["op"], []).append(Kernel(row["from"], row["to"], types))
    return found


def strays(model: onnx.ModelProto) -> list[str]:
    """Name the nodes that would not run on the GPU, each with its reason; empty where all do."""
    return [*_without_kernel(model), *_between_host_and_gpu(model)]


def unread(model: onnx.ModelProto) -> list[str]:
    """Name the nodes of the main graph that no output needs."""
    wanted = {output.name for output in model.graph.output}
    left = []
    for node in reversed(model.graph.node):
        if wanted.isdisjoint(node.output):
            left.append(node.name)
            continue
        inner = (attribute.g for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH)
        wanted |= {*node.input, *(name for graph in inner for each in graph.node for name in each.input)}
    return left


def _without_kernel(model: onnx.ModelProto) -> Iterator[str]:
    table, versions = kernels(), {each.domain: each.version for each in model.opset_import}
    types = {value.name: _kind(value.type.tensor_type.elem_type) for value in model.graph.input}
    types |= {value.name: _kind(value.data_type) for value in model.graph.initializer}
    for node in model.graph.node:
        if node.domain == OWN:
            types |= dict.fromkeys(node.output, types[node.input[0]])
            continue
        schema = _schema(node, versions[node.domain])
        bound = _bound(node, schema, types)
        for place, name in enumerate(node.output):
            types[name] = bound[_parameter(schema.outputs, place)]
        key = f"{node.domain}:{node.op_type}" if node.domain else node.op_type
        if not any(_serves(kernel, schema, bound) for kernel in table.get(key, [])):
            yield f"{node.name}: no CUDA kernel for {key} of operator set {schema.since_version} with {bound}"


def _serves(kernel: Kernel, schema: Any, bound: dict[str, str]) -> bool:
    return kernel.fits(schema.since_version) and all(
        bound[name] in kinds for name, kinds in kernel.types.items() if name in bound
    )


def _bound(node: onnx.NodeProto, schema: Any, types: dict[str, str]) -> dict[str, str]:
    """The type of each type parameter: from the inputs, from what the schema leaves open, or from the first input."""
    bound = {_parameter(schema.inputs, place): types[name] for place, name in enumerate(node.input) if name}
    allowed = {each.type_param_str: each.allowed_type_strs for each in schema.type_constraints}
    for place in range(len(node.output)):
        name = _parameter(schema.outputs, place)
        if name in bound:
            continue
        choices = allowed.get(name, [name])
        bound[name] = _plain(choices[0]) if len(choices) == 1 else types[node.input[0]]
    if node.op_type == "Cast":
        bound["T2"] = _kind(next(each.i for each in node.attribute if each.name == "to"))
    return bound


def _between_host_and_gpu(model: onnx.ModelProto) -> Iterator[str]:
    """A node that reads the host and the GPU, or that reads on the GPU what lies on the host, needs a copy.

    A session binds scalar inputs on the host.
    """
    weights = {value.name for value in model.graph.initializer}
    given = {value.name for value in model.graph.input if not value.type.tensor_type.shape.dim}
    host = set(given)
    for node in model.graph.node:
        named = [(place, name) for place, name in enumerate(node.input) if name and name not in weights]
        here = [place for place, name in named if name in host]
        if node.op_type in _SHAPES:
            host |= set(node.output)
        elif here and not set(here) <= _ON_HOST.get(node.op_type, set()):
            if len(here) < len(named) or not given.isdisjoint(name for _, name in named):
                yield f"{node.name}: {node.op_type} reads on the GPU what lies on the host (inputs {here})"
            host |= set(node.output)


def _schema(node: onnx.NodeProto, version: int) -> Any:
    found = [each for each in _SCHEMAS if each.name == node.op_type and each.domain == node.domain]
    return max((each for each in found if each.since_version <= version), key=lambda each: each.since_version)


def _parameter(formal: Any, place: int) -> str:
    """The type parameter of a place; the last one takes the rest."""
    return str(formal[min(place, len(formal) - 1)].typeStr)


def _kind(number: int) -> str:
    return str(onnx.TensorProto.DataType.Name(number)).lower()


def _plain(name: str) -> str:
    return name.removeprefix("tensor(").removesuffix(")")


_SCHEMAS = native.get_all_operator_schema()
