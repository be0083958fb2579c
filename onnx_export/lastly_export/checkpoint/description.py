"""What the manifest says of a model beyond its shape: name, licence, prompt, markers, limits."""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lastly.model.folder import Description, Marker, faults
from lastly.model.prompt import PromptTemplate
from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.errors import CheckpointError

PROMPT_FILE = "lastly_prompt.json"
PROMPT_KEYS = set(Description.model_fields) - {"pad_token_id"}

# The published prompt of jina-reranker-v3 (and, as far as is known, of v3.5).
V3_PROMPT = PromptTemplate(
    prefix=(
        "<|im_start|>system\n"
        "You are a search relevance expert who can determine a ranking of the passages based on how relevant they "
        "are to the query. If the query is a question, how relevant a passage is depends on how well it answers the "
        "question. If not, try to analyze the intent of the query and assess how well each passage satisfies the "
        "intent. If an instruction is provided, you should follow the instruction when determining the ranking."
        "<|im_end|>\n<|im_start|>user\n"
        "I will provide you with {count} passages, each indicated by a numerical identifier. "
        "Rank the passages based on their relevance to query: {query}\n"
    ),
    instruction="<instruct>\n{instruction}\n</instruct>\n",
    document='<passage id="{index}">\n{document}<|embed_token|>\n</passage>',
    separator="\n",
    suffix=("\n<query>\n{query}<|rerank_token|>\n</query><|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    guarded=("<passage id=", "</passage>", "<query>", "</query>", "<instruct>", "</instruct>"),
)
_V3: dict[str, Any] = {
    "prompt": V3_PROMPT.model_dump(),
    "document_marker": "<|embed_token|>",
    "query_marker": "<|rerank_token|>",
    "maximum_length": 131072,
    "block_size": 125,
    "max_doc_length": 2048,
    "max_query_length": 512,
}


def describe(checkpoint: Checkpoint, name: str | None = None, licence: str | None = None) -> Description:
    """Read `lastly_prompt.json` (v3's prompt and limits where it is absent) and the tokenizer's control tokens.

    Raises CheckpointError.
    """
    told = _V3 | _read_prompt_file(checkpoint.folder)
    ids = _control_ids(checkpoint.folder)
    found = {
        "name": name or told.get("name") or checkpoint.source.rsplit("/", 1)[-1],
        "licence": licence or told.get("licence") or _licence_of(checkpoint.folder),
        "document_marker": _marker(told["document_marker"], ids, checkpoint),
        "query_marker": _marker(told["query_marker"], ids, checkpoint),
        "pad_token_id": _pad_token(checkpoint, ids),
    }
    try:
        description = Description.model_validate(told | found)
    except ValidationError as error:
        raise CheckpointError(f"{PROMPT_FILE}: {faults(error)}") from error
    fitting = min(description.maximum_length, checkpoint.architecture.maximum_positions)
    return description.model_copy(update={"maximum_length": fitting})


def _read_prompt_file(folder: Path) -> dict[str, Any]:
    file = folder / PROMPT_FILE
    if not file.is_file():
        return {}
    told = _json(file)
    unknown = set(told) - PROMPT_KEYS
    if unknown:
        raise CheckpointError(f"{file} holds {sorted(unknown)[0]!r}; known are {', '.join(sorted(PROMPT_KEYS))}")
    return told


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{file} is missing; copy it from the model's page into the checkpoint folder") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{file} does not hold a JSON object")
    return value


def _control_ids(folder: Path) -> dict[str, int]:
    tokens = _json(folder / "tokenizer.json").get("added_tokens", [])
    return {token["content"]: int(token["id"]) for token in tokens}


def _marker(told: Any, ids: dict[str, int], checkpoint: Checkpoint) -> Marker:
    """Read the marker's id from the tokenizer; an id in the file must be the same."""
    text = told["text"] if isinstance(told, dict) else told
    if text not in ids:
        raise CheckpointError(f"{checkpoint.folder / 'tokenizer.json'} has no added token {text!r}")
    if isinstance(told, dict) and told.get("id", ids[text]) != ids[text]:
        raise CheckpointError(f"{PROMPT_FILE} gives {text!r} the id {told['id']}, tokenizer.json {ids[text]}")
    if ids[text] >= checkpoint.architecture.vocabulary:
        raise CheckpointError(
            f"{text!r} has id {ids[text]}, beyond the {checkpoint.architecture.vocabulary} embeddings"
        )
    return Marker(text=text, id=ids[text])


def _pad_token(checkpoint: Checkpoint, ids: dict[str, int]) -> int:
    """Any id will do, since right padding is never read; prefer the model's own."""
    file = checkpoint.folder / "tokenizer_config.json"
    token = _json(file).get("pad_token") if file.is_file() else None
    text = token.get("content") if isinstance(token, dict) else token
    return int(checkpoint.config.get("pad_token_id") or ids.get(text or "", 0))


def _licence_of(folder: Path) -> str:
    """Read the licence from the front matter of the checkpoint's own model card."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    found = re.search(r"\A---\s.*?^licen[sc]e:\s*(\S+)", text, re.DOTALL | re.MULTILINE)
    return found.group(1) if found else "unknown: see the checkpoint's own page"
