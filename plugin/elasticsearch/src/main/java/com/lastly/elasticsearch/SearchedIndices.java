package com.lastly.elasticsearch;

import com.lastly.core.RerankSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.metadata.IndexMetadata;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.index.Index;

/** The settings of the indices that a search meets, read from the cluster state at every search: nothing is cached. */
final class SearchedIndices {

    private final ClusterService cluster;
    private final IndexNameExpressionResolver resolver;

    SearchedIndices(ClusterService cluster, IndexNameExpressionResolver resolver) {
        this.cluster = cluster;
        this.resolver = resolver;
    }

    /** What the indices ask for. `agree` is false where they differ; `largest` is the least of their limits on from + size. */
    record Found(RerankSettings settings, boolean anyEnabled, boolean agree, int largest) {}

    /** Null where no local index is met or the names don't resolve: the search itself reports that. */
    Found of(SearchRequest request) {
        List<IndexMetadata> indices = metadata(request);
        if (indices.isEmpty()) return null;
        boolean anyEnabled = indices.stream().anyMatch(index -> IndexSettings.ENABLED.get(index.getSettings()));
        RerankSettings first = IndexSettings.read(indices.get(0).getSettings());
        boolean agree = anyEnabled == false || indices.stream().allMatch(index -> IndexSettings.read(index.getSettings()).equals(first));
        int largest = indices.stream().mapToInt(index -> org.elasticsearch.index.IndexSettings.MAX_RESULT_WINDOW_SETTING.get(index.getSettings())).min().orElse(1);
        return new Found(first, anyEnabled, agree, largest);
    }

    /** Whether an index of another cluster is searched too: its settings are not known here. */
    static boolean remote(SearchRequest request) {
        return Arrays.stream(request.indices()).anyMatch(SearchedIndices::remote);
    }

    /** `cluster:index`; a colon within `<...>` belongs to a date. */
    private static boolean remote(String index) {
        return index.startsWith("<") == false && index.indexOf(':') > 0;
    }

    private List<IndexMetadata> metadata(SearchRequest request) {
        String[] names = Arrays.stream(request.indices()).filter(index -> remote(index) == false).toArray(String[]::new);
        if (names.length == 0 && request.indices().length > 0) return List.of(); // no name at all would mean all indices
        ClusterState state = cluster.state();
        List<IndexMetadata> found = new ArrayList<>();
        try {
            for (Index index : resolver.concreteIndices(state, request.indicesOptions(), request.includeDataStreams(), names))
                found.add(Engine.metadata(state, index));
        } catch (RuntimeException e) {
            return List.of();
        }
        found.removeIf(index -> index == null || index.getState() == IndexMetadata.State.CLOSE);
        return found;
    }
}
