package com.lastly.core.sidecar;

import com.lastly.core.settings.RerankSettings;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** Requests and waits that the tests share. */
public final class Calls {

    public static final RerankSettings SETTINGS = settings(5000);

    private Calls() {}

    public static RerankSettings settings(long timeoutMillis) {
        return new RerankSettings(true, "", List.of("title"), 50, timeoutMillis, false, "", "", 0, false, false);
    }

    public static SidecarConfig config(String... urls) {
        return new SidecarConfig(List.of(urls), "", 64, 1000, 1000);
    }

    public static Reranker reranker(String... urls) {
        SidecarConfig config = config(urls);
        return new Reranker(() -> config, (java.util.concurrent.Executor) null);
    }

    public static RerankRequest request(int passages, long timeoutMillis) {
        return new RerankRequest(
                "which fox",
                IntStream.range(0, passages).mapToObj(i -> "passage " + i).toList(),
                settings(timeoutMillis),
                Map.of());
    }

    public static RerankRequest request(int passages) {
        return request(passages, 15_000); // a busy machine took 5 s for its first TLS handshake
    }

    /** The reason of a call that must fail. */
    public static String reason(CompletableFuture<double[]> call) throws Exception {
        return failure(call).reason();
    }

    public static RerankFailure failure(CompletableFuture<double[]> call) throws Exception {
        try {
            call.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return RerankFailure.of(e);
        }
        throw new AssertionError("the call did not fail");
    }

    public static double[] scores(CompletableFuture<double[]> call) throws Exception {
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
