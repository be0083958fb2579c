"""The model folder: a graph, its weights, a tokenizer, and a manifest that says what they are and how to use them."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lastly.errors import ModelFolderError
from lastly.model.external_data import locations
from lastly.model.prompt import PromptTemplate
from lastly.types import LongDocuments, Truncation

MANIFEST = "lastly.json"
GraphKind = Literal["fused", "cuda", "cuda-operators", "portable"]
CUDA_KINDS: tuple[GraphKind, ...] = ("cuda", "cuda-operators")  # only a CUDA GPU runs them
Dtype = Literal["fp32", "fp16", "bf16", "int8"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)


class Marker(BaseModel):
    """A control token whose hidden state is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    id: int = Field(ge=0)


class Graph(BaseModel):
    """The ONNX file and the names of what goes in and comes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    kind: GraphKind
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def cuda_only(self) -> bool:
        """Whether only a CUDA GPU runs it."""
        return self.kind in CUDA_KINDS

    @property
    def own_operators(self) -> bool:
        """Whether it wants Lastly's own operators, `lastly/graph/native`."""
        return self.kind == "cuda-operators"


class KnownAnswer(BaseModel):
    """A rerank call and its scores, recorded at export; `lastly check` runs it again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str
    documents: tuple[str, ...]
    scores: tuple[float, ...]


class Description(BaseModel):
    """The part of the manifest that a checkpoint states of itself; `lastly_prompt.json` holds these keys.

    `maximum_length` is the token budget of a block in the published packing rule; `block_size` counts documents.
    `lexical_weight` is the share of a score that the query's words make, the cosine the rest. `pad_token_id` comes from
    the tokenizer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    licence: str
    prompt: PromptTemplate
    document_marker: Marker
    query_marker: Marker
    pad_token_id: int = Field(ge=0)
    maximum_length: int = Field(gt=0)
    block_size: int = Field(gt=0)
    max_doc_length: int = Field(gt=0)
    max_query_length: int = Field(gt=0)
    long_documents: LongDocuments = "beginning"
    lexical_weight: float = 0.0

    @field_validator("lexical_weight", mode="before")
    @classmethod
    def _is_a_share(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ValueError(f"lexical_weight is a number from 0 to 1, not {value!r}")
        return value


class Manifest(Description):
    """`lastly.json`.

    `maximum_positions` is what the graph can hold at most. `files` maps each other file of the folder to its sha256.
    """

    format: Literal[1] = 1
    source: str = ""
    revision: str = ""
    architecture: str
    maximum_positions: int = Field(gt=0)
    embedding_width: int = Field(gt=0)
    vocabulary_size: int = Field(gt=0)
    dtype: Dtype
    graph: Graph
    files: dict[str, str]
    parity: dict[str, Any] = {}
    known_answer: KnownAnswer | None = None

    @property
    def markers(self) -> tuple[str, str]:
        """The two strings that are deleted from user text, in the published order."""
        return self.document_marker.text, self.query_marker.text

    @property
    def truncation(self) -> Truncation:
        """The model's own truncation, the default of a request."""
        return Truncation(self.max_doc_length, self.max_query_length, long_documents=self.long_documents)


@dataclass(frozen=True)
class ModelFolder:
    """A model folder whose manifest was read; `load` has checked its files."""

    path: Path
    manifest: Manifest

    @classmethod
    def load(cls, path: Path, *, verify: bool = True) -> "ModelFolder":
        """Read a model folder; with `verify`, compare every file's sha256 with the manifest.

        Raises ModelFolderError with the file at fault and what to do.
        """
        folder = cls(path, _read_manifest(path))
        for name, digest in folder.manifest.files.items():
            _check_file(path, name, digest if verify else None)
        _check_listed(folder)
        return folder

    def with_block_tokens(self, tokens: int) -> "ModelFolder":
        """Return the folder with another `maximum_length`; with 0, unchanged."""
        if not tokens:
            return self
        return replace(self, manifest=self.manifest.model_copy(update={"maximum_length": tokens}))

    @property
    def graph_path(self) -> Path:
        """The ONNX file."""
        return self.path / self.manifest.graph.file

    @property
    def tokenizer_path(self) -> Path:
        """The tokenizer's own file."""
        return self.path / "tokenizer.json"


def sha256(path: Path) -> str:
    """Return the hexadecimal sha256 of a file, which is streamed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise ModelFolderError(
            f"{path} holds no {MANIFEST}; make a model folder with: lastly-export CHECKPOINT -o FOLDER"
        ) from None
    except OSError as error:
        raise ModelFolderError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ModelFolderError(f"{file} is not a valid manifest ({faults(error)}); export the model again") from error


def faults(error: ValidationError) -> str:
    """Return what is wrong with which keys, in one line."""
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {each['msg']}" for each in error.errors())


def _check_listed(folder: "ModelFolder") -> None:
    """Refuse a folder whose graph, weights or tokenizer could be others than those whose sha256 it lists."""
    listed = folder.manifest.files
    wanted = [folder.manifest.graph.file, folder.tokenizer_path.name]
    if wanted[0] in listed:
        try:
            wanted += sorted(locations(folder.graph_path))
        except (OSError, ValueError, IndexError) as error:
            raise ModelFolderError(f"{folder.graph_path} is not an ONNX graph; export the model again") from error
    for name in wanted:
        if name not in listed:
            raise ModelFolderError(
                f"{folder.path / MANIFEST} lists no sha256 of {name!r}, which the model reads; export the model again"
            )


def _check_file(folder: Path, name: str, digest: str | None) -> None:
    file = folder / name
    if Path(name).name != name:
        raise ModelFolderError(f"{folder / MANIFEST} names {name!r}, which is not a plain file name")
    if not file.is_file():
        raise ModelFolderError(f"{file} is missing; export the model again or copy the whole folder")
    if digest is not None and sha256(file) != digest:
        raise ModelFolderError(f"{file} differs from its sha256 in {MANIFEST}; copy it or export the model again")
