package com.lastly.opensearch;

import com.lastly.core.settings.RerankSettings;
import java.util.Map;
import java.util.Set;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.search.SearchAction;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.action.support.ActionFilter;
import org.opensearch.action.support.ActionFilterChain;
import org.opensearch.common.logging.HeaderWarning;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.tasks.Task;

/** Meets every search on its coordinating node: widens those that are to be reranked, and leaves the others alone. */
final class SearchFilter implements ActionFilter {

    /**
     * After the security plugin's (the least there is) and neural search's (0), so that both have seen what the user
     * wrote.
     */
    private static final int ORDER = 100;

    private final Services services;
    private final SkipReason skipReason;

    SearchFilter(Services services) {
        this.services = services;
        this.skipReason = new SkipReason(services);
    }

    @Override
    public int order() {
        return ORDER;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <Q extends ActionRequest, A extends ActionResponse> void apply(
            Task task, String action, Q request, ActionListener<A> listener, ActionFilterChain<Q, A> chain) {
        if (!action.equals(SearchAction.NAME) || !(request instanceof SearchRequest search)) {
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
        chain.proceed(
                task,
                action,
                (Q) plan.request(),
                plan.rerank() == null
                        ? listener
                        : (ActionListener<A>) new RerankListener(
                                services, task, plan.rerank(), (ActionListener<SearchResponse>) listener));
    }

    /** The request that goes on, and how its answer is reranked (null: not at all). */
    private record Plan(SearchRequest request, RerankPlan rerank) {}

    private Plan plan(Task task, SearchRequest request) {
        Map<String, Object> ext = Widening.asked(request);
        SearchedIndices.Found found = services.indices().of(request);
        if (found == null || !found.anyEnabled() && ext == null) return unchanged(request, ext);
        Set<String> processors = SearchedPipeline.responseProcessors(
                request, found.indices(), services.cluster().state());
        if (processors.contains(RerankProcessors.TYPE))
            return new Plan(request, null); // these read ext.lastly and take it out
        if (!found.anyEnabled() && !ext.containsKey("enabled")) return unchanged(request, ext);
        RerankSettings settings = found.settings().with(ext == null ? Map.of() : ext);
        if (!settings.enabled() && !found.anyEnabled()) return unchanged(request, ext);
        SearchRequest copy = Widening.copy(request);
        String reason = reason(task, copy, found, settings, processors);
        if (reason == null) RerankSettings.checkFields(true, settings.fields());
        RerankPlan rerank = Widening.of(copy, settings, found.largest(), reason, services);
        return rerank == null ? unchanged(request, ext) : new Plan(copy, rerank);
    }

    private String reason(
            Task task,
            SearchRequest request,
            SearchedIndices.Found found,
            RerankSettings settings,
            Set<String> processors) {
        String reason =
                skipReason.of(task, request); // first: a point in time names no index, so it would meet them all
        if (reason != null) return reason;
        if (!found.agree()) {
            HeaderWarning.addWarning("lastly: not reranked, the searched indices have different index.lastly settings");
            return "mixed_indices";
        }
        if (!settings.enabled()) return "switched_off";
        if (!processors.isEmpty()) return "response_processors";
        return services.indices().keepSource(found) ? null : "source_disabled";
    }

    private static Plan unchanged(SearchRequest request, Map<String, Object> ext) {
        return new Plan(ext == null ? request : Widening.copy(request), null);
    }
}
