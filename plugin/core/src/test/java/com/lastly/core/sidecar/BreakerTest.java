package com.lastly.core.sidecar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.lastly.core.sidecar.Breaker.Permit;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BreakerTest {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // the clock may wrap
    private final Breaker breaker = new Breaker(3, 100, now::get);

    private void pass(long millis) {
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private void open() {
        for (int i = 0; i < 3; i++) breaker.record(breaker.permit(), false);
    }

    @Test
    void opensAfterSoManyFailuresInARow() {
        for (int i = 0; i < 2; i++) breaker.record(breaker.permit(), false);
        breaker.record(breaker.permit(), true);
        for (int i = 0; i < 2; i++) breaker.record(breaker.permit(), false);
        assertEquals("closed", breaker.state());
        breaker.record(breaker.permit(), false);
        assertEquals("open", breaker.state());
        assertEquals(Permit.NO, breaker.permit());
    }

    @Test
    void letsOneProbeThroughAfterThePause() {
        open();
        pass(99);
        assertEquals(Permit.NO, breaker.permit());
        pass(1);
        assertEquals(Permit.PROBE, breaker.permit());
        assertEquals("half_open", breaker.state());
        assertEquals(Permit.NO, breaker.permit());
    }

    @Test
    void aProbeThatSucceedsClosesAndForgetsTheFailures() {
        open();
        pass(100);
        breaker.record(breaker.permit(), true);
        assertEquals("closed", breaker.state());
        for (int i = 0; i < 2; i++) breaker.record(breaker.permit(), false);
        assertEquals("closed", breaker.state());
    }

    @Test
    void thePauseDoublesWhileProbesFailUpToThirtyTimes() {
        open();
        long pause = 100;
        for (int i = 0; i < 8; i++) {
            pass(pause - 1);
            assertEquals(Permit.NO, breaker.permit(), "pause of " + pause);
            pass(1);
            breaker.record(breaker.permit(), false);
            pause = Math.min(pause * 2, 3000);
        }
        assertEquals(3000, pause);
    }

    @Test
    void aProbeThatWasNeverSentLeavesItsPlaceToTheNextCall() {
        open();
        pass(100);
        breaker.forget(breaker.permit());
        assertEquals(Permit.PROBE, breaker.permit());
    }

    @Test
    void aStragglerFromBeforeTakesNoProbesPlace() {
        Permit straggler = breaker.permit();
        open();
        pass(100);
        assertEquals(Permit.PROBE, breaker.permit());
        breaker.forget(straggler);
        assertEquals(Permit.NO, breaker.permit(), "the probe is still under way");
        breaker.record(straggler, false);
        assertEquals("half_open", breaker.state());
    }
}
