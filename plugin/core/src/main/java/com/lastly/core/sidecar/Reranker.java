package com.lastly.core.sidecar;

import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.memory.Reservation;
import com.lastly.core.stats.RerankStats;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Asks the sidecar for scores, within bounds: no more calls under way than allowed, none while the breaker is open,
 * none beyond its time, none that the budget of bytes does not hold. Counts every call once. One per node; safe for all
 * threads.
 */
public final class Reranker implements AutoCloseable {

    private static final RerankFailure NO_SIDECAR =
            new RerankFailure("no_sidecar", "lastly.sidecar.urls is empty; give the address of a sidecar");
    private static final RerankFailure BREAKER_OPEN =
            new RerankFailure("breaker_open", "the sidecar failed lately and is left alone for a while");
    private static final RerankFailure IN_FLIGHT_FULL =
            new RerankFailure("in_flight_full", "lastly.sidecar.max_in_flight calls are under way");

    private final Supplier<SidecarConfig> config;
    private final RerankClient client;
    private final MemoryGauge memory;
    private final RerankStats stats;
    private final Breaker breaker;
    private final AtomicInteger inFlight = new AtomicInteger();

    /** `config` is read at each call, except for the breaker's, which hold from the start. */
    public Reranker(Supplier<SidecarConfig> config, MemoryGauge memory, RerankStats stats) {
        this(config, new RerankClient(null), memory, stats);
    }

    Reranker(Supplier<SidecarConfig> config, RerankClient client, MemoryGauge memory, RerankStats stats) {
        this.config = config;
        this.client = client;
        this.memory = memory;
        this.stats = stats;
        SidecarConfig first = config.get();
        breaker = new Breaker(first.breakerFailures(), first.breakerPauseMillis(), System::nanoTime);
    }

    /** Calls that are under way. */
    public int inFlight() {
        return inFlight.get();
    }

    /** `closed`, `open`, or `half_open` while a probe is under way. */
    public String breakerState() {
        return breaker.state();
    }

    /** Whether the sidecar is left alone at present. */
    public boolean breakerOpen() {
        return breaker.open();
    }

    /** Closes all connections; calls that are under way fail. */
    @Override
    public void close() {
        client.close();
    }

    /** A score for every passage, in their order; a failed future holds a RerankFailure. Cancel it to end the call. */
    public CompletableFuture<double[]> scores(RerankCall call) {
        SidecarConfig now = config.get();
        if (now.urls().isEmpty()) return refused(NO_SIDECAR);
        if (call.time().left() <= 0) return refused(call.failure(new java.util.concurrent.TimeoutException()));
        Breaker.Permit permit = breaker.permit();
        if (permit == Breaker.Permit.NO) return refused(BREAKER_OPEN);
        if (inFlight.incrementAndGet() > now.maxInFlight()) return refused(IN_FLIGHT_FULL, permit);
        Reservation bytes = memory.open();
        if (!bytes.hold(call.bytes())) return refused(RerankFailure.MEMORY, permit);
        return called(call, now, new Once(permit, bytes, call.shadow()));
    }

    private CompletableFuture<double[]> called(RerankCall call, SidecarConfig now, Once once) {
        CompletableFuture<double[]> answer = new CompletableFuture<>();
        answer.whenComplete((scores, thrown) -> ended(once, call, thrown)); // who asked may have cancelled
        try {
            client.scores(call, now, answer)
                    .whenComplete(
                            (scores, thrown) -> ended(once, call, thrown)) // who has the answer may look at counts
                    .whenComplete((scores, thrown) -> {
                        if (thrown == null) answer.complete(scores);
                        else answer.completeExceptionally(call.failure(thrown));
                    });
        } catch (RuntimeException | LinkageError failure) { // an engine that forbids sockets throws an Error
            answer.completeExceptionally(RerankFailure.of(failure));
        }
        return answer;
    }

    private CompletableFuture<double[]> refused(RerankFailure refusal) {
        stats.failed(refusal.reason());
        return CompletableFuture.failedFuture(refusal);
    }

    private CompletableFuture<double[]> refused(RerankFailure refusal, Breaker.Permit permit) {
        inFlight.decrementAndGet();
        breaker.forget(permit);
        return refused(refusal);
    }

    /** What is known of a call when it starts; it is counted, and its bytes given back, once, however it ends. */
    private static final class Once {
        private final AtomicBoolean done = new AtomicBoolean();
        private final long started = System.nanoTime();
        private final Breaker.Permit permit;
        private final Reservation bytes;
        private final boolean shadow;

        Once(Breaker.Permit permit, Reservation bytes, boolean shadow) {
            this.permit = permit;
            this.bytes = bytes;
            this.shadow = shadow;
        }
    }

    private void ended(Once once, RerankCall call, Throwable thrown) {
        if (!once.done.compareAndSet(false, true)) return;
        once.bytes.close();
        inFlight.decrementAndGet();
        if (thrown == null) {
            breaker.record(once.permit, true);
            stats.reranked(System.nanoTime() - once.started, once.shadow);
            return;
        }
        RerankFailure failure = call.failure(thrown);
        if (failure.blamesSidecar()) breaker.record(once.permit, false);
        else breaker.forget(once.permit);
        stats.failed(failure.reason());
    }
}
