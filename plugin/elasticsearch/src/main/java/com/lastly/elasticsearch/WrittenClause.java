package com.lastly.elasticsearch;

import com.lastly.core.text.BoundedOutput;
import java.io.IOException;
import java.util.Map;
import org.elasticsearch.common.bytes.BytesArray;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentType;
import org.elasticsearch.xcontent.json.JsonXContent;

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
