package com.lastly.elasticsearch;

import com.lastly.core.settings.RerankSettings;
import java.io.IOException;
import java.util.ArrayList;
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
        List<String> fields = (List<String>) given[1];
        RerankSettings.checkFields(name("fields"), fields);
        int window = RerankSettings.checkWindow(name("window_size"), or(given[3], RerankSettings.WINDOW_SIZE));
        long timeout = TimeValue.parseTimeValue(or(given[4], RerankSettings.TIMEOUT_MILLIS + "ms"), name("timeout"))
                .millis();
        String onFailure = RerankSettings.oneOf(
                name("on_failure"),
                or(given[5], RerankSettings.KEEP_ORDER),
                RerankSettings.KEEP_ORDER,
                RerankSettings.FAIL);
        return new RerankSettings(
                true,
                query(child, or(given[2], "")),
                new ArrayList<>(fields),
                window,
                RerankSettings.checkTimeout(name("timeout"), timeout),
                onFailure.equals(RerankSettings.FAIL),
                or(given[6], ""),
                or(given[7], ""),
                RerankSettings.checkMaxDocTokens(name("max_doc_tokens"), or(given[8], 0)),
                false,
                false);
    }

    private static String query(RetrieverBuilder child, String given) {
        String query = given.isBlank() ? SearchText.of(child) : given;
        RerankSettings.checkText(name("query"), query);
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
