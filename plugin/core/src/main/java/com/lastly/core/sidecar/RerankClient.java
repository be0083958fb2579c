package com.lastly.core.sidecar;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.HttpHost;

/**
 * Calls a sidecar and reads its scores: connections are kept, and no call outlives its time. An address that refuses,
 * or is not ready, is passed over within the call; one that failed in any way is the last to be tried by the next call.
 */
final class RerankClient implements AutoCloseable {

    /** Short, so that another address is still asked within the default timeout of 500 ms. */
    private static final Duration CONNECT = Duration.ofMillis(250);
    /** With the TLS handshake, which took 0.4 s in a JVM that had made none before. */
    private static final Duration CONNECT_TLS = Duration.ofSeconds(2);

    private final HttpConnections connections;
    private final NameLookup names;
    private final AtomicInteger preferred = new AtomicInteger();

    /** `trust` decides whose certificate is taken; null: Java's own trust store. */
    RerankClient(SSLContext trust) {
        this(trust, InetAddress::getByName);
    }

    RerankClient(SSLContext trust, NameLookup.Resolver resolver) {
        connections = new HttpConnections(trust);
        names = new NameLookup(resolver);
    }

    /**
     * A score for every passage, in their order. The exchange ends when `caller` ends: nobody waits for it any more.
     */
    CompletableFuture<double[]> scores(RerankCall call, SidecarConfig config, CompletableFuture<?> caller) {
        return attempt(new Call(call, config.apiKey(), config.addresses(), caller), 0);
    }

    @Override
    public void close() {
        connections.close();
    }

    private record Call(RerankCall call, String apiKey, List<Address> addresses, CompletableFuture<?> caller) {}

    private CompletableFuture<double[]> attempt(Call call, int tried) {
        int turn = preferred.get();
        boolean another = tried + 1 < call.addresses().size();
        Address address =
                call.addresses().get(Math.floorMod(turn, call.addresses().size()));
        Attempt attempt = new Attempt(call, address, another);
        return attempt.answer()
                .thenApply(answer -> SidecarAnswer.of(answer).scores(call.call().passages()))
                .exceptionallyCompose(thrown -> {
                    Throwable failure = thrown instanceof CompletionException ? thrown.getCause() : thrown;
                    if (RerankFailure.of(failure).blamesSidecar()) preferred.compareAndSet(turn, turn + 1);
                    boolean again = another && passable(failure) || (another || tried == 0) && attempt.cut(failure);
                    return again ? attempt(call, tried + 1) : CompletableFuture.failedFuture(failure);
                });
    }

    /** No work was begun, so another address may be asked. */
    private static boolean passable(Throwable failure) {
        return failure instanceof ConnectException
                || failure instanceof RerankFailure refusal && refusal.reason().equals("not_ready");
    }

    /**
     * One address that is asked: its name is looked up, a connection is opened, the answer is read, all in its time.
     */
    private final class Attempt {
        private final Call call;
        private final Address address;
        private final boolean another;
        private volatile HttpExchange exchange;

        Attempt(Call call, Address address, boolean another) {
            this.call = call;
            this.address = address;
            this.another = another;
        }

        CompletableFuture<HttpAnswer> answer() {
            long left = call.call().time().left();
            if (left <= 0) return CompletableFuture.failedFuture(new TimeoutException());
            CompletableFuture<HttpAnswer> answer = found(left).thenCompose(this::sent);
            call.caller().whenComplete((done, failure) -> end(answer, failure));
            return answer.orTimeout(left, TimeUnit.NANOSECONDS).whenComplete((done, failure) -> end(answer, failure));
        }

        private void end(CompletableFuture<HttpAnswer> answer, Throwable failure) {
            if (failure == null && answer.isDone()) return;
            answer.cancel(true);
            HttpExchange running = exchange;
            if (running != null) running.answer().cancel(true);
        }

        /** The last address that is left has all the time that the call has. */
        private long connect(long left) {
            return another ? Math.min(left, (address.tls() ? CONNECT_TLS : CONNECT).toNanos()) : left;
        }

        private CompletableFuture<InetAddress> found(long left) {
            return names.address(address.host())
                    .orTimeout(connect(left), TimeUnit.NANOSECONDS)
                    .handle((host, failure) -> {
                        if (failure == null) return host;
                        throw new CompletionException(new ConnectException("no address"));
                    });
        }

        private CompletableFuture<HttpAnswer> sent(InetAddress found) {
            HttpHost host = new HttpHost(address.scheme(), found, address.host(), address.port());
            RerankCall asked = call.call();
            exchange = new HttpExchange(
                    connections, host, address.path(), asked.body(), SidecarAnswer.longest(asked.passages()));
            exchange.headers(headers());
            if (call.caller().isDone()) exchange.answer().cancel(true);
            return exchange.send(connect(asked.time().left()));
        }

        private Map<String, String> headers() {
            Map<String, String> headers = new HashMap<>(call.call().headers());
            long millis = TimeUnit.NANOSECONDS.toMillis(call.call().time().left());
            headers.put("X-Request-Timeout-Ms", String.valueOf(Math.max(1, millis)));
            if (!call.apiKey().isEmpty()) headers.put("Authorization", "Bearer " + call.apiKey());
            return headers;
        }

        /**
         * A kept connection that the sidecar had closed, as one that was restarted does: the first call finds out, and
         * is worth a second try. What does not speak HTTP is not: it would not the second time either.
         */
        private boolean cut(Throwable failure) {
            return failure instanceof IOException
                    && exchange != null
                    && !exchange.answered()
                    && !(failure instanceof ConnectException)
                    && !(failure instanceof SSLException)
                    && !RerankFailure.notHttp(failure);
        }
    }
}
