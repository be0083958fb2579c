package com.lastly.elasticsearch;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.PerSearch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.search.SearchExtBuilder;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;

/** What the user wrote: what it asks of reranking, its page, and a copy that may be changed. */
final class UserRequest {

    static final String PLACE = PerSearch.EXT;

    private static final int DEFAULT_SIZE = 10;

    private UserRequest() {}

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

    /** What it searches for; a search without a body has the defaults. */
    static SearchSourceBuilder source(SearchRequest request) {
        return request.source() == null ? new SearchSourceBuilder() : request.source();
    }

    /** Whether there is an `ext.lastly`, of which nodes without the plugin must not be told. */
    static boolean hasExt(SearchRequest request) {
        return request.source() != null && request.source().ext().stream().anyMatch(RerankExt.class::isInstance);
    }

    /** What `ext.lastly` asks for, empty where there is none. */
    static Map<String, Object> asked(SearchRequest request) {
        if (request.source() == null) return Map.of();
        for (SearchExtBuilder ext : request.source().ext()) if (ext instanceof RerankExt ours) return ours.asked();
        return Map.of();
    }

    /**
     * Its page against a window; `maxResultWindow` is the limit on from + size. A compound retriever holds no more hits
     * than its own window, and gives all of them where the search names no size.
     */
    static RerankWindow window(SearchRequest request, int wanted, int maxResultWindow) {
        SearchSourceBuilder source = source(request);
        int held = source.retriever() instanceof CompoundRetrieverBuilder<?> compound ? compound.rankWindowSize() : 0;
        int size = source.size() >= 0 ? source.size() : held > 0 ? held : DEFAULT_SIZE;
        int largest = held > 0 ? Math.min(held, maxResultWindow) : maxResultWindow;
        return RerankWindow.of(Math.max(source.from(), 0), size, wanted, largest);
    }
}
