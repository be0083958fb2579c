"""How close an exported graph's scores are to its reference's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lastly.graph.session import Session
from lastly.model.folder import ModelFolder
from lastly.ranking import scoring
from lastly.ranking.tokenization import PromptTokenizer
from lastly.types import BlockEmbeddings, Encoding
from lastly_export.errors import ParityError
from lastly_export.parity.cases import CASES, Case

# Largest difference of a score (a cosine) that an export may show. Measured on random weights, the pessimistic case:
# see docs/models.md.
THRESHOLDS = {"fp32": 1e-5, "fp16": 5e-3, "bf16": 5e-2, "int8": 1e-1}


@dataclass(frozen=True)
class ParityReport:
    """Differences over all cases; `top1` and `spearman` count cases of more than one document."""

    reference: str
    graph: str
    max_abs_score_difference: float
    spearman: float
    top1_agreement: float
    cases: int
    documents: int

    def check(self, threshold: float) -> None:
        """Raise ParityError where a score is off by more than `threshold`, or is not a number."""
        if not self.max_abs_score_difference <= threshold:
            raise ParityError(
                f"scores differ from the reference ({self.reference}) by up to {self.max_abs_score_difference:.2g}, "
                f"more than {threshold:.2g}; nothing was written. Choose a wider type, or allow it with "
                "--parity-threshold"
            )

    def as_manifest(self) -> dict[str, Any]:
        """Return the figures as lastly.json holds them."""
        return {name: _rounded(value) for name, value in vars(self).items()}


def encode_cases(folder: ModelFolder, cases: Sequence[Case] = CASES) -> list[Encoding]:
    """Encode the cases with the folder's own prompt and tokenizer."""
    tokenizer = PromptTokenizer(folder)
    return [tokenizer.encode(case.block) for case in cases]


def compare(
    expected: Sequence[BlockEmbeddings], found: Sequence[BlockEmbeddings], names: tuple[str, str]
) -> ParityReport:
    """Compare scores case by case; `names` are those of the reference and of the graph."""
    pairs = [(scores(e), scores(f)) for e, f in zip(expected, found, strict=True)]
    ranked = [pair for pair in pairs if len(pair[0]) > 1]
    return ParityReport(
        reference=names[0],
        graph=names[1],
        max_abs_score_difference=float(max(np.abs(e - f).max() for e, f in pairs)),
        spearman=float(np.mean([spearman(e, f) for e, f in ranked])),
        top1_agreement=float(np.mean([e.argmax() == f.argmax() for e, f in ranked])),
        cases=len(pairs),
        documents=sum(len(e) for e, _ in pairs),
    )


def run_graph(session: Session, encodings: Sequence[Encoding]) -> Iterator[BlockEmbeddings]:
    """Embed every case with the exported graph, one at a time."""
    return (session.run([encoding])[0] for encoding in encodings)


def spearman(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Return the rank correlation of two score lists without ties."""
    ranks = [np.argsort(np.argsort(scores)) for scores in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def scores(embeddings: BlockEmbeddings) -> npt.NDArray[np.float32]:
    """Return the score of every document of a block."""
    return scoring.cosine(embeddings.query, embeddings.documents)


def _rounded(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value
