package com.lastly.opensearch;

import com.lastly.core.sidecar.CallerHeaders;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.RerankRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.tasks.Task;

/**
 * How a search asks the sidecar: with its headers, no longer than its task lives, and without holding a thread. `task`
 * is null where it is not known (a search pipeline is not told).
 */
record SidecarCall(Services services, Task task) {

    /** What is sent; the headers are those of the present context. */
    RerankRequest request(RerankPlan plan, List<String> passages) {
        return new RerankRequest(
                plan.query(), passages, plan.settings(), CallerHeaders.of(services.context()::getHeader));
    }

    /** Gives `then` the scores, or why there are none, on the plugin's pool and in the context of the caller. */
    void scores(RerankRequest request, BiConsumer<double[], RerankFailure> then) {
        Supplier<ThreadContext.StoredContext> context = services.context().newRestorableContext(false);
        CompletableFuture<double[]> scores = services.reranker().scores(request);
        if (task != null) CancelledWith.search(task, scores, services);
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
}
