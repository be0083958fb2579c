package com.lastly.opensearch;

import com.lastly.core.Ranking;
import com.lastly.core.RerankFailure;
import com.lastly.core.RerankRequest;
import com.lastly.core.RerankWindow;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.core.action.ActionListener;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.logging.HeaderWarning;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.search.SearchHit;
import org.opensearch.tasks.Task;
import org.opensearch.core.tasks.TaskCancelledException;

/**
 * Takes the first stage's answer, asks the sidecar without holding a thread, and answers with the page in the new order.
 * `task` is the search's, null where it is not known (a search pipeline is not told).
 */
final class RerankListener implements ActionListener<SearchResponse> {

    private static final Logger LOGGER = LogManager.getLogger(RerankListener.class);
    private static final List<String> PASSED_ON = List.of("X-Request-Id", "traceparent");

    private final Services services;
    private final Task task;
    private final RerankPlan plan;
    private final ActionListener<SearchResponse> user;

    RerankListener(Services services, Task task, RerankPlan plan, ActionListener<SearchResponse> user) {
        this.services = services;
        this.task = task;
        this.plan = plan;
        this.user = user;
    }

    @Override
    public void onFailure(Exception failure) {
        restoreRequest();
        user.onFailure(failure);
    }

    @Override
    public void onResponse(SearchResponse first) {
        restoreRequest();
        SearchHit[] hits = first.getHits().getHits();
        if (plan.window().below()) {
            answer(first, plan.settings().shadow() ? Page.asFetched(plan, hits.length) : Page.below(plan, hits.length), 0);
        } else if (hits.length == 0) {
            answer(first, Page.firstStage(plan, 0), 0);
        } else {
            rerank(first, hits);
        }
    }

    private void restoreRequest() {
        if (plan.fields() != null) plan.fields().restoreRequest();
    }

    private void rerank(SearchResponse first, SearchHit[] hits) {
        RerankRequest request;
        try {
            request = request(hits);
        } catch (RuntimeException e) { // a field that is no text after all must not cost the search its answer
            services.reranker().stats().failed("passages");
            failed(first, hits.length, new RerankFailure("passages", "the passages could not be read (" + e.getClass().getSimpleName() + "); check index.lastly.fields"), 0);
            return;
        }
        if (plan.settings().shadow()) {
            services.reranker().scores(request);
            answer(first, Page.firstStage(plan, hits.length), 0);
            return;
        }
        call(first, request);
    }

    /** Holds no thread; the request's context comes back with the sidecar's answer. */
    private void call(SearchResponse first, RerankRequest request) {
        Supplier<ThreadContext.StoredContext> context = services.context().newRestorableContext(false);
        long started = System.nanoTime();
        CompletableFuture<double[]> scores = services.reranker().scores(request);
        if (task != null) CancelledWith.search(task, scores, services);
        scores.whenComplete((ranked, thrown) -> execute(() -> {
            try (ThreadContext.StoredContext restored = context.get()) {
                scored(first, ranked, thrown, (System.nanoTime() - started) / 1_000_000);
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

    private void scored(SearchResponse first, double[] scores, Throwable thrown, long millis) {
        int available = first.getHits().getHits().length;
        if (thrown == null) {
            answer(first, Page.reranked(plan, Ranking.of(scores, available, plan.window()), available), millis);
            return;
        }
        failed(first, available, RerankFailure.of(thrown), millis);
    }

    private void failed(SearchResponse first, int available, RerankFailure failure, long millis) {
        LOGGER.debug("not reranked: {}", failure.reason());
        if (failure.reason().equals("cancelled")) user.onFailure(new TaskCancelledException("the search was cancelled while it was reranked"));
        else if (plan.settings().fails()) user.onFailure(error(failure));
        else keepOrder(first, available, failure, millis);
    }

    private void keepOrder(SearchResponse first, int available, RerankFailure failure, long millis) {
        HeaderWarning.addWarning("lastly: kept the first stage's order (" + failure.reason() + "): " + failure.getMessage());
        answer(first, Page.firstStage(plan, available), millis);
    }

    private static OpenSearchStatusException error(RerankFailure failure) {
        RestStatus status = failure.reason().equals("timeout") ? RestStatus.GATEWAY_TIMEOUT : RestStatus.SERVICE_UNAVAILABLE;
        return new OpenSearchStatusException("lastly: not reranked (" + failure.reason() + "): " + failure.getMessage(), status);
    }

    private void answer(SearchResponse first, Page page, long millis) {
        SearchResponse answer;
        try {
            answer = page.of(first, millis);
        } catch (RuntimeException e) {
            user.onFailure(e);
            return;
        }
        user.onResponse(answer);
    }

    private RerankRequest request(SearchHit[] hits) {
        RerankWindow window = plan.window();
        List<String> passages = Arrays.stream(hits).limit(window.window()).map(plan.fields()::text).toList();
        return new RerankRequest(plan.query(), passages, plan.settings(), headers());
    }

    private Map<String, String> headers() {
        Map<String, String> headers = new HashMap<>();
        for (String name : PASSED_ON) {
            String value = services.context().getHeader(name);
            if (value != null) headers.put(name, value);
        }
        String opaque = services.context().getHeader(Task.X_OPAQUE_ID);
        if (opaque != null) headers.putIfAbsent("X-Request-Id", opaque);
        return headers;
    }
}
