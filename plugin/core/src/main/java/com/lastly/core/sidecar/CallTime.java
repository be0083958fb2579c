package com.lastly.core.sidecar;

import java.util.concurrent.TimeUnit;

/**
 * The time of one call, which begins before its body is built.
 *
 * @param deadline on the clock of System.nanoTime
 * @param given milliseconds that the search gave
 * @param usual milliseconds of the setting `timeout`
 */
public record CallTime(long deadline, long given, long usual) {

    /** Starts the clock; a search that has less time left than the setting allows gives less. */
    public static CallTime start(long usualMillis, long leftMillis) {
        long given = Math.min(usualMillis, leftMillis);
        return new CallTime(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(given), given, usualMillis);
    }

    /** Nanoseconds that are left; none or less: it is over. */
    public long left() {
        return deadline - System.nanoTime();
    }

    boolean cutShort() {
        return given < usual / 2;
    }
}
