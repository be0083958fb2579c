package com.lastly.core;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One call: what is asked, of which passages, within which time, and the headers that the search brought (request id, trace). */
public record RerankRequest(String query, List<String> passages, RerankSettings settings, Map<String, String> headers) {

    Duration time() {
        return Duration.ofMillis(settings.timeoutMillis());
    }

    String body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("query", query);
        body.put("documents", passages);
        if (!settings.model().isEmpty()) body.put("model", settings.model());
        if (!settings.instruction().isEmpty()) body.put("instruction", settings.instruction());
        if (settings.maxDocTokens() > 0) body.put("max_doc_length", settings.maxDocTokens());
        return Json.write(body);
    }
}
