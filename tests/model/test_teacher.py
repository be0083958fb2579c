"""Teachers in the layout of sentence-transformers, and the folder that is made of a BERT in ONNX; random BERTs."""

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from training import onnx_teacher
from training.teacher import Teacher, joint_embeddings

WORDS = ["[PAD]", "[UNK]", "copy", "a", "file", "ask", ":"]
TEXTS = ["copy a file", "file", "a file copy copy"]


def _bert() -> BertModel:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "hidden_size": 384,
        "num_attention_heads": 12,
        "num_hidden_layers": 2,
        "intermediate_size": 64,
    }
    return BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=32, **sizes), add_pooling_layer=False)


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def _archive(path: Path, bert: BertModel) -> None:
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
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bert.onnx", model.SerializeToString())
        archive.writestr("bert-tokenizer.json", _tokenizer().to_str())


def _embedded(bert: BertModel, text: str, first: bool) -> torch.Tensor:
    ids = torch.tensor([_tokenizer().encode(text).ids])
    with torch.inference_mode():
        states = bert.eval()(input_ids=ids).last_hidden_state[0]
    return torch.nn.functional.normalize(states[0] if first else states.mean(0), dim=0)


@pytest.mark.parametrize("first", [True, False], ids=["first token", "mean"])
def test_a_bert_in_an_archive_becomes_a_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    bert, archive, folder = _bert(), tmp_path / "bert.jar", tmp_path / "teacher"
    _archive(archive, bert)
    flags = ["--query-prompt", "ask : ", *(["--first-token"] if first else [])]
    monkeypatch.setattr(sys, "argv", ["onnx_teacher", str(archive), "-o", str(folder), *flags])
    onnx_teacher.main()
    teacher = Teacher(folder, "cpu")
    for prompt, found in (("", teacher.embed_documents(TEXTS)), ("ask : ", teacher.embed_queries(TEXTS))):
        wanted = torch.stack([_embedded(bert, prompt + text, first) for text in TEXTS])
        assert torch.allclose(found.float(), wanted, atol=2e-3)


def test_an_archive_without_a_graph_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "empty.jar", "w") as archive:
        archive.writestr("README", "")
    monkeypatch.setattr(sys, "argv", ["onnx_teacher", str(tmp_path / "empty.jar"), "-o", str(tmp_path / "teacher")])
    with pytest.raises(SystemExit, match=r"0 files \*\.onnx"):
        onnx_teacher.main()


def test_joint_embeddings_have_the_mean_of_the_teachers_cosines() -> None:
    torch.manual_seed(1)
    first, second = torch.randn(6, 8) + 3, torch.randn(6, 5)
    joint = joint_embeddings([first, second]).float()
    apart = [torch.nn.functional.normalize(one - one.mean(0), dim=1) for one in (first, second)]
    assert torch.allclose(joint @ joint.T, (apart[0] @ apart[0].T + apart[1] @ apart[1].T) / 2, atol=5e-3)
