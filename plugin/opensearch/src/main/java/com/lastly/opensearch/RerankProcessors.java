package com.lastly.opensearch;

import com.lastly.core.Decision;
import com.lastly.core.RerankPlan;
import com.lastly.core.settings.RerankSettings;
import java.util.Optional;
import java.util.function.Supplier;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.logging.HeaderWarning;
import org.opensearch.core.action.ActionListener;
import org.opensearch.search.pipeline.AbstractProcessor;
import org.opensearch.search.pipeline.PipelineProcessingContext;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchRequestProcessor;
import org.opensearch.search.pipeline.SearchResponseProcessor;

/**
 * The same reranking for those who work with search pipelines: a request processor `lastly_rerank` that holds the
 * settings and widens the search, and a response processor `lastly_rerank` that reranks what came and cuts the page.
 */
final class RerankProcessors {

    static final String TYPE = "lastly_rerank";
    private static final String SEARCH = "lastly_rerank.search";

    private RerankProcessors() {}

    static Processor.Factory<SearchRequestProcessor> requests(Supplier<Services> services) {
        return (others, tag, description, ignoreFailure, config, context) ->
                new Widen(tag, description, ignoreFailure, ProcessorConfig.read(tag, config), services.get());
    }

    static Processor.Factory<SearchResponseProcessor> responses(Supplier<Services> services) {
        return (others, tag, description, ignoreFailure, config, context) ->
                new Rerank(tag, description, ignoreFailure, services.get());
    }

    private static final class Widen extends AbstractProcessor implements SearchRequestProcessor {
        private final RerankSettings settings;
        private final Services services;

        Widen(String tag, String description, boolean ignoreFailure, RerankSettings settings, Services services) {
            super(tag, description, ignoreFailure);
            this.settings = settings;
            this.services = services;
        }

        @Override
        public String getType() {
            return TYPE;
        }

        @Override
        public SearchRequest processRequest(SearchRequest request) {
            return processRequest(request, new PipelineProcessingContext());
        }

        @Override
        public SearchRequest processRequest(SearchRequest request, PipelineProcessingContext context) {
            SearchRequest copy = UserRequest.copy(request);
            Optional<SearchedIndices.Found> found = services.indices().of(request);
            if (found.isEmpty()) return copy; // the search itself reports it
            Decision decision =
                    services.node().decider().decide(new PipelineSearch(services, request, found.get(), settings));
            if (decision instanceof Decision.Refuse refusal) throw SearchFilter.error(refusal);
            if (decision instanceof Decision.LeaveAlone alone
                    && !alone.warning().isEmpty()) HeaderWarning.addWarning(alone.warning());
            if (decision instanceof Decision.Rerank rerank) widen(copy, rerank.plan(), context);
            return copy;
        }

        /** Of a search that fails no response processor is told, so nothing can be held until then. */
        private static void widen(SearchRequest copy, RerankPlan plan, PipelineProcessingContext context) {
            plan.held().hold(0);
            context.setAttribute(SEARCH, WidenedSearch.of(copy.source(), plan));
        }
    }

    private static final class Rerank extends AbstractProcessor implements SearchResponseProcessor {
        private final Services services;

        Rerank(String tag, String description, boolean ignoreFailure, Services services) {
            super(tag, description, ignoreFailure);
            this.services = services;
        }

        @Override
        public String getType() {
            return TYPE;
        }

        @Override
        public SearchResponse processResponse(SearchRequest request, SearchResponse response) {
            throw new UnsupportedOperationException(
                    TYPE + " holds no thread while it waits; call processResponseAsync");
        }

        @Override
        public void processResponseAsync(
                SearchRequest request,
                SearchResponse response,
                PipelineProcessingContext context,
                ActionListener<SearchResponse> listener) {
            if (context.getAttribute(SEARCH) instanceof WidenedSearch search)
                new RerankListener(services, Optional.empty(), search, listener).onResponse(response);
            else listener.onResponse(response); // skipped, and counted by the request processor
        }
    }
}
