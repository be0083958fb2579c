"""Every graph for CUDA runs on the GPU whole, by ONNX Runtime's own table of kernels; no graph holds an unread node."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from lastly.model.folder import DTYPES, Dtype, GraphKind
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.errors import ExportError
from lastly_export.graph.write import INPUTS, write_graph
from tests.kit.models.checkpoints import LLAMA, QWEN3, SLIDING, Shape, write_checkpoint
from tests.kit.models.cuda_placement import strays, unread

SHAPES = {"norms of heads": QWEN3, "none": LLAMA, "windows": SLIDING}


def graph(folder: Path, shape: Shape, kind: GraphKind, dtype: Dtype) -> onnx.ModelProto:
    checkpoint = Checkpoint(write_checkpoint(folder / "checkpoint", shape))
    write_graph(checkpoint, folder / "model.onnx", dtype, kind)
    return onnx.load(folder / "model.onnx", load_external_data=False)


@pytest.mark.parametrize("dtype", ["fp16", "bf16"])
@pytest.mark.parametrize("kind", ["cuda", "cuda-operators"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_node_of_a_graph_for_cuda_has_a_kernel_there(
    tmp_path: Path, shape: str, kind: GraphKind, dtype: Dtype
) -> None:
    if kind == "cuda-operators" and shape == "windows":
        with pytest.raises(ExportError, match="sliding windows"):
            graph(tmp_path, SHAPES[shape], kind, dtype)
        return
    assert strays(graph(tmp_path, SHAPES[shape], kind, dtype)) == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("shape", ["norms of heads", "windows"])
def test_no_graph_holds_a_node_that_nobody_reads(tmp_path: Path, shape: str, kind: GraphKind, dtype: Dtype) -> None:
    if kind == "cuda-operators" and shape == "windows":
        kind = "cuda"
    assert unread(graph(tmp_path, SHAPES[shape], kind, dtype)) == []


def model(nodes: list[onnx.NodeProto], opset: int = 20, kind: int = TensorProto.BFLOAT16) -> onnx.ModelProto:
    """A graph over x [n, 8] and the scalar that a session binds on the host."""
    inputs = [
        helper.make_tensor_value_info("x", kind, ["n", 8]),
        helper.make_tensor_value_info("total_sequence_length", TensorProto.INT32, []),
    ]
    outputs = [helper.make_tensor_value_info(nodes[-1].output[0], kind, None)]
    return helper.make_model(
        helper.make_graph(nodes, "test", inputs, outputs), opset_imports=[helper.make_opsetid("", opset)]
    )


def test_a_type_without_a_kernel_is_told() -> None:
    cosine = helper.make_node("Cos", ["x"], ["y"], "angle")
    assert strays(model([cosine], kind=TensorProto.FLOAT)) == []
    (told,) = strays(model([cosine]))
    assert "angle: no CUDA kernel for Cos" in told


def test_an_operator_set_whose_kernel_is_missing_is_told() -> None:
    """An open end serves its own version only: in operator set 24 Cast is another version, which the table lacks."""
    narrow = helper.make_node("Cast", ["x"], ["y"], "narrow", to=TensorProto.BFLOAT16)
    assert strays(model([narrow], opset=20)) == []
    (told,) = strays(model([narrow], opset=24))
    assert "operator set 24" in told


def test_what_lies_on_the_host_is_not_read_on_the_gpu() -> None:
    """The nodes that once kept a sidecar from starting: Size of operator set 19, and arithmetic on the length."""
    size = helper.make_node("Size", ["x"], ["size"], "size")
    wide = helper.make_node("Cast", ["total_sequence_length"], ["wide"], "wide", to=TensorProto.INT64)
    many = helper.make_node("Mul", ["size", "wide"], ["y"], "many")
    told = strays(model([size, wide, many]))
    assert [each.split(":")[0] for each in told] == ["size", "wide"]
    shape = helper.make_node("Shape", ["x"], ["shape"], "shape")
    doubled = helper.make_node("Add", ["shape", "shape"], ["doubled"], "doubled")
    flat = helper.make_node("Expand", ["x", "doubled"], ["y"], "flat")
    assert strays(model([shape, doubled, flat])) == []


def test_an_unread_node_is_told() -> None:
    read, other = helper.make_node("Relu", ["x"], ["y"], "read"), helper.make_node("Relu", ["x"], ["z"], "other")
    assert unread(model([other, read])) == ["other"]
