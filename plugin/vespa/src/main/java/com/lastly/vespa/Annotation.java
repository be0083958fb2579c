package com.lastly.vespa;

import com.lastly.core.Decision;
import com.lastly.core.sidecar.RerankFailure;
import com.yahoo.prelude.hitfield.JSONString;
import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.result.ErrorMessage;

/** What an answer says about reranking that failed. */
final class Annotation {

    private static final int TIMEOUT = 504;

    private Annotation() {}

    /** The first stage's order stays: a field of the root, a header, a line of the trace. */
    static void keptOrder(Result result, RerankFailure failure) {
        String reason = failure.reason();
        result.hits().setField("lastly", new JSONString("{\"order\":\"first_stage\",\"failed\":\"" + reason + "\"}"));
        warn(result, failure.warning());
    }

    /** A header, and a line of the trace. */
    static void warn(Result result, String warning) {
        result.getHeaders(true).put("Warning", "299 lastly \"" + warning + "\"");
        result.getQuery().trace(warning, false, 1);
    }

    /** The answer where `on_failure` is `fail`: an error and no hits. */
    static Result failed(Query query, RerankFailure failure) {
        return new Result(query, error(failure.errorStatus(), failure.error()));
    }

    /** The answer to a query that is refused before it runs. */
    static Result refused(Query query, Decision.Refuse refusal) {
        return new Result(
                query,
                refusal.badRequest()
                        ? ErrorMessage.createInvalidQueryParameter(refusal.message())
                        : error(refusal.status(), refusal.message()));
    }

    private static ErrorMessage error(int status, String message) {
        return status == TIMEOUT
                ? ErrorMessage.createTimeout(message)
                : ErrorMessage.createBackendCommunicationError(message);
    }
}
