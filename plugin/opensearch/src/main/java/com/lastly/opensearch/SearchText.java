package com.lastly.opensearch;

import com.lastly.core.text.QueryText;
import java.io.IOException;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.XContentType;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.index.query.QueryBuilder;

/** The query's text: the query is written as JSON, as the user could have, and read by the core. */
final class SearchText {

    /** Set by the security plugin where it put a document-level rule beside the user's query, and searched again. */
    private static final String RULES_ADDED = "_opendistro_security_filter_level_dls_done";

    private SearchText() {}

    /** Empty where no clause that scores has text, or where a clause may be a rule that no sidecar must see. */
    static String of(QueryBuilder query, ThreadContext context) {
        if (query == null || context.getHeader(RULES_ADDED) != null) return "";
        try (XContentBuilder json = JsonXContent.contentBuilder()
                .startObject()
                .field("query", query)
                .endObject()) {
            return QueryText.of(XContentHelper.convertToMap(BytesReference.bytes(json), false, XContentType.JSON)
                    .v2()
                    .get("query"));
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }
}
