package com.lastly.opensearch;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.PerSearch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.search.SearchExtBuilder;
import org.opensearch.search.builder.SearchSourceBuilder;

/** What the user wrote: what it asks of reranking, its page, and a copy that may be changed. */
final class UserRequest {

    static final String PLACE = PerSearch.EXT;

    private static final int DEFAULT_SIZE = 10;

    private UserRequest() {}

    /** A copy whose source can be changed and has no `ext.lastly`: the caller's request stays as it is. */
    static SearchRequest copy(SearchRequest request) {
        SearchRequest copy =
                new SearchRequest(request).pipeline(request.pipeline()); // which the constructor leaves out
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

    /** Its page against a window; `largest` is the limit on from + size. */
    static RerankWindow window(SearchRequest request, int wanted, int largest) {
        SearchSourceBuilder source = source(request);
        int size = source.size() < 0 ? DEFAULT_SIZE : source.size();
        return RerankWindow.of(Math.max(source.from(), 0), size, wanted, largest)
                .fetchingAtLeast(Math.min(HybridQuery.depth(source.query()), largest));
    }
}
