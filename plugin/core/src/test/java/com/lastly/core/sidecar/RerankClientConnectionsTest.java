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
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RerankClientConnectionsTest {

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
    void aDeadSidecarIsUnreachable() throws Exception {
        String url = sidecar.url();
        sidecar.close();
        RerankFailure failure = failure(reranker(url).scores(request(2)));
        assertEquals("unreachable", failure.reason());
        assertTrue(failure.getMessage().contains("lastly.sidecar.urls"));
    }

    @Test
    void theNextAddressAnswersForADeadOne() throws Exception {
        try (TestSidecar dead = new TestSidecar()) {
            dead.close();
            Reranker reranker = reranker(dead.url(), sidecar.url());
            for (int i = 0; i < 5; i++) assertEquals(2, scores(reranker.scores(request(2))).length);
            assertEquals(5, sidecar.calls.size());
        }
    }

    @Test
    void theNextAddressAnswersForOneThatIsNotReady() throws Exception {
        try (TestSidecar second = new TestSidecar()) {
            sidecar.behaviour = TestSidecar.always(503, "{}");
            Reranker reranker = reranker(sidecar.url(), second.url());
            for (int i = 0; i < 5; i++) scores(reranker.scores(request(2)));
            assertEquals(1, sidecar.calls.size());
            assertEquals(5, second.calls.size());
        }
    }

    @Test
    void anAddressThatHangsIsNotTheFirstChoiceOfTheNextCall() throws Exception {
        try (TestSidecar second = new TestSidecar()) {
            sidecar.behaviour = TestSidecar.after(5000, TestSidecar::reversed);
            Reranker reranker = reranker(sidecar.url(), second.url());
            assertEquals("timeout", reason(reranker.scores(request(2, 100))));
            scores(reranker.scores(request(2, 3000)));
            assertEquals(1, second.calls.size());
        }
    }

    @Test
    void theOnlyAddressHasAllTheTimeThereIsToConnect() throws Exception {
        try (ServerSocket late = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Socket> waiting = new ArrayList<>();
            for (int i = 0; i < 2; i++)
                waiting.add(new Socket(late.getInetAddress(), late.getLocalPort())); // no place is left
            CompletableFuture<double[]> call =
                    reranker("http://127.0.0.1:" + late.getLocalPort()).scores(request(1));
            Thread.sleep(600); // more than an address gets that is not the last
            assertFalse(call.isDone());
            for (Socket socket : waiting) socket.close();
            Thread server = new Thread(() -> answer(late));
            server.setDaemon(true);
            server.start();
            assertArrayEquals(new double[] {0.5}, scores(call));
        }
    }

    private static void answer(ServerSocket server) {
        byte[] body = "{\"results\":[{\"index\":0,\"relevance_score\":0.5}]}".getBytes(StandardCharsets.UTF_8);
        byte[] head =
                ("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.UTF_8);
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                if (socket.getInputStream().read(new byte[1 << 16]) < 0) continue;
                socket.getOutputStream().write(head);
                socket.getOutputStream().write(body);
            } catch (IOException e) {
                return;
            }
        }
    }

    @Test
    void whereEveryAddressIsDeadEachIsTriedOnce() throws Exception {
        try (TestSidecar second = new TestSidecar()) {
            sidecar.behaviour = TestSidecar.always(503, "{}");
            second.behaviour = TestSidecar.always(503, "{}");
            assertEquals(
                    "not_ready", reason(reranker(sidecar.url(), second.url()).scores(request(2))));
            assertEquals(1, sidecar.calls.size());
            assertEquals(1, second.calls.size());
        }
    }

    @Test
    void aConnectionCutBeforeTheAnswerIsTriedOnceMore() throws Exception {
        try (ServerSocket cutting = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            AtomicLong accepted = new AtomicLong();
            Thread server = new Thread(() -> cut(cutting, accepted));
            server.setDaemon(true);
            server.start();
            assertEquals(
                    "broken",
                    reason(reranker("http://127.0.0.1:" + cutting.getLocalPort())
                            .scores(request(2))));
            assertEquals(2, accepted.get());
            accepted.set(0);
            assertEquals(
                    2,
                    scores(reranker("http://127.0.0.1:" + cutting.getLocalPort(), sidecar.url())
                                    .scores(request(2)))
                            .length);
            assertEquals(1, accepted.get());
        }
    }

    private static void cut(ServerSocket server, AtomicLong accepted) {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                accepted.incrementAndGet();
                socket.getInputStream().read(new byte[64]);
            } catch (IOException e) {
                return;
            }
        }
    }

    @Test
    void aCancelledCallEndsItsConnection() throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        sidecar.behaviour = (exchange, call) -> {
            exchange.sendResponseHeaders(200, 0);
            try {
                while (true) {
                    exchange.getResponseBody().write(' ');
                    exchange.getResponseBody().flush();
                    Thread.sleep(20);
                }
            } catch (IOException e) {
                ended.set(true);
                throw e;
            }
        };
        Reranker reranker = reranker(sidecar.url());
        CompletableFuture<double[]> call = reranker.scores(request(2));
        assertTrue(eventually(() -> sidecar.calls.size() == 1));
        call.cancel(true);
        assertTrue(eventually(ended::get), "the connection was closed");
        assertEquals(0, reranker.inFlight());
        assertEquals("closed", reranker.breakerState());
    }
}
