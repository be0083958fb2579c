"""The path from a query and its candidates to a ranking."""

from collections.abc import Sequence
from pathlib import Path

from lastly.errors import RequestTooLargeError
from lastly.graph.opening import GraphOptions
from lastly.graph.session import Session
from lastly.model.folder import Manifest, ModelFolder
from lastly.ranking import scoring
from lastly.ranking.packing import PackingRule, pack
from lastly.ranking.steps import Steps, finish
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
        """Truncate the texts, pack them into blocks and encode each."""
        return finish(self.encode_in_steps(query, candidates, truncation))

    def encode_in_steps(
        self, query: Query, candidates: Sequence[Candidate], truncation: Truncation
    ) -> Steps[list[Encoding]]:
        """Truncate the texts, pack them into blocks and encode each; no more is read than the model holds."""
        held = truncation.within(self.manifest.maximum_positions)
        query, query_length, instruction_length = yield from self._tokenizer.prepare_query(query, held)
        prepared, lengths = yield from self._tokenizer.prepare_candidates(query, candidates, held)
        packing = PackingRule.of(self.manifest, truncation.max_doc_length)
        encodings = []
        for places in pack(lengths, query_length, packing):
            part = slice(places.start, places.stop)
            query_tokens = 2 * query_length + instruction_length
            encodings += yield from self._encode(Block(query, prepared[part]), lengths[part], query_tokens)
        return encodings

    def word_overlap(self, query: Query, candidates: Sequence[Candidate], weight: float) -> WordOverlap | None:
        """Compare the candidates' words with the query's; None where they do not count."""
        return finish(self.word_overlap_in_steps(query, candidates, weight))

    def word_overlap_in_steps(
        self, query: Query, candidates: Sequence[Candidate], weight: float
    ) -> Steps[WordOverlap | None]:
        """Compare the candidates' words with the query's; None where they do not count."""
        if not weight:
            return None
        found = yield from overlaps(query.text, [candidate.text for candidate in candidates])
        return WordOverlap(weight, found)

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

    def _encode(self, block: Block, lengths: Sequence[int], query_tokens: int) -> Steps[list[Encoding]]:
        """Encode a block, in halves where the template makes it longer than the model can hold.

        `lengths` are the candidates' tokens, `query_tokens` those of all else that the caller sent.
        """
        middle, most = len(block.candidates) // 2, self.manifest.maximum_positions
        # Texts of twice what fits do not fit, however their tokens merge: encoding them to see so is not needed.
        if not middle or sum(lengths) + query_tokens <= 2 * most:
            encoding = yield from self._tokenizer.encode_in_steps(block)
            if len(encoding.input_ids) <= most:
                return [encoding]
            if not middle:
                raise RequestTooLargeError(
                    f"one document with the query makes {len(encoding.input_ids)} tokens and the model holds {most}; "
                    "lower max_doc_length, max_query_length or the instruction"
                )
        encodings = []
        for half in (slice(middle), slice(middle, None)):
            part = Block(block.query, block.candidates[half])
            encodings += yield from self._encode(part, lengths[half], query_tokens)
        return encodings
