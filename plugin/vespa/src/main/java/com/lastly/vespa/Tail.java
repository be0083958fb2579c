package com.lastly.vespa;

import com.yahoo.search.Result;
import com.yahoo.search.result.Hit;
import java.util.List;

/**
 * Scores of the hits below the window. A first-stage score (BM25, say) has nothing in common with the model's, which is a
 * cosine; so that scores fall over all pages, a hit below the window gets one under -1 that depends on its rank alone.
 */
final class Tail {

    private Tail() {}

    /** The score of a hit by its rank in the first stage, counted from 0. */
    static double score(int rank, int window) {
        return -2.0 - (rank - window);
    }

    /** Scores a page that lies wholly below the window; the sidecar isn't asked. */
    static Result below(QuerySettings settings, Page page, Result result) {
        if (settings.shadow()) return result;
        List<Hit> hits = Candidates.of(result, 0).all();
        for (int i = 0; i < hits.size(); i++) hits.get(i).setRelevance(score(page.offset() + i, settings.window()));
        return result;
    }
}
