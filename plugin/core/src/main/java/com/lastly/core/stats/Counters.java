package com.lastly.core.stats;

/** Told of every search once, for an engine that has metrics of its own. Called by several threads. */
public interface Counters {

    /** For an engine that has none. */
    Counters NONE = new Counters() {
        @Override
        public void reranked(long nanoseconds, boolean shadow) {}

        @Override
        public void skipped(String reason) {}

        @Override
        public void failed(String reason) {}
    };

    /** The sidecar gave scores, which a `shadow` leaves unused; `nanoseconds` is what the call took. */
    void reranked(long nanoseconds, boolean shadow);

    /** A search was left alone. */
    void skipped(String reason);

    /** A search could not be reranked. */
    void failed(String reason);
}
