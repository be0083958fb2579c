package com.lastly.core;

import com.lastly.core.memory.HitSizes;
import com.lastly.core.memory.MemoryBudget;
import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.memory.Reservation;
import com.lastly.core.sidecar.Reranker;
import com.lastly.core.sidecar.SidecarConfig;
import com.lastly.core.stats.Counters;
import com.lastly.core.stats.RerankStats;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** What a node needs one of: who decides, the flow, and what both count. */
public final class RerankNode implements AutoCloseable {

    private final RerankStats stats;
    private final MemoryGauge memory;
    private final Reranker reranker;
    private final Decider decider;
    private final RerankFlow flow;

    /** `builders` puts calls together; see RerankFlow. */
    public RerankNode(Supplier<SidecarConfig> config, MemoryBudget budget, Executor builders) {
        this(config, budget, builders, Counters.NONE);
    }

    /** For an engine with metrics of its own: `counters` is told of everything that is counted here. */
    public RerankNode(Supplier<SidecarConfig> config, MemoryBudget budget, Executor builders, Counters counters) {
        HitSizes sizes = new HitSizes();
        stats = new RerankStats(counters);
        memory = new MemoryGauge(budget);
        reranker = new Reranker(config, memory, stats);
        decider = new Decider(stats, memory, sizes);
        flow = new RerankFlow(reranker, stats, sizes, builders);
    }

    public Decider decider() {
        return decider;
    }

    public RerankFlow flow() {
        return flow;
    }

    /** A reservation for a search that no decider met (a retriever's). */
    public Reservation reservation() {
        return memory.open();
    }

    /** Whether the sidecar is left alone at present. */
    public boolean breakerOpen() {
        return reranker.breakerOpen();
    }

    /** What was counted since the node started, as a map that JSON can hold. */
    public Map<String, Object> snapshot() {
        Map<String, Object> counts = stats.snapshot();
        counts.put("in_flight", reranker.inFlight());
        counts.put("bytes_in_flight", memory.held());
        counts.put("breaker", reranker.breakerState());
        return counts;
    }

    @Override
    public void close() {
        reranker.close();
    }
}
