"""The short prompt of the embedded model, and how its token ids are put together.

Control tokens stand around every text, so each text is tokenised alone and a prompt is the plain concatenation of
ids. One token a document; the query comes first (documents must see it: attention is causal) and last (its marker
sees all documents).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DOCUMENT_MARKER = "<|embed_token|>"
QUERY_MARKER = "<|rerank_token|>"
START, QUERY_START, QUERY_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
CONTROL_TOKENS = (START, QUERY_START, QUERY_END, DOCUMENT_MARKER, QUERY_MARKER)

MAX_DOC_LENGTH = 256
MAX_QUERY_LENGTH = 64
BLOCK_SIZE = 64
# Tokens of a block as it is served: lastly-mini's fit the CPU's faster attention kernel. Longer lists are cut into
# several, which rank as well and take half the time (docs/adr/0049-small-contexts.md); training reads them whole.
MAXIMUM_LENGTH = 1360
# Share of a score that the query's words make: training finds no way to give it (docs/adr/0047-words.md).
LEXICAL_WEIGHT = 0.125
# 64 documents of 256 tokens and a query of 64: 64 * 257 + 2 * 64 + 4 tokens in all, and some to spare.
MAXIMUM_POSITIONS = 17408


def prompt_description(name: str, markers: Mapping[str, int]) -> dict[str, Any]:
    """Return what `lastly_prompt.json` holds; `markers` maps the marker texts to their ids."""
    return {
        "name": name,
        "licence": "Apache-2.0",
        "prompt": {
            "prefix": f"{START}{{query}}{QUERY_END}",
            "instruction": f"{{instruction}}{QUERY_END}",
            "document": f"{{document}}{DOCUMENT_MARKER}",
            "separator": "",
            "suffix": f"{QUERY_START}{{query}}{QUERY_MARKER}",
            "guarded": [],
        },
        "document_marker": {"text": DOCUMENT_MARKER, "id": markers[DOCUMENT_MARKER]},
        "query_marker": {"text": QUERY_MARKER, "id": markers[QUERY_MARKER]},
        "maximum_length": MAXIMUM_LENGTH,
        "block_size": BLOCK_SIZE,
        "max_doc_length": MAX_DOC_LENGTH,
        "max_query_length": MAX_QUERY_LENGTH,
        "long_documents": "excerpt",
        "lexical_weight": LEXICAL_WEIGHT,
    }


@dataclass(frozen=True)
class Prompt:
    """One list as the model reads it.

    Its ids, where each document's marker stands, where the query ends before the documents, where its marker stands.
    """

    ids: list[int]
    documents: list[int]
    query_before: int
    query: int


@dataclass(frozen=True)
class Template:
    """The ids of the control tokens; builds prompts out of tokenised texts."""

    start: int
    query_start: int
    query_end: int
    document_marker: int
    query_marker: int

    @classmethod
    def of(cls, tokenizer: Mapping[str, Any]) -> "Template":
        """Read the ids from a tokenizer.json."""
        ids = {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
        return cls(*(ids[text] for text in CONTROL_TOKENS))

    def prompt(self, query: Sequence[int], documents: Sequence[Sequence[int]]) -> Prompt:
        """Join a query and its documents, all cut to their lengths already."""
        ids = [self.start, *query, self.query_end]
        before, markers = len(ids) - 1, []
        for document in documents:
            ids.extend(document)
            markers.append(len(ids))
            ids.append(self.document_marker)
        ids += [self.query_start, *query, self.query_marker]
        return Prompt(ids, markers, before, len(ids) - 1)
