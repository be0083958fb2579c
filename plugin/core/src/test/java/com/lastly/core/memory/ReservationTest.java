package com.lastly.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class ReservationTest {

    private final MemoryGauge memory = new MemoryGauge(new CountedBudget(100));

    @Test
    void whatIsHeldGrowsAndShrinksAndIsGivenBackOnce() {
        Reservation one = memory.open();
        assertTrue(one.hold(60));
        assertTrue(one.hold(40));
        assertEquals(40, memory.held());
        one.close();
        one.close();
        assertEquals(0, memory.held());
        assertFalse(one.hold(1), "what is closed takes nothing");
        assertEquals(0, memory.held());
    }

    @Test
    void whatTheBudgetHasNotIsRefusedAndNothingOfItIsTaken() {
        Reservation one = memory.open();
        Reservation two = memory.open();
        assertTrue(one.hold(60));
        assertFalse(two.hold(41));
        assertEquals(60, memory.held());
        assertFalse(one.hold(101));
        assertEquals(60, memory.held(), "what was held is held on");
        one.close();
        assertTrue(two.hold(100));
    }

    @Test
    void manyThreadsLeaveNothingBehind() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) threads.add(new Thread(this::holdAndClose));
        for (Thread thread : threads) thread.start();
        for (Thread thread : threads) thread.join();
        assertEquals(0, memory.held());
    }

    private void holdAndClose() {
        for (int i = 0; i < 20_000; i++) {
            try (Reservation one = memory.open()) {
                one.hold(ThreadLocalRandom.current().nextInt(80));
                one.hold(ThreadLocalRandom.current().nextInt(80));
            }
        }
    }

    @Test
    void theSizeOfHitsRisesAtOnceAndFallsSlowly() {
        HitSizes sizes = new HitSizes();
        assertEquals(HitSizes.UNKNOWN, sizes.expected("news"));
        sizes.met("news", 50_000_000, 50);
        assertEquals(1_000_000, sizes.expected("news"));
        sizes.met("news", 50_000, 50);
        assertTrue(sizes.expected("news") > 800_000);
        for (int i = 0; i < 100; i++) sizes.met("news", 50_000, 50);
        assertTrue(sizes.expected("news") < 2_000, sizes.expected("news") + " bytes");
        assertEquals(HitSizes.UNKNOWN, sizes.expected("other"));
    }

    @Test
    void anIndexThatIsRefusedIsTriedAgainAfterAWhile() {
        HitSizes sizes = new HitSizes();
        sizes.met("news", 1_000_000, 1);
        int refused = 0;
        for (; sizes.expected("news") > 1_000; refused++) sizes.refused("news");
        assertTrue(refused > 20 && refused < 200, refused + " searches");
    }
}
