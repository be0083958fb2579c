package com.lastly.core.stats;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** What this node counted since it started; the engine's own counters, if it has any, are told too. */
public final class RerankStats {

    /** Upper bounds of the latency buckets, in milliseconds; a last bucket has none. */
    private static final int[] BOUNDS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

    private final LongAdder reranked = new LongAdder();
    private final LongAdder shadowed = new LongAdder();
    private final Map<String, LongAdder> skipped = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> failed = new ConcurrentHashMap<>();
    private final AtomicLongArray latencies = new AtomicLongArray(BOUNDS.length + 1);

    private final Counters engine;

    public RerankStats(Counters engine) {
        this.engine = engine;
    }

    public void reranked(long nanoseconds, boolean shadow) {
        (shadow ? shadowed : reranked).increment();
        engine.reranked(nanoseconds, shadow);
        double millis = nanoseconds / 1e6;
        int bucket = 0;
        while (bucket < BOUNDS.length && millis > BOUNDS[bucket]) bucket++;
        latencies.incrementAndGet(bucket);
    }

    /** A search that was left alone. */
    public void skipped(String reason) {
        skipped.computeIfAbsent(reason, key -> new LongAdder()).increment();
        engine.skipped(reason);
    }

    /** A search that could not be reranked. */
    public void failed(String reason) {
        failed.computeIfAbsent(reason, key -> new LongAdder()).increment();
        engine.failed(reason);
    }

    /** The counts as a map that JSON can hold. */
    public Map<String, Object> snapshot() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("reranked", reranked.sum());
        counts.put("shadowed", shadowed.sum());
        counts.put("skipped", sums(skipped));
        counts.put("failed", sums(failed));
        counts.put("latency_ms", histogram());
        return counts;
    }

    private static Map<String, Object> sums(Map<String, LongAdder> counters) {
        Map<String, Object> sums = new TreeMap<>();
        counters.forEach((reason, counter) -> sums.put(reason, counter.sum()));
        return sums;
    }

    private Map<String, Object> histogram() {
        Map<String, Object> histogram = new LinkedHashMap<>();
        for (int i = 0; i < BOUNDS.length; i++) histogram.put("le_" + BOUNDS[i], latencies.get(i));
        histogram.put("more", latencies.get(BOUNDS.length));
        return histogram;
    }
}
