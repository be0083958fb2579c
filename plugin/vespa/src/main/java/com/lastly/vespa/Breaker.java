package com.lastly.vespa;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Leaves a sidecar alone that failed several times in a row: after a pause one call is let through, and its success closes
 * the breaker. The pause doubles while the probes fail.
 */
final class Breaker {

    private static final int FAILURES = 5;
    private static final long SHORTEST = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(30);

    private final LongSupplier clock;
    private int failures;
    private boolean open;
    private boolean probing;
    private long pause = SHORTEST;
    private long until;

    Breaker(LongSupplier clock) {
        this.clock = clock;
    }

    /** Whether a call may be made now; one that may must be recorded or forgotten. */
    synchronized boolean permits() {
        if (!open) return true;
        if (probing || clock.getAsLong() - until < 0) return false;
        probing = true;
        return true;
    }

    /** The permitted call was not made after all. */
    synchronized void forget() {
        probing = false;
    }

    synchronized void record(boolean success) {
        if (success) close();
        else if (open && probing) pauseFor(Math.min(pause * 2, LONGEST));
        else if (!open && ++failures >= FAILURES) pauseFor(SHORTEST);
    }

    synchronized boolean isOpen() {
        return open;
    }

    private void close() {
        failures = 0;
        open = false;
        probing = false;
    }

    private void pauseFor(long nanoseconds) {
        open = true;
        probing = false;
        pause = nanoseconds;
        until = clock.getAsLong() + nanoseconds;
    }
}
