package com.lastly.core.sidecar;

import static com.lastly.core.sidecar.Calls.eventually;
import static com.lastly.core.sidecar.Calls.reason;
import static com.lastly.core.sidecar.Calls.request;
import static com.lastly.core.sidecar.Calls.scores;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.lastly.core.memory.CountedBudget;
import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.stats.Counters;
import com.lastly.core.stats.RerankStats;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RerankerTest {

    private TestSidecar sidecar;
    private volatile SidecarConfig config;
    private RerankStats stats;
    private Reranker reranker;

    @BeforeEach
    void start() throws IOException {
        sidecar = new TestSidecar();
        config = new SidecarConfig(List.of(sidecar.url()), "", 64, 3, 100);
        stats = new RerankStats(Counters.NONE);
        reranker = new Reranker(() -> config, Calls.unlimited(), stats);
    }

    @AfterEach
    void stop() {
        sidecar.close();
    }

    @Test
    void aSickSidecarIsLeftAloneThenProbedThenUsedAgain() throws Exception {
        sidecar.behaviour = TestSidecar.always(500, "{}");
        for (int i = 0; i < 3; i++) assertEquals("status_500", reason(reranker.scores(request(2))));
        assertEquals("breaker_open", reason(reranker.scores(request(2))));
        assertEquals("open", reranker.breakerState());
        assertEquals(3, sidecar.calls.size());
        assertTrue(eventually(() -> sidecar.calls.size() == 4 || probes()), "one call probes after the pause");
        sidecar.behaviour = TestSidecar::reversed;
        assertTrue(eventually(this::works));
        assertEquals("closed", reranker.breakerState());
    }

    private boolean probes() {
        reranker.scores(request(2)).exceptionally(failure -> null).join();
        return false;
    }

    private boolean works() {
        return reranker.scores(request(2))
                .handle((scores, failure) -> failure == null)
                .join();
    }

    @Test
    void oneProbeAtATimeMeetsASidecarThatMayBeWell() throws Exception {
        sidecar.behaviour = TestSidecar.always(500, "{}");
        for (int i = 0; i < 3; i++) reason(reranker.scores(request(2)));
        CountDownLatch go = new CountDownLatch(1);
        sidecar.behaviour = (exchange, call) -> {
            go.await();
            TestSidecar.reversed(exchange, call);
        };
        Thread.sleep(150);
        CompletableFuture<double[]> probe = reranker.scores(request(2));
        assertEquals("half_open", reranker.breakerState());
        for (int i = 0; i < 10; i++) assertEquals("breaker_open", reason(reranker.scores(request(2))));
        go.countDown();
        scores(probe);
        assertEquals(4, sidecar.calls.size());
        assertEquals("closed", reranker.breakerState());
    }

    @Test
    void noMoreCallsAreUnderWayThanAllowed() throws Exception {
        config = new SidecarConfig(List.of(sidecar.url()), "", 2, 3, 100);
        CountDownLatch go = new CountDownLatch(1);
        sidecar.behaviour = (exchange, call) -> {
            go.await();
            TestSidecar.reversed(exchange, call);
        };
        List<CompletableFuture<double[]>> admitted = List.of(reranker.scores(request(2)), reranker.scores(request(2)));
        for (int i = 0; i < 20; i++) assertEquals("in_flight_full", reason(reranker.scores(request(2))));
        assertEquals(2, reranker.inFlight());
        go.countDown();
        for (CompletableFuture<double[]> call : admitted) scores(call);
        assertEquals(0, reranker.inFlight());
        assertEquals("closed", reranker.breakerState(), "a full house says nothing about the sidecar");
        scores(reranker.scores(request(2)));
    }

    @Test
    void aBadRequestBlamesTheRequestNotTheSidecar() throws Exception {
        sidecar.behaviour = TestSidecar.always(422, "{}");
        for (int i = 0; i < 10; i++) assertEquals("status_422", reason(reranker.scores(request(2))));
        assertEquals(10, sidecar.calls.size());
        assertEquals("closed", reranker.breakerState());
    }

    @Test
    void withoutAnAddressNobodyIsAsked() throws Exception {
        config = new SidecarConfig(List.of(), "", 64, 3, 100);
        assertEquals("no_sidecar", reason(reranker.scores(request(2))));
        assertEquals(List.of(), sidecar.calls);
        assertEquals(Map.of("no_sidecar", 1L), stats.snapshot().get("failed"));
    }

    @Test
    void changedSettingsHoldFromTheNextCallOn() throws Exception {
        scores(reranker.scores(request(2)));
        try (TestSidecar other = new TestSidecar()) {
            config = new SidecarConfig(List.of(other.url()), "fresh", 64, 3, 100);
            scores(reranker.scores(request(2)));
            assertEquals("Bearer fresh", other.calls.get(0).headers().get("authorization"));
        }
    }

    @Test
    void aSearchWithoutTimeLeftIsNotSent() throws Exception {
        assertEquals("no_time_left", reason(reranker.scores(within(0))));
        assertEquals("no_time_left", reason(reranker.scores(within(-3))));
        assertEquals(List.of(), sidecar.calls);
    }

    @Test
    void searchesThatGiveLittleTimeOpenTheBreakerForNobody() throws Exception {
        sidecar.behaviour = TestSidecar.after(500, TestSidecar::reversed);
        for (int i = 0; i < 5; i++) assertEquals("no_time_left", reason(reranker.scores(within(20))));
        assertFalse(reranker.breakerOpen());
        for (int i = 0; i < 3; i++) assertEquals("timeout", reason(reranker.scores(request(2, 20))));
        assertTrue(reranker.breakerOpen());
    }

    private static RerankCall within(long millis) {
        return request(1, CallTime.start(5000, millis));
    }

    @Test
    void aCallHoldsItsBodyAndTheLongestAnswerAndGivesThemBack() throws Exception {
        MemoryGauge memory = new MemoryGauge(new CountedBudget(40_000));
        Reranker small = new Reranker(() -> config, memory, stats);
        CountDownLatch go = new CountDownLatch(1);
        sidecar.behaviour = (exchange, call) -> {
            go.await();
            TestSidecar.reversed(exchange, call);
        };
        List<CompletableFuture<double[]>> admitted = List.of(small.scores(request(2)), small.scores(request(2)));
        assertTrue(memory.held() > 2 * SidecarAnswer.longest(2), memory.held() + " bytes");
        for (int i = 0; i < 20; i++) assertEquals("memory", reason(small.scores(request(2))));
        go.countDown();
        for (CompletableFuture<double[]> call : admitted) scores(call);
        small.scores(request(2)).cancel(true);
        assertEquals(0, memory.held());
        assertEquals(0, small.inFlight());
        assertEquals("closed", small.breakerState(), "a full house says nothing about the sidecar");
    }

    @Test
    void anEnginesOwnCountersAreToldOfEverythingThatIsCounted() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Reranker counted = new Reranker(() -> config, Calls.unlimited(), new RerankStats(new Counters() {
            @Override
            public void reranked(long nanoseconds, boolean shadow) {
                told.add((shadow ? "shadowed " : "reranked ") + (nanoseconds > 0));
            }

            @Override
            public void skipped(String reason) {
                told.add("skipped " + reason);
            }

            @Override
            public void failed(String reason) {
                told.add("failed " + reason);
            }
        }));
        scores(counted.scores(request(2)));
        reason(counted.scores(within(0)));
        sidecar.behaviour = TestSidecar.always(429, "{}");
        reason(counted.scores(request(2)));
        assertEquals(List.of("reranked true", "failed no_time_left", "failed busy"), told);
    }

    @Test
    void everyCallIsCountedOnce() throws Exception {
        List<CompletableFuture<double[]>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) calls.add(reranker.scores(request(5)));
        for (CompletableFuture<double[]> call : calls) scores(call);
        RerankSettings shadow = RerankSettings.builder("").mode("shadow").build();
        scores(reranker.scores(Calls.request(shadow, List.of("p"), CallTime.start(5000, 5000))));
        stats.skipped("sort");
        Map<String, Object> counts = stats.snapshot();
        assertEquals(50L, counts.get("reranked"));
        assertEquals(1L, counts.get("shadowed"));
        assertEquals(Map.of("sort", 1L), counts.get("skipped"));
        assertEquals(0, reranker.inFlight());
        long counted = ((Map<?, ?>) counts.get("latency_ms"))
                .values().stream().mapToLong(count -> (Long) count).sum();
        assertEquals(51, counted);
    }

    @Test
    void aRestartedSidecarIsUsedAgain() throws Exception {
        scores(reranker.scores(request(2)));
        sidecar.close();
        for (int i = 0; i < 3; i++) reason(reranker.scores(request(2)));
        sidecar = new TestSidecar();
        config = new SidecarConfig(List.of(sidecar.url()), "", 64, 3, 100);
        assertTrue(eventually(this::works));
    }
}
