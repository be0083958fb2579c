package com.lastly.vespa;

import com.yahoo.component.ComponentId;
import com.yahoo.component.chain.Chain;
import com.yahoo.metrics.simple.Bucket;
import com.yahoo.metrics.simple.MetricReceiver;
import com.yahoo.prelude.query.WordItem;
import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.Searcher;
import com.yahoo.search.searchchain.Execution;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** The searcher in a chain of Vespa's, over a first stage of known hits, with a real sidecar's HTTP. */
@Timeout(60)
abstract class SearcherInAChain {

    final MetricReceiver.MockReceiver metrics = new MetricReceiver.MockReceiver();
    final FirstStage first = new FirstStage();
    Sidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        sidecar = new Sidecar();
    }

    @AfterEach
    void stop() {
        sidecar.close();
    }

    RerankConfig.Builder config() {
        return new RerankConfig.Builder()
                .enabled(true)
                .fields("text")
                .timeout("5s")
                .sidecar(new RerankConfig.Sidecar.Builder().urls(sidecar.url()));
    }

    Result search(RerankConfig.Builder config, Query query) {
        Searcher searcher = new RerankSearcher(new ComponentId("lastly"), config.build(), metrics);
        return new Execution(new Chain<>(searcher, first), Execution.Context.createContextStub()).search(query);
    }

    static Query query(String parameters) {
        Query query = new Query("?timeout=5s" + parameters);
        query.getModel().getQueryTree().setRoot(new WordItem("fox", true));
        return query;
    }

    static List<String> ids(Result result) {
        return result.hits().asList().stream()
                .map(hit -> hit.getId().toString())
                .toList();
    }

    static List<String> hits(IntStream ranks) {
        return ranks.mapToObj(rank -> "hit" + rank).toList();
    }

    /** What was counted since the last look. */
    long count(String metric, String... point) {
        return count(metrics.getSnapshot(), metric, point);
    }

    static long count(Bucket snapshot, String metric, String... point) {
        return snapshot.getMapForMetric(metric).entrySet().stream()
                .filter(entry -> point.length == 0 || entry.getKey().toString().contains(point[0]))
                .mapToLong(entry -> entry.getValue().getCount())
                .sum();
    }
}
