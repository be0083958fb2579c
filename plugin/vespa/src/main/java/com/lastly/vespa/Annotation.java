package com.lastly.vespa;

import com.lastly.core.sidecar.RerankFailure;
import com.yahoo.prelude.hitfield.JSONString;
import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.result.ErrorMessage;

/** What an answer says about reranking that failed. */
final class Annotation {

    private Annotation() {}

    /** The first stage's order stays: a field of the root, a header, a line of the trace. */
    static void keptOrder(Result result, RerankFailure failure) {
        result.hits()
                .setField(
                        "lastly",
                        new JSONString("{\"order\":\"first_stage\",\"failed\":\"" + failure.reason() + "\"}"));
        result.getHeaders(true).put("Warning", "299 lastly \"" + failure.warning() + "\"");
        result.getQuery().trace(failure.warning(), false, 1);
    }

    /** The answer where `on_failure` is `fail`: an error and no hits. */
    static Result refused(Query query, RerankFailure failure) {
        return new Result(
                query,
                failure.errorStatus() == 504
                        ? ErrorMessage.createTimeout(failure.error())
                        : ErrorMessage.createBackendCommunicationError(failure.error()));
    }
}
