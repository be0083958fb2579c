package com.lastly.core.sidecar;

import java.net.URI;
import java.util.List;

/**
 * How a node reaches its sidecars; made from node settings.
 *
 * @param urls addresses of the sidecars, without a path
 * @param apiKey sent as a bearer token; empty: none is sent
 * @param maxInFlight calls under way at once; one more fails at once and the search keeps its order
 * @param breakerFailures failures in a row that open the breaker
 * @param breakerPauseMillis first pause of an open breaker
 */
public record SidecarConfig(
        List<String> urls, String apiKey, int maxInFlight, int breakerFailures, long breakerPauseMillis) {

    public static final int MAX_IN_FLIGHT = 64;
    public static final int BREAKER_FAILURES = 5;
    public static final long BREAKER_PAUSE_MILLIS = 1000;

    public SidecarConfig {
        urls = urls.stream().map(SidecarConfig::url).toList();
    }

    /** Checks one address; throws IllegalArgumentException that says how to write it. */
    public static String url(String url) {
        String trimmed = url.replaceAll("/+$", "");
        if (trimmed.matches("https?://[^/\\s?#]+(/[^\\s?#]*)?")) return trimmed;
        throw new IllegalArgumentException(
                "lastly.sidecar.urls: [" + url + "] is no address; write it like http://127.0.0.1:8787");
    }

    List<URI> addresses() {
        return urls.stream().map(url -> URI.create(url + "/v1/rerank")).toList();
    }
}
