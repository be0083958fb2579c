"""Part: Lastly's own operators against numpy, in units of the type's rounding, and what they move a second."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnxruntime as ort
import torch  # before a session: its CUDA libraries serve both
from onnx import TensorProto, helper

from benchmarks.gpu.part import Part, run
from lastly.graph.native import library
from lastly_export.onnx_writer.builder import OPERATORS
from lastly_export.precision.floating import NUMPY_TYPES
from tests.kit.models.rotary import rotated

_ELEMENTS = {"fp32": TensorProto.FLOAT, "fp16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16}
_ROUNDING = {"fp32": 2.0**-23, "fp16": 2.0**-11, "bf16": 2.0**-8}
_TORCH = {
    torch.float32: TensorProto.FLOAT,
    torch.float16: TensorProto.FLOAT16,
    torch.bfloat16: TensorProto.BFLOAT16,
}
# batch, tokens, heads, heads of keys and values, numbers a head
_HEADS = ((1, 8192, 16, 8, 128), (2, 77, 4, 2, 64), (1, 9, 8, 1, 256), (3, 5, 6, 6, 16), (1, 40, 64, 8, 128))
_GATES = ((1, 8192, 3072), (3, 17, 96), (1, 5, 4104))  # batch, tokens, width
Arrays = Mapping[str, np.ndarray]


def work(part: Part) -> None:
    """Compare and time every shape in every type."""
    for dtype in part.dtypes:
        for shape in _GATES:
            with part.step(f"GatedSilu {dtype} {shape}"):
                part.note(f"GatedSilu {dtype} {shape}", _gate(part, dtype, shape))
        for heads in _HEADS:
            with part.step(f"RotaryHeads {dtype} {heads}"):
                part.note(f"RotaryHeads {dtype} {heads}", _heads(part, dtype, heads))


def _gate(part: Part, dtype: str, shape: tuple[int, int, int]) -> dict[str, float]:
    batch, tokens, width = shape
    gate_up = _normal(dtype, batch, tokens, 2 * width, spread=3)
    gate, up = np.split(gate_up.astype(np.float64), 2, axis=-1)
    node = helper.make_node("GatedSilu", ["gate_up"], ["output"], domain=OPERATORS)
    wanted = {"output": gate / (1 + np.exp(-gate)) * up}
    return _compare(part, dtype, node, {"gate_up": gate_up}, wanted, smallest=1e-3)


def _heads(part: Part, dtype: str, shape: tuple[int, ...]) -> dict[str, float]:
    batch, tokens, heads, kv_heads, dim = shape
    qkv = _normal(dtype, batch, tokens, (heads + 2 * kv_heads) * dim)
    angles = _normal("fp32", tokens, dim // 2, spread=3)
    cos, sin, q_norm, k_norm = np.cos(angles), np.sin(angles), _normal("fp32", dim), _normal("fp32", dim)
    inputs = {"qkv": qkv, "cos": cos, "sin": sin, "q_norm": q_norm, "k_norm": k_norm}
    attributes: dict[str, Any] = {"num_heads": heads, "kv_num_heads": kv_heads, "epsilon": 1e-6}
    node = helper.make_node("RotaryHeads", list(inputs), ["q", "k", "v"], domain=OPERATORS, **attributes)
    q, k, v = np.split(qkv.reshape(batch, tokens, -1, dim), [heads, heads + kv_heads], axis=2)
    found = {"q": rotated(q, cos, sin, q_norm), "k": rotated(k, cos, sin, k_norm), "v": v.astype(np.float64)}
    wanted = {
        name: np.repeat(each, heads // each.shape[2], axis=2).reshape(batch, tokens, -1) for name, each in found.items()
    }
    return _compare(part, dtype, node, inputs, wanted, smallest=0.05)


def _compare(part: Part, dtype: str, node: Any, inputs: Arrays, wanted: Arrays, smallest: float) -> dict[str, float]:
    """Return the largest error in units of rounding (of numbers of `smallest` and more), microseconds, and TB/s."""
    session = _session(part, dtype, node, inputs, wanted)
    binding, kept = session.io_binding(), []
    for name, array in inputs.items():
        kept.append(_placed(part, array))
        binding.bind_input(name, *_told(kept[-1]))
    outputs = {name: _placed(part, np.zeros(array.shape, NUMPY_TYPES[dtype])) for name, array in wanted.items()}
    for name, tensor in outputs.items():
        binding.bind_output(name, *_told(tensor))
    seconds = _median(lambda: session.run_with_iobinding(binding))
    errors = [
        np.abs(outputs[name].double().cpu().numpy() - array) / np.maximum(np.abs(array), smallest)
        for name, array in wanted.items()
    ]
    moved = sum(tensor.nbytes for tensor in (*kept, *outputs.values()))
    largest = max(float(each.max()) for each in errors) / _ROUNDING[dtype]
    return {"largest error": largest, "microseconds": 1e6 * seconds, "TB/s": moved / seconds / 1e12}


def _session(part: Part, dtype: str, node: Any, inputs: Arrays, outputs: Arrays) -> Any:
    first = next(iter(inputs))

    def value(name: str, array: np.ndarray) -> Any:
        own = name == first or name in outputs
        return helper.make_tensor_value_info(name, _ELEMENTS[dtype] if own else TensorProto.FLOAT, array.shape)

    told = [[value(name, array) for name, array in arrays.items()] for arrays in (inputs, outputs)]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(OPERATORS, 1)]
    model = helper.make_model(
        helper.make_graph([node], "operator", told[0], told[1]), opset_imports=opsets, ir_version=10
    )
    options = ort.SessionOptions()
    options.register_custom_ops_library(library.path())
    providers = ["CUDAExecutionProvider" if part.cuda else "CPUExecutionProvider"]
    return ort.InferenceSession(model.SerializeToString(), options, providers=providers)


def _placed(part: Part, array: np.ndarray) -> torch.Tensor:
    if array.dtype == NUMPY_TYPES["bf16"]:  # which torch does not know as a type of numpy's
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16).to(part.device)
    return torch.from_numpy(array).to(part.device)


def _told(tensor: torch.Tensor) -> tuple[str, int, Any, list[int], int]:
    """Return what a binding wants of a tensor: device, its number, type, shape, address."""
    return tensor.device.type, 0, _TORCH[tensor.dtype], list(tensor.shape), tensor.data_ptr()


def _normal(dtype: str, *shape: int, spread: float = 1.0) -> np.ndarray:
    return (spread * np.random.default_rng(0).normal(size=shape)).astype(np.float32).astype(NUMPY_TYPES[dtype])


def _median(runner: Callable[[], Any]) -> float:
    times = []
    for _ in range(20):
        started = time.perf_counter()
        runner()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    run(work)
