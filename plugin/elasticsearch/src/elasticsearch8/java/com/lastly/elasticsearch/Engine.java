package com.lastly.elasticsearch;

import java.util.Map;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.metadata.IndexMetadata;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.index.Index;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.SearchHits;
import org.elasticsearch.search.profile.SearchProfileResults;
import org.elasticsearch.search.profile.SearchProfileShardResult;

/** What Elasticsearch 8 and 9 call by different names. */
final class Engine {

    private Engine() {}

    /** Null where the state has no such index. */
    static IndexMetadata metadata(ClusterState state, Index index) {
        return state.metadata().index(index);
    }

    static void setField(SearchHit hit, DocumentField field) {
        hit.setDocumentField(field.getName(), field);
    }

    /** A response like `first` with other hits, of which it takes a reference of its own. */
    static SearchResponse response(SearchResponse first, SearchHits hits, long tookMillis) {
        Map<String, SearchProfileShardResult> profile = first.getProfileResults();
        return new SearchResponse(
                hits,
                first.getAggregations(),
                first.getSuggest(),
                first.isTimedOut(),
                first.isTerminatedEarly(),
                profile == null || profile.isEmpty() ? null : new SearchProfileResults(profile),
                first.getNumReducePhases(),
                first.getScrollId(),
                first.getTotalShards(),
                first.getSuccessfulShards(),
                first.getSkippedShards(),
                tookMillis,
                first.getShardFailures(),
                first.getClusters(),
                first.pointInTimeId());
    }
}
