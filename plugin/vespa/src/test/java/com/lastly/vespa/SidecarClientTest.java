package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client against a real HTTP server that misbehaves. */
class SidecarClientTest {

    private static final String GOOD = "{\"results\":[{\"index\":1,\"relevance_score\":0.9},{\"index\":0,\"relevance_score\":-0.1}]}";

    private interface Answer {
        void write(HttpExchange exchange) throws Exception;
    }

    private HttpServer server;
    private volatile Answer answer = exchange -> respond(exchange, GOOD);
    private final AtomicReference<String> authorization = new AtomicReference<>();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/v1/rerank", exchange -> {
            authorization.set(exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.getRequestBody().readAllBytes();
            try {
                answer.write(exchange);
            } catch (Exception e) {
                exchange.close();
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void gives_scores_in_the_passages_order() throws Exception {
        assertArrayEquals(new double[] {-0.1, 0.9}, client(8, url()).scores(request(1000)).get());
    }

    @Test
    void sends_the_key() throws Exception {
        RerankConfig.Sidecar config = new RerankConfig.Sidecar(new RerankConfig.Sidecar.Builder().urls(url()).api_key("k"));
        new SidecarClient(config).scores(request(1000)).get();
        assertEquals("Bearer k", authorization.get());
    }

    @Test
    void tries_the_next_address_where_a_connection_is_refused() throws Exception {
        SidecarClient client = client(8, "http://127.0.0.1:1", url());
        assertEquals(2, client.scores(request(1000)).get().length);
        assertEquals(2, client.scores(request(1000)).get().length);
    }

    @Test
    void a_body_that_trickles_in_ends_with_the_time_and_not_with_the_body() {
        answer = exchange -> {
            exchange.sendResponseHeaders(200, 0);
            for (int i = 0; i < 100; i++) {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
                Thread.sleep(100);
            }
        };
        long started = System.nanoTime();
        assertEquals("timeout", reason(client(8, url()).scores(request(300))));
        assertTrue(System.nanoTime() - started < Duration.ofSeconds(2).toNanos());
    }

    @Test
    void a_huge_body_is_not_read_to_its_end() {
        answer = exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 1000; i++) exchange.getResponseBody().write(block);
        };
        assertEquals("broken", reason(client(8, url()).scores(request(5000))));
    }

    @Test
    void a_connection_that_breaks_off_is_a_failure_of_its_own() {
        answer = HttpExchange::close;
        assertEquals("broken", reason(client(8, url()).scores(request(1000))));
    }

    @Test
    void no_more_calls_are_under_way_than_the_bound() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        answer = exchange -> {
            release.await();
            respond(exchange, GOOD);
        };
        SidecarClient client = client(1, url());
        CompletableFuture<double[]> first = client.scores(request(5000));
        assertEquals("busy", reason(client.scores(request(5000))));
        release.countDown();
        assertEquals(2, first.get().length);
        assertEquals(2, client.scores(request(5000)).get().length);
    }

    @Test
    void a_query_without_time_left_is_not_sent() {
        assertEquals("timeout", reason(client(8, url()).scores(request(0))));
        assertEquals(null, authorization.get());
    }

    @Test
    void the_breaker_opens_on_failures_and_not_on_refusals_of_the_query() {
        answer = exchange -> exchange.sendResponseHeaders(413, -1);
        SidecarClient client = client(8, url());
        for (int i = 0; i < 10; i++) assertEquals("status_413", reason(client.scores(request(1000))));
        answer = exchange -> exchange.sendResponseHeaders(500, -1);
        for (int i = 0; i < 5; i++) assertEquals("status_500", reason(client.scores(request(1000))));
        assertEquals("breaker_open", reason(client.scores(request(1000))));
        assertTrue(client.breakerOpen());
    }

    @Test
    void an_address_that_is_none_is_refused_when_the_config_is_read() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> client(8, "sidecar:8787"));
        assertTrue(refused.getMessage().contains("lastly.sidecar.urls"));
    }

    private static String reason(CompletableFuture<double[]> call) {
        return RerankFailure.of(assertThrows(ExecutionException.class, call::get)).reason();
    }

    private static void respond(HttpExchange exchange, String body) throws IOException {
        exchange.sendResponseHeaders(200, body.length());
        exchange.getResponseBody().write(body.getBytes());
        exchange.close();
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private static SidecarClient client(int slots, String... urls) {
        return new SidecarClient(new RerankConfig.Sidecar(
                new RerankConfig.Sidecar.Builder().urls(List.of(urls)).max_in_flight(slots)));
    }

    private static SidecarRequest request(int millis) {
        return new SidecarRequest("query", List.of("a", "b"), "", "", 0, Duration.ofMillis(millis), Map.of());
    }
}
