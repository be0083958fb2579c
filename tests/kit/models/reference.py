"""An independent reference: the published rules, written from their description, on transformers in fp32.

It shares no code with `lastly`: the prompt is one string with its control tokens in it, tokenised in one go.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModel, PreTrainedTokenizerFast

SYSTEM = (
    "You are a search relevance expert who can determine a ranking of the passages based on how relevant they are to "
    "the query. If the query is a question, how relevant a passage is depends on how well it answers the question. If "
    "not, try to analyze the intent of the query and assess how well each passage satisfies the intent. If an "
    "instruction is provided, you should follow the instruction when determining the ranking."
)
DOCUMENT_MARKER, QUERY_MARKER = "<|embed_token|>", "<|rerank_token|>"


@dataclass(frozen=True)
class Limits:
    """The published defaults."""

    max_length: int = 131_072
    block_size: int = 125
    max_doc_length: int = 2_048
    max_query_length: int = 512


class Reference:
    """Scores documents for a query as the published code does."""

    def __init__(self, checkpoint: Path) -> None:
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(checkpoint / "tokenizer.json"))
        self.backbone = AutoModel.from_pretrained(checkpoint, dtype=torch.float32, attn_implementation="sdpa").eval()
        tensors = load_file(checkpoint / "model.safetensors")
        self.first, self.second = tensors["projector.0.weight"].float(), tensors["projector.2.weight"].float()

    @torch.no_grad()
    def scores(
        self, query: str, documents: list[str], instruction: str | None = None, limits: Limits | None = None
    ) -> list[float]:
        """Return every document's score, in the documents' order."""
        limits = limits or Limits()
        query, query_length = self._cut(query, limits.max_query_length)
        cut = [self._cut(document, limits.max_doc_length) for document in documents]
        embedded, queries, weights = [], [], []
        for block in self._blocks(cut, query_length, limits):
            document_rows, query_row = self._embed(self._prompt(query, block, instruction))
            best = torch.cosine_similarity(document_rows, query_row[None]).max()
            embedded.append(document_rows)
            queries.append(query_row)
            weights.append((1 + best) / 2)
        weight = torch.stack(weights)
        fused = (torch.stack(queries) * weight[:, None]).sum(0) / weight.sum()
        scores: list[float] = torch.cosine_similarity(torch.cat(embedded), fused[None]).tolist()
        return scores

    def _cut(self, text: str, limit: int) -> tuple[str, int]:
        text = text.replace(DOCUMENT_MARKER, "").replace(QUERY_MARKER, "")
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return (text, len(ids)) if len(ids) <= limit else (str(self.tokenizer.decode(ids[:limit])), limit)

    @staticmethod
    def _blocks(cut: list[tuple[str, int]], query_length: int, limits: Limits) -> list[list[str]]:
        blocks: list[list[str]] = [[]]
        capacity = limits.max_length - 2 * query_length
        for text, length in cut:
            blocks[-1].append(text)
            capacity -= length
            if len(blocks[-1]) == limits.block_size or capacity <= limits.max_doc_length:
                blocks.append([])
                capacity = limits.max_length - 2 * query_length
        return [block for block in blocks if block]

    @staticmethod
    def _prompt(query: str, documents: list[str], instruction: str | None) -> str:
        passages = [
            f'<passage id="{number}">\n{document}{DOCUMENT_MARKER}\n</passage>'
            for number, document in enumerate(documents)
        ]
        return "".join(
            [
                f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n",
                f"I will provide you with {len(documents)} passages, each indicated by a numerical identifier. "
                f"Rank the passages based on their relevance to query: {query}\n",
                f"<instruct>\n{instruction}\n</instruct>\n" if instruction else "",
                "\n".join(passages),
                f"\n<query>\n{query}{QUERY_MARKER}\n</query><|im_end|>\n",
                "<|im_start|>assistant\n<think>\n\n</think>\n\n",
            ]
        )

    def _embed(self, prompt: str) -> tuple[torch.Tensor, torch.Tensor]:
        ids = torch.tensor(self.tokenizer(prompt, add_special_tokens=False)["input_ids"])
        hidden = self.backbone(ids[None]).last_hidden_state[0]
        projected = torch.relu(hidden @ self.first.T) @ self.second.T
        document_id, query_id = map(self.tokenizer.convert_tokens_to_ids, (DOCUMENT_MARKER, QUERY_MARKER))
        return projected[ids == document_id], projected[ids == query_id][0]
