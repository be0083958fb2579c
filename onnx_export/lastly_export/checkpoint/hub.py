"""Where a checkpoint comes from: a local folder, or the Hugging Face hub."""

import re
from pathlib import Path

from lastly_export.checkpoint.folder import Checkpoint
from lastly_export.errors import CheckpointError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_FILES = [
    "config.json",
    "lastly_prompt.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "README.md",
    "model*.safetensors*",
]


def open_checkpoint(source: str, revision: str | None = None) -> Checkpoint:
    """Open a checkpoint folder, or download one by its hub id. Raises CheckpointError."""
    folder = Path(source)
    if folder.is_dir():
        return Checkpoint(folder, revision=revision or "")
    if not _HUB_ID.fullmatch(source):
        raise CheckpointError(f"{source} is neither a folder nor a hub id such as jinaai/jina-reranker-v3")
    snapshot = _download(source, revision)
    return Checkpoint(snapshot, name=source, revision=snapshot.name)


def _download(source: str, revision: str | None) -> Path:
    """Download the needed files into the hub's cache; return the snapshot folder, which is named after its commit."""
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise CheckpointError("hub ids need huggingface-hub: in Lastly's folder run pip install '.[export]'") from None
    try:
        return Path(snapshot_download(source, revision=revision, allow_patterns=_FILES))
    except Exception as error:  # its client raises errors of its own, of httpx and of the operating system
        raise CheckpointError(
            f"{source} is no folder here and could not be downloaded from the hub ({type(error).__name__}). Check the "
            "id, the network and, for gated models, HF_TOKEN; or download the files by hand and give their folder"
        ) from error
