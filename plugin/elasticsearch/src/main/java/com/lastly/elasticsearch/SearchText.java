package com.lastly.elasticsearch;

import com.lastly.core.text.QueryText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.search.vectors.KnnSearchBuilder;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentType;
import org.elasticsearch.xcontent.json.JsonXContent;

/** The query's text: its clauses are written as JSON, as the user could have, and read by the core. */
final class SearchText {

    private SearchText() {}

    /** Empty where no clause that scores has text, or the clauses can't be written. */
    static String of(SearchSourceBuilder source) {
        try (XContentBuilder json = JsonXContent.contentBuilder().startObject()) {
            if (source.query() != null) json.field("query", source.query());
            if (source.retriever() != null) json.field("retriever", source.retriever());
            json.startArray("knn");
            for (KnnSearchBuilder knn : source.knnSearch()) write(knn, json);
            BytesReference bytes = BytesReference.bytes(json.endArray().endObject());
            return QueryText.of(clauses(
                    XContentHelper.convertToMap(bytes, false, XContentType.JSON).v2()));
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }

    /** The same of a retriever by itself. */
    static String of(RetrieverBuilder retriever) {
        return of(new SearchSourceBuilder().retriever(retriever));
    }

    private static void write(KnnSearchBuilder knn, XContentBuilder json) throws IOException {
        json.startObject().startObject("knn");
        knn.toXContent(json, ToXContent.EMPTY_PARAMS);
        json.endObject().endObject();
    }

    private static List<Object> clauses(Map<String, Object> body) {
        List<Object> clauses = new ArrayList<>();
        for (String part : List.of("query", "retriever", "knn"))
            if (body.get(part) != null) clauses.add(body.get(part));
        return clauses;
    }
}
