package com.lastly.core.sidecar;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Leaves a sidecar alone that failed several times in a row: after a pause one call is let through, and its success
 * closes the breaker. The pause doubles, up to thirty times its first length, while the probes fail.
 */
final class Breaker {

    /** What a call may do: go, go as the one that tries whether the sidecar is well again, or not go at all. */
    enum Permit {
        CALL,
        PROBE,
        NO
    }

    private static final int LONGEST = 30;

    private final int limit;
    private final long shortest;
    private final LongSupplier clock;
    private int failures;
    private boolean open;
    private boolean probing;
    private long pause;
    private long until;

    Breaker(int limit, long pauseMillis, LongSupplier clock) {
        this.limit = limit;
        this.shortest = TimeUnit.MILLISECONDS.toNanos(pauseMillis);
        this.clock = clock;
    }

    /** Whether a call may be made now; one that may must be recorded or forgotten. */
    synchronized Permit permit() {
        if (!open) return Permit.CALL;
        if (probing || clock.getAsLong() - until < 0) return Permit.NO;
        probing = true;
        return Permit.PROBE;
    }

    /** The permitted call was not made, or says nothing about the sidecar. */
    synchronized void forget(Permit permit) {
        if (permit == Permit.PROBE) probing = false;
    }

    synchronized void record(Permit permit, boolean success) {
        if (success) close();
        else if (permit == Permit.PROBE) pauseFor(Math.min(pause * 2, shortest * LONGEST));
        else if (!open && ++failures >= limit) pauseFor(shortest);
    }

    synchronized boolean open() {
        return open;
    }

    /** `closed`, `open`, or `half_open` while a probe is under way. */
    synchronized String state() {
        return open ? probing ? "half_open" : "open" : "closed";
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
