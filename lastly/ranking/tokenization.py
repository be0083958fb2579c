"""From a block of texts to the token ids that the graph reads, and the markers' positions among them."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from lastly.errors import ModelFolderError, RequestTooLargeError
from lastly.model.folder import ModelFolder
from lastly.model.prompt import Piece, PromptTemplate, render, sanitize
from lastly.ranking.first_tokens import FirstTokens
from lastly.ranking.steps import Steps, finish
from lastly.ranking.truncation import Truncator
from lastly.types import Block, Candidate, Encoding, IntArray, Query, Truncation


class PromptTokenizer:
    """Encodes prompts so that control tokens are honoured only where the template wrote them.

    The template is split at its control tokens, and every stretch between them (template and user text joined into one
    string, so that tokens merge as in the published code) is encoded by a tokenizer of the same vocabulary without any
    control token.
    """

    def __init__(self, folder: ModelFolder) -> None:
        manifest = folder.manifest
        self._template: PromptTemplate = manifest.prompt
        self._markers = manifest.markers
        self._document_id = manifest.document_marker.id
        self._query_id = manifest.query_marker.id
        description = _read(folder)
        self._control_ids = {token["content"]: int(token["id"]) for token in description.get("added_tokens", [])}
        self._plain = plain_tokenizer(description)
        self._maximum_positions = manifest.maximum_positions
        self._first_tokens = FirstTokens(self._plain)
        self._truncator = Truncator(self._plain, self._sanitize)
        self._control = re.compile("|".join(map(re.escape, sorted(self._control_ids, key=len, reverse=True))))
        self._check_markers(folder)

    def prepare_query(self, query: Query, truncation: Truncation) -> Steps[tuple[Query, int, int]]:
        """Sanitize and truncate a query; return it with the numbers of tokens of its text and its instruction.

        The instruction is not truncated: raises RequestTooLargeError where the model cannot hold it.
        """
        texts = yield from self._truncator.first_tokens([query.text], truncation.max_query_length, truncation.refuse)
        text, length = texts[0]
        instruction = self._sanitize(query.instruction or "")
        first_tokens = yield from self._first_tokens.ids([instruction], self._maximum_positions)
        if len(first_tokens[0]) > self._maximum_positions:
            raise RequestTooLargeError(
                f"the instruction has over {self._maximum_positions} tokens, which is what the model holds; shorten it"
            )
        return Query(text, instruction or None), length, len(first_tokens[0])

    def prepare_candidates(
        self, query: Query, candidates: Sequence[Candidate], truncation: Truncation
    ) -> Steps[tuple[list[Candidate], list[int]]]:
        """Sanitize and truncate every candidate's text; return them with their numbers of tokens.

        `query` must be prepared: excerpts are chosen by it.
        """
        texts, limit = [candidate.text for candidate in candidates], truncation.max_doc_length
        if truncation.long_documents == "excerpt":
            prepared = yield from self._truncator.excerpts(query.text, texts, limit, truncation.refuse)
        else:
            prepared = yield from self._truncator.first_tokens(texts, limit, truncation.refuse)
        cut = [Candidate(candidate.index, text) for candidate, (text, _) in zip(candidates, prepared, strict=True)]
        return cut, [length for _, length in prepared]

    def encode(self, block: Block) -> Encoding:
        """Encode the prompt of a block whose texts have been prepared."""
        return finish(self.encode_in_steps(block))

    def encode_in_steps(self, block: Block) -> Steps[Encoding]:
        """Encode the prompt of a block whose texts have been prepared."""
        stretches: list[str] = []
        ids: list[int | None] = []  # None: the next stretch's tokens belong here
        for part in _stretches(render(self._template, block), self._control):
            control = self._control_ids[part.text] if part.template else None
            ids.append(control)
            if control is None:
                stretches.append(part.text)
        encoded = iter((yield from self._first_tokens.all_ids(stretches)))
        runs = [[token] if token is not None else next(encoded) for token in ids]
        return self._locate(np.fromiter((token for run in runs for token in run), np.int64), len(block.candidates))

    def _locate(self, input_ids: IntArray, documents: int) -> Encoding:
        document_positions = np.flatnonzero(input_ids == self._document_id)
        query_positions = np.flatnonzero(input_ids == self._query_id)
        if len(document_positions) != documents or len(query_positions) != 1:
            raise ModelFolderError("the prompt template must write one marker a document and one for the query")
        return Encoding(input_ids, document_positions, int(query_positions[0]))

    def _sanitize(self, text: str) -> str:
        return sanitize(text, self._markers, self._template.guarded)

    def _check_markers(self, folder: ModelFolder) -> None:
        for marker in (folder.manifest.document_marker, folder.manifest.query_marker):
            if self._control_ids.get(marker.text) != marker.id:
                raise ModelFolderError(
                    f"{folder.tokenizer_path} does not give {marker.text!r} the id {marker.id} of the manifest; "
                    "export the model again"
                )
        spelled = self._plain.encode_batch(list(self._control_ids), add_special_tokens=False)
        if not set(self._control_ids.values()).isdisjoint(token for encoding in spelled for token in encoding.ids):
            raise ModelFolderError(
                f"{folder.tokenizer_path} reads control tokens even as plain text; use a byte-level BPE tokenizer"
            )
        self.encode(Block(Query("q"), [Candidate(0, "d")]))


def _read(folder: ModelFolder) -> dict[str, Any]:
    try:
        description = json.loads(folder.tokenizer_path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFolderError(f"{folder.tokenizer_path} cannot be read as JSON; export the model again") from error
    if not isinstance(description, dict):
        raise ModelFolderError(f"{folder.tokenizer_path} is not a tokenizer description; export the model again")
    return description


def plain_tokenizer(description: dict[str, Any]) -> Tokenizer:
    """Return the tokenizer that reads user text, from a `tokenizer.json`; raises ModelFolderError."""
    plain = description | {"added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    try:
        return Tokenizer.from_str(json.dumps(plain))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelFolderError("tokenizer.json is not a tokenizer that this version reads; export it again") from error


def _stretches(pieces: Iterator[Piece], control: re.Pattern[str]) -> Iterator[Piece]:
    """Split pieces into control tokens (template=True) and the plain text between them (template=False)."""
    plain: list[str] = []
    for piece in pieces:
        for text, is_control in _split(piece, control):
            if not is_control:
                plain.append(text)
                continue
            if plain:
                yield Piece("".join(plain), template=False)
                plain = []
            yield Piece(text, template=True)
    if plain:
        yield Piece("".join(plain), template=False)


def _split(piece: Piece, control: re.Pattern[str]) -> Iterator[tuple[str, bool]]:
    if not piece.template:
        yield piece.text, False
        return
    end = 0
    for match in control.finditer(piece.text):
        yield piece.text[end : match.start()], False
        yield match.group(), True
        end = match.end()
    yield piece.text[end:], False
