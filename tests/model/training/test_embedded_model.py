"""The embedded model read back into a checkpoint."""

from pathlib import Path

import pytest
import torch

from lastly.config import embedded_model
from lastly.model.folder import ModelFolder
from lastly.ranking.tokenization import plain_tokenizer
from lastly_export.export import ExportOptions, export
from lastly_training.cli import main
from lastly_training.data.prepared import encode
from lastly_training.mini.read_back import read_back
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.reranker import ListwiseReranker, cosines
from tests.model.training.runs import TOY


def test_the_embedded_model_can_be_trained_further(data: Path, tmp_path: Path) -> None:
    """Its int8 weights are read back: the checkpoint scores as the folder does, and a training goes on from it."""
    folder = ModelFolder.load(embedded_model())
    read_back(folder).save(tmp_path / "lastly-mini")
    checkpoint = Checkpoint.load(tmp_path / "lastly-mini")
    answer = folder.manifest.known_answer
    assert answer is not None
    ids = [encode(plain_tokenizer(checkpoint.tokenizer), [text], 256)[0] for text in (answer.query, *answer.documents)]
    reranker = ListwiseReranker(checkpoint).eval()
    prompt = reranker.template.prompt(ids[0], ids[1:])
    with torch.no_grad():
        documents, marks = reranker(*(torch.tensor([one]) for one in (prompt.ids, prompt.documents, [prompt.query])))
    assert cosines(documents, marks[:, -1])[0].tolist() == pytest.approx(answer.scores, abs=0.03)
    again = ["--checkpoint", str(tmp_path / "lastly-mini"), "--steps", "2"]
    assert main([str(data), "-o", str(tmp_path / "out"), *again, *TOY]) == 0
    assert ModelFolder.load(tmp_path / "out" / "model").manifest.name == "lastly-mini"


def test_weights_drawn_for_the_embedded_model_round_to_it_again(tmp_path: Path) -> None:
    folder = ModelFolder.load(embedded_model())
    drawn, plain = (read_back(folder, seed) for seed in (1, None))
    matrix = "model.layers.0.mlp.up_proj.weight"
    assert (drawn.tensors[matrix] != plain.tensors[matrix]).float().mean() > 0.9
    drawn.save(tmp_path / "drawn")
    export(tmp_path / "drawn", tmp_path / "again", ExportOptions(dtype="int8", parity=False))
    assert (tmp_path / "again" / "model.onnx.data").read_bytes() == (folder.path / "model.onnx.data").read_bytes()
