package com.lastly.core.sidecar;

import com.lastly.core.stats.Counters;
import com.lastly.core.stats.RerankStats;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Asks the sidecar for scores, within bounds: no more calls under way than allowed, none while the breaker is open,
 * none beyond its time. Counts every call once. One per node; safe for all threads.
 */
public final class Reranker {

    private static final RerankFailure NO_TEXT = new RerankFailure(
            "no_passage_text", "no hit has text in the fields that the setting fields names; check their names");
    private static final RerankFailure NO_SIDECAR =
            new RerankFailure("no_sidecar", "lastly.sidecar.urls is empty; give the address of a sidecar");
    private static final RerankFailure BREAKER_OPEN =
            new RerankFailure("breaker_open", "the sidecar failed lately and is left alone for a while");
    private static final RerankFailure IN_FLIGHT_FULL =
            new RerankFailure("in_flight_full", "lastly.sidecar.max_in_flight calls are under way");

    private final Supplier<SidecarConfig> config;
    private final RerankClient client;
    private final Breaker breaker;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final RerankStats stats;

    /** `config` is read at each call, except for the breaker's, which hold from the start. */
    public Reranker(Supplier<SidecarConfig> config, Executor executor) {
        this(config, executor, null);
    }

    /** For an engine with metrics of its own: `counters` is told of everything that is counted here. */
    public Reranker(Supplier<SidecarConfig> config, Executor executor, Counters counters) {
        this(config, new RerankClient(executor, null), counters);
    }

    Reranker(Supplier<SidecarConfig> config, RerankClient client) {
        this(config, client, null);
    }

    private Reranker(Supplier<SidecarConfig> config, RerankClient client, Counters counters) {
        this.config = config;
        this.client = client;
        stats = new RerankStats(counters);
        SidecarConfig first = config.get();
        breaker = new Breaker(first.breakerFailures(), first.breakerPauseMillis(), System::nanoTime);
    }

    /** The counters of this node, for searches that never come to a call. */
    public RerankStats stats() {
        return stats;
    }

    public Map<String, Object> snapshot() {
        return stats.snapshot(breaker.state(), inFlight.get());
    }

    /** Whether the sidecar is left alone at present. */
    public boolean breakerOpen() {
        return breaker.open();
    }

    /** A score for every passage, in their order; a failed future holds a RerankFailure. Cancel it to end the call. */
    public CompletableFuture<double[]> scores(RerankRequest request) {
        SidecarConfig now = config.get();
        if (request.passages().stream().allMatch(String::isBlank)) return refused(NO_TEXT);
        if (now.urls().isEmpty()) return refused(NO_SIDECAR);
        if (request.timeMillis() <= 0) return refused(RerankFailure.NO_TIME_LEFT);
        Breaker.Permit permit = breaker.permit();
        if (permit == Breaker.Permit.NO) return refused(BREAKER_OPEN);
        if (inFlight.incrementAndGet() > now.maxInFlight()) {
            inFlight.decrementAndGet();
            breaker.forget(permit);
            return refused(IN_FLIGHT_FULL);
        }
        return called(request, now, permit);
    }

    private CompletableFuture<double[]> called(RerankRequest request, SidecarConfig now, Breaker.Permit permit) {
        Once call = new Once(
                new AtomicBoolean(),
                permit,
                System.nanoTime(),
                request.settings().shadow());
        CompletableFuture<double[]> answer = new CompletableFuture<>();
        answer.whenComplete((scores, thrown) -> ended(call, request.failure(thrown))); // who asked may have cancelled
        try {
            client.scores(request, now, answer).whenComplete((scores, thrown) -> {
                RerankFailure failure = request.failure(thrown);
                ended(call, failure); // before the answer: who has it may look at the counts next
                if (failure == null) answer.complete(scores);
                else answer.completeExceptionally(failure);
            });
        } catch (RuntimeException | LinkageError failure) { // an engine that forbids sockets throws an Error
            answer.completeExceptionally(RerankFailure.of(failure));
        }
        return answer;
    }

    /** What is known of a call when it starts; `done` lets it be counted once, however it ends. */
    private record Once(AtomicBoolean done, Breaker.Permit permit, long started, boolean shadow) {}

    private CompletableFuture<double[]> refused(RerankFailure refusal) {
        stats.failed(refusal.reason());
        return CompletableFuture.failedFuture(refusal);
    }

    private void ended(Once call, RerankFailure failure) {
        if (!call.done().compareAndSet(false, true)) return;
        inFlight.decrementAndGet();
        if (failure == null) {
            breaker.record(call.permit(), true);
            stats.reranked(System.nanoTime() - call.started(), call.shadow());
            return;
        }
        if (failure.blamesSidecar()) breaker.record(call.permit(), false);
        else breaker.forget(call.permit());
        stats.failed(failure.reason());
    }
}
