"""A broken or unknown checkpoint gives an error that names what is wrong, and no model folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from lastly.model.folder import ModelFolder
from lastly_export.checkpoint.hub import open_checkpoint
from lastly_export.errors import CheckpointError, ExportError, ParityError
from lastly_export.export import ExportOptions, export
from tests.kit.models.checkpoints import QWEN3, write_checkpoint

Breaking = Callable[[Path], None]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint", QWEN3)


def tensors(change: Callable[[dict[str, np.ndarray]], Any]) -> Breaking:
    def breaking(folder: Path) -> None:
        held = load_file(folder / "model.safetensors")
        change(held)
        save_file(held, folder / "model.safetensors")

    return breaking


def config(**changes: Any) -> Breaking:
    def breaking(folder: Path) -> None:
        held = json.loads((folder / "config.json").read_text()) | changes
        (folder / "config.json").write_text(json.dumps({k: v for k, v in held.items() if v is not None}))

    return breaking


def cut(folder: Path, size: int) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:size])


def writing(name: str, content: str) -> Breaking:
    def breaking(folder: Path) -> None:
        (folder / name).write_text(content)

    return breaking


def prompt_file(content: Any) -> Breaking:
    return writing("lastly_prompt.json", json.dumps(content))


def without_markers(folder: Path) -> None:
    description = json.loads((folder / "tokenizer.json").read_text())
    description["added_tokens"] = [t for t in description["added_tokens"] if "embed" not in t["content"]]
    (folder / "tokenizer.json").write_text(json.dumps(description))


def index_of_a_missing_shard(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-2.safetensors"}}')


K_PROJ = "model.layers.1.self_attn.k_proj.weight"
BROKEN: dict[str, tuple[Breaking, str]] = {
    "missing tensor": (tensors(lambda t: t.pop(K_PROJ)), K_PROJ),
    "missing projector": (tensors(lambda t: t.pop("projector.2.weight")), "projector.2.weight"),
    "wrong shape": (tensors(lambda t: t.update({K_PROJ: np.zeros((8, 64), np.float32)})), r"k_proj.*\[8, 64\].*\[64,"),
    "attention bias tensor": (
        tensors(lambda t: t.update({"model.layers.0.self_attn.q_proj.bias": np.zeros(4, np.float32)})),
        "q_proj.bias",
    ),
    "integer weights": (tensors(lambda t: t.update({K_PROJ: np.zeros((64, 64), np.int8)})), "k_proj.*I8"),
    "extra tensor": (tensors(lambda t: t.update({"model.extra": np.zeros(4, np.float32)})), "model.extra"),
    "cut in the data": (lambda f: cut(f, (f / "model.safetensors").stat().st_size - 100), "cut off"),
    "cut in the header": (lambda f: cut(f, 50), "cut off"),
    "empty weights": (lambda f: cut(f, 0), "cut off"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors is missing"),
    "missing shard": (index_of_a_missing_shard, "model-2.safetensors is missing"),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json is missing"),
    "broken tokenizer": (writing("tokenizer.json", "{"), "tokenizer.json cannot be read"),
    "tokenizer without markers": (without_markers, r"no added token '<\|embed_token\|>'"),
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "config without a size": (config(hidden_size=None), "hidden_size"),
    "other backbone": (config(model_type="bert"), "model_type 'bert'"),
    "attention bias": (config(attention_bias=True), "attention_bias"),
    "quantized": (config(quantization_config={"bits": 4}), "quantization_config"),
    "other activation": (config(hidden_act="gelu"), "hidden_act"),
    "scaled positions": (config(rope_scaling={"rope_type": "yarn", "factor": 4}), "rope_scaling"),
    "unknown layer type": (config(layer_types=["full_attention", "linear", "full_attention"]), "layer_types"),
    "windowed layers without a window": (config(layer_types=["sliding_attention"] * 3), "sliding_window"),
    "unknown prompt key": (prompt_file({"promt": {}}), "promt"),
    "words over all": (prompt_file({"lexical_weight": 1.5}), "lexical_weight is a number from 0 to 1"),
    "prompt without documents": (
        prompt_file({"prompt": {"prefix": "", "instruction": "", "document": "", "separator": "", "suffix": ""}}),
        "document",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_checkpoint_is_refused_by_name_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, fault: str
) -> None:
    breaking, message = BROKEN[fault]
    breaking(checkpoint)
    with pytest.raises(CheckpointError, match=message):
        export(checkpoint, tmp_path / "out" / "model")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_graph_too_far_from_its_reference_is_not_kept(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="--parity-threshold"):
        export(checkpoint, tmp_path / "out" / "model", ExportOptions(dtype="int8", threshold=1e-7))
    assert not list((tmp_path / "out").iterdir())


def test_a_parity_report_of_nan_fails(checkpoint: Path, tmp_path: Path) -> None:
    tensors(lambda t: t["model.norm.weight"].fill(np.nan))(checkpoint)
    with pytest.raises(ParityError):
        export(checkpoint, tmp_path / "out" / "model")


def test_another_folder_is_never_overwritten(checkpoint: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ExportError, match="not empty"):
            export(checkpoint, target, ExportOptions(parity=False, overwrite=overwrite))
    assert (target / "thesis.txt").read_text() == "years of work"


def test_an_older_model_folder_is_replaced_when_asked(checkpoint: Path, tmp_path: Path) -> None:
    target = tmp_path / "model"
    for name in ("old", "new"):
        export(checkpoint, target, ExportOptions(parity=False, overwrite=True, name=name))
    assert ModelFolder.load(target).manifest.name == "new"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_shards_are_read_through_their_index(checkpoint: Path, tmp_path: Path) -> None:
    held = load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    shards = {name: f"model-{1 + ('layers.1' in name)}.safetensors" for name in held}
    for file in set(shards.values()):
        save_file({name: held[name] for name in held if shards[name] == file}, checkpoint / file)
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    folder = export(checkpoint, tmp_path / "model")
    assert folder.manifest.parity["max_abs_score_difference"] <= 1e-5


def test_a_hub_id_without_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match=r"jinaai/jina-reranker-v3.*network.*folder"):
        open_checkpoint("jinaai/jina-reranker-v3")


def test_a_mistyped_path_is_not_taken_for_a_hub_id() -> None:
    with pytest.raises(CheckpointError, match="neither a folder nor a hub id"):
        open_checkpoint("./no/such/folder")
