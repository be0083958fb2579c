package com.lastly.core.sidecar;

import com.lastly.core.settings.RerankSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The body of a call, in the form of `POST /v1/rerank`. */
public final class RequestBody {

    private RequestBody() {}

    /** Returns JSON in UTF-8. */
    public static byte[] of(RerankSettings settings, String query, List<String> passages) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("query", query);
        body.put("documents", passages);
        if (!settings.model().isEmpty()) body.put("model", settings.model());
        if (!settings.instruction().isEmpty()) body.put("instruction", settings.instruction());
        if (settings.maxDocTokens() > 0) body.put("max_doc_length", settings.maxDocTokens());
        return JsonBytes.of(body);
    }
}
