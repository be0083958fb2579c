package com.lastly.core.sidecar;

import com.lastly.core.settings.RerankSettings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One call: what is asked, of which passages, and the headers that the search brought (request id, trace).
 *
 * @param timeMillis time for the call: the settings' timeout, or what the search has left where that is less
 */
public record RerankRequest(
        String query, List<String> passages, RerankSettings settings, Map<String, String> headers, long timeMillis) {

    /** A call within the settings' timeout. */
    public RerankRequest(String query, List<String> passages, RerankSettings settings, Map<String, String> headers) {
        this(query, passages, settings, headers, settings.timeoutMillis());
    }

    Duration time() {
        return Duration.ofMillis(timeMillis);
    }

    /**
     * The failure behind what ended this call, null where nothing was thrown. A search that gave less than half of the
     * usual time ran out of its own: searches with a short timeout must not open the breaker for all the others.
     */
    RerankFailure failure(Throwable thrown) {
        if (thrown == null) return null;
        RerankFailure failure = RerankFailure.of(thrown);
        boolean cutShort = timeMillis < settings.timeoutMillis() / 2;
        return cutShort && failure.reason().equals("timeout") ? RerankFailure.NO_TIME_LEFT : failure;
    }

    /** The call's body: JSON in UTF-8. */
    byte[] body() {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("query", query);
        body.put("documents", passages);
        if (!settings.model().isEmpty()) body.put("model", settings.model());
        if (!settings.instruction().isEmpty()) body.put("instruction", settings.instruction());
        if (settings.maxDocTokens() > 0) body.put("max_doc_length", settings.maxDocTokens());
        return JsonBytes.of(body);
    }
}
