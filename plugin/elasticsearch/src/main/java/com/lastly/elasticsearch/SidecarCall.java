package com.lastly.elasticsearch;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.RerankRequest;
import java.util.List;
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
import org.elasticsearch.tasks.TaskCancelledException;

/**
 * How a search of this engine asks the sidecar: with its headers, no longer than its task lives, and without holding a
 * thread.
 */
record SidecarCall(Services services, UserSearch search) {

    /** Gives `then` the scores, or why there are none, on the plugin's pool and in the context of the caller. */
    void scores(RerankRequest request, BiConsumer<double[], RerankFailure> then) {
        Supplier<ThreadContext.StoredContext> context = services.context().newRestorableContext(false);
        CompletableFuture<double[]> scores = services.reranker().scores(request);
        if (search.task() instanceof CancellableTask cancellable) cancellable.addListener(() -> scores.cancel(true));
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

    RerankRequest request(String query, List<String> passages, RerankSettings settings) {
        return new RerankRequest(query, passages, settings, search.headers());
    }

    /**
     * The error of a search that must end with this failure; null where it keeps the first stage's order, with a
     * warning.
     */
    static ElasticsearchException error(RerankFailure failure, RerankSettings settings) {
        if (failure.cancelled()) return new TaskCancelledException("the search was cancelled while it was reranked");
        if (settings.fails())
            return new ElasticsearchStatusException(failure.error(), RestStatus.fromCode(failure.errorStatus()));
        HeaderWarning.addWarning(failure.warning());
        return null;
    }
}
