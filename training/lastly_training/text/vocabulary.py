"""The tokenizer of the backbone, cut to its first tokens.

Byte-level BPE learns its merges in the order of their use: the first 32,768 tokens of 49,152 are a valid tokenizer
that needs 4.8 % more tokens on English and code (measured on eight of the data folder's corpora) and saves 9.4 MB.
"""

import json
from pathlib import Path
from typing import Any

from lastly_training.text.template import CONTROL_TOKENS, DOCUMENT_MARKER, QUERY_MARKER

# Reserved tokens of SmolLM2 whose places the markers take.
_RESERVED = {"<repo_name>": DOCUMENT_MARKER, "<reponame>": QUERY_MARKER}


def read_tokenizer(backbone: str) -> dict[str, Any]:
    """Return the tokenizer.json of a GGUF file (GPT-2 style, as SmolLM2 has it), a folder or a hub id."""
    path = Path(backbone)
    if path.suffix == ".gguf":
        return _from_gguf(path)
    if not path.is_dir():
        from huggingface_hub import hf_hub_download

        path = Path(hf_hub_download(backbone, "tokenizer.json")).parent
    description: dict[str, Any] = json.loads((path / "tokenizer.json").read_text(encoding="utf-8"))
    return description


def cut_tokenizer(
    description: dict[str, Any], size: int | None, lowercase: bool = False
) -> tuple[dict[str, Any], list[int]]:
    """Keep the first `size` tokens and add the control tokens of the prompt; `lowercase` reads capitals as small.

    Returns the new description and, for each of its rows, the row of the old embedding that it starts from.
    """
    vocabulary = {token: row for token, row in description["model"]["vocab"].items() if size is None or row < size}
    added = {
        token["content"]: token["id"] for token in description["added_tokens"] if size is None or token["id"] < size
    }
    for reserved, marker in _RESERVED.items():
        if reserved in vocabulary:
            vocabulary[marker] = added[marker] = vocabulary.pop(reserved)
            added.pop(reserved, None)
    rows = max([*vocabulary.values(), *added.values()]) + 1
    kept = list(range(rows))
    for token in CONTROL_TOKENS:
        if token not in added:
            added[token] = vocabulary.get(token, len(kept))
            if added[token] == len(kept):
                kept.append(0)
    merges = [merge for merge in map(_pair, description["model"]["merges"]) if "".join(merge) in vocabulary]
    model = description["model"] | {"vocab": vocabulary, "merges": merges}
    if lowercase:
        description = description | {"normalizer": _lowercasing(description.get("normalizer"))}
    return description | {"model": model, "added_tokens": [_added(text, row) for text, row in added.items()]}, kept


def _lowercasing(normalizer: dict[str, Any] | None) -> dict[str, Any]:
    lowercase = {"type": "Lowercase"}
    return {"type": "Sequence", "normalizers": [normalizer, lowercase]} if normalizer else lowercase


def _pair(merge: str | list[str]) -> list[str]:
    return merge.split(" ") if isinstance(merge, str) else list(merge)


def _added(text: str, row: int) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": row, "content": text, **flags}


def _from_gguf(path: Path) -> dict[str, Any]:
    """SmolLM2's pre-tokenizer: every digit alone, then GPT-2's byte-level pattern."""
    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    if fields["tokenizer.ggml.pre"].contents() != "smollm":
        raise ValueError(f"{path}: only the tokenizer of SmolLM is known in GGUF; give the model's folder instead")
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    digits = {"type": "Digits", "individual_digits": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(text, row) for row, text in enumerate(tokens) if kinds[row] == 3],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {text: row for row, text in enumerate(tokens)},
            "merges": fields["tokenizer.ggml.merges"].contents(),
        },
    }
