package com.lastly.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.lastly.core.memory.CountedBudget;
import com.lastly.core.memory.HitSizes;
import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.memory.Reservation;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingsBuilder;
import com.lastly.core.sidecar.Calls;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.Reranker;
import com.lastly.core.sidecar.SidecarConfig;
import com.lastly.core.sidecar.TestSidecar;
import com.lastly.core.stats.Counters;
import com.lastly.core.stats.RerankStats;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RerankFlowTest {

    private static final long BUDGET = 1_000_000;

    private final RerankStats stats = new RerankStats(Counters.NONE);
    private final HitSizes sizes = new HitSizes();
    private final MemoryGauge memory = new MemoryGauge(new CountedBudget(BUDGET));
    private TestSidecar sidecar;
    private Reranker reranker;

    @BeforeEach
    void start() throws IOException {
        sidecar = new TestSidecar();
        SidecarConfig config = Calls.config(sidecar.url());
        reranker = new Reranker(() -> config, memory, stats);
    }

    @AfterEach
    void stop() {
        reranker.close();
        sidecar.close();
    }

    /** Hits whose passage is their place, or what a test says. */
    private record Hits(int hits, long bytes, String text) implements FirstStage {
        @Override
        public List<String> passages(int count, int characters) throws RerankFailure {
            if (text.equals("broken")) throw new IllegalStateException("a field that is no text");
            if (text.equals("unfilled")) throw new RerankFailure("fill", "can't be fetched");
            return IntStream.range(0, count)
                    .mapToObj(i -> text.isBlank() ? text : text + i)
                    .toList();
        }
    }

    private static SettingsBuilder settings() {
        return RerankSettings.builder("")
                .enabled(true)
                .fields(List.of("title"))
                .windowSize(3)
                .timeoutMillis(5000);
    }

    private RerankPlan plan(RerankSettings settings, int from) {
        RerankWindow window = RerankWindow.of(from, 4, settings.windowSize(), 10_000);
        return new RerankPlan(settings, window, "which fox", "news", memory.open());
    }

    private Outcome outcome(RerankSettings settings, FirstStage hits) throws Exception {
        return outcome(plan(settings, 0), hits, Runnable::run);
    }

    private Outcome outcome(RerankPlan plan, FirstStage hits, Executor builders) throws Exception {
        try (plan) {
            return flow(builders).rerank(plan, hits, Map.of()).get(20, TimeUnit.SECONDS);
        }
    }

    private RerankFlow flow(Executor builders) {
        return new RerankFlow(reranker, stats, sizes, builders);
    }

    private static RerankFailure kept(Outcome outcome) {
        Outcome.PageWithWarning kept = assertInstanceOf(Outcome.PageWithWarning.class, outcome);
        assertFalse(kept.page().rescored());
        assertEquals(0, kept.page().fetchedHit(0));
        return kept.failure();
    }

    @Test
    void theWindowIsReorderedAndTheTailStays() throws Exception {
        Outcome.Page answer =
                assertInstanceOf(Outcome.Page.class, outcome(settings().build(), new Hits(5, 100, "passage ")));
        assertEquals(
                List.of(2, 1, 0, 3),
                IntStream.range(0, 4).mapToObj(answer.page()::fetchedHit).toList());
        assertEquals(3, sidecar.calls.get(0).count());
        assertEquals(0, memory.held());
    }

    @Test
    void withoutHitsOrBelowTheWindowNobodyIsAsked() throws Exception {
        assertInstanceOf(Outcome.Page.class, outcome(settings().build(), new Hits(0, 0, "p")));
        RerankPlan below = plan(settings().build(), 3);
        assertTrue(assertInstanceOf(Outcome.Page.class, outcome(below, new Hits(4, 0, "p"), Runnable::run))
                .page()
                .rescored());
        assertEquals(List.of(), sidecar.calls);
    }

    @Test
    void whateverFailsKeepsTheOrderAndSaysWhy() throws Exception {
        assertEquals(
                "passages",
                kept(outcome(settings().build(), new Hits(5, 0, "broken"))).reason());
        assertEquals(
                "fill",
                kept(outcome(settings().build(), new Hits(5, 0, "unfilled"))).reason());
        assertEquals(
                "no_passage_text",
                kept(outcome(settings().build(), new Hits(5, 0, " "))).reason());
        assertEquals(
                "memory",
                kept(outcome(settings().build(), new Hits(5, BUDGET + 1, "p"))).reason());
        sidecar.behaviour = TestSidecar.always(500, "{}");
        assertEquals(
                "status_500",
                kept(outcome(settings().build(), new Hits(5, 0, "p"))).reason());
        assertEquals(
                Map.of("passages", 1L, "fill", 1L, "no_passage_text", 1L, "memory", 1L, "status_500", 1L),
                stats.snapshot().get("failed"),
                "each once");
        assertEquals(0, memory.held());
    }

    @Test
    void whereTheSettingsSaySoAFailureIsAnError() throws Exception {
        sidecar.behaviour = TestSidecar.always(500, "{}");
        RerankSettings fail = settings().onFailure("fail").build();
        assertEquals(
                "status_500",
                assertInstanceOf(Outcome.Failed.class, outcome(fail, new Hits(5, 0, "p")))
                        .failure()
                        .reason());
    }

    @Test
    void aShadowedSearchWaitsForNobodyAndIsToldNothing() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        sidecar.behaviour = (exchange, call) -> {
            go.await();
            TestSidecar.reversed(exchange, call);
        };
        RerankSettings shadow = settings().mode("shadow").onFailure("fail").build();
        assertFalse(assertInstanceOf(Outcome.Page.class, outcome(shadow, new Hits(5, 0, "p")))
                .page()
                .rescored());
        go.countDown();
        assertTrue(Calls.eventually(() -> stats.snapshot().get("shadowed").equals(1L)));
        assertInstanceOf(Outcome.Page.class, outcome(shadow, new Hits(5, 0, "broken")));
        assertTrue(Calls.eventually(() -> memory.held() == 0));
    }

    @Test
    void aNodeWithoutAFreeThreadKeepsTheOrderInTime() throws Exception {
        RerankSettings quick = settings().timeoutMillis(100).build();
        long started = System.nanoTime();
        Outcome late = outcome(plan(quick, 0), new Hits(5, 0, "p"), work -> {});
        assertEquals("threads_busy", kept(late).reason());
        assertTrue(System.nanoTime() - started < TimeUnit.SECONDS.toNanos(5));
        assertEquals(List.of(), sidecar.calls);
        Outcome rejected = outcome(plan(settings().build(), 0), new Hits(5, 0, "p"), work -> {
            throw new RejectedExecutionException();
        });
        assertInstanceOf(Outcome.Page.class, rejected, "a full queue loses no search");
    }

    @Test
    void aCancelledSearchEndsItsCallAndGivesItsBytesBack() throws Exception {
        sidecar.behaviour = TestSidecar.after(20_000, TestSidecar::reversed);
        RerankPlan plan = plan(settings().timeoutMillis(30_000).build(), 0);
        CompletableFuture<Outcome> outcome = flow(Runnable::run).rerank(plan, new Hits(5, 10, "p"), Map.of());
        assertTrue(Calls.eventually(() -> sidecar.calls.size() == 1));
        outcome.cancel(true);
        plan.close();
        assertEquals(
                "cancelled",
                assertInstanceOf(Outcome.Failed.class, Outcome.of(outcome))
                        .failure()
                        .reason());
        assertTrue(Calls.eventually(() -> reranker.inFlight() == 0 && memory.held() == 0));
        assertEquals(Map.of("cancelled", 1L), stats.snapshot().get("failed"));
    }

    @Test
    void theSizeOfHitsIsRememberedForTheNextSearch() throws Exception {
        outcome(settings().build(), new Hits(5, 250_000, "p"));
        assertEquals(50_000, sizes.expected("news"));
        try (Reservation other = memory.open()) {
            assertTrue(other.hold(BUDGET));
            assertEquals(
                    "memory",
                    kept(outcome(settings().build(), new Hits(5, 10, "p"))).reason());
        }
    }
}
