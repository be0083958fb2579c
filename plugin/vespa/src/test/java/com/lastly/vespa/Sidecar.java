package com.lastly.vespa;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A sidecar on loopback: scores the last passage best, so that every hit moves, once `go` lets it answer. */
final class Sidecar implements AutoCloseable {

    record Call(JsonNode body, String requestId, long timeMillis) {}

    final List<Call> calls = new CopyOnWriteArrayList<>();
    volatile CountDownLatch go = new CountDownLatch(0);
    volatile int status = 200;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer server;

    Sidecar() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/v1/rerank", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        JsonNode body = new ObjectMapper().readTree(exchange.getRequestBody());
        calls.add(new Call(
                body,
                exchange.getRequestHeaders().getFirst("X-Request-Id"),
                Long.parseLong(exchange.getRequestHeaders().getFirst("X-Request-Timeout-Ms"))));
        try {
            go.await();
        } catch (InterruptedException e) {
            exchange.close();
            return;
        }
        byte[] answer = results(body.path("documents").size()).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private static String results(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "{\"index\":" + i + ",\"relevance_score\":" + (double) i / count + "}")
                .collect(Collectors.joining(",", "{\"results\":[", "]}"));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
