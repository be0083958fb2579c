package com.lastly.core.memory;

import java.util.concurrent.atomic.AtomicLong;

/** A budget for an engine without circuit breakers: a limit and a counter. */
public final class CountedBudget implements MemoryBudget {

    private final long limit;
    private final AtomicLong taken = new AtomicLong();

    /** `limit` in bytes. */
    public CountedBudget(long limit) {
        this.limit = limit;
    }

    @Override
    public boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= limit) return true;
        taken.addAndGet(-bytes);
        return false;
    }

    @Override
    public void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }
}
