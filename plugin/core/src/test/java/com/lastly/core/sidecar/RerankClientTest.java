package com.lastly.core.sidecar;

import static com.lastly.core.sidecar.Calls.eventually;
import static com.lastly.core.sidecar.Calls.failure;
import static com.lastly.core.sidecar.Calls.reason;
import static com.lastly.core.sidecar.Calls.request;
import static com.lastly.core.sidecar.Calls.reranker;
import static com.lastly.core.sidecar.Calls.scores;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.lastly.core.settings.RerankSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RerankClientTest {

    private TestSidecar sidecar;

    @BeforeEach
    void start() throws IOException {
        sidecar = new TestSidecar();
    }

    @AfterEach
    void stop() {
        sidecar.close();
    }

    @Test
    void givesTheScoresInThePassagesOrder() throws Exception {
        assertArrayEquals(
                new double[] {0, 0.25, 0.5, 0.75},
                scores(reranker(sidecar.url()).scores(request(4))));
        sidecar.behaviour = TestSidecar.always(
                200, "{\"results\":[{\"index\":1,\"relevance_score\":0.9},{\"index\":0,\"relevance_score\":-0.1}]}");
        assertArrayEquals(
                new double[] {-0.1, 0.9}, scores(reranker(sidecar.url()).scores(request(2))));
    }

    @Test
    void sendsWhatTheSettingsAskFor() throws Exception {
        RerankSettings settings = RerankSettings.builder("")
                .model("mini")
                .instruction("prefer short")
                .maxDocTokens(128)
                .build();
        String query = "a \"quoted\" fuchs\n\u0001 ü 😀";
        Map<String, String> headers = Map.of(
                "X-Request-Id", "id-7", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        byte[] body = RequestBody.of(settings, query, List.of("one", "two"));
        RerankCall request = new RerankCall(body, 2, headers, CallTime.start(800, 10_000), false);
        SidecarConfig config = new SidecarConfig(List.of(sidecar.url() + "/"), "secret", 1, 5, 1000);
        scores(Calls.reranker(() -> config, new RerankClient(null)).scores(request));
        TestSidecar.Call call = sidecar.calls.get(0);
        assertEquals(
                Map.of(
                        "query",
                        query,
                        "documents",
                        List.of("one", "two"),
                        "model",
                        "mini",
                        "instruction",
                        "prefer short",
                        "max_doc_length",
                        128.0),
                call.body());
        assertEquals("/v1/rerank", call.path());
        assertEquals("Bearer secret", call.headers().get("authorization"));
        assertEquals("id-7", call.headers().get("x-request-id"));
        assertTrue(call.headers().get("traceparent").startsWith("00-4bf92f"));
        long left = Long.parseLong(call.headers().get("x-request-timeout-ms"));
        assertTrue(left > 0 && left <= 800, "remaining time " + left);
        assertEquals("application/json", call.headers().get("content-type").split(";")[0]);
        assertNull(call.headers().get("expect"), "a sidecar that does not know it would cost three seconds");
    }

    @Test
    void sendsNoKeyWhereThereIsNone() throws Exception {
        scores(reranker(sidecar.url()).scores(request(1)));
        assertNull(sidecar.calls.get(0).headers().get("authorization"));
        assertEquals(
                List.of("query", "documents"),
                List.copyOf(sidecar.calls.get(0).body().keySet()));
    }

    @Test
    void aHeaderThatHttpCannotHoldIsLeftOutAndBlamesNobody() throws Exception {
        RerankCall plain = request(1);
        Map<String, String> headers = Map.of("X-Request-Id", "bell \u0007", "traceparent", "fine");
        RerankCall request = new RerankCall(plain.body(), 1, headers, plain.time(), false);
        Reranker reranker = reranker(sidecar.url());
        scores(reranker.scores(request));
        assertNull(sidecar.calls.get(0).headers().get("x-request-id"));
        assertEquals("fine", sidecar.calls.get(0).headers().get("traceparent"));
    }

    @Test
    void keepsItsConnection() throws Exception {
        Reranker reranker = reranker(sidecar.url());
        for (int i = 0; i < 20; i++) scores(reranker.scores(request(3)));
        assertEquals(1, sidecar.connections.size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>busy</html>",
                "[]",
                "null",
                "{\"results\":{}}",
                "{\"model\":\"m\"}",
                "{\"results\":[",
                "{\"results\":[]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":0,\"relevance_score\":0.4}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":2,\"relevance_score\":0.4}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":-1,\"relevance_score\":0.4}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":0.5,\"relevance_score\":0.4}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":\"1\",\"relevance_score\":0.4}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":NaN}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":1e999}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":-40}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":null}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":\"much\"}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1}]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},7]}",
                "{\"results\":[{\"index\":0,\"relevance_score\":0.5},{\"index\":1,\"relevance_score\":0.1},"
                        + "{\"index\":2,\"relevance_score\":0.2}]}",
            })
    void nothingOfALieIsUsed(String lie) throws Exception {
        sidecar.behaviour = TestSidecar.always(200, lie);
        assertEquals("bad_answer", reason(reranker(sidecar.url()).scores(request(2))));
        assertEquals(1, sidecar.calls.size());
    }

    @ParameterizedTest
    @CsvSource({
        "401,unauthorized",
        "403,unauthorized",
        "429,busy",
        "500,status_500",
        "503,not_ready",
        "504,timeout",
        "302,status_302",
        "404,status_404",
        "422,status_422"
    })
    void aRefusalIsCountedByItsReason(int status, String reason) throws Exception {
        sidecar.behaviour = TestSidecar.always(status, "{\"error\":{\"message\":\"which fox\"}}");
        RerankFailure failure = failure(reranker(sidecar.url()).scores(request(2)));
        assertEquals(reason, failure.reason());
        assertFalse(failure.getMessage().contains("fox"), "no user text in " + failure.getMessage());
    }

    @Test
    void aWrongKeySaysWhichSettingToCheck() throws Exception {
        sidecar.behaviour = TestSidecar.always(401, "{}");
        assertTrue(
                failure(reranker(sidecar.url()).scores(request(1))).getMessage().contains("lastly.sidecar.api_key"));
    }

    @Test
    void aSlowSidecarCostsNoMoreThanTheTimeout() throws Exception {
        sidecar.behaviour = TestSidecar.after(5000, TestSidecar::reversed);
        long started = System.nanoTime();
        assertEquals("timeout", reason(reranker(sidecar.url()).scores(request(2, 150))));
        long millis = (System.nanoTime() - started) / 1_000_000;
        assertTrue(millis >= 150 && millis < 2000, millis + " ms");
    }

    @Test
    void aBodyThatDripsForeverIsEndedWithTheTimeout() throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        sidecar.behaviour = (exchange, call) -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                while (true) {
                    out.write(' ');
                    out.flush();
                    Thread.sleep(20);
                }
            } catch (IOException e) {
                ended.set(true);
                throw e;
            }
        };
        assertEquals("timeout", reason(reranker(sidecar.url()).scores(request(2, 200))));
        assertTrue(eventually(ended::get), "the connection was closed");
    }

    @Test
    void aHugeBodyIsEndedNotRead() throws Exception {
        AtomicLong written = new AtomicLong();
        byte[] chunk = new byte[1 << 16];
        sidecar.behaviour = (exchange, call) -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                for (int i = 0; i < 16_384; i++) { // a gigabyte
                    out.write(chunk);
                    written.addAndGet(chunk.length);
                }
            }
        };
        assertEquals("broken", reason(reranker(sidecar.url()).scores(request(2))));
        long most = 64L << 20;
        assertTrue(written.get() < most, written.get() + " bytes were taken");
        assertEquals(1, sidecar.calls.size());
    }
}
