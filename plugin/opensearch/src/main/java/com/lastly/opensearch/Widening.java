package com.lastly.opensearch;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.search.SearchExtBuilder;
import org.opensearch.search.builder.SearchSourceBuilder;

/** Changes a request so that its answer holds the whole window, with the texts of the passages. */
final class Widening {

    private static final int DEFAULT_SIZE = 10;

    private Widening() {}

    /** A copy whose source can be changed and has no `ext.lastly`: the caller's request stays as it is. */
    static SearchRequest copy(SearchRequest request) {
        SearchRequest copy =
                new SearchRequest(request).pipeline(request.pipeline()); // which the constructor leaves out (3.6)
        SearchSourceBuilder source = request.source() == null ? new SearchSourceBuilder() : copy(request.source());
        List<SearchExtBuilder> others = new ArrayList<>(source.ext());
        others.removeIf(RerankExt.class::isInstance);
        copy.source(source.ext(others));
        return copy;
    }

    /** OpenSearch's own shallow copy leaves out the pipeline that is written in the search (3.6). */
    private static SearchSourceBuilder copy(SearchSourceBuilder source) {
        SearchSourceBuilder copy = source.shallowCopy();
        return source.searchPipelineSource() == null ? copy : copy.searchPipelineSource(source.searchPipelineSource());
    }

    /** What `ext.lastly` asks for, null where there is none. */
    static Map<String, Object> asked(SearchRequest request) {
        if (request.source() == null) return null;
        for (SearchExtBuilder ext : request.source().ext()) if (ext instanceof RerankExt ours) return ours.asked();
        return null;
    }

    /** Hits that a hybrid query must always fetch, lest its scores change from page to page. */
    private static int depth(SearchSourceBuilder source) {
        return HybridQuery.is(source.query()) ? HybridQuery.depth(source.query()) : 0;
    }

    /**
     * Widens `copy`, and gives how its answer is reranked: null where there is a reason to leave the search alone,
     * which is counted. `reason` is one that the caller has found, null for none.
     */
    static RerankPlan of(SearchRequest copy, RerankSettings settings, int largest, String reason, Services services) {
        String query = settings.query().isBlank()
                ? SearchText.of(copy.source().query(), services.context())
                : settings.query();
        String why = reason == null && query.isEmpty() ? "no_query_text" : reason;
        if (why == null) return apply(copy.source(), settings, query, largest);
        services.reranker().stats().skipped(why);
        return null;
    }

    private static RerankPlan apply(SearchSourceBuilder source, RerankSettings settings, String query, int largest) {
        int size = source.size() < 0 ? DEFAULT_SIZE : source.size();
        RerankWindow window = RerankWindow.of(Math.max(source.from(), 0), size, settings.windowSize(), largest);
        if (window.below()) return new RerankPlan(settings, window, query, null, false);
        PassageFields fields = PassageFields.addTo(source, settings.fields());
        source.from(0).size(Math.max(window.fetched(), Math.min(depth(source), largest)));
        return new RerankPlan(
                settings,
                window,
                query,
                fields,
                source.sorts() != null && !source.sorts().isEmpty());
    }
}
