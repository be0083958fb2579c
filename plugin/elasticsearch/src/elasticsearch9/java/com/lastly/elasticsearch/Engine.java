package com.lastly.elasticsearch;

import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.metadata.IndexMetadata;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.index.Index;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.SearchHits;

/** What Elasticsearch 8 and 9 call by different names. */
final class Engine {

    private Engine() {}

    /** Null where the state has no such index. */
    static IndexMetadata metadata(ClusterState state, Index index) {
        return state.metadata().findIndex(index).orElse(null);
    }

    static void setField(SearchHit hit, DocumentField field) {
        hit.setDocumentField(field);
    }

    /**
     * A response like `first` with other hits; of these and of hits within aggregations and suggestions it takes
     * references of its own.
     */
    static SearchResponse response(SearchResponse first, SearchHits hits, long tookMillis) {
        return new SearchResponse(
                hits,
                first.getAggregations(),
                first.getSuggest(),
                first.isTimedOut(),
                first.isTerminatedEarly(),
                first.getSearchProfileResults(),
                first.getNumReducePhases(),
                first.getScrollId(),
                first.getTotalShards(),
                first.getSuccessfulShards(),
                first.getSkippedShards(),
                tookMillis,
                first.getShardFailures(),
                first.getClusters(),
                first.pointInTimeId(),
                null,
                null);
    }
}
