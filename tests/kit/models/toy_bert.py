"""A random BERT with a vocabulary of seven words, and the archive in which such models are found."""

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from lastly_training.teachers import onnx_teacher

WORDS = ["[PAD]", "[UNK]", "copy", "a", "file", "ask", ":"]


def bert() -> BertModel:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "hidden_size": 384,
        "num_attention_heads": 12,
        "num_hidden_layers": 2,
        "intermediate_size": 64,
    }
    return BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=256, **sizes), add_pooling_layer=False)


def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def archive(path: Path, bert: BertModel) -> None:
    """A graph as exporters of BERT leave it: matrices transposed and without names, nodes with their paths."""
    initializers: list[TensorProto] = []
    nodes: list[NodeProto] = []
    for name, value in bert.state_dict().items():
        if name.startswith("encoder.") and name.endswith("weight") and "LayerNorm" not in name:
            place = f"onnx::MatMul_{len(nodes)}"
            initializers.append(numpy_helper.from_array(value.T.contiguous().numpy(), place))
            path_of_node = "/" + name.removesuffix(".weight").replace(".", "/").replace("layer/", "layer.") + "/MatMul"
            nodes.append(helper.make_node("MatMul", [f"x{len(nodes)}", place], [f"y{len(nodes)}"], path_of_node))
        else:
            initializers.append(numpy_helper.from_array(value.numpy(), name))
    inputs = [helper.make_tensor_value_info(f"x{n}", TensorProto.FLOAT, None) for n in range(len(nodes))]
    outputs = [helper.make_tensor_value_info(f"y{n}", TensorProto.FLOAT, None) for n in range(len(nodes))]
    model = helper.make_model(helper.make_graph(nodes, "bert", inputs, outputs, initializers))
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("bert.onnx", model.SerializeToString())
        packed.writestr("bert-tokenizer.json", tokenizer().to_str())


def teacher_folder(folder: Path, bert: BertModel, monkeypatch: pytest.MonkeyPatch, flags: list[str]) -> Path:
    """Write an archive, and make a teacher's folder of it."""
    archive(folder / "bert.jar", bert)
    made = folder / "teacher"
    monkeypatch.setattr(sys, "argv", ["onnx_teacher", str(folder / "bert.jar"), "-o", str(made), *flags])
    onnx_teacher.main()
    return made
