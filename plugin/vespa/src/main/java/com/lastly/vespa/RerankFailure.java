package com.lastly.vespa;

import com.yahoo.search.result.ErrorMessage;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** Why one query could not be reranked: a reason to count by, and what to do. Holds no user text. */
final class RerankFailure extends Exception {

    /** Reasons that say nothing about the sidecar's health. */
    private static final Set<String> OWN = Set.of("fill", "busy", "breaker_open", "status_400", "status_413", "status_422");

    private final String reason;

    RerankFailure(String reason, String message) {
        super(message, null, false, false); // an expected event: no stack to walk
        this.reason = reason;
    }

    /** The failure behind whatever ended a call. */
    static RerankFailure of(Throwable thrown) {
        if (thrown instanceof CompletionException || thrown instanceof ExecutionException)
            return of(thrown.getCause() == null ? new IllegalStateException() : thrown.getCause());
        if (thrown instanceof RerankFailure failure) return failure;
        if (thrown instanceof ConnectException || thrown instanceof HttpConnectTimeoutException)
            return new RerankFailure("unreachable", "the sidecar can't be reached; check sidecar.urls and that it runs");
        if (thrown instanceof TimeoutException || thrown instanceof HttpTimeoutException)
            return new RerankFailure("timeout", "the sidecar took too long; raise timeout or lower window_size");
        return new RerankFailure("broken", "the call of the sidecar ended with " + thrown.getClass().getSimpleName());
    }

    String reason() {
        return reason;
    }

    boolean blamesSidecar() {
        return !OWN.contains(reason);
    }

    /** What a query gets that must not be answered in the first stage's order. */
    ErrorMessage error() {
        String text = "not reranked (" + reason + "): " + getMessage();
        return reason.equals("timeout") ? ErrorMessage.createTimeout(text) : ErrorMessage.createBackendCommunicationError(text);
    }
}
