package com.lastly.elasticsearch;

import com.lastly.core.sidecar.CallerHeaders;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.tasks.Task;

/**
 * What a call of the sidecar must know of the search that it is made for.
 *
 * @param task ends the call when it is cancelled; empty where it is not known
 * @param allowPartial whether the failure of a shard may be borne; empty where the search leaves that to the cluster
 * @param headers of the search, for the call
 */
record UserSearch(Optional<Task> task, Optional<Boolean> allowPartial, Map<String, String> headers) {

    private static final String KEY = "lastly.search";
    private static final UserSearch UNKNOWN = new UserSearch(Optional.empty(), Optional.empty(), Map.of());

    static UserSearch of(Task task, SearchRequest search, ThreadContext context) {
        Map<String, String> headers = CallerHeaders.of(context::getHeader);
        String trace = context.getHeader(Task.TRACE_ID);
        if (trace != null) headers.putIfAbsent(Task.TRACE_PARENT_HTTP_HEADER, span(trace));
        return new UserSearch(Optional.of(task), Optional.ofNullable(search.allowPartialSearchResults()), headers);
    }

    /**
     * Without a tracer of its own Elasticsearch keeps of a trace its id alone (8.19, 9.5); the call is a span of that
     * trace.
     */
    private static String span(String trace) {
        return String.format(
                "00-%s-%016x-01", trace, ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE));
    }

    /**
     * Leaves it in its context for a retriever: a request that is rewritten is not told whose it is. The outermost one
     * stays.
     */
    void keep(ThreadContext context) {
        if (context.getTransient(KEY) == null) context.putTransient(KEY, this);
    }

    static UserSearch kept(ThreadContext context) {
        UserSearch kept = context.getTransient(KEY);
        return kept == null ? UNKNOWN : kept;
    }
}
