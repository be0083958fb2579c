package com.lastly.core.memory;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How large the hits of each index were lately, so that a search can be charged before it is widened: nobody knows the
 * size of a hit that was not fetched yet. Rises at once and falls slowly, for one large window is what must not be met
 * unprepared.
 */
public final class HitSizes {

    /**
     * Of an index that was not met yet. Large, since many searches may come before the first has its answer; once it
     * has, milliseconds later, they are charged what is true of the index.
     */
    static final long UNKNOWN = 64 << 10;

    private static final int MOST_INDICES = 10_000;
    private static final double KEPT = 0.9;

    private final Map<String, Long> bytes = new ConcurrentHashMap<>();

    /** Bytes to expect of one hit. */
    public long expected(String index) {
        return bytes.getOrDefault(index, UNKNOWN);
    }

    /** A search was refused because of what is expected; after some of them one is let through again, to see. */
    public void refused(String index) {
        bytes.put(index, (long) (expected(index) * KEPT));
    }

    /** So many hits of an index took so many bytes. */
    public void met(String index, long total, int hits) {
        if (hits == 0) return;
        if (bytes.size() >= MOST_INDICES) bytes.clear(); // indices come and go
        long each = total / hits;
        bytes.merge(index, each, (before, now) -> Math.max(now, (long) (before * KEPT + now * (1 - KEPT))));
    }
}
