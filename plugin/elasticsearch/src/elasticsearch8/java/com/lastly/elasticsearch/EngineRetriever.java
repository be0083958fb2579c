package com.lastly.elasticsearch;

import java.util.List;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverParserContext;
import org.elasticsearch.xcontent.AbstractObjectParser;

/** A compound retriever as Elasticsearch 8 declares it. */
abstract class EngineRetriever<T extends EngineRetriever<T>> extends CompoundRetrieverBuilder<T> {

    EngineRetriever(List<RetrieverSource> children, int window) {
        super(children, window);
    }

    /** What every retriever may have: `filter`, `min_score`, `_name`. */
    static void declareCommon(
            String name, AbstractObjectParser<? extends RetrieverBuilder, RetrieverParserContext> parser) {
        declareBaseParserFields(name, parser);
    }
}
