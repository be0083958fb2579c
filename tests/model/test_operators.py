"""Lastly's own operators: each against numpy on the CPU, the graph with them against transformers, what is refused."""

import ctypes
import os
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from lastly.errors import LastlyError, ModelFolderError
from lastly.graph.native import library
from lastly.graph.native.build import build
from lastly.graph.opening import GraphOptions
from lastly.graph.session import Session
from lastly_export.errors import ExportError
from lastly_export.export import ExportOptions, export
from lastly_export.onnx_writer.builder import CONTRIB, OPERATORS
from tests.kit.models.checkpoints import LLAMA, QWEN3, SLIDING, Shape, write_checkpoint
from tests.kit.models.graphs import ExportedGraph, Prompt, difference, expected
from tests.kit.models.reference import Reference
from tests.kit.models.rotary import rotated

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    if not shutil.which(os.environ.get("CXX", "c++")):
        pytest.skip("no C++ compiler on this machine: install g++, or name yours in CXX")
    build()


class Node:
    """One operator as a model; inputs and outputs in fp32, any shape."""

    def __init__(self, kind: str, inputs: list[str], outputs: list[str], axes: int, **attributes: Any) -> None:
        def value(name: str, rank: int) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"{name}{axis}" for axis in range(rank)])

        ranks = {"cos": 2, "sin": 2, "q_norm": 1, "k_norm": 1}
        node = helper.make_node(kind, inputs, outputs, domain=OPERATORS, **attributes)
        graph = helper.make_graph(
            [node], kind, [value(name, ranks.get(name, axes)) for name in inputs], [value(n, axes) for n in outputs]
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(OPERATORS, 1), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        options = ort.SessionOptions()
        options.register_custom_ops_library(library.path())
        options.log_severity_level = 4  # refusals are wanted here
        self._session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def __call__(self, **inputs: np.ndarray) -> list[np.ndarray]:
        return list(self._session.run(None, inputs))


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("normed", [True, False])
@pytest.mark.parametrize(("heads", "kv_heads", "dim"), [(16, 8, 128), (6, 2, 64), (3, 3, 16), (4, 1, 256)])
def test_heads_are_normalised_rotated_and_written_for_every_query(
    heads: int, kv_heads: int, dim: int, normed: bool
) -> None:
    batch, tokens = 2, 5
    qkv, cos, sin = (
        normal(batch, tokens, (heads + 2 * kv_heads) * dim),
        normal(tokens, dim // 2),
        normal(tokens, dim // 2),
    )
    norms = {"q_norm": normal(dim), "k_norm": normal(dim)} if normed else {}
    attributes = {"num_heads": heads, "kv_num_heads": kv_heads, "epsilon": 1e-6}
    node = Node("RotaryHeads", ["qkv", "cos", "sin", *norms], ["q", "k", "v"], 3, **attributes)
    found = [each.reshape(batch, tokens, heads, dim) for each in node(qkv=qkv, cos=cos, sin=sin, **norms)]
    q, k, v = np.split(qkv.reshape(batch, tokens, -1, dim), [heads, heads + kv_heads], axis=2)
    wanted = [rotated(q, cos, sin, norms.get("q_norm")), rotated(k, cos, sin, norms.get("k_norm")), v]
    for got, want in zip(found, wanted, strict=True):
        assert np.abs(got - np.repeat(want, heads // want.shape[2], axis=2)).max() <= 1e-5


@pytest.mark.parametrize("shape", [(2, 3, 48), (1, 16), (0, 32)])
def test_the_gate_is_silu_times_up(shape: tuple[int, ...]) -> None:
    gate_up = normal(*shape)
    gate, up = np.split(gate_up.astype(np.float64), 2, axis=-1)
    (found,) = Node("GatedSilu", ["gate_up"], ["output"], len(shape))(gate_up=gate_up)
    assert found.shape == gate.shape
    assert np.abs(found - gate / (1 + np.exp(-gate)) * up).max(initial=0) <= 1e-6


def test_wrong_shapes_are_refused_in_words() -> None:
    attributes = {"num_heads": 2, "kv_num_heads": 1, "epsilon": 1e-6}
    node = Node("RotaryHeads", ["qkv", "cos", "sin"], ["q", "k", "v"], 3, **attributes)
    tables = {"cos": normal(5, 8), "sin": normal(5, 8)}
    with pytest.raises(Exception, match="16, 32, 64, 128 or 256"):
        node(qkv=normal(1, 5, 4 * 24), **tables)
    with pytest.raises(Exception, match="cos and sin must be"):
        node(qkv=normal(1, 6, 4 * 16), **tables)
    with pytest.raises(Exception, match="multiples of 8"):
        Node("GatedSilu", ["gate_up"], ["output"], 2)(gate_up=normal(2, 12))
    with pytest.raises(Exception, match="multiple of kv_num_heads"):
        Node("RotaryHeads", ["qkv", "cos", "sin"], ["q", "k", "v"], 3, num_heads=3, kv_num_heads=2, epsilon=1e-6)


@pytest.mark.parametrize("shape", [QWEN3, LLAMA], ids=["norms of heads", "none"])
def test_the_graph_with_the_operators_equals_transformers(tmp_path: Path, shape: Shape) -> None:
    """In fp32 on the CPU, a batch with padding; on a GPU `python -m benchmarks.gpu` compares it in fp16 and bf16."""
    checkpoint = write_checkpoint(tmp_path / "checkpoint", shape)
    prompts = [Prompt.random(length, 1 + length // 20, shape.vocabulary, length) for length in (257, 40, 2)]
    reference = Reference(checkpoint)
    for prompt, found in zip(prompts, ExportedGraph(checkpoint, tmp_path, "cuda-operators").run(prompts), strict=True):
        assert difference(found, expected(reference, prompt)) <= 1e-5


@pytest.mark.parametrize("dtype", ["fp16", "bf16"])
def test_the_kernels_compile_for_gpus_of_three_generations(dtype: str) -> None:
    """NVRTC needs no GPU; the sidecar compiles them the same way for the one it finds."""
    nvrtc = ctypes.CDLL(str(files("nvidia").joinpath("cu13/lib/libnvrtc.so.13")))
    source = (Path(library.__file__).parent / "kernels.cu").read_bytes()
    for architecture in ("sm_80", "sm_90", "sm_120"):
        program, log = ctypes.c_void_p(), ctypes.create_string_buffer(100_000)
        assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"kernels.cu", 0, None, None) == 0
        flags = [f"--gpu-architecture={architecture}".encode(), *([b"-DELEMENT_BFLOAT16"] if dtype == "bf16" else [])]
        status = nvrtc.nvrtcCompileProgram(program, len(flags), (ctypes.c_char_p * len(flags))(*flags))
        nvrtc.nvrtcGetProgramLog(program, log)
        assert (status, log.value) == (0, b"")
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def test_a_graph_with_operators_wants_its_library_and_a_gpu(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export(checkpoint, tmp_path / "model", ExportOptions(dtype="fp16", kind="cuda-operators"))
    assert "rounded to fp16" in str(folder.manifest.parity["graph"])
    with pytest.raises(ModelFolderError, match="provider cuda"):
        Session(folder, GraphOptions())
    shutil.copy(library.path(), folder.path)  # a folder may bring code; it is not loaded
    monkeypatch.setattr(library, "LIBRARY", tmp_path / "missing.so")
    with pytest.raises(ModelFolderError, match=r"lastly\.graph\.native\.build"):
        library.path()


def test_a_missing_compiler_of_kernels_is_said_before_the_first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_COMPILERS", ("libno-such-compiler.so",))
    with pytest.raises(ModelFolderError, match="NVRTC"):
        library.check_compiler()


@pytest.mark.parametrize(("shape", "fault"), [(SLIDING, "sliding windows"), (Shape(mlp=100), "multiple of 8")])
def test_models_that_it_has_no_operator_for_are_refused(tmp_path: Path, shape: Shape, fault: str) -> None:
    checkpoint = write_checkpoint(tmp_path / "checkpoint", shape)
    with pytest.raises(ExportError, match=fault):
        export(checkpoint, tmp_path / "model", ExportOptions(dtype="bf16", kind="cuda-operators", parity=False))
    assert not (tmp_path / "model").exists()


def test_a_build_that_fails_says_why_and_leaves_the_library_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "liblastly_operators.so"
    old.write_text("old")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(LastlyError, match="install g"):
        build(old)
    monkeypatch.setenv("CXX", "false")
    with pytest.raises(LastlyError, match="were not built"):
        build(old)
    assert [path.name for path in tmp_path.iterdir()] == [old.name]
    assert old.read_text() == "old"
