package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BreakerTest {

    private final AtomicLong now = new AtomicLong();
    private final Breaker breaker = new Breaker(now::get);

    @Test
    void opens_after_five_failures_in_a_row() {
        fail(4);
        assertTrue(breaker.permits());
        breaker.record(true);
        fail(4);
        assertFalse(breaker.isOpen());
        fail(1);
        assertTrue(breaker.isOpen());
        assertFalse(breaker.permits());
    }

    @Test
    void lets_one_call_through_after_the_pause_and_closes_on_its_success() {
        fail(5);
        pass(1);
        assertTrue(breaker.permits());
        assertFalse(breaker.permits());
        breaker.record(true);
        assertTrue(breaker.permits());
        assertTrue(breaker.permits());
    }

    @Test
    void doubles_the_pause_while_probes_fail_and_starts_anew_after_a_recovery() {
        fail(5);
        pass(1);
        fail(1);
        pass(1);
        assertFalse(breaker.permits());
        pass(1);
        assertTrue(breaker.permits());
        breaker.record(true);
        fail(5);
        pass(1);
        assertTrue(breaker.permits());
    }

    @Test
    void a_probe_that_was_not_made_leaves_room_for_the_next() {
        fail(5);
        pass(1);
        assertTrue(breaker.permits());
        breaker.forget();
        assertTrue(breaker.permits());
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            assertTrue(breaker.permits());
            breaker.record(false);
        }
    }

    private void pass(int seconds) {
        now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }
}
