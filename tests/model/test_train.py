"""`lastly-train` from a backbone and a BEIR folder to a model folder that ranks, at toy size."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from lastly.config import embedded_model
from lastly.model.folder import ModelFolder
from lastly.ranking.reranker import Reranker
from lastly.ranking.tokenization import plain_tokenizer
from lastly.types import Candidate, Query
from lastly_export.export import ExportOptions, export
from lastly_training.cli import main
from lastly_training.data.batches import Lists
from lastly_training.data.drawing import Sampling
from lastly_training.data.prepared import Prepared, encode
from lastly_training.loop.clock import Clock
from lastly_training.loop.objective import weighted_losses
from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.run import Run
from lastly_training.loop.train import train
from lastly_training.mini import ablations
from lastly_training.mini.example import texts
from lastly_training.mini.read_back import read_back
from lastly_training.mini.texts import Text, write_collection
from lastly_training.mini.written import Writer, written
from lastly_training.model.backbone import Shape as Kept
from lastly_training.model.backbone import start
from lastly_training.model.checkpoint import Checkpoint
from lastly_training.model.reranker import ListwiseReranker, cosines
from lastly_training.teachers.teacher import Teacher
from tests.kit.models.checkpoints import LLAMA, QWEN3, Shape, write_checkpoint
from tests.kit.models.toy_bert import bert, teacher_folder

TOY = ["--tokens", "1024", "--largest", "8", "--limit", "48", "--workers", "0", "--sample", "8", "--synthetic", "1"]
SHAPE = ["--projector", "48", "32"]
WORDS = 24  # of a document


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    short = [Text(" ".join(text.text.split()[:WORDS]), text.query) for text in texts(24)]
    write_collection(folder / "python", short, dev_every=4)
    return folder


def _backbone(folder: Path, shape: Shape) -> str:
    """A random language model with a tokenizer, as a user's folder would hold a trained one."""
    write_checkpoint(folder, replace(shape, overrides={"architectures": None}))
    return str(folder)


@pytest.mark.parametrize(
    ("shape", "flags"),
    [(QWEN3, ["--similarity", "0.1", "--dual", "0.1"]), (LLAMA, ["--lora", "4", "--windowed", "0", "--window", "32"])],
    ids=["qwen3, all weights", "llama with a window, LoRA"],
)
def test_a_backbone_becomes_a_model_folder_that_ranks(
    data: Path, tmp_path: Path, shape: Shape, flags: list[str]
) -> None:
    backbone = _backbone(tmp_path / "backbone", shape)
    output = tmp_path / "out"
    assert main([str(data), "-o", str(output), "--backbone", backbone, "--steps", "12", *TOY, *SHAPE, *flags]) == 0
    facts = json.loads((output / "checkpoint" / "training.json").read_text())
    assert set(facts["ndcg@10"]["checkpoint"]) == {"python", "mean"}
    ranking = Reranker.load(output / "model").rank(Query("copy a file"), [Candidate(0, "a file"), Candidate(1, "")])
    assert sorted(result.index for result in ranking.results) == [0, 1]


def test_a_training_that_was_cut_off_goes_on_from_what_it_kept(data: Path, tmp_path: Path) -> None:
    backbone = _backbone(tmp_path / "backbone", QWEN3)
    first, second = tmp_path / "first", tmp_path / "second"
    assert (
        main([str(data), "-o", str(first), "--backbone", backbone, "--steps", "4", "--keep-every", "3", *TOY, *SHAPE])
        == 0
    )
    kept = first / "checkpoint" / "kept"
    ends = [load_file(folder / "model.safetensors") for folder in (first / "checkpoint", kept)]
    assert not torch.equal(*(end["projector.0.weight"] for end in ends))
    flags = ["--steps", "1", "--learning-rate", "0", "--averaged-share", "0", *TOY]
    assert main([str(data), "-o", str(second), "--checkpoint", str(kept), *flags]) == 0
    went_on = load_file(second / "checkpoint" / "model.safetensors")
    assert all(torch.equal(went_on[name], value) for name, value in ends[1].items())


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


def test_a_language_model_writes_texts_and_asks_about_them(tmp_path: Path) -> None:
    backbone = _backbone(tmp_path / "backbone", LLAMA)
    writer, prompts = Writer(backbone, "cpu", 3, seed=0), ["copy a file", "a"]
    cold = 1e-3  # as good as the likeliest token always
    alone = [writer.go_on([prompt], 8, cold)[0] for prompt in prompts]
    assert alone[0] != alone[1]
    assert writer.go_on(prompts, 8, cold) == alone  # padding on the left changes nothing
    asked = writer.questions(["copy a file", "open a socket"])
    assert len(asked) == 2
    assert all(not one or one.endswith("?") for one in asked)
    found = list(written(writer, ["a file", "a socket"], time.monotonic() + 0.2))
    assert all(text.text.endswith((".", "!", "?")) for text in found)


