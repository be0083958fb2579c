package com.lastly.core.sidecar;

import com.lastly.core.memory.CountedBudget;
import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.stats.Counters;
import com.lastly.core.stats.RerankStats;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Requests and waits that the tests share. */
public final class Calls {

    private static final long FOR_EVER = Long.MAX_VALUE;

    private Calls() {}

    public static RerankSettings settings(long timeoutMillis) {
        return RerankSettings.builder("index.lastly.")
                .enabled(true)
                .fields(List.of("title"))
                .timeoutMillis(timeoutMillis)
                .build();
    }

    public static SidecarConfig config(String... urls) {
        return new SidecarConfig(List.of(urls), "", 64, 1000, 1000);
    }

    static Reranker reranker(String... urls) {
        SidecarConfig config = config(urls);
        return reranker(() -> config, new RerankClient(null));
    }

    static Reranker reranker(Supplier<SidecarConfig> config, RerankClient client) {
        return new Reranker(config, client, unlimited(), new RerankStats(Counters.NONE));
    }

    public static MemoryGauge unlimited() {
        return new MemoryGauge(new CountedBudget(Long.MAX_VALUE));
    }

    static RerankCall request(int passages, long timeoutMillis) {
        return request(passages, CallTime.start(timeoutMillis, FOR_EVER));
    }

    static RerankCall request(int passages, CallTime time) {
        List<String> texts =
                IntStream.range(0, passages).mapToObj(i -> "passage " + i).toList();
        return request(settings(500), texts, time);
    }

    static RerankCall request(RerankSettings settings, List<String> passages, CallTime time) {
        byte[] body = RequestBody.of(settings, "which fox", passages);
        return new RerankCall(body, passages.size(), Map.of(), time, settings.shadow());
    }

    static RerankCall request(int passages) {
        return request(passages, 15_000); // a busy machine took 5 s for its first TLS handshake
    }

    /** The reason of a call that must fail. */
    static String reason(CompletableFuture<double[]> call) throws Exception {
        return failure(call).reason();
    }

    static RerankFailure failure(CompletableFuture<double[]> call) throws Exception {
        try {
            call.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return RerankFailure.of(e);
        }
        throw new AssertionError("the call did not fail");
    }

    static double[] scores(CompletableFuture<double[]> call) throws Exception {
        return call.get(20, TimeUnit.SECONDS);
    }

    public static boolean eventually(BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (System.nanoTime() < deadline) {
            if (holds.getAsBoolean()) return true;
            Thread.sleep(10);
        }
        return false;
    }
}
