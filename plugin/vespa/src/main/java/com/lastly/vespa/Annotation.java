package com.lastly.vespa;

import com.yahoo.prelude.hitfield.JSONString;
import com.yahoo.search.Result;

/** What an answer says about reranking that failed: a field of the root, a header, a line of the trace. */
final class Annotation {

    private Annotation() {}

    static void keptOrder(Result result, RerankFailure failure) {
        result.hits().setField("lastly", new JSONString("{\"order\":\"first_stage\",\"failed\":\"" + failure.reason() + "\"}"));
        result.getHeaders(true).put("Warning", "299 lastly \"not reranked: " + failure.reason() + "\"");
        result.getQuery().trace(RerankSearcher.NAME + ": kept the first stage's order, " + failure.getMessage(), false, 1);
    }
}
