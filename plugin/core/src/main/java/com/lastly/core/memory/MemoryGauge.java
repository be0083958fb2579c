package com.lastly.core.memory;

import java.util.concurrent.atomic.AtomicLong;

/** Hands out reservations of a budget and knows how much is held at present. */
public final class MemoryGauge {

    private final MemoryBudget budget;
    private final AtomicLong held = new AtomicLong();

    public MemoryGauge(MemoryBudget budget) {
        this.budget = budget;
    }

    /** Returns a reservation that holds nothing yet. */
    public Reservation open() {
        return new Reservation(this);
    }

    /** Bytes that are held by all reservations. */
    public long held() {
        return held.get();
    }

    boolean take(long bytes) {
        if (!budget.take(bytes)) return false;
        held.addAndGet(bytes);
        return true;
    }

    void giveBack(long bytes) {
        if (bytes == 0) return;
        held.addAndGet(-bytes);
        budget.giveBack(bytes);
    }
}
