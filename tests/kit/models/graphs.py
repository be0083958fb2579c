"""Runs an exported graph and transformers on the same token ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch

from lastly.graph.native import library
from lastly.model.folder import Dtype, GraphKind
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.graph.write import write_graph
from tests.kit.models.reference import Reference

Embeddings = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Prompt:
    """Token ids with the places of the document markers; the query marker is the last token."""

    ids: np.ndarray
    documents: np.ndarray

    @classmethod
    def random(cls, length: int, documents: int, vocabulary: int, seed: int = 0) -> "Prompt":
        rng = np.random.default_rng(seed)
        places = np.sort(rng.choice(length - 1, documents, replace=False))
        return cls(rng.integers(0, vocabulary, length), places)


class ExportedGraph:
    """A graph written for a test, with its session."""

    def __init__(self, checkpoint: Path, folder: Path, kind: GraphKind = "fused", dtype: Dtype = "fp32") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{kind}-{dtype}.onnx"
        write_graph(Checkpoint(checkpoint), self.file, dtype, kind)
        options = ort.SessionOptions()
        if kind == "cuda-operators":
            options.register_custom_ops_library(library.path())
        self._session = ort.InferenceSession(str(self.file), options, providers=["CPUExecutionProvider"])
        self._inputs = {value.name for value in self._session.get_inputs()}

    def run(self, prompts: Sequence[Prompt], padding: str = "right") -> list[Embeddings]:
        """Run all prompts as one batch."""
        inputs = _inputs_of(prompts, padding)
        documents, queries = self._session.run(None, {name: inputs[name] for name in self._inputs})
        return [(rows[: len(p.documents)], query) for rows, query, p in zip(documents, queries, prompts, strict=True)]


def expected(reference: Reference, prompt: Prompt) -> Embeddings:
    """What transformers and the projector give for a prompt."""
    with torch.no_grad():
        states = reference.backbone(torch.from_numpy(prompt.ids)[None]).last_hidden_state[0]
        projected = (torch.relu(states @ reference.first.T) @ reference.second.T).numpy()
    return projected[prompt.documents], projected[-1]


def difference(found: Embeddings, wanted: Embeddings) -> float:
    """Largest absolute difference of any number in the embeddings."""
    return float(max(np.abs(f - w).max() for f, w in zip(found, wanted, strict=True)))


def scores(embeddings: Embeddings) -> np.ndarray:
    documents, query = embeddings
    return documents @ query / np.linalg.norm(documents, axis=1) / np.linalg.norm(query)


def _inputs_of(prompts: Sequence[Prompt], padding: str) -> dict[str, Any]:
    longest = max(len(p.ids) for p in prompts)
    most = max(len(p.documents) for p in prompts)
    lengths = np.array([len(p.ids) for p in prompts], np.int32)
    starts = longest - lengths.astype(np.int64) if padding == "left" else np.zeros(len(prompts), np.int64)
    ids, mask = np.full((len(prompts), longest), 7), np.zeros((len(prompts), longest), np.int64)
    documents = np.zeros((len(prompts), most), np.int64)
    for row, (prompt, start) in enumerate(zip(prompts, starts, strict=True)):
        ids[row, start : start + len(prompt.ids)] = prompt.ids
        mask[row, start : start + len(prompt.ids)] = 1
        documents[row, : len(prompt.documents)] = prompt.documents + start
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "sequence_lengths": lengths,
        "total_sequence_length": np.array(longest, np.int32),
        "document_positions": documents,
        "query_position": starts + lengths - 1,
    }
