package com.lastly.vespa;

import com.yahoo.component.ComponentId;
import com.yahoo.metrics.simple.Counter;
import com.yahoo.metrics.simple.Gauge;
import com.yahoo.metrics.simple.MetricReceiver;
import com.yahoo.metrics.simple.MetricSettings;
import com.yahoo.metrics.simple.Point;
import java.util.Map;
import java.util.Optional;

/** What the searcher counts, in Vespa's own metrics; `services.xml` says which of them a consumer gets. */
final class RerankMetrics {

    private final Counter reranked;
    private final Counter shadowed;
    private final Counter skipped;
    private final Counter failed;
    private final Gauge latency;
    private final Gauge breakerOpen;
    private final Point searcher;
    private final String id;

    RerankMetrics(MetricReceiver receiver, ComponentId id) {
        this.id = id.getName();
        searcher = new Point(Map.of("searcher", this.id));
        reranked = receiver.declareCounter("lastly.reranked", searcher);
        shadowed = receiver.declareCounter("lastly.shadowed", searcher);
        skipped = receiver.declareCounter("lastly.skipped", searcher);
        failed = receiver.declareCounter("lastly.failed", searcher);
        latency = receiver.declareGauge("lastly.latency_ms", Optional.of(searcher),
                                        new MetricSettings.Builder().histogram(true).build());
        breakerOpen = receiver.declareGauge("lastly.breaker_open", searcher);
    }

    void reranked(long nanoseconds) {
        reranked.add();
        latency.sample(nanoseconds / 1e6);
    }

    void shadowed(long nanoseconds) {
        shadowed.add();
        latency.sample(nanoseconds / 1e6);
    }

    void skipped(String reason) {
        skipped.add(because(reason));
    }

    void failed(String reason) {
        failed.add(because(reason));
    }

    void breakerOpen(boolean open) {
        breakerOpen.sample(open ? 1 : 0);
    }

    private Point because(String reason) {
        return new Point(Map.of("searcher", id, "reason", reason));
    }
}
