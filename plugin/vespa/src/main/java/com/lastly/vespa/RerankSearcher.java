package com.lastly.vespa;

import com.lastly.core.Decision;
import com.lastly.core.Outcome;
import com.lastly.core.RerankFlow;
import com.lastly.core.RerankNode;
import com.lastly.core.RerankPlan;
import com.lastly.core.memory.CountedBudget;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.CallerHeaders;
import com.lastly.core.sidecar.RerankFailure;
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
import com.yahoo.search.searchchain.Execution;
import com.yahoo.search.searchchain.PhaseNames;
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
    private final RerankNode node;

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
        CountedBudget budget = new CountedBudget(SearcherSettings.memoryLimit(config));
        node = new RerankNode(() -> sidecar, budget, Runnable::run, metrics); // a query's own thread waits anyway
    }

    @Override
    public void deconstruct() {
        node.close();
        super.deconstruct();
    }

    @Override
    public Result search(Query query, Execution execution) {
        if (query.properties().getBoolean(WARM_UP, false)) return execution.search(query);
        Decision decision = node.decider().decide(new QuerySearch(settings, query, execution));
        if (decision instanceof Decision.Refuse refusal) return Annotation.refused(query, refusal);
        if (decision instanceof Decision.Rerank rerank) {
            try (RerankPlan plan = rerank.plan()) {
                return rerank(plan, query, execution);
            }
        }
        return leftAlone((Decision.LeaveAlone) decision, query, execution);
    }

    private static Result leftAlone(Decision.LeaveAlone decision, Query query, Execution execution) {
        query.trace(NAME + ": left alone, " + decision.reason().counted(), false, 2);
        Result result = execution.search(query);
        if (!decision.warning().isEmpty()) Annotation.warn(result, decision.warning());
        return result;
    }

    private Result rerank(RerankPlan plan, Query query, Execution execution) {
        RerankWindow window = plan.window();
        if (window.below()) return below(plan, execution.search(query));
        Result result = widened(window, query, execution);
        Candidates candidates = Candidates.of(result, window);
        Outcome outcome = awaited(plan, new FilledHits(candidates, result, plan, summaryClass, execution), query);
        metrics.breakerOpen(node.breakerOpen());
        if (outcome instanceof Outcome.Failed failed) return Annotation.failed(query, failed.failure());
        if (outcome instanceof Outcome.PageWithWarning kept) {
            getLogger()
                    .log(Level.FINE, () -> NAME + " failed: " + kept.failure().reason());
            Annotation.keptOrder(result, kept.failure());
        }
        if (outcome instanceof Outcome.Page page && page.page().rescored())
            candidates.reorder(result, page.page(), plan.settings().explain());
        result.hits().trim(window.from(), window.size());
        return result;
    }

    private static Result below(RerankPlan plan, Result result) {
        if (!plan.settings().shadow()) Candidates.of(result, plan.window()).scoreAsTail();
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

    private Outcome awaited(RerankPlan plan, FilledHits hits, Query query) {
        long left = left(plan.settings(), query);
        CompletableFuture<Outcome> outcome = node.flow().rerank(plan, hits, headers(query), left);
        try {
            long given = Math.max(0, Math.min(left, plan.settings().timeoutMillis()));
            return outcome.get(given + GRACE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | CancellationException | TimeoutException late) {
            return RerankFlow.givenUp(outcome, plan, hits.hits(), RerankFailure.TIMEOUT);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return RerankFlow.givenUp(outcome, plan, hits.hits(), RerankFailure.CANCELLED);
        }
    }

    /** Nobody waits for a shadowed call, so the query's own time does not bound it. */
    private long left(RerankSettings asked, Query query) {
        return asked.shadow() ? Long.MAX_VALUE : query.getTimeLeft() - marginMillis;
    }

    private static Map<String, String> headers(Query query) {
        return query.getHttpRequest() == null ? Map.of() : CallerHeaders.of(query.getHttpRequest()::getHeader);
    }
}
