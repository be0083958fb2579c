package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.yahoo.component.ComponentId;
import com.yahoo.component.chain.Chain;
import com.yahoo.metrics.simple.Bucket;
import com.yahoo.prelude.hitfield.JSONString;
import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.Searcher;
import com.yahoo.search.grouping.GroupingRequest;
import com.yahoo.search.result.ErrorMessage;
import com.yahoo.search.result.Hit;
import com.yahoo.search.searchchain.Execution;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order, the hits and the errors that a search gets. */
class RerankSearcherTest extends SearcherInAChain {

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
