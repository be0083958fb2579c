package com.lastly.vespa;

import com.yahoo.component.ComponentId;
import com.yahoo.component.annotation.Inject;
import com.yahoo.component.chain.dependencies.After;
import com.yahoo.component.chain.dependencies.Before;
import com.yahoo.component.chain.dependencies.Provides;
import com.yahoo.metrics.simple.MetricReceiver;
import com.yahoo.processing.request.CompoundName;
import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.Searcher;
import com.yahoo.search.result.ErrorMessage;
import com.yahoo.search.searchchain.Execution;
import com.yahoo.search.searchchain.PhaseNames;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.logging.Level;

/**
 * Puts the first-stage hits of a query into the order that the sidecar's model gives them.
 *
 * <p>It stands where the query is parsed (grouping, sorting and paging are known) and where one flat, blended list of hits
 * comes back. Searchers above it, such as field collapsing and rendering, see the new order.
 */
@Provides(RerankSearcher.NAME)
@After(PhaseNames.TRANSFORMED_QUERY)
@Before(PhaseNames.BLENDED_RESULT)
public final class RerankSearcher extends Searcher {

    /** What other searchers name to be placed before or after this one. */
    public static final String NAME = "LastlyRerank";

    private static final CompoundName WARM_UP = CompoundName.from("warmup");
    private static final List<String> PASSED_ON = List.of("X-Request-Id", "traceparent");

    private final QuerySettings settings;
    private final String summaryClass;
    private final int marginMillis;
    private final RerankMetrics metrics;
    private final SidecarClient sidecar;

    /** Made by the container. Throws IllegalArgumentException, which the deployment shows, where the config is wrong. */
    @Inject
    public RerankSearcher(ComponentId id, RerankConfig config, MetricReceiver receiver) {
        super(id);
        settings = QuerySettings.of(config);
        summaryClass = config.summary();
        marginMillis = config.margin_ms();
        metrics = new RerankMetrics(receiver, id);
        sidecar = new SidecarClient(config.sidecar());
    }

    @Override
    public Result search(Query query, Execution execution) {
        QuerySettings asked;
        try {
            asked = settings.with(query);
        } catch (IllegalArgumentException e) {
            return new Result(query, ErrorMessage.createInvalidQueryParameter(e.getMessage()));
        }
        if (!asked.enabled() || query.properties().getBoolean(WARM_UP, false)) return execution.search(query);
        String text = asked.query().isBlank() ? QueryText.of(query, execution.context().schemaInfo()) : asked.query();
        String reason = reasonToSkip(query, text);
        if (reason != null) return skip(reason, query, execution);
        return rerank(text, asked, query, execution);
    }

    /** Why a query is left alone; null where it isn't. */
    private static String reasonToSkip(Query query, String text) {
        if (query.getHits() == 0) return "size_zero";
        if (query.getRanking().getSorting() != null) return "sort";
        if (!query.getSelect().getGrouping().isEmpty()) return "grouping";
        return text.isBlank() ? "no_query_text" : null;
    }

    private Result skip(String reason, Query query, Execution execution) {
        metrics.skipped(reason);
        query.trace(NAME + ": left alone, " + reason, false, 2);
        return execution.search(query);
    }

    private Result rerank(String text, QuerySettings asked, Query query, Execution execution) {
        Page page = Page.of(query);
        if (page.offset() >= asked.window()) return Tail.below(asked, page, execution.search(query));
        page.widen(query, asked.window());
        Result result;
        try {
            result = execution.search(query);
        } finally {
            page.restore(query);
        }
        Candidates candidates = Candidates.of(result, asked.window());
        if (candidates.size() > 0) {
            Result refused = rerank(text, asked, candidates, result, execution);
            if (refused != null) return refused;
        }
        result.hits().trim(page.offset(), page.hits());
        return result;
    }

    /** Reranks in place; null where the result is to be answered, and an error's result where `on_failure` is `fail`. */
    private Result rerank(String text, QuerySettings asked, Candidates candidates, Result result, Execution execution) {
        long started = System.nanoTime();
        try {
            candidates.fillOrFail(result, summaryClass, execution);
            CompletableFuture<double[]> scores = sidecar.scores(request(text, asked, candidates, result.getQuery()));
            if (asked.shadow()) {
                scores.whenComplete((done, failure) -> shadowed(failure, started));
                return null;
            }
            candidates.reorder(result, scores.get(), asked.explain());
            metrics.reranked(System.nanoTime() - started);
            return null;
        } catch (RerankFailure | ExecutionException failure) {
            return failed(RerankFailure.of(failure), asked, result);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return failed(new RerankFailure("interrupted", "the container is shutting down"), asked, result);
        } finally {
            metrics.breakerOpen(sidecar.breakerOpen());
        }
    }

    private SidecarRequest request(String text, QuerySettings asked, Candidates candidates, Query query) {
        Duration left = Duration.ofMillis(query.getTimeLeft() - marginMillis);
        Duration time = left.compareTo(asked.timeout()) < 0 ? left : asked.timeout();
        return new SidecarRequest(text, candidates.passages(asked.fields()), asked.model(), asked.instruction(),
                                  asked.maxDocTokens(), time, headers(query));
    }

    private static Map<String, String> headers(Query query) {
        Map<String, String> headers = new HashMap<>();
        for (String name : PASSED_ON) {
            String value = query.getHttpRequest() == null ? null : query.getHttpRequest().getHeader(name);
            if (value != null) headers.put(name, value);
        }
        return headers;
    }

    /** Nobody waits for a shadowed call; it is counted when it ends. */
    private void shadowed(Throwable failure, long started) {
        if (failure == null) metrics.shadowed(System.nanoTime() - started);
        else metrics.failed(RerankFailure.of(failure).reason());
    }

    private Result failed(RerankFailure failure, QuerySettings asked, Result result) {
        metrics.failed(failure.reason());
        getLogger().log(Level.FINE, () -> NAME + " failed: " + failure.reason());
        if (asked.failing()) return new Result(result.getQuery(), failure.error());
        Annotation.keptOrder(result, failure);
        return null;
    }
}
