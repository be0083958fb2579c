package com.lastly.core.memory;

/**
 * What one search, or one call, holds of the budget. Closed once, in whichever way the search ends; a second time does
 * nothing, and what is closed takes no more.
 */
public final class Reservation implements AutoCloseable {

    private final MemoryGauge budget;
    private long held;
    private boolean closed;

    Reservation(MemoryGauge budget) {
        this.budget = budget;
    }

    /** Holds so many bytes in all from now on; returns false, and holds what it held, where the budget has too few. */
    public synchronized boolean hold(long bytes) {
        if (closed) return false;
        if (bytes > held && !budget.take(bytes - held)) return false;
        if (bytes < held) budget.giveBack(held - bytes);
        held = bytes;
        return true;
    }

    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        budget.giveBack(held);
        held = 0;
    }
}
