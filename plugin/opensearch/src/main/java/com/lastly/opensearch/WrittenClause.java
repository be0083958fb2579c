package com.lastly.opensearch;

import com.lastly.core.text.BoundedOutput;
import java.io.IOException;
import java.util.Map;
import org.opensearch.common.xcontent.XContentHelper;
import org.opensearch.common.xcontent.XContentType;
import org.opensearch.common.xcontent.json.JsonXContent;
import org.opensearch.core.common.bytes.BytesArray;
import org.opensearch.core.xcontent.ToXContent;
import org.opensearch.core.xcontent.XContentBuilder;

/** A clause whose class is not known here, as JSON, as its user could have written it; nothing where that is long. */
final class WrittenClause {

    private WrittenClause() {}

    /** An empty map where it can't be written. */
    static Map<String, Object> of(ToXContent clause) {
        BoundedOutput bytes = new BoundedOutput();
        try (XContentBuilder json = new XContentBuilder(JsonXContent.jsonXContent, bytes)) {
            clause.toXContent(json, ToXContent.EMPTY_PARAMS);
            json.flush();
            BytesArray written = new BytesArray(bytes.toByteArray());
            return XContentHelper.convertToMap(written, false, XContentType.JSON)
                    .v2();
        } catch (IOException | RuntimeException e) {
            return Map.of();
        }
    }
}
