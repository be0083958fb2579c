package com.lastly.elasticsearch;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.search.SearchExtBuilder;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;

/** Changes a request so that its answer holds the whole window, with the texts of the passages. */
final class Widening {

    private static final int DEFAULT_SIZE = 10;

    private Widening() {}

    /** A copy whose source can be changed and has no `ext.lastly`: the caller's request stays as it is. */
    static SearchRequest copy(SearchRequest request) {
        SearchRequest copy = new SearchRequest(request);
        SearchSourceBuilder source = request.source() == null ? new SearchSourceBuilder() : copy(request.source());
        List<SearchExtBuilder> others = new ArrayList<>(source.ext());
        others.removeIf(RerankExt.class::isInstance);
        copy.source(source.ext(others));
        return copy;
    }

    /** Elasticsearch's own shallow copy leaves the retriever out (8.19). */
    private static SearchSourceBuilder copy(SearchSourceBuilder source) {
        SearchSourceBuilder copy = source.shallowCopy();
        return source.retriever() == null ? copy : copy.retriever(source.retriever());
    }

    /** What `ext.lastly` asks for, null where there is none. */
    static Map<String, Object> asked(SearchRequest request) {
        if (request.source() == null) return null;
        for (SearchExtBuilder ext : request.source().ext()) if (ext instanceof RerankExt ours) return ours.asked();
        return null;
    }

    static RerankPlan apply(SearchSourceBuilder source, RerankSettings settings, String query, int maxResultWindow) {
        RerankWindow window = window(source, settings, maxResultWindow);
        if (window.below()) return new RerankPlan(settings, window, query, null, false);
        PassageFields fields = PassageFields.addTo(source, settings.fields());
        source.from(0).size(window.fetched());
        return new RerankPlan(
                settings,
                window,
                query,
                fields,
                source.sorts() != null && source.sorts().isEmpty() == false);
    }

    /**
     * A compound retriever holds no more hits than its own window, and gives all of them where the search names no
     * size.
     */
    private static RerankWindow window(SearchSourceBuilder source, RerankSettings settings, int maxResultWindow) {
        int held = source.retriever() instanceof CompoundRetrieverBuilder<?> compound ? compound.rankWindowSize() : 0;
        int size = source.size() >= 0 ? source.size() : held > 0 ? held : DEFAULT_SIZE;
        int largest = held > 0 ? Math.min(held, maxResultWindow) : maxResultWindow;
        return RerankWindow.of(Math.max(source.from(), 0), size, settings.windowSize(), largest);
    }
}
