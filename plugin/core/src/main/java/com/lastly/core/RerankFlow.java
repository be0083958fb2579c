package com.lastly.core;

import com.lastly.core.memory.HitSizes;
import com.lastly.core.page.RankedPage;
import com.lastly.core.page.Ranking;
import com.lastly.core.sidecar.CallTime;
import com.lastly.core.sidecar.RerankCall;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.Reranker;
import com.lastly.core.stats.RerankStats;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The way from a first stage's hits to the page that is answered, for every engine: build the call within the time and
 * the budget, ask the sidecar, put the hits into order. The failure policy is decided here and nowhere else.
 */
public final class RerankFlow {

    private final Reranker reranker;
    private final RerankStats stats;
    private final HitSizes sizes;
    private final Executor builders;

    /** `builders` puts calls together: never the thread that brought the hits, unless that one waits for the answer. */
    RerankFlow(Reranker reranker, RerankStats stats, HitSizes sizes, Executor builders) {
        this.reranker = reranker;
        this.stats = stats;
        this.sizes = sizes;
        this.builders = builders;
    }

    /** Reranks within the time that the settings give. Cancel the future to end everything that was begun for it. */
    public CompletableFuture<Outcome> rerank(RerankPlan plan, FirstStage first, Map<String, String> headers) {
        return rerank(plan, first, headers, Long.MAX_VALUE);
    }

    /**
     * The same for a search that has `leftMillis` of its own time left. The future fails only where it is cancelled.
     */
    public CompletableFuture<Outcome> rerank(
            RerankPlan plan, FirstStage first, Map<String, String> headers, long leftMillis) {
        int hits = first.hits();
        if (plan.window().below()) return page(below(plan, hits));
        if (hits == 0) return page(RankedPage.firstStage(plan.window(), 0));
        long bytes = first.bytes();
        sizes.met(plan.index(), bytes, hits);
        if (!plan.held().hold(bytes)) {
            stats.failed(RerankFailure.MEMORY.reason());
            return CompletableFuture.completedFuture(kept(plan, hits, RerankFailure.MEMORY));
        }
        CallTime time = CallTime.start(plan.settings().timeoutMillis(), leftMillis);
        return asked(plan, first, headers, time, hits);
    }

    private CompletableFuture<Outcome> asked(
            RerankPlan plan, FirstStage first, Map<String, String> headers, CallTime time, int hits) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        CallBuilder builder = new CallBuilder(plan, first, headers, time, stats);
        builder.call().whenComplete((call, thrown) -> {
            try {
                if (thrown != null) outcome.complete(kept(plan, hits, RerankFailure.of(thrown)));
                else if (plan.settings().shadow()) shadowed(call, outcome, RankedPage.firstStage(plan.window(), hits));
                else asked(call, outcome, plan, hits);
            } catch (RuntimeException
                    | Error e) { // a future would keep it to itself, and the search would wait for ever
                outcome.complete(kept(plan, hits, RerankFailure.of(e)));
            }
        });
        builder.runOn(builders);
        return outcome;
    }

    /** Nobody waits for the scores; only the hits had to stay while their passages were read. */
    private void shadowed(RerankCall call, CompletableFuture<Outcome> outcome, RankedPage firstStage) {
        reranker.scores(call);
        outcome.complete(new Outcome.Page(firstStage));
    }

    private void asked(RerankCall call, CompletableFuture<Outcome> outcome, RerankPlan plan, int hits) {
        CompletableFuture<double[]> scores = reranker.scores(call);
        outcome.whenComplete((done, cancelled) -> {
            if (cancelled != null) scores.cancel(true);
        });
        scores.handle((ranked, thrown) ->
                        thrown == null ? ranked(plan, ranked, hits) : kept(plan, hits, RerankFailure.of(thrown)))
                .exceptionally(thrown -> kept(plan, hits, RerankFailure.of(thrown)))
                .thenAccept(outcome::complete);
    }

    private static CompletableFuture<Outcome> page(RankedPage page) {
        return CompletableFuture.completedFuture(new Outcome.Page(page));
    }

    /** A page below the window keeps its order; only a real reranking gives it scores that fit those above. */
    private static RankedPage below(RerankPlan plan, int hits) {
        return plan.settings().shadow()
                ? RankedPage.asFetched(plan.window(), hits)
                : RankedPage.below(plan.window(), hits);
    }

    private static Outcome ranked(RerankPlan plan, double[] scores, int hits) {
        return new Outcome.Page(RankedPage.reranked(plan.window(), Ranking.of(scores, hits, plan.window()), hits));
    }

    private static Outcome kept(RerankPlan plan, int hits, RerankFailure failure) {
        return failure.cancelled() ? new Outcome.Failed(failure) : failedOpen(plan, hits, failure);
    }

    /** Fails open, unless the settings forbid it. A shadowed search is told nothing. */
    static Outcome failedOpen(RerankPlan plan, int hits, RerankFailure failure) {
        RankedPage firstStage = RankedPage.firstStage(plan.window(), hits);
        if (plan.settings().shadow()) return new Outcome.Page(firstStage);
        if (plan.settings().fails()) return new Outcome.Failed(failure);
        return new Outcome.PageWithWarning(firstStage, failure);
    }

    /** For an engine whose thread waits for the future, and waits no longer; the call is ended, and counted already. */
    public static Outcome givenUp(
            CompletableFuture<Outcome> outcome, RerankPlan plan, int hits, RerankFailure failure) {
        outcome.cancel(true);
        return failedOpen(plan, hits, failure);
    }
}
