package com.lastly.core;

import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Calls a sidecar and reads its scores: connections are kept, no call outlives its time, a refused address is passed over. */
final class RerankClient {

    private static final Duration CONNECT = Duration.ofMillis(250);

    private final HttpClient http;
    private final AtomicInteger preferred = new AtomicInteger();

    /** `executor` reads and writes the connections; null: threads of the client's own. */
    RerankClient(Executor executor) {
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT);
        http = (executor == null ? builder : builder.executor(executor)).build();
    }

    /** A score for every passage, in their order. The exchange ends when `caller` ends: nobody waits for it any more. */
    CompletableFuture<double[]> scores(RerankRequest request, SidecarConfig config, CompletableFuture<?> caller) {
        List<URI> addresses = config.addresses();
        Call call = new Call(request, request.body().getBytes(StandardCharsets.UTF_8), config.apiKey(), addresses,
            System.nanoTime() + request.time().toNanos(), caller);
        return attempt(call, 0).thenApply(answer -> SidecarAnswer.scores(answer, request.passages().size()));
    }

    private record Call(RerankRequest request, byte[] body, String apiKey, List<URI> addresses, long deadline,
                        CompletableFuture<?> caller) {}

    private CompletableFuture<HttpResponse<byte[]>> attempt(Call call, int tried) {
        int at = Math.floorMod(preferred.get(), call.addresses().size());
        return send(call, call.addresses().get(at)).exceptionallyCompose(failure -> {
            if (!refused(failure) || tried + 1 >= call.addresses().size()) return CompletableFuture.failedFuture(failure);
            preferred.compareAndSet(at, (at + 1) % call.addresses().size());
            return attempt(call, tried + 1);
        });
    }

    private static boolean refused(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
    }

    /** Sends; the exchange is ended when the time is over, body and all, not only the wait for its first byte. */
    private CompletableFuture<HttpResponse<byte[]>> send(Call call, URI address) {
        long left = call.deadline() - System.nanoTime();
        if (left <= 0) return CompletableFuture.failedFuture(new TimeoutException());
        CompletableFuture<HttpResponse<byte[]>> exchange = http.sendAsync(httpRequest(call, address, left), BoundedBody.handler());
        call.caller().whenComplete((done, failure) -> exchange.cancel(true));
        return exchange.thenApply(response -> response).orTimeout(left, TimeUnit.NANOSECONDS).whenComplete((response, failure) -> {
            if (failure instanceof TimeoutException) exchange.cancel(true);
        });
    }

    private static HttpRequest httpRequest(Call call, URI address, long left) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(address).POST(HttpRequest.BodyPublishers.ofByteArray(call.body()))
            .header("Content-Type", "application/json")
            .header("X-Request-Timeout-Ms", String.valueOf(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left))));
        if (!call.apiKey().isEmpty()) builder.header("Authorization", "Bearer " + call.apiKey());
        call.request().headers().forEach(builder::header);
        return builder.build();
    }
}
