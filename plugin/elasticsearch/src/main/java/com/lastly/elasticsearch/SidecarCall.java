package com.lastly.elasticsearch;

import com.lastly.core.RerankFailure;
import com.lastly.core.RerankRequest;
import com.lastly.core.RerankSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.elasticsearch.ElasticsearchException;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.common.logging.HeaderWarning;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.tasks.CancellableTask;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.tasks.TaskCancelledException;

/** How a search of this engine asks the sidecar: with its headers, no longer than its task lives, and without holding a thread. */
record SidecarCall(Services services, Task task) {

    private static final List<String> PASSED_ON = List.of("X-Request-Id", "traceparent");

    /** Gives `then` the scores, or why there are none, on the plugin's pool and in the context of the caller. */
    void scores(RerankRequest request, BiConsumer<double[], RerankFailure> then) {
        Supplier<ThreadContext.StoredContext> context = services.context().newRestorableContext(false);
        CompletableFuture<double[]> scores = services.reranker().scores(request);
        if (task instanceof CancellableTask cancellable) cancellable.addListener(() -> scores.cancel(true));
        scores.whenComplete((ranked, thrown) -> execute(() -> {
            try (ThreadContext.StoredContext restored = context.get()) {
                then.accept(ranked, thrown == null ? null : RerankFailure.of(thrown));
            }
        }));
    }

    /** A full queue must not lose the search: the thread that brought the scores does the rest. */
    private void execute(Runnable rest) {
        try {
            services.executor().execute(rest);
        } catch (RejectedExecutionException e) {
            rest.run();
        }
    }

    /** What is sent; the headers are those of the present context. */
    RerankRequest request(String query, List<String> passages, RerankSettings settings) {
        Map<String, String> headers = new HashMap<>();
        for (String name : PASSED_ON) {
            String value = services.context().getHeader(name);
            if (value != null) headers.put(name, value);
        }
        String opaque = services.context().getHeader(Task.X_OPAQUE_ID_HTTP_HEADER);
        if (opaque != null) headers.putIfAbsent("X-Request-Id", opaque);
        return new RerankRequest(query, passages, settings, headers);
    }

    /** The error of a search that must end with this failure; null where it keeps the first stage's order, with a warning. */
    static ElasticsearchException error(RerankFailure failure, RerankSettings settings) {
        if (failure.reason().equals("cancelled")) return new TaskCancelledException("the search was cancelled while it was reranked");
        if (settings.fails()) return failed(failure);
        HeaderWarning.addWarning("lastly: kept the first stage's order (" + failure.reason() + "): " + failure.getMessage());
        return null;
    }

    private static ElasticsearchStatusException failed(RerankFailure failure) {
        RestStatus status = failure.reason().equals("timeout") ? RestStatus.GATEWAY_TIMEOUT : RestStatus.SERVICE_UNAVAILABLE;
        return new ElasticsearchStatusException("lastly: not reranked (" + failure.reason() + "): " + failure.getMessage(), status);
    }
}