def test_every_change_of_the_recipe_is_trained_and_measured_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that was cut off goes on, one change that fails doesn't stop the others, and another recipe is new."""
    flags = [
        str(data),
        "-o",
        str(tmp_path / "out"),
        "--backbone",
        _backbone(tmp_path / "backbone", QWEN3),
        *TOY,
        *SHAPE,
    ]
    trained = []

    def counted(
        checkpoint: Checkpoint, prepared: Prepared, teachers: Sequence[Teacher], recipe: Recipe, *rest: Any
    ) -> Any:
        trained.append((recipe.steps, recipe.info_nce, recipe.seed))
        if recipe.tokens == 1:
            raise RuntimeError("out of memory")
        return train(checkpoint, prepared, teachers, recipe, *rest)

    monkeypatch.setattr("lastly_training.mini.ablations.train", counted)
    ablations.main([*flags, "--steps", "3", "--changes", "", "--tokens 1", "--info-nce 0"])
    assert trained == [(3, 0.3, 0), (3, 0.3, 0), (3, 0.0, 0)]
    printed = capsys.readouterr()
    assert "| `--info-nce 0` |" in printed.out
    assert "--tokens 1: out of memory" in printed.err
    rows = json.loads((tmp_path / "out" / "ablations.json").read_text())
    assert list(rows) == ["", "--info-nce 0"]
    assert all(set(row[weights]) == {"python", "mean"} for row in rows.values() for weights in ("last", "averaged"))
    ablations.main([*flags, "--steps", "3", "--changes", "", "--seed 1"])
    ablations.main([*flags, "--steps", "4", "--changes", ""])
    assert trained[3:] == [(3, 0.3, 1), (4, 0.3, 0)]


def test_steps_on_one_batch_bring_its_relevant_documents_forward(data: Path, tmp_path: Path) -> None:
    checkpoint = start(_backbone(tmp_path / "backbone", QWEN3), Kept(projector=(48, 32)), "toy", 0)
    recipe = Recipe(label_weight=1.0, dispersion=0.0)
    prepared = Run(data, [], "cpu").prepare(checkpoint, recipe)
    model = ListwiseReranker(checkpoint)
    lists = Lists(prepared, model.template, Sampling(6, 6, (24,), 0.5, 1.0), tokens=1024, seed=0)
    readings = [next(iter(lists))[0]]
    optimizer = torch.optim.AdamW([value for value in model.parameters() if value.requires_grad], lr=3e-3)
    seen = []
    for _ in range(30):
        loss = weighted_losses(model, readings, None, recipe, True, "cpu")["nce"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(loss.item())
    assert seen[-1] < seen[0] / 2


def test_the_teachers_embeddings_are_learnt_before_their_lists(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    teachers = [Teacher(teacher_folder(tmp_path, bert(), monkeypatch, []), "cpu")]
    checkpoint = start(_backbone(tmp_path / "backbone", QWEN3), Kept(projector=(48, 384)), "toy", 0)
    recipe = Recipe(steps=202, embeddings_share=0.5, tokens=256, largest=6, limit=24, workers=0)
    prepared = Run(data, teachers, "cpu").prepare(checkpoint, recipe)
    train(checkpoint, prepared, teachers, recipe, "cpu", Group(), lambda model: None)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "step" in line]
    first, second, third = (line[5::2] for line in lines)
    assert first == second == ["spread", "embed"]
    assert third == ["spread", "list", "nce", "embed"]
    before, after = (float(line[6:][line[5::2].index("embed") * 2]) for line in (lines[0], lines[2]))
    assert after < before


def test_the_learning_rate_rises_and_falls_in_each_stage() -> None:
    recipe = Recipe(steps=1000, embeddings_share=0.4, embeddings_learning_rate=2.0, learning_rate=1.0)
    clock, rates = Clock(recipe, True, Group(), "cpu"), []
    while clock.progress < 1:
        rates.append((clock.lists, clock.learning_rate))
        clock.tick()
    embeddings, lists = ([rate for stage, rate in rates if stage == wanted] for wanted in (False, True))
    assert (len(embeddings), len(lists)) == (400, 600)
    for stage, peak in ((embeddings, 2.0), (lists, 1.0)):
        assert peak / 2 < max(stage) <= peak
        assert max(stage[0], stage[-1]) < peak / 20
    assert Clock(recipe, False, Group(), "cpu").lists


def test_capitals_are_read_as_small_letters_if_asked(tmp_path: Path) -> None:
    backbone = _backbone(tmp_path / "backbone", QWEN3)
    for lowercase in (False, True):
        tokenizer = plain_tokenizer(start(backbone, Kept(lowercase=lowercase), "toy", 0).tokenizer)
        assert (tokenizer.encode("COPY A File").ids == tokenizer.encode("copy a file").ids) == lowercase


def test_what_cannot_be_trained_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backbone = _backbone(tmp_path / "backbone", QWEN3)
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / "empty"), "-o", str(tmp_path / "out"), "--backbone", backbone]) == 1
    assert "qrels.train.tsv" in capsys.readouterr().err
    flags = ["--windowed", "2", "--layers", "3"]
    assert main([str(tmp_path / "empty"), "-o", str(tmp_path / "out"), "--backbone", backbone, *flags]) == 1
    assert "between 0 and 1" in capsys.readouterr().err


def test_flags_that_would_do_nothing_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [str(tmp_path), "-o", str(tmp_path / "out")]
    for flags, said in (
        (["--checkpoint", "made", "--layers", "2"], "--layers shapes a backbone"),
        (["--backbone", "any", "--lora", "4", "--keep-every", "5"], "--keep-every needs whole weights"),
    ):
        with pytest.raises(SystemExit):
            main([*folders, *flags])
        assert said in capsys.readouterr().err


def test_processes_that_train_together_end_with_the_same_weights(data: Path, tmp_path: Path) -> None:
    start(_backbone(tmp_path / "backbone", QWEN3), Kept(projector=(48, 32)), "toy", 0).save(tmp_path / "start")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    together = [*command, "-m", "tests.kit.models.train_in_group", str(data), str(tmp_path)]
    subprocess.run(together, check=True, timeout=240, env=os.environ | {"OMP_NUM_THREADS": "1"})
    first, second = (load_file(tmp_path / f"rank{rank}" / "model.safetensors") for rank in range(2))
    begin = load_file(tmp_path / "start" / "model.safetensors")
    assert all(torch.equal(first[name], value) for name, value in second.items())
    assert not torch.equal(first["projector.0.weight"], begin["projector.0.weight"])
