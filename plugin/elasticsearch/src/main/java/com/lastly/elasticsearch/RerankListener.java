package com.lastly.elasticsearch;

import com.lastly.core.Outcome;
import com.lastly.core.page.RankedPage;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.SearchResponse;

/**
 * Takes the first stage's answer, gives it to the flow, and answers with what comes of it. Holds no thread meanwhile.
 */
final class RerankListener implements ActionListener<SearchResponse> {

    private static final Logger LOGGER = LogManager.getLogger(RerankListener.class);

    private final SidecarWait wait;
    private final WidenedSearch search;
    private final ActionListener<SearchResponse> user;

    RerankListener(SidecarWait wait, WidenedSearch search, ActionListener<SearchResponse> user) {
        this.wait = wait;
        this.search = search;
        this.user = ActionListener.runAfter(user, search.plan()::close);
    }

    @Override
    public void onFailure(Exception failure) {
        search.restoreRequest();
        user.onFailure(failure);
    }

    /** Keeps the response alive until the sidecar has answered. */
    @Override
    public void onResponse(SearchResponse first) {
        search.restoreRequest();
        long started = System.nanoTime();
        first.mustIncRef();
        wait.rerank(search.plan(), new FetchedHits(search, first.getHits().getHits()), outcome -> {
            try {
                end(first, outcome, (System.nanoTime() - started) / 1_000_000);
            } finally {
                first.decRef();
            }
        });
    }

    private void end(SearchResponse first, Outcome outcome, long millis) {
        if (outcome instanceof Outcome.Failed failed) {
            user.onFailure(SidecarWait.error(failed.failure()));
        } else if (outcome instanceof Outcome.PageWithWarning kept) {
            LOGGER.debug("not reranked: {}", kept.failure().reason());
            SidecarWait.warn(kept.failure());
            answer(first, kept.page(), millis);
        } else if (outcome instanceof Outcome.Page page) {
            answer(first, page.page(), millis);
        }
    }

    private void answer(SearchResponse first, RankedPage page, long millis) {
        SearchResponse answer;
        try {
            answer = new Page(search, page).of(first, millis);
        } catch (RuntimeException e) {
            user.onFailure(e);
            return;
        }
        ActionListener.respondAndRelease(user, answer);
    }
}
