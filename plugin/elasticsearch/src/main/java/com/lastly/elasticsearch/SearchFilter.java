package com.lastly.elasticsearch;

import com.lastly.core.settings.RerankSettings;
import java.util.Map;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.action.support.ActionFilterChain;
import org.elasticsearch.action.support.MappedActionFilter;
import org.elasticsearch.common.logging.HeaderWarning;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.tasks.Task;

/** Meets every search on its coordinating node: widens those that are to be reranked, and leaves the others alone. */
final class SearchFilter implements MappedActionFilter {

    private final Services services;

    SearchFilter(Services services) {
        this.services = services;
    }

    @Override
    public String actionName() {
        return "indices:data/read/search";
    }

    @Override
    @SuppressWarnings("unchecked")
    public <Q extends ActionRequest, A extends ActionResponse> void apply(
            Task task, String action, Q request, ActionListener<A> listener, ActionFilterChain<Q, A> chain) {
        if (!(request instanceof SearchRequest search)) {
            chain.proceed(task, action, request, listener);
            return;
        }
        Plan plan;
        try {
            plan = plan(task, search);
        } catch (IllegalArgumentException e) { // ext.lastly asks for what can't be
            listener.onFailure(e);
            return;
        }
        try (ThreadContext.StoredContext caller = services.context().newStoredContext()) {
            UserSearch user = UserSearch.of(task, search, services.context());
            if (Retrievers.ours(search.source())) user.keep(services.context());
            chain.proceed(
                    task,
                    action,
                    (Q) plan.request(),
                    plan.rerank() == null
                            ? listener
                            : (ActionListener<A>) new RerankListener(
                                    services, user, plan.rerank(), (ActionListener<SearchResponse>) listener));
        }
    }

    /** The request that goes on, and how its answer is reranked (null: not at all). */
    private record Plan(SearchRequest request, RerankPlan rerank) {}

    private Plan plan(Task task, SearchRequest request) {
        Map<String, Object> ext = Widening.asked(request);
        SearchedIndices.Found found = services.indices().of(request);
        if (found == null || !found.anyEnabled() && (ext == null || !ext.containsKey("enabled")))
            return unchanged(request, ext);
        RerankSettings settings = found.settings().with(ext == null ? Map.of() : ext);
        if (!settings.enabled() && !found.anyEnabled()) return unchanged(request, ext);
        return plan(task, request, ext, found, settings);
    }

    private Plan plan(
            Task task,
            SearchRequest request,
            Map<String, Object> ext,
            SearchedIndices.Found found,
            RerankSettings settings) {
        SearchRequest copy = Widening.copy(request);
        String query = settings.query().isBlank() ? SearchText.of(copy.source()) : settings.query();
        String reason = reason(task, copy, found, settings);
        if (reason == null && query.isEmpty()) reason = "no_query_text";
        if (reason != null) {
            services.reranker().stats().skipped(reason);
            return unchanged(request, ext);
        }
        RerankSettings.checkFields(true, settings.fields());
        return new Plan(copy, Widening.apply(copy.source(), settings, query, found.largest()));
    }

    private String reason(Task task, SearchRequest request, SearchedIndices.Found found, RerankSettings settings) {
        String reason = services.skipReason()
                .of(task, request); // first: a point in time names no index, so it would meet them all
        if (reason != null) return reason;
        if (!found.agree()) {
            HeaderWarning.addWarning("lastly: not reranked, the searched indices have different index.lastly settings");
            return "mixed_indices";
        }
        return settings.enabled() ? null : "switched_off";
    }

    private static Plan unchanged(SearchRequest request, Map<String, Object> ext) {
        return new Plan(ext == null ? request : Widening.copy(request), null);
    }
}
