package com.lastly.elasticsearch;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.tasks.Task;

/**
 * What a call of the sidecar must know of the search that it is made for.
 *
 * @param task ends the call when it is cancelled; null where it is not known
 * @param allowPartial whether the failure of a shard may be borne; null where the search leaves that to the cluster
 * @param headers of the search, for the call
 */
record UserSearch(Task task, Boolean allowPartial, Map<String, String> headers) {

    private static final String KEY = "lastly.search";
    private static final String REQUEST_ID = "X-Request-Id";
    private static final String TRACE = Task.TRACE_PARENT_HTTP_HEADER;
    private static final UserSearch UNKNOWN = new UserSearch(null, null, Map.of());

    static UserSearch of(Task task, SearchRequest search, ThreadContext context) {
        Map<String, String> headers = new HashMap<>();
        put(REQUEST_ID, context.getHeader(REQUEST_ID), headers);
        put(REQUEST_ID, context.getHeader(Task.X_OPAQUE_ID_HTTP_HEADER), headers);
        put(TRACE, context.getHeader(TRACE), headers);
        put(TRACE, trace(context.getHeader(Task.TRACE_ID)), headers);
        return new UserSearch(task, search.allowPartialSearchResults(), headers);
    }

    /** Without a tracer of its own Elasticsearch keeps of a trace its id alone (8.19, 9.5); the call is a span of that trace. */
    private static String trace(String id) {
        return id == null ? null : String.format("00-%s-%016x-01", id, ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
    }

    private static void put(String name, String value, Map<String, String> headers) {
        if (value != null) headers.putIfAbsent(name, value);
    }

    /** Leaves it in its context for a retriever: a request that is rewritten is not told whose it is. The outermost one stays. */
    void keep(ThreadContext context) {
        if (context.getTransient(KEY) == null) context.putTransient(KEY, this);
    }

    static UserSearch kept(ThreadContext context) {
        UserSearch kept = context.getTransient(KEY);
        return kept == null ? UNKNOWN : kept;
    }
}
