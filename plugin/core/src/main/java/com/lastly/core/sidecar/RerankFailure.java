package com.lastly.core.sidecar;

import java.net.ConnectException;
import java.nio.charset.CharacterCodingException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MessageConstraintException;

/** Why one search could not be reranked: a reason to count by, and what to do. Holds no user text. */
public final class RerankFailure extends Exception {

    /** Reasons that say nothing about the sidecar's health. */
    private static final Set<String> OWN = Set.of(
            "no_passage_text",
            "in_flight_full",
            "memory",
            "threads_busy",
            "breaker_open",
            "cancelled",
            "no_sidecar",
            "no_time_left",
            "status_400",
            "status_413",
            "status_422");

    static final RerankFailure NO_TIME_LEFT = new RerankFailure(
            "no_time_left", "the search's own time left too little for the sidecar; raise the search's timeout");

    /** The sidecar's time is over. */
    public static final RerankFailure TIMEOUT =
            new RerankFailure("timeout", "the sidecar took too long; raise the setting timeout or lower window_size");

    /** Nobody waits any more. */
    public static final RerankFailure CANCELLED = new RerankFailure("cancelled", "the search was cancelled");

    /** The budget of bytes is used up: what is under way must end first. */
    public static final RerankFailure MEMORY = new RerankFailure(
            "memory", "reranking holds as many bytes as lastly.memory.limit allows; raise it or lower window_size");

    /** The engine's threads have no time to put a call together. */
    public static final RerankFailure THREADS_BUSY =
            new RerankFailure("threads_busy", "the node is too busy to put the call together");

    /** No hit has anything to rank by. */
    public static final RerankFailure NO_TEXT = new RerankFailure(
            "no_passage_text", "no hit has text in the fields that the setting fields names; check their names");

    private final String reason;

    /** `reason` is counted, `message` says what to do and holds no text of a user. */
    public RerankFailure(String reason, String message) {
        super(message, null, false, false); // an expected event: no stack to walk
        this.reason = reason;
    }

    /** A field that is no text after all: it must not cost the search its answer. */
    public static RerankFailure unreadable(RuntimeException thrown) {
        return new RerankFailure(
                "passages",
                "the passages could not be read (" + thrown.getClass().getSimpleName()
                        + "); check the fields that are named");
    }

    /** The failure behind whatever ended a call. */
    public static RerankFailure of(Throwable thrown) {
        if (thrown instanceof CompletionException || thrown instanceof ExecutionException)
            return of(thrown.getCause() == null ? new IllegalStateException() : thrown.getCause());
        if (thrown instanceof RerankFailure failure) return failure;
        if (thrown instanceof ConnectException)
            return new RerankFailure(
                    "unreachable", "the sidecar can't be reached; check lastly.sidecar.urls and that it runs");
        if (thrown instanceof SSLException)
            return new RerankFailure(
                    "tls",
                    "the sidecar's certificate does not satisfy the engine's Java; "
                            + "add its authority to the trust store, and check the host name");
        if (notHttp(thrown))
            return new RerankFailure(
                    "not_http", "what answers at the sidecar's address does not speak HTTP; check lastly.sidecar.urls");
        if (thrown instanceof TimeoutException) return TIMEOUT;
        if (thrown instanceof CancellationException) return CANCELLED;
        return new RerankFailure(
                "broken",
                "the call of the sidecar ended with " + thrown.getClass().getSimpleName());
    }

    /** Whether what answered broke the protocol, or the bounds that every answer keeps. */
    static boolean notHttp(Throwable thrown) {
        return thrown instanceof HttpException
                || thrown instanceof MessageConstraintException
                || thrown instanceof CharacterCodingException;
    }

    /** The name under which it is counted. */
    public String reason() {
        return reason;
    }

    /** What a search is told whose order is kept. */
    public String warning() {
        return "lastly: kept the first stage's order (" + reason + "): " + getMessage();
    }

    /** What a search is told that fails because of this. */
    public String error() {
        return "lastly: not reranked (" + reason + "): " + getMessage();
    }

    /** The HTTP status of a search that fails because of this. */
    public int errorStatus() {
        return reason.equals("timeout") || reason.equals("no_time_left") ? 504 : 503;
    }

    public boolean cancelled() {
        return reason.equals("cancelled");
    }

    boolean blamesSidecar() {
        return !OWN.contains(reason);
    }
}
