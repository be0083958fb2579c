package com.lastly.elasticsearch;

import com.lastly.core.page.RankedPage;
import com.lastly.core.page.Ranking;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.RerankRequest;
import java.util.Arrays;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.elasticsearch.ElasticsearchException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.search.SearchHit;

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

    RerankListener(Services services, UserSearch search, RerankPlan plan, ActionListener<SearchResponse> user) {
        this.services = services;
        this.call = new SidecarCall(services, search);
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
            answer(
                    first,
                    plan.settings().shadow()
                            ? RankedPage.asFetched(plan.window(), hits.length)
                            : RankedPage.below(plan.window(), hits.length),
                    0);
        } else if (hits.length == 0) {
            answer(first, RankedPage.firstStage(plan.window(), 0), 0);
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
            scored(first, null, RerankFailure.unreadable(e), 0);
            return;
        }
        if (plan.settings().shadow()) {
            services.reranker().scores(request);
            answer(first, RankedPage.firstStage(plan.window(), hits.length), 0);
        } else {
            ask(first, request);
        }
    }

    /** Keeps the response alive until the sidecar has answered. */
    private void ask(SearchResponse first, RerankRequest request) {
        long started = System.nanoTime();
        first.mustIncRef();
        call.scores(request, (scores, failure) -> {
            try {
                scored(first, scores, failure, (System.nanoTime() - started) / 1_000_000);
            } finally {
                first.decRef();
            }
        });
    }

    private void scored(SearchResponse first, double[] scores, RerankFailure failure, long millis) {
        int available = first.getHits().getHits().length;
        if (failure == null) {
            answer(
                    first,
                    RankedPage.reranked(plan.window(), Ranking.of(scores, available, plan.window()), available),
                    millis);
            return;
        }
        LOGGER.debug("not reranked: {}", failure.reason());
        ElasticsearchException error = SidecarCall.error(failure, plan.settings());
        if (error != null) user.onFailure(error);
        else answer(first, RankedPage.firstStage(plan.window(), available), millis);
    }

    private void answer(SearchResponse first, RankedPage page, long millis) {
        SearchResponse answer;
        try {
            answer = new Page(plan, page).of(first, millis);
        } catch (RuntimeException e) {
            user.onFailure(e);
            return;
        }
        ActionListener.respondAndRelease(user, answer);
    }

    private RerankRequest request(SearchHit[] hits) {
        RerankWindow window = plan.window();
        List<String> passages = Arrays.stream(hits)
                .limit(window.window())
                .map(plan.fields()::text)
                .toList();
        return call.request(plan.query(), passages, plan.settings());
    }
}
