package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.yahoo.metrics.simple.Bucket;
import com.yahoo.search.Result;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a search waits for: the time that its query has left, a slow sidecar, never a shadowed call. */
class RerankSearcherTimeTest extends SearcherInAChain {

    @Test
    void theCallGetsTheTimeThatTheQueryHasLeftLessTheMargin() {
        search(config().margin_ms(300), query("&timeout=900ms&hits=3"));
        long given = sidecar.calls.get(0).timeMillis();
        assertTrue(given > 0 && given <= 600, "given " + given);
    }

    @Test
    void aQueryWithoutTimeLeftIsNotSent() {
        Result result = search(config().margin_ms(5000), query("&hits=3"));
        assertEquals(hits(IntStream.range(0, 3)), ids(result));
        assertEquals(List.of(), sidecar.calls);
        assertEquals(1, count("lastly.failed", "no_time_left"));
    }

    @Test
    void aSlowSidecarCostsItsTimeAndNoMore() {
        sidecar.go = new CountDownLatch(1);
        long started = System.nanoTime();
        Result result = search(config().timeout("200ms"), query("&hits=3"));
        assertTrue(System.nanoTime() - started < 3_000_000_000L);
        assertEquals(hits(IntStream.range(0, 3)), ids(result));
        assertEquals(1, count("lastly.failed", "timeout"));
    }

    @Test
    void aThreadThatIsInterruptedKeepsTheOrderAndStaysInterrupted() {
        sidecar.go = new CountDownLatch(1);
        Thread.currentThread().interrupt();
        Result result = search(config(), query("&hits=3"));
        assertTrue(Thread.interrupted());
        assertEquals(hits(IntStream.range(0, 3)), ids(result));
        assertEquals(1, count("lastly.failed", "cancelled"));
    }

    @Test
    void nobodyWaitsForAShadowedCall() throws Exception {
        sidecar.go = new CountDownLatch(1);
        Result result = search(config().mode("shadow"), query("&hits=3"));
        assertEquals(hits(IntStream.range(0, 3)), ids(result));
        assertEquals(0, count("lastly.shadowed"));
        sidecar.go.countDown();
        Bucket snapshot = metrics.getSnapshot();
        while (count(snapshot, "lastly.shadowed") == 0) { // the test's timeout bounds it
            Thread.sleep(10);
            snapshot = metrics.getSnapshot();
        }
        assertEquals(0, count(snapshot, "lastly.reranked"));
    }

    @Test
    void aShadowedSearchIsAnsweredAsIfNobodyHadBeenAsked() {
        Result result = search(config().mode("shadow").on_failure("fail").summary("nosuch"), query("&hits=3"));
        assertEquals(hits(IntStream.range(0, 3)), ids(result));
        assertNull(result.hits().getError());
        assertNull(result.hits().getField("lastly"));
        assertEquals(1, count("lastly.failed", "fill"));
    }
}
