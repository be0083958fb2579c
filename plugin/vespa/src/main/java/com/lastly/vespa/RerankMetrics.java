package com.lastly.vespa;

import com.lastly.core.stats.Counters;
import com.yahoo.component.ComponentId;
import com.yahoo.metrics.simple.Counter;
import com.yahoo.metrics.simple.Gauge;
import com.yahoo.metrics.simple.MetricReceiver;
import com.yahoo.metrics.simple.MetricSettings;
import com.yahoo.metrics.simple.Point;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What the core counts, in Vespa's own metrics; `services.xml` says which of them a consumer gets. */
final class RerankMetrics implements Counters {

    private final Counter reranked;
    private final Counter shadowed;
    private final Counter skipped;
    private final Counter failed;
    private final Gauge latency;
    private final Gauge breakerOpen;
    private final String searcher;
    private final Map<String, Point> reasons = new ConcurrentHashMap<>();

    RerankMetrics(MetricReceiver receiver, ComponentId id) {
        searcher = id.getName();
        Point point = new Point(Map.of("searcher", searcher));
        reranked = receiver.declareCounter("lastly.reranked", point);
        shadowed = receiver.declareCounter("lastly.shadowed", point);
        skipped = receiver.declareCounter("lastly.skipped", point);
        failed = receiver.declareCounter("lastly.failed", point);
        latency = receiver.declareGauge(
                "lastly.latency_ms",
                Optional.of(point),
                new MetricSettings.Builder().histogram(true).build());
        breakerOpen = receiver.declareGauge("lastly.breaker_open", point);
    }

    @Override
    public void reranked(long nanoseconds, boolean shadow) {
        (shadow ? shadowed : reranked).add();
        latency.sample(nanoseconds / 1e6);
    }

    @Override
    public void skipped(String reason) {
        skipped.add(because(reason));
    }

    @Override
    public void failed(String reason) {
        failed.add(because(reason));
    }

    void breakerOpen(boolean open) {
        breakerOpen.sample(open ? 1 : 0);
    }

    /** Reasons are few: a status of the sidecar's or a name in the code. */
    private Point because(String reason) {
        return reasons.computeIfAbsent(reason, name -> new Point(Map.of("searcher", searcher, "reason", name)));
    }
}
