"""Which candidates share a context."""

from collections.abc import Sequence
from dataclasses import dataclass

from lastly.model.folder import Manifest


@dataclass(frozen=True)
class PackingRule:
    """The published rule: a block is closed at `block_size` documents, or as soon as
    `maximum_length - 2 * query_length - sum(document lengths) <= max_doc_length` (all in tokens).

    The template's own tokens are not counted, as published; `Reranker` halves a block that turns out
    longer than the model can hold.
    """

    maximum_length: int
    block_size: int
    max_doc_length: int

    @classmethod
    def of(cls, manifest: Manifest, max_doc_length: int) -> "PackingRule":
        """Return a model's rule, with the request's `max_doc_length`."""
        return cls(manifest.maximum_length, manifest.block_size, max_doc_length)


def pack(document_lengths: Sequence[int], query_length: int, rule: PackingRule) -> list[range]:
    """Split the candidates, in order, into blocks; return ranges of indices, none where there are no documents."""
    blocks: list[range] = []
    start, room = 0, rule.maximum_length - 2 * query_length
    for place, length in enumerate(document_lengths):
        room -= length
        if place + 1 - start >= rule.block_size or room <= rule.max_doc_length:
            blocks.append(range(start, place + 1))
            start, room = place + 1, rule.maximum_length - 2 * query_length
    if start < len(document_lengths):
        blocks.append(range(start, len(document_lengths)))
    return blocks
