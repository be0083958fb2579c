package com.lastly.opensearch;

import com.lastly.core.RerankSettings;
import java.util.ArrayList;
import java.util.List;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.cluster.ClusterState;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.core.index.Index;

/** The settings of the indices that a search meets, read from the cluster state at every search: nothing is cached. */
final class SearchedIndices {

    private final ClusterService cluster;
    private final SourceKept sourceKept = new SourceKept();
    private final IndexNameExpressionResolver resolver;

    SearchedIndices(ClusterService cluster, IndexNameExpressionResolver resolver) {
        this.cluster = cluster;
        this.resolver = resolver;
    }

    /** What the indices ask for. `agree` is false where they differ; `largest` is the least of their limits on from + size. */
    record Found(RerankSettings settings, boolean anyEnabled, boolean agree, int largest, List<IndexMetadata> indices) {}

    /** Whether all of them can give the fields of a passage. */
    boolean keepSource(Found found) {
        return found.indices().stream().allMatch(sourceKept::by);
    }

    /** Null where no local index is met or the names don't resolve: the search itself reports that. */
    Found of(SearchRequest request) {
        List<IndexMetadata> indices = metadata(request);
        if (indices.isEmpty()) return null;
        boolean anyEnabled = indices.stream().anyMatch(index -> IndexSettings.ENABLED.get(index.getSettings()));
        RerankSettings first = IndexSettings.read(indices.get(0).getSettings());
        boolean agree = !anyEnabled || indices.stream().allMatch(index -> IndexSettings.read(index.getSettings()).equals(first));
        int largest = indices.stream().mapToInt(index -> org.opensearch.index.IndexSettings.MAX_RESULT_WINDOW_SETTING.get(index.getSettings())).min().orElse(1);
        return new Found(first, anyEnabled, agree, largest, indices);
    }

    private List<IndexMetadata> metadata(SearchRequest request) {
        ClusterState state = cluster.state();
        List<IndexMetadata> found = new ArrayList<>();
        try {
            for (Index index : resolver.concreteIndices(state, request)) found.add(state.metadata().index(index));
        } catch (RuntimeException e) {
            return List.of();
        }
        found.removeIf(index -> index == null || index.getState() == IndexMetadata.State.CLOSE);
        return found;
    }
}
