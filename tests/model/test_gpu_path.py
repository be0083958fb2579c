"""What a session does on a GPU, as far as a machine without one can show: its shapes, its binding, its graph."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from lastly.errors import ModelFolderError, NotReadyError
from lastly.graph.cuda_graphs import CudaGraphs, open_cuda_graphs
from lastly.graph.opening import CUDA, GraphOptions, cuda_available
from lastly.graph.session import Run, Session
from lastly.model.folder import ModelFolder
from lastly.types import Encoding
from lastly_export.errors import ExportError
from lastly_export.export import ExportOptions, export
from tests.kit.models.as_on_gpu import AsOnGpu
from tests.kit.models.checkpoints import LLAMA, write_checkpoint
from tests.kit.models.graphs import ExportedGraph, Prompt, difference, expected
from tests.kit.models.reference import Reference


class Watched(AsOnGpu):
    """Remembers the shapes that it ran."""

    def __init__(self, folder: ModelFolder, options: GraphOptions | None = None) -> None:
        super().__init__(folder, options)
        self.ran: list[tuple[int, ...]] = []

    def _compute_bound(self, inputs, run):  # type: ignore[no-untyped-def]
        self.ran.append((*inputs["input_ids"].shape, inputs["document_positions"].shape[1]))
        return super()._compute_bound(inputs, run)


def encodings(folder: ModelFolder, lengths: list[int]) -> list[Encoding]:
    rng = np.random.default_rng(0)
    return [
        Encoding(rng.integers(0, folder.manifest.vocabulary_size, n), np.arange(2, n - 1, 7), n - 1) for n in lengths
    ]


def test_batches_in_buckets_give_what_single_runs_give(folder: ModelFolder) -> None:
    wanted = encodings(folder, [300, 30, 65, 200, 11])
    session = Watched(folder)
    found = session.run(wanted)
    assert session.ran == [(4, 320, 64), (1, 64, 8)]
    for encoding, together in zip(wanted, found, strict=True):
        alone = Session(folder).run([encoding])[0]
        assert np.abs(together.documents - alone.documents).max() <= 1e-5
        assert np.abs(together.query - alone.query).max() <= 1e-5


def test_every_run_of_so_many_tokens_has_a_warm_shape(folder: ModelFolder) -> None:
    session = Watched(folder)
    warm = session.shapes(512)
    assert warm == sorted(warm, key=lambda shape: -shape[0] * shape[1])
    for lengths in ([17], [130] * 3, [500], [60] * 7, [64] * 8):
        session.ran.clear()
        session.run(encodings(folder, lengths))
        assert {shape[:2] for shape in session.ran} <= set(warm)


def test_warming_a_shape_runs_it(folder: ModelFolder) -> None:
    session = Watched(folder)
    session.warm((2, 128))
    assert session.ran == [(2, 128, 8)]


def test_a_cpu_needs_no_warm_up(ours, folder: ModelFolder) -> None:  # type: ignore[no-untyped-def]
    assert ours.session.shapes(4096) == []


def test_short_single_runs_are_recorded_once_a_shape_and_give_the_same(folder: ModelFolder) -> None:
    session = Watched(folder, GraphOptions(cuda_graph_tokens=128))
    session.warm((1, 128))
    for length in (100, 128, 70, 300, 100):
        wanted = encodings(folder, [length])
        alone = Session(folder).run(wanted)[0]
        found = session.run(wanted)[0]
        assert np.abs(found.documents - alone.documents).max() <= 1e-5
        assert np.abs(found.query - alone.query).max() <= 1e-5
    assert [shape[:2] for shape in session.ran] == [(1, 320)]
    assert session._cuda_graphs is not None
    assert len(session._cuda_graphs._recordings) == 3


def test_a_stopped_run_in_parts_runs_no_further_part(folder: ModelFolder) -> None:
    session, run = Watched(folder), Run()
    run.stop()
    with pytest.raises(NotReadyError, match="stopped"):
        session.run(encodings(folder, [40, 40, 40]), run)
    assert len(session.ran) == 1


@pytest.mark.parametrize("length", [2, 257])
def test_the_packed_graph_equals_transformers(tmp_path: Path, length: int) -> None:
    """Without norms of heads, which only the CUDA kernel takes; everything else of that graph runs on a CPU in fp32."""
    checkpoint = write_checkpoint(tmp_path / "checkpoint", LLAMA)
    prompt = Prompt.random(length, 1 + length // 20, LLAMA.vocabulary)
    found = ExportedGraph(checkpoint, tmp_path, "cuda").run([prompt])[0]
    assert difference(found, expected(Reference(checkpoint), prompt)) <= 1e-5


@pytest.mark.skipif(cuda_available(), reason="this onnxruntime has the CUDA provider")
def test_a_graph_for_cuda_is_measured_and_told_apart_without_a_gpu(checkpoint: Path, tmp_path: Path) -> None:
    folder = export(checkpoint, tmp_path / "model", ExportOptions(dtype="bf16", kind="cuda"))
    assert "rounded to bf16" in str(folder.manifest.parity["graph"])
    with pytest.raises(ModelFolderError, match="provider cuda"):
        Session(ModelFolder.load(folder.path))
    with pytest.raises(ModelFolderError, match="onnxruntime-gpu"):
        Session(folder, GraphOptions(providers=(CUDA,)))


def test_the_graph_for_cuda_knows_two_types(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="fp16 or bf16"):
        export(checkpoint, tmp_path / "model", ExportOptions(dtype="int8", kind="cuda"))


class Unrecordable:
    """ONNX Runtime's session where a graph can't be captured; without a GPU that fault can't be had for real."""

    def io_binding(self) -> None:
        raise RuntimeError("This session cannot use the graph capture feature as requested by the user")


def test_a_graph_that_cannot_be_recorded_runs_without_and_says_so_once(
    folder: ModelFolder, caplog: pytest.LogCaptureFixture
) -> None:
    session = Watched(folder, GraphOptions(cuda_graph_tokens=128))
    assert session.recording
    session._cuda_graphs = CudaGraphs(Unrecordable(), "cpu", folder.manifest.embedding_width)
    wanted = encodings(folder, [100])
    for _ in range(2):
        found = session.run(wanted)[0]
    assert np.abs(found.query - Session(folder).run(wanted)[0].query).max() <= 1e-5
    assert not session.recording
    assert [shape[:2] for shape in session.ran] == [(1, 128)] * 2
    assert [record.message for record in caplog.records if "graph capture feature" in record.message] == [
        "CUDA graphs are given up, lists run without: "
        "This session cannot use the graph capture feature as requested by the user"
    ]


def test_a_second_session_that_does_not_open_leaves_the_first(
    folder: ModelFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the weights fit once but not twice: here the graph is gone when the recording session opens it."""
    copied = tmp_path / "model"
    shutil.copytree(folder.path, copied)
    broken = ModelFolder.load(copied)
    broken.graph_path.write_bytes(b"no graph")
    assert open_cuda_graphs(broken, GraphOptions(cuda_graph_tokens=128), "cpu") is None
    (record,) = caplog.records
    assert "not recorded" in record.message
    assert "Protobuf parsing failed" in record.message  # ONNX Runtime's own words


def test_what_onnx_runtime_says_of_a_graph_is_passed_on(folder: ModelFolder, tmp_path: Path) -> None:
    copied = tmp_path / "model"
    shutil.copytree(folder.path, copied)
    broken = ModelFolder.load(copied)
    broken.graph_path.write_bytes(b"no graph")
    with pytest.raises(ModelFolderError, match="Protobuf parsing failed") as told:
        Session(broken)
    assert "bf16" not in str(told.value)
