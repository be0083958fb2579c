package com.lastly.opensearch;

import com.lastly.core.settings.RerankSettings;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.core.action.ActionListener;
import org.opensearch.ingest.ConfigurationUtils;
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
    private static final String PLAN = "lastly_rerank.plan";

    private RerankProcessors() {}

    static Processor.Factory<SearchRequestProcessor> requests(Supplier<Services> services) {
        return (others, tag, description, ignoreFailure, config, context) ->
                new Widen(tag, description, ignoreFailure, settings(tag, config), services.get());
    }

    static Processor.Factory<SearchResponseProcessor> responses(Supplier<Services> services) {
        return (others, tag, description, ignoreFailure, config, context) ->
                new Rerank(tag, description, ignoreFailure, services.get());
    }

    /**
     * Reads what the index settings would hold, under their short names; throws OpenSearchParseException that names a
     * wrong one.
     */
    private static RerankSettings settings(String tag, Map<String, Object> config) {
        List<String> fields = ConfigurationUtils.readList(TYPE, tag, config, "fields");
        RerankSettings.checkFields(true, fields);
        int window = ConfigurationUtils.readIntProperty(TYPE, tag, config, "window_size", RerankSettings.WINDOW_SIZE);
        String timeout = ConfigurationUtils.readStringProperty(
                TYPE, tag, config, "timeout", RerankSettings.TIMEOUT_MILLIS + "ms");
        int tokens = ConfigurationUtils.readIntProperty(TYPE, tag, config, "max_doc_tokens", 0);
        String instruction = ConfigurationUtils.readStringProperty(TYPE, tag, config, "instruction", "");
        String onFailure =
                ConfigurationUtils.readStringProperty(TYPE, tag, config, "on_failure", RerankSettings.KEEP_ORDER);
        String mode = ConfigurationUtils.readStringProperty(TYPE, tag, config, "mode", RerankSettings.RERANK);
        return new RerankSettings(
                true,
                "",
                fields,
                RerankSettings.checkWindow(TYPE + ".window_size", window),
                RerankSettings.checkTimeout(
                        TYPE + ".timeout",
                        TimeValue.parseTimeValue(timeout, TYPE + ".timeout").millis()),
                RerankSettings.oneOf(TYPE + ".on_failure", onFailure, RerankSettings.KEEP_ORDER, RerankSettings.FAIL)
                        .equals(RerankSettings.FAIL),
                ConfigurationUtils.readStringProperty(TYPE, tag, config, "model", ""),
                RerankSettings.checkText(TYPE + ".instruction", instruction),
                RerankSettings.checkMaxDocTokens(TYPE + ".max_doc_tokens", tokens),
                RerankSettings.oneOf(TYPE + ".mode", mode, RerankSettings.RERANK, RerankSettings.SHADOW)
                        .equals(RerankSettings.SHADOW),
                ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "explain", false));
    }

    private static final class Widen extends AbstractProcessor implements SearchRequestProcessor {
        private final RerankSettings settings;
        private final Services services;
        private final SkipReason skipReason;

        Widen(String tag, String description, boolean ignoreFailure, RerankSettings settings, Services services) {
            super(tag, description, ignoreFailure);
            this.settings = settings;
            this.services = services;
            this.skipReason = new SkipReason(services);
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
            Map<String, Object> asked = Widening.asked(request);
            RerankSettings own = asked == null ? settings : settings.with(asked);
            SearchRequest copy = Widening.copy(request);
            SearchedIndices.Found found = services.indices().of(request);
            if (found == null) return copy; // the search itself reports it
            RerankPlan plan = Widening.of(copy, own, found.largest(), reason(copy, own, found), services);
            if (plan != null) context.setAttribute(PLAN, plan);
            return copy;
        }

        private String reason(SearchRequest copy, RerankSettings own, SearchedIndices.Found found) {
            String reason = own.enabled() ? skipReason.ofRequest(copy) : "switched_off";
            return reason == null && !services.indices().keepSource(found) ? "source_disabled" : reason;
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
            if (context.getAttribute(PLAN) instanceof RerankPlan plan)
                new RerankListener(services, null, plan, listener).onResponse(response);
            else listener.onResponse(response); // skipped, and counted by the request processor
        }
    }
}
