package com.lastly.elasticsearch;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingLimits;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder.RetrieverSource;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverParserContext;
import org.elasticsearch.xcontent.ConstructingObjectParser;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentParser;

/** Reads `lastly_rerank`: the settings of an index under their short names, with the same limits and defaults. */
final class RerankRetrieverParser {

    static final ParseField RETRIEVER = new ParseField("retriever");
    static final ParseField WINDOW_SIZE = new ParseField("window_size");

    private final ConstructingObjectParser<RerankRetriever, RetrieverParserContext> parser;

    RerankRetrieverParser(Supplier<Services> services) {
        parser = new ConstructingObjectParser<>(RerankRetriever.NAME, given -> {
            RetrieverBuilder child = (RetrieverBuilder) given[0];
            return new RerankRetriever(RetrieverSource.from(child), settings(child, given), services);
        });
        parser.declareNamedObject(
                ConstructingObjectParser.constructorArg(),
                (json, context, name) -> json.namedObject(RetrieverBuilder.class, name, context),
                RETRIEVER);
        parser.declareStringArray(ConstructingObjectParser.constructorArg(), new ParseField("fields"));
        text("query");
        parser.declareInt(ConstructingObjectParser.optionalConstructorArg(), WINDOW_SIZE);
        text("timeout");
        text("on_failure");
        text("model");
        text("instruction");
        parser.declareInt(ConstructingObjectParser.optionalConstructorArg(), new ParseField("max_doc_tokens"));
        EngineRetriever.declareCommon(RerankRetriever.NAME, parser);
    }

    RerankRetriever parse(XContentParser json, RetrieverParserContext context) throws IOException {
        return parser.apply(json, context);
    }

    private void text(String name) {
        parser.declareString(ConstructingObjectParser.optionalConstructorArg(), new ParseField(name));
    }

    @SuppressWarnings("unchecked")
    private static RerankSettings settings(RetrieverBuilder child, Object[] given) {
        String timeout = or(given[4], SettingLimits.TIMEOUT_MILLIS + "ms");
        return RerankSettings.builder(RerankRetriever.NAME + ".")
                .enabled(true)
                .fields((List<String>) given[1])
                .needFields()
                .query(query(child, or(given[2], "")))
                .windowSize(or(given[3], SettingLimits.WINDOW_SIZE))
                .timeoutMillis(
                        TimeValue.parseTimeValue(timeout, name("timeout")).millis())
                .onFailure(or(given[5], SettingLimits.KEEP_ORDER))
                .model(or(given[6], ""))
                .instruction(or(given[7], ""))
                .maxDocTokens(or(given[8], 0))
                .build();
    }

    private static String query(RetrieverBuilder child, String given) {
        String query = given.isBlank() ? SearchText.of(child) : given;
        if (query.isEmpty())
            throw new IllegalArgumentException(
                    name("query") + ": the child retriever's query has no text; write here what to rank by");
        return query;
    }

    private static String name(String member) {
        return RerankRetriever.NAME + "." + member;
    }

    @SuppressWarnings("unchecked")
    private static <T> T or(Object given, T otherwise) {
        return given == null ? otherwise : (T) given;
    }
}
