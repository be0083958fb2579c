package com.lastly.core.sidecar;

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

    /**
     * Checks one address and returns it without the slashes at its end; throws IllegalArgumentException that says how
     * to write it.
     */
    public static String url(String url) {
        Address.of(url);
        return url.replaceAll("/+$", "");
    }

    List<Address> addresses() {
        return urls.stream().map(Address::of).toList();
    }
}
