package com.lastly.core;

import com.lastly.core.memory.Reservation;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;

/**
 * How one search is reranked. It holds bytes of the node's budget and must be closed when the search has its answer.
 *
 * @param query what to rank by
 * @param index under which the sizes of its hits are remembered
 * @param held the hits that are fetched
 */
public record RerankPlan(RerankSettings settings, RerankWindow window, String query, String index, Reservation held)
        implements AutoCloseable {

    @Override
    public void close() {
        held.close();
    }
}
