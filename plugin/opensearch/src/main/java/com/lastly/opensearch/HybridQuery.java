package com.lastly.opensearch;

import java.io.IOException;
import java.util.Map;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.XContentType;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.index.query.QueryBuilder;

/**
 * What paging means to neural search's `hybrid` query: scores are normalised over as many hits of each of its queries
 * as are fetched, or over `pagination_depth` for pages after the first. So every page must fetch the same number.
 */
final class HybridQuery {

    private static final String NAME = "hybrid";

    private HybridQuery() {}

    static boolean is(QueryBuilder query) {
        return query != null && NAME.equals(query.getName());
    }

    /**
     * Hits that each of its queries gives for a page that is not the first; 0 where the query doesn't say, and neural
     * search refuses.
     */
    static int depth(QueryBuilder query) {
        if (!is(query)) return 0;
        try (XContentBuilder json = JsonXContent.contentBuilder()
                .startObject()
                .field("query", query)
                .endObject()) {
            Object written = XContentHelper.convertToMap(BytesReference.bytes(json), false, XContentType.JSON)
                    .v2()
                    .get("query");
            return written instanceof Map<?, ?> map
                            && map.get(NAME) instanceof Map<?, ?> hybrid
                            && hybrid.get("pagination_depth") instanceof Number depth
                    ? depth.intValue()
                    : 0;
        } catch (IOException | RuntimeException e) {
            return 0;
        }
    }
}
