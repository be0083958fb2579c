package com.lastly.vespa;

import com.yahoo.search.result.ErrorMessage;

/** Why one query could not be reranked: a reason to count by, and what to do. Holds no user text. */
final class RerankFailure extends Exception {

    private final String reason;

    RerankFailure(String reason, String message) {
        super(message, null, false, false); // an expected event: no stack to walk
        this.reason = reason;
    }

    String reason() {
        return reason;
    }

    /** What a query gets that must not be answered in the first stage's order. */
    ErrorMessage error() {
        String text = RerankSearcher.NAME + ": " + getMessage();
        return reason.equals("timeout") ? ErrorMessage.createTimeout(text) : ErrorMessage.createBackendCommunicationError(text);
    }
}
