package com.lastly.opensearch;

import com.lastly.core.page.RankedPage;
import com.lastly.core.page.Ranking;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.RerankRequest;
import java.util.Arrays;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.logging.HeaderWarning;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.core.tasks.TaskCancelledException;
import org.opensearch.search.SearchHit;
import org.opensearch.tasks.Task;

/**
 * Takes the first stage's answer, asks the sidecar without holding a thread, and answers with the page in the new
 * order.
 */
final class RerankListener implements ActionListener<SearchResponse> {

    private static final Logger LOGGER = LogManager.getLogger(RerankListener.class);

    private final Services services;
    private final SidecarCall call;
    private final RerankPlan plan;
    private final ActionListener<SearchResponse> user;

    /** `task` is the search's, null where it is not known. */
    RerankListener(Services services, Task task, RerankPlan plan, ActionListener<SearchResponse> user) {
        this.services = services;
        this.call = new SidecarCall(services, task);
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
        if (plan.window().below()) answer(first, below(hits.length), 0);
        else if (hits.length == 0) answer(first, RankedPage.firstStage(plan.window(), 0), 0);
        else rerank(first, hits);
    }

    private void restoreRequest() {
        if (plan.fields() != null) plan.fields().restoreRequest();
    }

    private RankedPage below(int hits) {
        return plan.settings().shadow()
                ? RankedPage.asFetched(plan.window(), hits)
                : RankedPage.below(plan.window(), hits);
    }

    private void rerank(SearchResponse first, SearchHit[] hits) {
        RerankRequest request;
        try {
            request = call.request(plan, passages(hits));
        } catch (RuntimeException e) {
            RerankFailure failure = RerankFailure.unreadable(e);
            services.reranker().stats().failed(failure.reason());
            failed(first, failure, 0);
            return;
        }
        if (plan.settings().shadow()) {
            services.reranker().scores(request);
            answer(first, RankedPage.firstStage(plan.window(), hits.length), 0);
        } else {
            ask(first, request);
        }
    }

    private List<String> passages(SearchHit[] hits) {
        return Arrays.stream(hits)
                .limit(plan.window().window())
                .map(plan.fields()::text)
                .toList();
    }

    private void ask(SearchResponse first, RerankRequest request) {
        long started = System.nanoTime();
        call.scores(request, (scores, failure) -> {
            long millis = (System.nanoTime() - started) / 1_000_000;
            if (failure == null) scored(first, scores, millis);
            else failed(first, failure, millis);
        });
    }

    private void scored(SearchResponse first, double[] scores, long millis) {
        int hits = first.getHits().getHits().length;
        answer(first, RankedPage.reranked(plan.window(), Ranking.of(scores, hits, plan.window()), hits), millis);
    }

    private void failed(SearchResponse first, RerankFailure failure, long millis) {
        LOGGER.debug("not reranked: {}", failure.reason());
        if (failure.cancelled()) {
            user.onFailure(new TaskCancelledException("the search was cancelled while it was reranked"));
        } else if (plan.settings().fails()) {
            user.onFailure(new OpenSearchStatusException(failure.error(), RestStatus.fromCode(failure.errorStatus())));
        } else {
            HeaderWarning.addWarning(failure.warning());
            answer(first, RankedPage.firstStage(plan.window(), first.getHits().getHits().length), millis);
        }
    }

    private void answer(SearchResponse first, RankedPage page, long millis) {
        SearchResponse answer;
        try {
            answer = new Page(plan, page).of(first, millis);
        } catch (RuntimeException e) {
            user.onFailure(e);
            return;
        }
        user.onResponse(answer);
    }
}
