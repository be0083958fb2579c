package com.lastly.opensearch;

import com.lastly.core.SkipReason;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.tasks.TaskId;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.sort.ScoreSortBuilder;
import org.opensearch.search.sort.SortBuilder;
import org.opensearch.search.sort.SortOrder;
import org.opensearch.tasks.Task;

/** Which searches are left alone for what they are, whatever their index says. */
final class SearchForm {

    /** Actions that only pass a user's search on. Any other parent means that the engine itself is searching. */
    private static final Set<String> PASSING_ON = Set.of(
            "indices:data/read/msearch",
            "indices:data/read/search/template",
            "indices:data/read/msearch/template",
            "cluster:admin/opendistro/asynchronous_search/submit",
            "indices:data/read/rank_eval");

    private static final int DEEPEST = 8;

    private final Services services;

    SearchForm(Services services) {
        this.services = services;
    }

    /** The reason, empty where the search may be reranked. */
    Optional<SkipReason> of(Task task, SearchRequest request) {
        return internal(task) || remoteHalf(request) ? Optional.of(SkipReason.INTERNAL) : ofRequest(request);
    }

    /**
     * Another cluster's half of a search, which that one puts in order. Only the request's text tells (3.6), here
     * without its source.
     */
    private static boolean remoteHalf(SearchRequest request) {
        String text =
                new SearchRequest(request).source(new SearchSourceBuilder()).toString();
        return text.contains(", localClusterAlias=") && !text.contains(", localClusterAlias=null,");
    }

    /** The same without the search's task, which a search pipeline is not told. */
    Optional<SkipReason> ofRequest(SearchRequest request) {
        SearchSourceBuilder source = UserRequest.source(request);
        if (request.scroll() != null) return Optional.of(SkipReason.SCROLL);
        if (source.pointInTimeBuilder() != null) return Optional.of(SkipReason.POINT_IN_TIME);
        if (source.searchAfter() != null) return Optional.of(SkipReason.SEARCH_AFTER);
        if (source.slice() != null) return Optional.of(SkipReason.SLICE);
        if (source.size() == 0 || source.isSuggestOnly()) return Optional.of(SkipReason.SIZE_ZERO);
        if (sorted(source.sorts())) return Optional.of(SkipReason.SORT);
        return ofFeatures(request, source);
    }

    private static Optional<SkipReason> ofFeatures(SearchRequest request, SearchSourceBuilder source) {
        if (source.collapse() != null && !source.collapse().getInnerHits().isEmpty())
            return Optional.of(SkipReason.COLLAPSE_INNER_HITS);
        if (source.storedFields() != null && !source.storedFields().fetchFields())
            return Optional.of(SkipReason.STORED_FIELDS_NONE);
        if (source.from() > 0 && HybridQuery.is(source.query()) && HybridQuery.depth(source.query()) == 0)
            return Optional.of(SkipReason.HYBRID_WITHOUT_DEPTH);
        return SearchedIndices.remote(request) ? Optional.of(SkipReason.CROSS_CLUSTER) : Optional.empty();
    }

    private static boolean sorted(List<SortBuilder<?>> sorts) {
        if (sorts == null || sorts.isEmpty()) return false;
        return sorts.size() > 1 || !(sorts.get(0) instanceof ScoreSortBuilder score) || score.order() != SortOrder.DESC;
    }

    private boolean internal(Task task) {
        ThreadContext context = services.context();
        if (context.isSystemContext() || context.getTransient(ThreadContext.ACTION_ORIGIN_TRANSIENT_NAME) != null)
            return true;
        String node = services.cluster().localNode().getId();
        TaskId parent = task.getParentTaskId();
        for (int depth = 0; parent.isSet(); depth++) {
            Task found =
                    parent.getNodeId().equals(node) ? services.tasks().get().getTask(parent.getId()) : null;
            if (found == null || depth > DEEPEST || !PASSING_ON.contains(found.getAction())) return true;
            parent = found.getParentTaskId();
        }
        return false;
    }
}
