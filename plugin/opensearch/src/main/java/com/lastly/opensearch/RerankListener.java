package com.lastly.opensearch;

import com.lastly.core.Outcome;
import com.lastly.core.page.RankedPage;
import com.lastly.core.sidecar.CallerHeaders;
import com.lastly.core.sidecar.RerankFailure;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.logging.HeaderWarning;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.tasks.TaskCancelledException;
import org.opensearch.tasks.Task;

/**
 * Takes the first stage's answer, gives it to the flow, and answers with what comes of it. Holds no thread meanwhile.
 */
final class RerankListener implements ActionListener<SearchResponse> {

    private static final Logger LOGGER = LogManager.getLogger(RerankListener.class);

    private final Services services;
    private final Optional<Task> task;
    private final WidenedSearch search;
    private final ActionListener<SearchResponse> user;

    /** `task` is the search's, empty where it is not known. */
    RerankListener(Services services, Optional<Task> task, WidenedSearch search, ActionListener<SearchResponse> user) {
        this.services = services;
        this.task = task;
        this.search = search;
        this.user = ActionListener.runBefore(user, search.plan()::close);
    }

    @Override
    public void onFailure(Exception failure) {
        search.restoreRequest();
        user.onFailure(failure);
    }

    @Override
    public void onResponse(SearchResponse first) {
        search.restoreRequest();
        long started = System.nanoTime();
        Supplier<ThreadContext.StoredContext> context = services.context().newRestorableContext(false);
        CompletableFuture<Outcome> outcome = services.node()
                .flow()
                .rerank(
                        search.plan(),
                        new FetchedHits(search, first.getHits().getHits()),
                        CallerHeaders.of(services.context()::getHeader));
        task.ifPresent(known -> CancelledWith.search(known, outcome, services));
        if (outcome.isDone()) end(first, outcome, started);
        else
            outcome.whenComplete((done, cancelled) -> execute(() -> {
                try (ThreadContext.StoredContext restored = context.get()) {
                    end(first, outcome, started);
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

    private void end(SearchResponse first, CompletableFuture<Outcome> outcome, long started) {
        Outcome ended = Outcome.of(outcome);
        long millis = (System.nanoTime() - started) / 1_000_000;
        if (ended instanceof Outcome.Failed failed) {
            user.onFailure(error(failed.failure()));
        } else if (ended instanceof Outcome.PageWithWarning kept) {
            LOGGER.debug("not reranked: {}", kept.failure().reason());
            HeaderWarning.addWarning(kept.failure().warning());
            answer(first, kept.page(), millis);
        } else if (ended instanceof Outcome.Page page) {
            answer(first, page.page(), millis);
        }
    }

    private static Exception error(RerankFailure failure) {
        if (failure.cancelled()) return new TaskCancelledException("the search was cancelled while it was reranked");
        return new OpenSearchStatusException(failure.error(), RestStatus.fromCode(failure.errorStatus()));
    }

    private void answer(SearchResponse first, RankedPage page, long millis) {
        ActionListener.completeWith(user, () -> new Page(search, page).of(first, millis));
    }
}
