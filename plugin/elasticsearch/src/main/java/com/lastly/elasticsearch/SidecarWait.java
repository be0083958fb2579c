package com.lastly.elasticsearch;

import com.lastly.core.FirstStage;
import com.lastly.core.Outcome;
import com.lastly.core.RerankPlan;
import com.lastly.core.sidecar.RerankFailure;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.elasticsearch.ElasticsearchException;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.common.logging.HeaderWarning;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.tasks.CancellableTask;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.tasks.TaskCancelledException;

/** How a search of this engine waits for the flow: no longer than its task lives, and without holding a thread. */
record SidecarWait(Services services, UserSearch search) {

    /** Gives `then` what the flow comes to, in the context of the caller: at once, or later on the plugin's pool. */
    void rerank(RerankPlan plan, FirstStage first, Consumer<Outcome> then) {
        Supplier<ThreadContext.StoredContext> context = services.context().newRestorableContext(false);
        CompletableFuture<Outcome> outcome = services.node().flow().rerank(plan, first, search.headers());
        search.task().ifPresent(task -> cancelWith(task, outcome));
        if (outcome.isDone()) then.accept(Outcome.of(outcome));
        else
            outcome.whenComplete((done, cancelled) -> execute(() -> {
                try (ThreadContext.StoredContext restored = context.get()) {
                    then.accept(Outcome.of(outcome));
                }
            }));
    }

    private static void cancelWith(Task task, CompletableFuture<Outcome> outcome) {
        if (task instanceof CancellableTask cancellable) cancellable.addListener(() -> outcome.cancel(true));
    }

    /** A full queue must not lose the search: the thread that brought the scores does the rest. */
    private void execute(Runnable rest) {
        try {
            services.executor().execute(rest);
        } catch (RejectedExecutionException e) {
            rest.run();
        }
    }

    /** The error of a search that ends with this failure. */
    static ElasticsearchException error(RerankFailure failure) {
        if (failure.cancelled()) return new TaskCancelledException("the search was cancelled while it was reranked");
        return new ElasticsearchStatusException(failure.error(), RestStatus.fromCode(failure.errorStatus()));
    }

    /** Tells the user why the order was kept. */
    static void warn(RerankFailure failure) {
        HeaderWarning.addWarning(failure.warning());
    }
}
