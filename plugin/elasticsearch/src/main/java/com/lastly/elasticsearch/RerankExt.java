package com.lastly.elasticsearch;

import com.lastly.core.settings.PerSearch;
import java.io.IOException;
import java.util.Map;
import org.elasticsearch.common.ParsingException;
import org.elasticsearch.common.io.stream.StreamInput;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.search.SearchExtBuilder;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;

/** `ext.lastly` of a search. The filter takes it out again, so that nodes without the plugin never meet it. */
final class RerankExt extends SearchExtBuilder {

    static final String NAME = "lastly";

    private final Map<String, Object> asked;

    RerankExt(Map<String, Object> asked) {
        this.asked = asked;
    }

    RerankExt(StreamInput in) throws IOException {
        this(in.readGenericMap());
    }

    static RerankExt parse(XContentParser parser) throws IOException {
        Map<String, Object> asked = parser.map();
        try {
            PerSearch.check(UserRequest.PLACE, asked);
        } catch (IllegalArgumentException e) {
            throw new ParsingException(parser.getTokenLocation(), e.getMessage());
        }
        return new RerankExt(asked);
    }

    Map<String, Object> asked() {
        return asked;
    }

    @Override
    public void writeTo(StreamOutput out) throws IOException {
        out.writeGenericMap(asked);
    }

    @Override
    public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
        return builder.field(NAME, asked);
    }

    @Override
    public String getWriteableName() {
        return NAME;
    }

    @Override
    public int hashCode() {
        return asked.hashCode();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RerankExt ext && ext.asked.equals(asked);
    }
}
