"""The embedded first stage: BM25 over title and text, by Tantivy, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import tantivy

from lastly.search.documents import Document

_ANALYZER = "english"
_FIELDS = ("title", "text")


@dataclass(frozen=True)
class Hit:
    """A first-stage hit with its BM25 score."""

    document: Document
    score: float


class FirstStage:
    """A BM25 index of documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._analyzer = _analyzer()
        schema = tantivy.SchemaBuilder().add_integer_field("place", stored=True)
        for field in _FIELDS:
            schema = schema.add_text_field(field, tokenizer_name=_ANALYZER)
        self._index = tantivy.Index(schema.build())
        self._index.register_tokenizer(_ANALYZER, self._analyzer)
        self._fill()

    def search(self, query: str, size: int) -> list[Hit]:
        """Return at most `size` hits, best first; any word of the query may match, none is an operator."""
        words = set(self._analyzer.analyze(query))
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, field, word))
            for word in sorted(words)
            for field in _FIELDS
        ]
        searcher = self._index.searcher()
        found = searcher.search(tantivy.Query.boolean_query(clauses), size).hits if clauses else []
        return [Hit(self._documents[searcher.doc(address)["place"][0]], score) for score, address in found]

    def _fill(self) -> None:
        writer = self._index.writer(num_threads=1)
        for place, document in enumerate(self._documents):
            writer.add_document(tantivy.Document(place=place, title=document.title, text=document.text))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()


def _analyzer() -> tantivy.TextAnalyzer:
    """Words and numbers, in lower case and stemmed; `os.path` and `os_path` are two words each."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(r"[^\W_]+"))
    builder = builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.stopword("english"))
    return builder.filter(tantivy.Filter.stemmer("english")).build()
