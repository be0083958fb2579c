package com.lastly.core.sidecar;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Headers of a search that its call of the sidecar has too, so that logs and traces of both can be put together. */
public final class CallerHeaders {

    private static final String REQUEST_ID = "X-Request-Id";
    private static final List<String> PASSED_ON = List.of(REQUEST_ID, "traceparent");
    /** What OpenSearch and Elasticsearch call a request's id. */
    private static final String OPAQUE_ID = "X-Opaque-Id";

    private CallerHeaders() {}

    /** `search` gives a header's value by its name, null where there is none. */
    public static Map<String, String> of(UnaryOperator<String> search) {
        Map<String, String> headers = new HashMap<>();
        for (String name : PASSED_ON) {
            String value = search.apply(name);
            if (value != null) headers.put(name, value);
        }
        String opaque = search.apply(OPAQUE_ID);
        if (opaque != null) headers.putIfAbsent(REQUEST_ID, opaque);
        return headers;
    }
}
