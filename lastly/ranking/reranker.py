"""The path from a query and its candidates to a ranking."""

from collections.abc import Sequence
from pathlib import Path

from lastly.errors import RequestTooLargeError
from lastly.graph.opening import GraphOptions
from lastly.graph.session import Session
from lastly.model.folder import Manifest, ModelFolder
from lastly.ranking import scoring
from lastly.ranking.packing import PackingRule, pack
from lastly.ranking.tokenization import PromptTokenizer
from lastly.ranking.word_overlap import overlaps
from lastly.types import Block, BlockEmbeddings, Candidate, Encoding, Query, Ranked, Ranking, Truncation, WordOverlap


class Reranker:
    """A model folder, ready to rank. Safe to call from several threads."""

    def __init__(self, folder: ModelFolder, options: GraphOptions | None = None) -> None:
        self.manifest: Manifest = folder.manifest
        self.session = Session(folder, options)
        self._tokenizer = PromptTokenizer(folder)

    @classmethod
    def load(cls, path: Path, options: GraphOptions | None = None, max_block_tokens: int = 0) -> "Reranker":
        """Load a model folder after checking its files; raises ModelFolderError.

        `max_block_tokens` takes the place of the manifest's `maximum_length` unless it is 0.
        """
        return cls(ModelFolder.load(path).with_block_tokens(max_block_tokens), options)

    def rank(
        self,
        query: Query,
        candidates: Sequence[Candidate],
        truncation: Truncation | None = None,
        lexical_weight: float | None = None,
    ) -> Ranking:
        """Rank all candidates, best first; `truncation` and `lexical_weight` (0 to 1) default to the model's own.

        Raises RequestTooLargeError where a single document cannot fit the model, NotReadyError where memory ran out.
        """
        if not candidates:
            return Ranking([], tokens=0, blocks=0)
        weight = self.manifest.lexical_weight if lexical_weight is None else lexical_weight
        encodings = self.encode(query, candidates, truncation or self.manifest.truncation)
        return self.score(encodings, candidates, self.word_overlap(query, candidates, weight))

    def encode(self, query: Query, candidates: Sequence[Candidate], truncation: Truncation) -> list[Encoding]:
        """Truncate the texts, pack them into blocks and encode each block."""
        query, query_length = self._tokenizer.prepare_query(query, truncation)
        prepared, lengths = self._tokenizer.prepare_candidates(query, candidates, truncation)
        packing = PackingRule.of(self.manifest, truncation.max_doc_length)
        blocks = [Block(query, prepared[places.start : places.stop]) for places in pack(lengths, query_length, packing)]
        return [encoding for block in blocks for encoding in self._encode(block)]

    def word_overlap(self, query: Query, candidates: Sequence[Candidate], weight: float) -> WordOverlap | None:
        """Compare the candidates' words with the query's; None where `weight` is 0."""
        if not weight:
            return None
        return WordOverlap(weight, overlaps(query.text, [candidate.text for candidate in candidates]))

    def score(
        self, encodings: Sequence[Encoding], candidates: Sequence[Candidate], overlap: WordOverlap | None = None
    ) -> Ranking:
        """Run the graph over the blocks of one request and rank its candidates; `overlap` counts in their words."""
        step = self.session.max_batch
        batches = [encodings[start : start + step] for start in range(0, len(encodings), step)]
        embedded = [block for batch in batches for block in self.session.run(batch)]
        return self.rank_embeddings(encodings, embedded, candidates, overlap)

    def rank_embeddings(
        self,
        encodings: Sequence[Encoding],
        embedded: Sequence[BlockEmbeddings],
        candidates: Sequence[Candidate],
        overlap: WordOverlap | None = None,
    ) -> Ranking:
        """Rank the candidates of one request by the embeddings of all its blocks, in order, and by word overlap."""
        fused = scoring.fuse(embedded)
        scores = scoring.cosine(fused.query, fused.documents)
        if overlap:
            scores = scoring.blend(scores, overlap)
        results = [
            Ranked(candidates[place].index, float(scores[place]), fused.documents[place])
            for place in scoring.order(scores)
        ]
        return Ranking(results, sum(len(encoding.input_ids) for encoding in encodings), len(encodings))

    def _encode(self, block: Block) -> list[Encoding]:
        """Encode a block, in halves where the template makes it longer than the model can hold."""
        encoding = self._tokenizer.encode(block)
        if len(encoding.input_ids) <= self.manifest.maximum_positions:
            return [encoding]
        middle = len(block.candidates) // 2
        if not middle:
            raise RequestTooLargeError(
                f"one document with the query makes {len(encoding.input_ids)} tokens and the model holds "
                f"{self.manifest.maximum_positions}; lower max_doc_length, max_query_length or the instruction"
            )
        halves = block.candidates[:middle], block.candidates[middle:]
        return [encoding for half in halves for encoding in self._encode(Block(block.query, half))]
