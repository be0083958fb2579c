package com.lastly.elasticsearch;

import java.util.List;
import java.util.Set;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.sort.ScoreSortBuilder;
import org.elasticsearch.search.sort.SortBuilder;
import org.elasticsearch.search.sort.SortOrder;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.tasks.TaskId;
import org.elasticsearch.tasks.TaskManager;

/** Why a search of an enabled index is left alone. */
final class SkipReason {

    /** Actions that only pass a user's search on. Any other parent means that the engine itself is searching. */
    private static final Set<String> PASSING_ON = Set.of(
            "indices:data/read/msearch",
            "indices:data/read/search/template",
            "indices:data/read/msearch/template",
            "indices:data/read/async_search/submit",
            "indices:data/read/rank_eval");

    private static final int DEEPEST = 8;

    private final TaskManager tasks;
    private final ThreadContext context;
    private final String node;

    SkipReason(TaskManager tasks, ThreadContext context, String node) {
        this.tasks = tasks;
        this.context = context;
        this.node = node;
    }

    String node() {
        return node;
    }

    /** Null where the search may be reranked. */
    String of(Task task, SearchRequest request) {
        SearchSourceBuilder source = request.source();
        if (internal(task)) return "internal";
        if (request.scroll() != null) return "scroll";
        if (source.pointInTimeBuilder() != null) return "point_in_time";
        if (source.searchAfter() != null) return "search_after";
        if (source.slice() != null) return "slice";
        if (source.size() == 0 || source.isSuggestOnly()) return "size_zero";
        if (sorted(source.sorts())) return "sort";
        return ofFeatures(request, source);
    }

    private static String ofFeatures(SearchRequest request, SearchSourceBuilder source) {
        if (source.collapse() != null && source.collapse().getInnerHits().isEmpty() == false)
            return "collapse_inner_hits";
        if (source.storedFields() != null && source.storedFields().fetchFields() == false) return "stored_fields_none";
        if (source.rankBuilder() != null) return "rank";
        if (Retrievers.rerank(source)) return "reranker_retriever";
        return SearchedIndices.remote(request) ? "cross_cluster" : null;
    }

    private static boolean sorted(List<SortBuilder<?>> sorts) {
        if (sorts == null || sorts.isEmpty()) return false;
        return sorts.size() > 1 || !(sorts.get(0) instanceof ScoreSortBuilder score) || score.order() != SortOrder.DESC;
    }

    private boolean internal(Task task) {
        if (context.isSystemContext() || context.getTransient(ThreadContext.ACTION_ORIGIN_TRANSIENT_NAME) != null)
            return true;
        TaskId parent = task.getParentTaskId();
        for (int depth = 0; parent.isSet(); depth++) {
            Task found = parent.getNodeId().equals(node) ? tasks.getTask(parent.getId()) : null;
            if (found == null || depth > DEEPEST || PASSING_ON.contains(found.getAction()) == false) return true;
            parent = found.getParentTaskId();
        }
        return false;
    }
}
