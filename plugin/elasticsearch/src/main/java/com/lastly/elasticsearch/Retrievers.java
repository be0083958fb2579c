package com.lastly.elasticsearch;

import java.util.function.Predicate;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverBuilder;

/** Looks for retrievers in a search, at whatever depth. */
final class Retrievers {

    private Retrievers() {}

    /** Whether a search has the retriever `lastly_rerank`. */
    static boolean ours(SearchSourceBuilder source) {
        return source != null && any(source.retriever(), RerankRetriever.class::isInstance);
    }

    /**
     * Whether a search has a retriever that reranks, ours or Elasticsearch's own (`text_similarity_reranker` and its
     * like).
     */
    static boolean rerank(SearchSourceBuilder source) {
        return any(
                source.retriever(),
                one -> one instanceof RerankRetriever || one.getName().endsWith("reranker"));
    }

    private static boolean any(RetrieverBuilder retriever, Predicate<RetrieverBuilder> wanted) {
        return retriever != null
                && (wanted.test(retriever)
                        || retriever instanceof CompoundRetrieverBuilder<?> compound
                                && compound.innerRetrievers().stream()
                                        .anyMatch(inner -> any(inner.retriever(), wanted)));
    }
}
