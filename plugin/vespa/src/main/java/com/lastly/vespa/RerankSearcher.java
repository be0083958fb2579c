package com.lastly.vespa;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.CallerHeaders;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.RerankRequest;
import com.lastly.core.sidecar.Reranker;
import com.lastly.core.sidecar.SidecarConfig;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;

/**
 * Puts the first-stage hits of a query into the order that the sidecar's model gives them.
 *
 * <p>It stands where the query is parsed (grouping, sorting and paging are known) and where one flat, blended list of
 * hits comes back. Searchers above it, such as field collapsing and rendering, see the new order.
 */
@Provides(RerankSearcher.NAME)
@After(PhaseNames.TRANSFORMED_QUERY)
@Before(PhaseNames.BLENDED_RESULT)
public final class RerankSearcher extends Searcher {

    /** What other searchers name to be placed before or after this one. */
    public static final String NAME = "LastlyRerank";

    private static final CompoundName WARM_UP = CompoundName.from("warmup");
    /** The core ends a call in time; this is only for a machine that is too busy to run its timers. */
    private static final long GRACE_MILLIS = 100;

    private final RerankSettings settings;
    private final String summaryClass;
    private final int marginMillis;
    private final RerankMetrics metrics;
    private final Reranker reranker;

    /**
     * Made by the container. Throws IllegalArgumentException, which the deployment shows, where the config is wrong.
     */
    @Inject
    public RerankSearcher(ComponentId id, RerankConfig config, MetricReceiver receiver) {
        super(id);
        settings = SearcherSettings.of(config);
        summaryClass = config.summary();
        marginMillis = config.margin_ms();
        metrics = new RerankMetrics(receiver, id);
        SidecarConfig sidecar = SearcherSettings.sidecar(config);
        reranker = new Reranker(() -> sidecar, null, metrics);
    }

    @Override
    public Result search(Query query, Execution execution) {
        RerankSettings asked;
        try {
            asked = SearcherSettings.of(settings, query);
        } catch (IllegalArgumentException e) {
            return new Result(query, ErrorMessage.createInvalidQueryParameter(e.getMessage()));
        }
        if (!(settings.enabled() || asked.enabled()) || query.properties().getBoolean(WARM_UP, false))
            return execution.search(query);
        String text = asked.query().isBlank()
                ? QueryText.of(query, execution.context().schemaInfo())
                : asked.query();
        String reason = reasonToSkip(query, text, asked);
        if (reason != null) return skip(reason, query, execution);
        return rerank(text, asked, query, execution);
    }

    /** Why a query is left alone; null where it isn't. */
    private static String reasonToSkip(Query query, String text, RerankSettings asked) {
        if (!asked.enabled()) return "switched_off";
        if (query.getHits() == 0) return "size_zero";
        if (query.getRanking().getSorting() != null) return "sort";
        if (!query.getSelect().getGrouping().isEmpty()) return "grouping";
        return text.isBlank() ? "no_query_text" : null;
    }

    private Result skip(String reason, Query query, Execution execution) {
        reranker.stats().skipped(reason);
        query.trace(NAME + ": left alone, " + reason, false, 2);
        return execution.search(query);
    }

    private Result rerank(String text, RerankSettings asked, Query query, Execution execution) {
        RerankWindow window =
                RerankWindow.of(query.getOffset(), query.getHits(), asked.windowSize(), Integer.MAX_VALUE);
        if (window.below()) return below(window, asked, execution.search(query));
        Result result = widened(window, query, execution);
        Candidates candidates = Candidates.of(result, window);
        if (!candidates.isEmpty()) {
            Result refused = rerank(text, asked, candidates, result, execution);
            if (refused != null) return refused;
        }
        result.hits().trim(window.from(), window.size());
        return result;
    }

    private static Result below(RerankWindow window, RerankSettings asked, Result result) {
        if (!asked.shadow()) Candidates.of(result, window).scoreAsTail();
        return result;
    }

    /** Lets the first stage find the whole window and the whole page. */
    private static Result widened(RerankWindow window, Query query, Execution execution) {
        query.setOffset(0);
        query.setHits(window.fetched());
        try {
            return execution.search(query);
        } finally {
            query.setOffset(window.from());
            query.setHits(window.size());
        }
    }

    /**
     * Reranks in place; null where the result is to be answered, and an error's result where `on_failure` is `fail`.
     */
    private Result rerank(
            String text, RerankSettings asked, Candidates candidates, Result result, Execution execution) {
        try {
            List<String> passages = passages(asked, candidates, result, execution);
            RerankRequest request = new RerankRequest(
                    text, passages, asked, headers(result.getQuery()), time(asked, result.getQuery()));
            CompletableFuture<double[]> scores = reranker.scores(request);
            if (!asked.shadow()) candidates.reorder(result, awaited(scores, request.timeMillis()), asked.explain());
            return null;
        } catch (RerankFailure failure) {
            return failed(failure, asked, result);
        } finally {
            metrics.breakerOpen(reranker.breakerOpen());
        }
    }

    private List<String> passages(RerankSettings asked, Candidates candidates, Result result, Execution execution)
            throws RerankFailure {
        try {
            return candidates.passages(result, asked.fields(), summaryClass, execution);
        } catch (RerankFailure failure) {
            reranker.stats().failed(failure.reason());
            throw failure;
        }
    }

    /** Nobody waits for a shadowed call, so the query's own time does not bound it. */
    private long time(RerankSettings asked, Query query) {
        return asked.shadow()
                ? asked.timeoutMillis()
                : Math.min(asked.timeoutMillis(), query.getTimeLeft() - marginMillis);
    }

    private static double[] awaited(CompletableFuture<double[]> scores, long millis) throws RerankFailure {
        try {
            return scores.get(Math.max(0, millis) + GRACE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            scores.cancel(true);
            throw RerankFailure.of(failure);
        } catch (InterruptedException interrupted) {
            scores.cancel(true);
            Thread.currentThread().interrupt();
            throw RerankFailure.of(new CancellationException());
        }
    }

    private static Map<String, String> headers(Query query) {
        return query.getHttpRequest() == null ? Map.of() : CallerHeaders.of(query.getHttpRequest()::getHeader);
    }

    /** A shadowed search is answered as if nobody had been asked. */
    private Result failed(RerankFailure failure, RerankSettings asked, Result result) {
        getLogger().log(Level.FINE, () -> NAME + " failed: " + failure.reason());
        if (asked.shadow()) return null;
        if (asked.fails()) return Annotation.refused(result.getQuery(), failure);
        Annotation.keptOrder(result, failure);
        return null;
    }
}
