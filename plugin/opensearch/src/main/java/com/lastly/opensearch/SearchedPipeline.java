package com.lastly.opensearch;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.cluster.ClusterState;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.index.IndexSettings;
import org.opensearch.search.pipeline.PipelineConfiguration;
import org.opensearch.search.pipeline.SearchPipelineService;

/**
 * What the search pipeline of a request does with its answer. The filter meets the answer after the pipeline's response
 * processors: these would work on the widened first stage, so a search that has any is left to the pipeline.
 */
final class SearchedPipeline {

    private static final String NONE = "_none";

    private SearchedPipeline() {}

    /** Types of the response processors, empty where there are none. */
    static Set<String> responseProcessors(SearchRequest request, List<IndexMetadata> indices, ClusterState state) {
        Map<String, Object> written =
                request.source() == null ? null : request.source().searchPipelineSource();
        if (written != null && !written.isEmpty()) return types(written);
        String id = id(request, indices);
        Set<String> types = new HashSet<>();
        if (id.equals(NONE)) return types;
        for (PipelineConfiguration pipeline : SearchPipelineService.getPipelines(state, id))
            types.addAll(types(pipeline.getConfigAsMap()));
        return types;
    }

    private static String id(SearchRequest request, List<IndexMetadata> indices) {
        if (request.pipeline() != null) return request.pipeline();
        if (request.source() != null && request.source().pipeline() != null)
            return request.source().pipeline();
        Set<String> defaults = new HashSet<>();
        indices.forEach(index -> defaults.add(IndexSettings.DEFAULT_SEARCH_PIPELINE.get(index.getSettings())));
        return defaults.size() == 1
                ? defaults.iterator().next()
                : NONE; // OpenSearch itself uses none where they differ
    }

    private static Set<String> types(Map<String, Object> pipeline) {
        Set<String> types = new HashSet<>();
        if (pipeline.get("response_processors") instanceof List<?> processors)
            for (Object processor : processors)
                if (processor instanceof Map<?, ?> map) map.keySet().forEach(type -> types.add(String.valueOf(type)));
        return types;
    }
}
