package com.lastly.core;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Asks the sidecar for scores, within bounds: no more calls under way than allowed, none while the breaker is open, none
 * beyond its time. Counts every call once. One per node; safe for all threads.
 */
public final class Reranker {

    private final Supplier<SidecarConfig> config;
    private final RerankClient client;
    private final Breaker breaker;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final RerankStats stats = new RerankStats();

    /** `config` is read at each call, except for the breaker's, which hold from the start. */
    public Reranker(Supplier<SidecarConfig> config, Executor executor) {
        this.config = config;
        SidecarConfig first = config.get();
        client = new RerankClient(executor);
        breaker = new Breaker(first.breakerFailures(), first.breakerPauseMillis(), System::nanoTime);
    }

    /** The counters of this node, for searches that never come to a call. */
    public RerankStats stats() {
        return stats;
    }

    public Map<String, Object> snapshot() {
        return stats.snapshot(breaker.state(), inFlight.get());
    }

    /** A score for every passage, in their order; a failed future holds a RerankFailure. Cancel it to end the call. */
    public CompletableFuture<double[]> scores(RerankRequest request) {
        SidecarConfig now = config.get();
        RerankFailure refusal = admit(now);
        if (refusal != null) return refused(refusal);
        long started = System.nanoTime();
        AtomicBoolean ended = new AtomicBoolean();
        CompletableFuture<double[]> answer = new CompletableFuture<>();
        answer.whenComplete((scores, failure) -> {
            if (ended.compareAndSet(false, true)) ended(failure, started, request.settings().shadow());
        });
        start(request, now, answer);
        return answer;
    }

    private void start(RerankRequest request, SidecarConfig now, CompletableFuture<double[]> answer) {
        try {
            CompletableFuture<double[]> call = client.scores(request, now, answer);
            call.whenComplete((scores, failure) -> {
                if (failure == null) answer.complete(scores);
                else answer.completeExceptionally(RerankFailure.of(failure));
            });
        } catch (RuntimeException | LinkageError failure) { // an engine that forbids sockets throws an Error
            answer.completeExceptionally(RerankFailure.of(failure));
        }
    }

    private RerankFailure admit(SidecarConfig now) {
        if (now.urls().isEmpty()) return new RerankFailure("no_sidecar", "lastly.sidecar.urls is empty; give the address of a sidecar");
        if (!breaker.permits()) return new RerankFailure("breaker_open", "the sidecar failed lately and is left alone for a while");
        if (inFlight.incrementAndGet() <= now.maxInFlight()) return null;
        inFlight.decrementAndGet();
        breaker.forget();
        return new RerankFailure("in_flight_full", "lastly.sidecar.max_in_flight calls are under way");
    }

    private CompletableFuture<double[]> refused(RerankFailure refusal) {
        stats.failed(refusal.reason());
        return CompletableFuture.failedFuture(refusal);
    }

    private void ended(Throwable thrown, long started, boolean shadow) {
        inFlight.decrementAndGet();
        if (thrown == null) {
            breaker.record(true);
            stats.reranked(System.nanoTime() - started, shadow);
            return;
        }
        RerankFailure failure = RerankFailure.of(thrown);
        if (failure.blamesSidecar()) breaker.record(false);
        else breaker.forget();
        stats.failed(failure.reason());
    }
}
