package com.lastly.elasticsearch;

import com.lastly.core.SkipReason;
import java.util.List;
import java.util.Optional;
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

/** Which searches are left alone for what they are, whatever their index says. */
final class SearchForm {

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

    SearchForm(TaskManager tasks, ThreadContext context, String node) {
        this.tasks = tasks;
        this.context = context;
        this.node = node;
    }

    String node() {
        return node;
    }

    /** The reason, empty where the search may be reranked. */
    Optional<SkipReason> of(Task task, SearchRequest request) {
        SearchSourceBuilder source = UserRequest.source(request);
        if (internal(task)) return Optional.of(SkipReason.INTERNAL);
        if (request.scroll() != null) return Optional.of(SkipReason.SCROLL);
        if (source.pointInTimeBuilder() != null) return Optional.of(SkipReason.POINT_IN_TIME);
        if (source.searchAfter() != null) return Optional.of(SkipReason.SEARCH_AFTER);
        if (source.slice() != null) return Optional.of(SkipReason.SLICE);
        if (source.size() == 0 || source.isSuggestOnly()) return Optional.of(SkipReason.SIZE_ZERO);
        if (sorted(source.sorts())) return Optional.of(SkipReason.SORT);
        return ofFeatures(request, source);
    }

    private static Optional<SkipReason> ofFeatures(SearchRequest request, SearchSourceBuilder source) {
        if (source.collapse() != null && source.collapse().getInnerHits().isEmpty() == false)
            return Optional.of(SkipReason.COLLAPSE_INNER_HITS);
        if (source.storedFields() != null && source.storedFields().fetchFields() == false)
            return Optional.of(SkipReason.STORED_FIELDS_NONE);
        if (source.rankBuilder() != null) return Optional.of(SkipReason.RANK);
        if (Retrievers.rerank(source)) return Optional.of(SkipReason.RERANKER_RETRIEVER);
        return SearchedIndices.remote(request) ? Optional.of(SkipReason.CROSS_CLUSTER) : Optional.empty();
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
