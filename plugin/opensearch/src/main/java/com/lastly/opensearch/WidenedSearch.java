package com.lastly.opensearch;

import com.lastly.core.RerankPlan;
import com.lastly.core.page.RerankWindow;
import java.util.Optional;
import org.opensearch.search.builder.SearchSourceBuilder;

/**
 * A search that holds the whole window, with the texts of the passages.
 *
 * @param fields that were added for the passages; none where the page lies below the window
 * @param sorted whether `sort: _score` was written out
 */
record WidenedSearch(RerankPlan plan, Optional<PassageFields> fields, boolean sorted) {

    /** Widens `source`, a copy of the user's. */
    static WidenedSearch of(SearchSourceBuilder source, RerankPlan plan) {
        RerankWindow window = plan.window();
        if (window.below()) return new WidenedSearch(plan, Optional.empty(), false);
        PassageFields fields = PassageFields.addTo(source, plan.settings().fields());
        source.from(0).size(window.fetched());
        boolean sorted = source.sorts() != null && !source.sorts().isEmpty();
        return new WidenedSearch(plan, Optional.of(fields), sorted);
    }

    /** Gives the caller's request back as it was, when the search has ended. */
    void restoreRequest() {
        fields.ifPresent(PassageFields::restoreRequest);
    }
}
