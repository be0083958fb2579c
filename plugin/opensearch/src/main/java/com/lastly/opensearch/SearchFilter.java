package com.lastly.opensearch;

import com.lastly.core.Decision;
import com.lastly.core.RerankPlan;
import java.util.Optional;
import java.util.Set;
import org.opensearch.OpenSearchStatusException;
import org.opensearch.action.ActionRequest;
import org.opensearch.action.search.SearchAction;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.action.support.ActionFilter;
import org.opensearch.action.support.ActionFilterChain;
import org.opensearch.common.logging.HeaderWarning;
import org.opensearch.core.action.ActionListener;
import org.opensearch.core.action.ActionResponse;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.tasks.Task;

/** Meets every search on its coordinating node: widens those that are to be reranked, and leaves the others alone. */
final class SearchFilter implements ActionFilter {

    /** After the security plugin's (the least there is) and neural search's (0): both have seen what the user wrote. */
    private static final int ORDER = 100;

    private final Services services;

    SearchFilter(Services services) {
        this.services = services;
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
        apply(
                task,
                search,
                (ActionListener<SearchResponse>) listener,
                (asked, answer) -> chain.proceed(task, action, (Q) asked, (ActionListener<A>) answer));
    }

    /** The rest of the chain, for a search. */
    private interface Rest {
        void proceed(SearchRequest request, ActionListener<SearchResponse> listener);
    }

    private void apply(Task task, SearchRequest request, ActionListener<SearchResponse> user, Rest rest) {
        Optional<SearchedIndices.Found> found = services.indices().of(request);
        boolean concerned = found.isPresent() && (found.get().anyEnabled() || UserRequest.hasExt(request));
        if (!concerned) {
            rest.proceed(withoutExt(request), user);
            return;
        }
        Set<String> processors = SearchedPipeline.responseProcessors(
                request, found.get().indices(), services.cluster().state());
        if (processors.contains(RerankProcessors.TYPE)) rest.proceed(request, user); // these read ext.lastly themselves
        else apply(new FilteredSearch(services, task, request, found.get(), processors), user, rest);
    }

    private void apply(FilteredSearch search, ActionListener<SearchResponse> user, Rest rest) {
        Decision decision = services.node().decider().decide(search);
        if (decision instanceof Decision.Refuse refusal) {
            user.onFailure(error(refusal));
        } else if (decision instanceof Decision.LeaveAlone alone) {
            if (!alone.warning().isEmpty()) HeaderWarning.addWarning(alone.warning());
            rest.proceed(withoutExt(search.request()), user);
        } else if (decision instanceof Decision.Rerank rerank) {
            widen(search, rerank.plan(), user, rest);
        }
    }

    private void widen(FilteredSearch search, RerankPlan plan, ActionListener<SearchResponse> user, Rest rest) {
        try {
            SearchRequest copy = UserRequest.copy(search.request());
            WidenedSearch widened = WidenedSearch.of(copy.source(), plan);
            rest.proceed(copy, new RerankListener(services, Optional.of(search.task()), widened, user));
        } catch (RuntimeException | Error failure) { // of another filter, say: nobody else would give the bytes back
            plan.close();
            throw failure;
        }
    }

    static RuntimeException error(Decision.Refuse refusal) {
        return refusal.badRequest()
                ? new IllegalArgumentException(refusal.message())
                : new OpenSearchStatusException(refusal.message(), RestStatus.fromCode(refusal.status()));
    }

    private static SearchRequest withoutExt(SearchRequest request) {
        return UserRequest.hasExt(request) ? UserRequest.copy(request) : request;
    }
}
