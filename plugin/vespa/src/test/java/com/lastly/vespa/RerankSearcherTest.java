package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.yahoo.component.ComponentId;
import com.yahoo.component.chain.Chain;
import com.yahoo.metrics.simple.Bucket;
import com.yahoo.metrics.simple.MetricReceiver;
import com.yahoo.prelude.hitfield.JSONString;
import com.yahoo.prelude.query.WordItem;
import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.Searcher;
import com.yahoo.search.grouping.GroupingRequest;
import com.yahoo.search.result.ErrorMessage;
import com.yahoo.search.result.Hit;
import com.yahoo.search.searchchain.Execution;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The searcher in a chain of Vespa's, over a first stage of known hits, with a real sidecar's HTTP. */
@Timeout(60)
class RerankSearcherTest {

    private final MetricReceiver.MockReceiver metrics = new MetricReceiver.MockReceiver();
    private final FirstStage first = new FirstStage();
    private Sidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        sidecar = new Sidecar();
    }

    @AfterEach
    void stop() {
        sidecar.close();
    }

    private RerankConfig.Builder config() {
        return new RerankConfig.Builder()
                .enabled(true)
                .fields("text")
                .timeout("5s")
                .sidecar(new RerankConfig.Sidecar.Builder().urls(sidecar.url()));
    }

    private Result search(RerankConfig.Builder config, Query query) {
        Searcher searcher = new RerankSearcher(new ComponentId("lastly"), config.build(), metrics);
        return new Execution(new Chain<>(searcher, first), Execution.Context.createContextStub()).search(query);
    }

    private static Query query(String parameters) {
        Query query = new Query("?timeout=5s" + parameters);
        query.getModel().getQueryTree().setRoot(new WordItem("fox", true));
        return query;
    }

    private static List<String> ids(Result result) {
        return result.hits().asList().stream()
                .map(hit -> hit.getId().toString())
                .toList();
    }

    private static List<String> hits(IntStream ranks) {
        return ranks.mapToObj(rank -> "hit" + rank).toList();
    }

    /** What was counted since the last look. */
    private long count(String metric, String... point) {
        return count(metrics.getSnapshot(), metric, point);
    }

    private static long count(Bucket snapshot, String metric, String... point) {
        return snapshot.getMapForMetric(metric).entrySet().stream()
                .filter(entry -> point.length == 0 || entry.getKey().toString().contains(point[0]))
                .mapToLong(entry -> entry.getValue().getCount())
                .sum();
    }

    @Test
    void aPageInsideTheWindowIsCutFromTheNewOrder() {
        Result result = search(config(), query("&offset=10&hits=5"));
        assertEquals(hits(IntStream.of(39, 38, 37, 36, 35)), ids(result));
        assertEquals(39 / 50.0, result.hits().get(0).getRelevance().getScore());
        assertEquals(List.of("0+50"), first.asked);
        assertEquals(List.of("lastly:50"), first.filled);
        assertEquals(120, result.getTotalHitCount());
        assertEquals(1, count("lastly.reranked"));
    }

    @Test
    void aPageAcrossTheWindowsEdgeHasBothSidesAndScoresThatFall() {
        Result result = search(config(), query("&offset=45&hits=10"));
        assertEquals(hits(IntStream.of(4, 3, 2, 1, 0, 50, 51, 52, 53, 54)), ids(result));
        assertEquals(List.of("0+55"), first.asked);
        List<Double> scores = result.hits().asList().stream()
                .map(hit -> hit.getRelevance().getScore())
                .toList();
        assertEquals(scores.stream().sorted((a, b) -> Double.compare(b, a)).toList(), scores);
        assertEquals(-2.0, scores.get(5));
    }

    @Test
    void aPageBelowTheWindowAsksNobodyAndIsScoredAsTheTail() {
        Result result = search(config(), query("&offset=60&hits=5"));
        assertEquals(hits(IntStream.range(60, 65)), ids(result));
        assertEquals(-12.0, result.hits().get(0).getRelevance().getScore());
        assertEquals(List.of("60+5"), first.asked);
        assertEquals(List.of(), sidecar.calls);
    }

    @Test
    void theQueryIsGivenBackAsItWasEvenWhenTheFirstStageThrows() {
        Query query = query("&offset=10&hits=5");
        first.failure = new IllegalStateException("down");
        assertThrows(IllegalStateException.class, () -> search(config(), query));
        assertEquals("10+5", query.getOffset() + "+" + query.getHits());
    }

    @Test
    void hitsKeepTheirOwnFieldsAndAreNotMarkedAsFilled() {
        Result result = search(config(), query("&hits=3"));
        for (Hit hit : result.hits().asList()) {
            assertNull(hit.getField("text"));
            assertFalse(hit.isFilled("lastly"));
        }
    }

    @Test
    void anAuxiliaryHitIsNoCandidateAndStays() {
        first.more = new Hit("suggestion", 0.5);
        first.more.setAuxiliary(true);
        Result result = search(config(), query("&hits=3"));
        assertEquals(50, sidecar.calls.get(0).body().path("documents").size());
        assertTrue(ids(result).contains("suggestion"));
    }

    @Test
    void aFetchThatFailsKeepsTheOrderAndLeavesNoErrorInTheResult() {
        first.fillError = ErrorMessage.createTimeout("a node is slow");
        Result result = search(config(), query("&hits=3"));
        assertEquals(hits(IntStream.range(0, 3)), ids(result));
        assertNull(result.hits().getError());
        assertEquals(
                "{\"order\":\"first_stage\",\"failed\":\"fill\"}",
                ((JSONString) result.hits().getField("lastly")).getContent());
        assertEquals(1, count("lastly.failed", "fill"));
    }

    @Test
    void anUnknownSummaryClassIsNamed() {
        Result result = search(config().summary("nosuch").on_failure("fail"), query("&hits=3"));
        assertTrue(
                result.hits().getError().getDetailedMessage().contains("summary class nosuch"),
                result.hits().getError().toString());
        assertEquals(0, result.hits().getConcreteSize());
    }

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

    @Test
    void explainTellsRankAndScoreOfTheFirstStage() {
        Hit best = search(config().explain(true), query("&hits=3")).hits().get(0);
        assertEquals(50, best.getField("lastly_first_stage_rank"));
        assertEquals(151.0, best.getField("lastly_first_stage_score"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"&hits=0", "&sorting=%2Blength", "&lastly.enabled=false", "&warmup=true"})
    void whatMustNotBeReorderedReachesNoSidecar(String parameters) {
        search(config(), query(parameters));
        assertEquals(List.of(), sidecar.calls);
        assertEquals(List.of(), first.filled);
        assertEquals(parameters.contains("warmup") ? 0 : 1, count("lastly.skipped"));
    }

    @Test
    void groupingIsLeftAlone() {
        Query query = query("&hits=3");
        GroupingRequest.newInstance(query);
        search(config(), query);
        assertEquals(List.of(), sidecar.calls);
        assertEquals(1, count("lastly.skipped", "grouping"));
    }

    @Test
    void anEmptyQueryIsLeftAlone() {
        search(config(), new Query("?timeout=5s"));
        assertEquals(List.of(), sidecar.calls);
        assertEquals(1, count("lastly.skipped", "no_query_text"));
    }

    @Test
    void aChainThatIsOffCountsNothingUntilAQuerySwitchesItOn() {
        search(config().enabled(false), query("&hits=3"));
        assertEquals(0, count("lastly.skipped"));
        search(config().enabled(false), query("&hits=3&lastly.enabled=true"));
        assertEquals(1, sidecar.calls.size());
    }

    @Test
    void theBreakersStateIsAMetric() {
        sidecar.status = 500;
        Searcher searcher = new RerankSearcher(new ComponentId("lastly"), config().build(), metrics);
        for (int i = 0; i < 6; i++)
            new Execution(new Chain<>(searcher, first), Execution.Context.createContextStub()).search(query("&hits=3"));
        assertEquals(5, sidecar.calls.size());
        Bucket snapshot = metrics.getSnapshot();
        assertEquals(1, count(snapshot, "lastly.failed", "breaker_open"));
        assertEquals(
                1.0,
                snapshot.getValuesForMetric("lastly.breaker_open")
                        .iterator()
                        .next()
                        .getValue()
                        .getLast());
    }

    @Test
    void aFailureHoldsNoneOfTheUsersText() {
        sidecar.status = 500;
        Result result = search(config(), query("&hits=3"));
        assertFalse((result.hits().getField("lastly") + result.getHeaders(true).toString()).contains("fox"));
    }
}
