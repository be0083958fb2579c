package com.lastly.elasticsearch;

import com.lastly.core.Decision;
import com.lastly.core.RerankPlan;
import java.util.Optional;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.action.support.ActionFilterChain;
import org.elasticsearch.action.support.MappedActionFilter;
import org.elasticsearch.common.logging.HeaderWarning;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.rest.RestStatus;
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
        try (ThreadContext.StoredContext caller = services.context().newStoredContext()) {
            UserSearch user = UserSearch.of(task, search, services.context());
            if (Retrievers.ours(search.source())) user.keep(services.context());
            apply(
                    task,
                    search,
                    user,
                    (ActionListener<SearchResponse>) listener,
                    (asked, answer) -> chain.proceed(task, action, (Q) asked, (ActionListener<A>) answer));
        }
    }

    /** The rest of the chain, for a search. */
    private interface Rest {
        void proceed(SearchRequest request, ActionListener<SearchResponse> listener);
    }

    private void apply(
            Task task, SearchRequest request, UserSearch search, ActionListener<SearchResponse> user, Rest rest) {
        Optional<SearchedIndices.Found> found = services.indices().of(request);
        boolean concerned = found.isPresent() && (found.get().anyEnabled() || UserRequest.hasExt(request));
        if (!concerned) {
            rest.proceed(withoutExt(request), user);
            return;
        }
        Decision decision = services.node().decider().decide(new FilteredSearch(services, task, request, found.get()));
        if (decision instanceof Decision.Refuse refusal) {
            user.onFailure(error(refusal));
        } else if (decision instanceof Decision.LeaveAlone alone) {
            if (!alone.warning().isEmpty()) HeaderWarning.addWarning(alone.warning());
            rest.proceed(withoutExt(request), user);
        } else if (decision instanceof Decision.Rerank rerank) {
            SidecarWait wait = new SidecarWait(services, search);
            widen(request, rerank.plan(), wait, user, rest);
        }
    }

    private static void widen(
            SearchRequest request, RerankPlan plan, SidecarWait wait, ActionListener<SearchResponse> user, Rest rest) {
        try {
            SearchRequest copy = UserRequest.copy(request);
            WidenedSearch widened = WidenedSearch.of(copy.source(), plan);
            rest.proceed(copy, new RerankListener(wait, widened, user));
        } catch (RuntimeException | Error failure) { // of another filter, say: nobody else would give the bytes back
            plan.close();
            throw failure;
        }
    }

    private static RuntimeException error(Decision.Refuse refusal) {
        return refusal.badRequest()
                ? new IllegalArgumentException(refusal.message())
                : new ElasticsearchStatusException(refusal.message(), RestStatus.fromCode(refusal.status()));
    }

    private static SearchRequest withoutExt(SearchRequest request) {
        return UserRequest.hasExt(request) ? UserRequest.copy(request) : request;
    }
}
