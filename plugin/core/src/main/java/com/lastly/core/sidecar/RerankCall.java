package com.lastly.core.sidecar;

import java.util.Map;

/**
 * One call of the sidecar.
 *
 * @param body JSON in UTF-8, built once
 * @param passages how many it holds
 * @param headers that the search brought (request id, trace)
 * @param time how long it may take
 * @param shadow whether the scores are only counted
 */
public record RerankCall(byte[] body, int passages, Map<String, String> headers, CallTime time, boolean shadow) {

    /** Bytes of heap that the call holds: its body, and the longest answer that is read. */
    long bytes() {
        return body.length + (long) SidecarAnswer.longest(passages);
    }

    /**
     * The failure behind what ended this call. A search that gave less than half of the usual time ran out of its own:
     * searches with a short timeout must not open the breaker for all the others.
     */
    RerankFailure failure(Throwable thrown) {
        RerankFailure failure = RerankFailure.of(thrown);
        return time.cutShort() && failure.reason().equals("timeout") ? RerankFailure.NO_TIME_LEFT : failure;
    }
}
