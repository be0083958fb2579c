package com.lastly.core.sidecar;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** A real HTTP server on loopback that behaves as a test tells it to, and keeps what it was sent. */
public final class TestSidecar implements AutoCloseable {

    /** What is done with one call. */
    public interface Behaviour {
        void answer(HttpExchange exchange, Call call) throws IOException, InterruptedException;
    }

    /** What one call brought. */
    public record Call(Map<String, Object> body, Map<String, String> headers, String path) {
        public int count() {
            return ((List<?>) body.get("documents")).size();
        }
    }

    public final List<Call> calls = new CopyOnWriteArrayList<>();
    final Set<Integer> connections = ConcurrentHashMap.newKeySet();
    public volatile Behaviour behaviour = TestSidecar::reversed;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final String scheme;

    public TestSidecar() throws IOException {
        this(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0), "http");
    }

    private TestSidecar(HttpServer server, String scheme) {
        this.server = server;
        this.scheme = scheme;
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static TestSidecar withTls(SSLContext tls) throws IOException {
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        return new TestSidecar(server, "https");
    }

    public String url() {
        return scheme + "://127.0.0.1:" + server.getAddress().getPort();
    }

    /** The last of `count` passages scores best, so that every hit moves. */
    public static void reversed(HttpExchange exchange, Call call) throws IOException {
        StringBuilder results = new StringBuilder();
        for (int i = 0; i < call.count(); i++)
            results.append(i == 0 ? "" : ",")
                    .append("{\"index\":")
                    .append(i)
                    .append(",\"relevance_score\":")
                    .append((double) i / call.count())
                    .append('}');
        send(exchange, 200, "{\"results\":[" + results + "]}");
    }

    public static Behaviour always(int status, String body) {
        return (exchange, call) -> send(exchange, status, body);
    }

    public static Behaviour after(long millis, Behaviour then) {
        return (exchange, call) -> {
            Thread.sleep(millis);
            then.answer(exchange, call);
        };
    }

    static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @SuppressWarnings("unchecked")
    private void handle(HttpExchange exchange) throws IOException {
        Map<String, String> headers = new ConcurrentHashMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(java.util.Locale.ROOT), values.get(0)));
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Call call = new Call(
                (Map<String, Object>) Json.parse(body),
                headers,
                exchange.getRequestURI().getPath());
        calls.add(call);
        connections.add(exchange.getRemoteAddress().getPort());
        try {
            behaviour.answer(exchange, call);
        } catch (InterruptedException e) {
            exchange.close();
        } catch (IOException e) {
            exchange.close();
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
