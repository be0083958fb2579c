package com.lastly.core.sidecar;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/**
 * Calls a sidecar and reads its scores: connections are kept, and no call outlives its time. An address that refuses,
 * or is not ready, is passed over within the call; one that failed in any way is the last to be tried by the next call.
 */
final class RerankClient {

    /** Short, so that another address is still asked within the default timeout of 500 ms. */
    private static final Duration CONNECT = Duration.ofMillis(250);
    /** With the TLS handshake, which took 0.4 s in a JVM that had made none before. */
    private static final Duration CONNECT_TLS = Duration.ofSeconds(2);

    private final HttpClient hasty;
    private final HttpClient hastyTls;
    /** For the last address that is left: it has all the time that the call has. */
    private final HttpClient patient;

    private final AtomicInteger preferred = new AtomicInteger();

    /**
     * `executor` reads and writes the connections, `tls` decides whom to trust; null: threads of its own, Java's trust
     * store.
     */
    RerankClient(Executor executor, SSLContext tls) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .executor(executor == null ? HttpThreads.started() : executor);
        if (tls != null) builder.sslContext(tls);
        patient = builder.build();
        hasty = builder.connectTimeout(CONNECT).build();
        hastyTls = builder.connectTimeout(CONNECT_TLS).build();
    }

    /**
     * A score for every passage, in their order. The exchange ends when `caller` ends: nobody waits for it any more.
     */
    CompletableFuture<double[]> scores(RerankRequest request, SidecarConfig config, CompletableFuture<?> caller) {
        return attempt(
                new Call(
                        request,
                        request.body(),
                        config.apiKey(),
                        config.addresses(),
                        System.nanoTime() + request.time().toNanos(),
                        caller),
                0);
    }

    private record Call(
            RerankRequest request,
            byte[] body,
            String apiKey,
            List<URI> addresses,
            long deadline,
            CompletableFuture<?> caller) {}

    private CompletableFuture<double[]> attempt(Call call, int tried) {
        int turn = preferred.get();
        AtomicBoolean answered = new AtomicBoolean();
        boolean another = tried + 1 < call.addresses().size();
        URI address = call.addresses().get(Math.floorMod(turn, call.addresses().size()));
        return send(call, address, another ? hasty(address) : patient, answered)
                .thenApply(answer -> answer.scores(call.request().passages().size()))
                .exceptionallyCompose(thrown -> {
                    Throwable failure = thrown instanceof CompletionException ? thrown.getCause() : thrown;
                    if (RerankFailure.of(failure).blamesSidecar()) preferred.compareAndSet(turn, turn + 1);
                    boolean again =
                            another && passable(failure) || (another || tried == 0) && cut(failure, answered.get());
                    return again ? attempt(call, tried + 1) : CompletableFuture.failedFuture(failure);
                });
    }

    private HttpClient hasty(URI address) {
        return "https".equals(address.getScheme()) ? hastyTls : hasty;
    }

    /**
     * No work was begun, so another address may be asked; connecting is the only thing for which Java's client has a
     * time.
     */
    private static boolean passable(Throwable failure) {
        return failure instanceof ConnectException
                || failure instanceof HttpTimeoutException
                || failure instanceof RerankFailure refusal && refusal.reason().equals("not_ready");
    }

    /**
     * A kept connection that the sidecar had closed, as one that was restarted does: the first call finds out, and is
     * worth a second try.
     */
    private static boolean cut(Throwable failure, boolean answered) {
        return failure instanceof IOException
                && !answered
                && !(failure instanceof ConnectException)
                && !(failure instanceof SSLException)
                && !(failure instanceof HttpTimeoutException);
    }

    /** Sends; the exchange is ended when the time is over, body and all, not only the wait for its first byte. */
    private CompletableFuture<SidecarAnswer> send(Call call, URI address, HttpClient http, AtomicBoolean answered) {
        long left = call.deadline() - System.nanoTime();
        if (left <= 0) return CompletableFuture.failedFuture(new TimeoutException());
        CompletableFuture<HttpResponse<byte[]>> exchange = http.sendAsync(httpRequest(call, address, left), head -> {
            answered.set(true);
            return new BoundedBody();
        });
        call.caller().whenComplete((done, failure) -> exchange.cancel(true));
        return exchange.thenApply(SidecarAnswer::of)
                .orTimeout(left, TimeUnit.NANOSECONDS)
                .whenComplete((answer, failure) -> {
                    if (failure instanceof TimeoutException) exchange.cancel(true);
                });
    }

    private static HttpRequest httpRequest(Call call, URI address, long left) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(address)
                .POST(HttpRequest.BodyPublishers.ofByteArray(call.body()))
                .header("Content-Type", "application/json")
                .header("X-Request-Timeout-Ms", String.valueOf(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left))));
        if (!call.apiKey().isEmpty()) builder.header("Authorization", "Bearer " + call.apiKey());
        call.request().headers().forEach((name, value) -> passOn(builder, name, value));
        return builder.build();
    }

    /** A search's own header that no HTTP header can hold is left out; it must not cost the search its order. */
    private static void passOn(HttpRequest.Builder builder, String name, String value) {
        try {
            builder.header(name, value);
        } catch (IllegalArgumentException e) {
            // the call goes without it
        }
    }
}
