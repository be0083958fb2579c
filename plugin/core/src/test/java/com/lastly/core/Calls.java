package com.lastly.core;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Requests and waits that the tests share. */
final class Calls {

    static final RerankSettings SETTINGS = settings(5000);

    private Calls() {}

    static RerankSettings settings(long timeoutMillis) {
        return new RerankSettings(true, "", List.of("title"), 50, timeoutMillis, false, "", "", 0, false, false);
    }

    static SidecarConfig config(String... urls) {
        return new SidecarConfig(List.of(urls), "", 64, 1000, 1000);
    }

    static Reranker reranker(String... urls) {
        SidecarConfig config = config(urls);
        return new Reranker(() -> config, (java.util.concurrent.Executor) null);
    }

    static RerankRequest request(int passages, long timeoutMillis) {
        return new RerankRequest(
                "which fox",
                IntStream.range(0, passages).mapToObj(i -> "passage " + i).toList(),
                settings(timeoutMillis),
                Map.of());
    }

    static RerankRequest request(int passages) {
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

    static boolean eventually(BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (System.nanoTime() < deadline) {
            if (holds.getAsBoolean()) return true;
            Thread.sleep(10);
        }
        return false;
    }
}
