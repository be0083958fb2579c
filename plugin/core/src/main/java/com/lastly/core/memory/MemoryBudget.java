package com.lastly.core.memory;

/** The bytes that reranking may hold on one node at once. An engine lends its circuit breaker; others count. */
public interface MemoryBudget {

    /** Of the heap. */
    String DEFAULT_LIMIT = "5%";

    /**
     * Takes so many bytes, or none at all and returns false where they would be too many. Called by several threads.
     */
    boolean take(long bytes);

    /** Returns bytes that were taken. */
    void giveBack(long bytes);
}
