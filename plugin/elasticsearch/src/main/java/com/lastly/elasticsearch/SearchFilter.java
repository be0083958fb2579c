package com.lastly.elasticsearch;

import com.lastly.core.RerankSettings;
import com.lastly.core.RerankWindow;
import java.util.ArrayList;
import java.util.List;
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
import org.elasticsearch.search.SearchExtBuilder;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;
import org.elasticsearch.tasks.Task;

/** Meets every search on its coordinating node: widens those that are to be reranked, and leaves the others alone. */
final class SearchFilter implements MappedActionFilter {

    /** Under this name a search's context holds its task, for the retriever: a request that is rewritten is not told whose it is. */
    static final String TASK = "lastly.task";

    private static final int DEFAULT_SIZE = 10;

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
        Plan plan;
        try {
            plan = request instanceof SearchRequest search ? plan(task, search) : null;
        } catch (IllegalArgumentException e) { // ext.lastly asks for what can't be
            listener.onFailure(e);
            return;
        }
        try (ThreadContext.StoredContext caller = services.context().newStoredContext()) {
            if (request instanceof SearchRequest search && asksRetriever(search)) services.context().putTransient(TASK, task);
            if (plan == null) chain.proceed(task, action, request, listener);
            else chain.proceed(task, action, (Q) plan.request(), plan.rerank() == null ? listener
                : (ActionListener<A>) new RerankListener(services, task, plan.rerank(), (ActionListener<SearchResponse>) listener));
        }
    }

    private boolean asksRetriever(SearchRequest request) {
        return request.source() != null && RerankRetriever.in(request.source().retriever()) && services.context().getTransient(TASK) == null;
    }

    /** The request that goes on, and how its answer is reranked (null: not at all). */
    private record Plan(SearchRequest request, RerankPlan rerank) {}

    /** Null where the request goes on as it came. */
    private Plan plan(Task task, SearchRequest request) {
        RerankExt ext = ext(request.source());
        SearchedIndices.Found found = services.indices().of(request);
        Map<String, Object> asked = ext == null ? Map.of() : ext.asked();
        if (found == null || (found.anyEnabled() == false && asked.containsKey("enabled") == false)) return unchanged(request, ext);
        RerankSettings settings = found.settings().with(asked);
        if (settings.enabled() == false && found.anyEnabled() == false) return unchanged(request, ext);
        SearchRequest copy = copy(request);
        String reason = reason(task, request, copy.source(), found, settings);
        if (reason != null) {
            services.reranker().stats().skipped(reason);
            return unchanged(request, ext);
        }
        RerankSettings.checkFields(true, settings.fields());
        return new Plan(copy, widen(copy.source(), settings, found.largest()));
    }

    private String reason(Task task, SearchRequest request, SearchSourceBuilder source, SearchedIndices.Found found, RerankSettings settings) {
        if (found.agree() == false) {
            HeaderWarning.addWarning("lastly: not reranked, the searched indices have different index.lastly settings");
            return "mixed_indices";
        }
        if (settings.enabled() == false) return "switched_off";
        String reason = services.skipReason().of(task, request, source);
        if (reason != null) return reason;
        return settings.query().isBlank() && SearchText.of(source).isEmpty() ? "no_query_text" : null;
    }

    private static RerankPlan widen(SearchSourceBuilder source, RerankSettings settings, int maxResultWindow) {
        int largest = maxResultWindow;
        int size = source.size() < 0 ? DEFAULT_SIZE : source.size();
        if (source.retriever() instanceof CompoundRetrieverBuilder<?> compound) { // it holds no more than its own window
            largest = Math.min(largest, compound.rankWindowSize());
            if (source.size() < 0) size = compound.rankWindowSize();
        }
        RerankWindow window = RerankWindow.of(Math.max(source.from(), 0), size, settings.windowSize(), largest);
        String query = settings.query().isBlank() ? SearchText.of(source) : settings.query();
        if (window.below()) return new RerankPlan(settings, window, query, null, false);
        PassageFields fields = PassageFields.addTo(source, settings.fields());
        source.from(0).size(window.fetched());
        return new RerankPlan(settings, window, query, fields, source.sorts() != null && source.sorts().isEmpty() == false);
    }

    private static RerankExt ext(SearchSourceBuilder source) {
        if (source == null || source.ext().isEmpty()) return null;
        for (SearchExtBuilder ext : source.ext()) if (ext instanceof RerankExt ours) return ours;
        return null;
    }

    private static Plan unchanged(SearchRequest request, RerankExt ext) {
        return ext == null ? null : new Plan(copy(request), null);
    }

    /** A copy whose source can be changed and has no `ext.lastly`: the caller's request stays as it is. */
    private static SearchRequest copy(SearchRequest request) {
        SearchRequest copy = new SearchRequest(request);
        SearchSourceBuilder source = request.source() == null ? new SearchSourceBuilder() : copy(request.source());
        List<SearchExtBuilder> others = new ArrayList<>(source.ext());
        others.removeIf(RerankExt.class::isInstance);
        copy.source(source.ext(others));
        return copy;
    }

    /** Elasticsearch's own shallow copy leaves the retriever out (8.19). */
    private static SearchSourceBuilder copy(SearchSourceBuilder source) {
        SearchSourceBuilder copy = source.shallowCopy();
        return source.retriever() == null ? copy : copy.retriever(source.retriever());
    }
}
