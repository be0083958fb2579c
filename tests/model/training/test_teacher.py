"""Teachers in the layout of sentence-transformers, and the folder that is made of a BERT in ONNX; random BERTs."""

import sys
import zipfile
from pathlib import Path

import pytest
import torch
from transformers import BertModel

from lastly_training.loop.taught import joint
from lastly_training.teachers import onnx_teacher
from lastly_training.teachers.teacher import Teacher
from lastly_training.text.words import Words
from tests.kit.models.toy_bert import bert, teacher_folder, tokenizer

TEXTS = ["copy a file", "file", "a file copy copy"]


def _embedded(model: BertModel, text: str, first: bool) -> torch.Tensor:
    ids = torch.tensor([tokenizer().encode(text).ids])
    with torch.inference_mode():
        states = model.eval()(input_ids=ids).last_hidden_state[0]
    return torch.nn.functional.normalize(states[0] if first else states.mean(0), dim=0)


@pytest.mark.parametrize("first", [True, False], ids=["first token", "mean"])
def test_a_bert_in_an_archive_becomes_a_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool) -> None:
    model = bert()
    flags = ["--query-prompt", "ask : ", *(["--first-token"] if first else [])]
    teacher = Teacher(teacher_folder(tmp_path, model, monkeypatch, flags), "cpu")
    words = Words()
    read = words.read(TEXTS)
    texts = [read[row] for row in range(len(TEXTS))]
    packed = teacher.embed_packed(teacher.reading(words).packed(texts, texts))
    documents, queries = teacher.embed_documents(TEXTS), teacher.embed_queries(TEXTS)
    for prompt, found in (("", documents), ("ask : ", queries), ("", packed[:3]), ("ask : ", packed[3:])):
        wanted = torch.stack([_embedded(model, prompt + text, first) for text in TEXTS])
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
    both = joint([first, second], [first.mean(0), second.mean(0)])
    apart = [torch.nn.functional.normalize(one - one.mean(0), dim=1) for one in (first, second)]
    assert torch.allclose(both @ both.T, (apart[0] @ apart[0].T + apart[1] @ apart[1].T) / 2, atol=5e-3)
