package com.lastly.elasticsearch;

import static org.elasticsearch.index.IndexSettings.MAX_RESULT_WINDOW_SETTING;

import com.lastly.core.settings.RerankSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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

    /**
     * At least one index; what they ask for is read when it is asked, since most searches meet none that is enabled.
     */
    record Found(List<IndexMetadata> indices, boolean anyEnabled) {

        /** What sizes of their hits are remembered by. */
        String name() {
            return indices.get(0).getIndex().getName();
        }

        /** What the first of them asks for. */
        RerankSettings settings() {
            return IndexSettings.read(indices.get(0).getSettings());
        }

        /** Whether all of them ask for the same. */
        boolean agree() {
            if (!anyEnabled || indices.size() == 1) return true;
            RerankSettings first = settings();
            return indices.stream()
                    .allMatch(index -> IndexSettings.read(index.getSettings()).equals(first));
        }

        /** The least of their limits on from + size. */
        int largest() {
            return indices.stream()
                    .mapToInt(index -> MAX_RESULT_WINDOW_SETTING.get(index.getSettings()))
                    .min()
                    .orElseThrow();
        }
    }

    /** Empty where no local index is met or the names don't resolve: the search itself reports that. */
    Optional<Found> of(SearchRequest request) {
        List<IndexMetadata> indices = metadata(request);
        if (indices.isEmpty()) return Optional.empty();
        return Optional.of(
                new Found(indices, indices.stream().anyMatch(index -> IndexSettings.ENABLED.get(index.getSettings()))));
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
        String[] names = Arrays.stream(request.indices())
                .filter(index -> remote(index) == false)
                .toArray(String[]::new);
        if (names.length == 0 && request.indices().length > 0)
            return List.of(); // no name at all would mean all indices
        ClusterState state = cluster.state();
        List<IndexMetadata> found = new ArrayList<>();
        try {
            for (Index index :
                    resolver.concreteIndices(state, request.indicesOptions(), request.includeDataStreams(), names))
                found.add(Engine.metadata(state, index));
        } catch (RuntimeException e) {
            return List.of();
        }
        found.removeIf(index -> index == null || index.getState() == IndexMetadata.State.CLOSE);
        return found;
    }
}
