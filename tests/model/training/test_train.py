"""`lastly-train` from a backbone and a BEIR folder to a model folder that ranks, at toy size."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lastly.ranking.reranker import Reranker
from lastly.ranking.tokenization import plain_tokenizer
from lastly.types import Candidate, Query
from lastly_training.cli import main
from lastly_training.data.batches import Lists
from lastly_training.data.drawing import Sampling
from lastly_training.loop.clock import Clock
from lastly_training.loop.objective import weighted_losses
from lastly_training.loop.parallel import Group
from lastly_training.loop.recipe import Recipe
from lastly_training.loop.run import Run
from lastly_training.loop.train import Trainer
from lastly_training.model.backbone import Shape as Kept
from lastly_training.model.backbone import start
from lastly_training.model.reranker import ListwiseReranker
from lastly_training.teachers.teacher import Teacher
from tests.kit.models.checkpoints import LLAMA, QWEN3, Shape
from tests.kit.models.toy_bert import bert, teacher_folder
from tests.model.training.runs import SHAPE, TOY, backbone_folder


@pytest.mark.parametrize(
    ("shape", "flags"),
    [(QWEN3, ["--similarity", "0.1", "--dual", "0.1"]), (LLAMA, ["--lora", "4", "--windowed", "0", "--window", "32"])],
    ids=["qwen3, all weights", "llama with a window, LoRA"],
)
def test_a_backbone_becomes_a_model_folder_that_ranks(
    data: Path, tmp_path: Path, shape: Shape, flags: list[str]
) -> None:
    backbone = backbone_folder(tmp_path / "backbone", shape)
    output = tmp_path / "out"
    assert main([str(data), "-o", str(output), "--backbone", backbone, "--steps", "12", *TOY, *SHAPE, *flags]) == 0
    facts = json.loads((output / "checkpoint" / "training.json").read_text())
    assert set(facts["ndcg@10"]["checkpoint"]) == {"python", "mean"}
    ranking = Reranker.load(output / "model").rank(Query("copy a file"), [Candidate(0, "a file"), Candidate(1, "")])
    assert sorted(result.index for result in ranking.results) == [0, 1]


def test_a_training_that_was_cut_off_goes_on_from_what_it_kept(data: Path, tmp_path: Path) -> None:
    backbone = backbone_folder(tmp_path / "backbone", QWEN3)
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


def test_steps_on_one_batch_bring_its_relevant_documents_forward(data: Path, tmp_path: Path) -> None:
    checkpoint = start(backbone_folder(tmp_path / "backbone", QWEN3), Kept(projector=(48, 32)), "toy", 0)
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
    checkpoint = start(backbone_folder(tmp_path / "backbone", QWEN3), Kept(projector=(48, 384)), "toy", 0)
    recipe = Recipe(steps=202, embeddings_share=0.5, tokens=256, largest=6, limit=24, workers=0)
    prepared = Run(data, teachers, "cpu").prepare(checkpoint, recipe)
    Trainer(prepared, teachers, recipe, "cpu").train(checkpoint)
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


def test_capitals_are_read_as_lower_case_if_asked(tmp_path: Path) -> None:
    backbone = backbone_folder(tmp_path / "backbone", QWEN3)
    for lowercase in (False, True):
        tokenizer = plain_tokenizer(start(backbone, Kept(lowercase=lowercase), "toy", 0).tokenizer)
        assert (tokenizer.encode("COPY A File").ids == tokenizer.encode("copy a file").ids) == lowercase


def test_what_cannot_be_trained_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backbone = backbone_folder(tmp_path / "backbone", QWEN3)
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
    start(backbone_folder(tmp_path / "backbone", QWEN3), Kept(projector=(48, 32)), "toy", 0).save(tmp_path / "start")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    together = [*command, "-m", "tests.kit.models.train_in_group", str(data), str(tmp_path)]
    subprocess.run(together, check=True, timeout=240, env=os.environ | {"OMP_NUM_THREADS": "1"})
    first, second = (load_file(tmp_path / f"rank{rank}" / "model.safetensors") for rank in range(2))
    begin = load_file(tmp_path / "start" / "model.safetensors")
    assert all(torch.equal(first[name], value) for name, value in second.items())
    assert not torch.equal(first["projector.0.weight"], begin["projector.0.weight"])
