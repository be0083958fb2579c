package com.lastly.vespa;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls the sidecar: connections are kept, no call outlives its time, no more than a bound are in flight, and a breaker
 * keeps a sick sidecar from slowing searches. Every address is tried once where a connection is refused.
 */
final class SidecarClient {

    private static final Duration CONNECT = Duration.ofMillis(250);

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT).build();
    private final ObjectMapper json = new ObjectMapper();
    private final AtomicInteger preferred = new AtomicInteger();
    private final Breaker breaker = new Breaker(System::nanoTime);
    private final List<URI> addresses;
    private final Semaphore slots;
    private final String apiKey;

    SidecarClient(RerankConfig.Sidecar config) {
        addresses = config.urls().stream().map(SidecarClient::address).toList();
        slots = new Semaphore(config.max_in_flight());
        String ofEnvironment = System.getenv("LASTLY_API_KEY");
        apiKey = !config.api_key().isEmpty() || ofEnvironment == null ? config.api_key() : ofEnvironment;
    }

    private static URI address(String url) {
        if (!url.matches("https?://.+"))
            throw new IllegalArgumentException("lastly.sidecar.urls: " + url + " is no address; write it like http://127.0.0.1:8787");
        return URI.create(url.replaceAll("/+$", "") + "/v1/rerank");
    }

    boolean breakerOpen() {
        return breaker.isOpen();
    }

    /** A score for every passage, in their order; a future that fails does so with a RerankFailure. */
    CompletableFuture<double[]> scores(SidecarRequest request) {
        if (request.time().isNegative() || request.time().isZero())
            return CompletableFuture.failedFuture(new RerankFailure("timeout", "the query has no time left for the sidecar"));
        if (!breaker.permits())
            return CompletableFuture.failedFuture(new RerankFailure("breaker_open", "the sidecar failed lately and is left alone"));
        if (!slots.tryAcquire()) {
            breaker.forget();
            return CompletableFuture.failedFuture(new RerankFailure("busy", "sidecar.max_in_flight calls are under way"));
        }
        return exchange(request).whenComplete((scores, failure) -> {
            slots.release();
            breaker.record(failure == null || !RerankFailure.of(failure).blamesSidecar());
        });
    }

    private CompletableFuture<double[]> exchange(SidecarRequest request) {
        byte[] body = body(request);
        long deadline = System.nanoTime() + request.time().toNanos();
        return attempt(request, body, deadline, 0)
                .thenApply(answer -> SidecarAnswer.scores(answer, request.passages().size(), json))
                .handle((scores, failure) -> {
                    if (failure != null) throw new CompletionException(RerankFailure.of(failure));
                    return scores;
                });
    }

    private CompletableFuture<HttpResponse<byte[]>> attempt(SidecarRequest request, byte[] body, long deadline, int tried) {
        int at = Math.floorMod(preferred.get(), addresses.size());
        return send(addresses.get(at), request, body, deadline).exceptionallyCompose(failure -> {
            if (!refused(failure) || tried + 1 >= addresses.size()) return CompletableFuture.failedFuture(failure);
            preferred.compareAndSet(at, at + 1 < addresses.size() ? at + 1 : 0);
            return attempt(request, body, deadline, tried + 1);
        });
    }

    private static boolean refused(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
    }

    /** Sends; the exchange is ended when the time is over, body and all, not only the wait for its first byte. */
    private CompletableFuture<HttpResponse<byte[]>> send(URI address, SidecarRequest request, byte[] body, long deadline) {
        long left = deadline - System.nanoTime();
        if (left <= 0) return CompletableFuture.failedFuture(new TimeoutException());
        CompletableFuture<HttpResponse<byte[]>> exchange = http.sendAsync(httpRequest(address, request, body, left), BoundedBody.handler());
        return exchange.thenApply(response -> response).orTimeout(left, TimeUnit.NANOSECONDS)
                       .whenComplete((response, failure) -> {
                           if (failure instanceof TimeoutException) exchange.cancel(true);
                       });
    }

    private HttpRequest httpRequest(URI address, SidecarRequest request, byte[] body, long left) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(address).POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .header("Content-Type", "application/json")
                .header("X-Request-Timeout-Ms", String.valueOf(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left))));
        if (!apiKey.isEmpty()) builder.header("Authorization", "Bearer " + apiKey);
        request.headers().forEach(builder::header);
        return builder.build();
    }

    private byte[] body(SidecarRequest request) {
        ObjectNode body = json.createObjectNode().put("query", request.query());
        if (!request.model().isEmpty()) body.put("model", request.model());
        if (!request.instruction().isEmpty()) body.put("instruction", request.instruction());
        if (request.maxDocTokens() > 0) body.put("max_doc_length", request.maxDocTokens());
        request.passages().forEach(body.putArray("documents")::add);
        try {
            return json.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // strings and numbers always can be written
        }
    }
}
