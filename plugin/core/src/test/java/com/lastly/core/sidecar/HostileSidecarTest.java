package com.lastly.core.sidecar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What stands at the sidecar's address and is none: whatever it says, nothing of a call is left behind. */
@Timeout(120)
class HostileSidecarTest {

    private static final int CALLS = 500;

    /** Says something to each connection, and keeps it open. */
    private static final class Server implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final Set<Socket> open = ConcurrentHashMap.newKeySet();
        private final AtomicInteger accepted = new AtomicInteger();

        private interface Talk {
            void to(OutputStream out) throws IOException;
        }

        Server(Talk talk) throws IOException {
            Thread thread = new Thread(() -> serve(talk));
            thread.setDaemon(true);
            thread.start();
        }

        private void serve(Talk talk) {
            while (!socket.isClosed()) {
                try {
                    Socket one = socket.accept();
                    accepted.incrementAndGet();
                    open.add(one);
                    Thread thread = new Thread(() -> talk(talk, one));
                    thread.setDaemon(true);
                    thread.start();
                } catch (IOException e) {
                    return;
                }
            }
        }

        private void talk(Talk talk, Socket one) {
            try (one) {
                talk.to(one.getOutputStream());
                one.getOutputStream().flush();
                while (one.getInputStream().read(new byte[1 << 16]) >= 0) {} // until the client closes
            } catch (IOException e) {
                // the client is gone
            } finally {
                open.remove(one);
            }
        }

        String url() {
            return "http://127.0.0.1:" + socket.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            socket.close();
            for (Socket one : open) one.close();
        }
    }

    private static void leavesNothingBehind(String reason, Server.Talk talk) throws Exception {
        leavesNothingBehind(reason, CALLS, 3000, talk);
    }

    private static void leavesNothingBehind(String reason, int calls, long millis, Server.Talk talk) throws Exception {
        try (Server server = new Server(talk);
                RerankClient client = new RerankClient(null)) {
            SidecarConfig config = Calls.config(server.url());
            Reranker reranker = Calls.reranker(() -> config, client);
            assertEquals(reason, Calls.reason(reranker.scores(Calls.request(2, millis))));
            long before = descriptors();
            int attempts = server.accepted.get();
            for (int i = 0; i < calls; i++)
                assertEquals(reason, Calls.reason(reranker.scores(Calls.request(2, millis))));
            assertTrue(server.accepted.get() - attempts <= calls, "such a failure is not tried again");
            assertTrue(Calls.eventually(() -> server.open.isEmpty()), server.open.size() + " sockets are open");
            assertTrue(descriptors() <= before + 20, descriptors() + " descriptors after " + before);
            assertEquals(0, reranker.inFlight());
        }
    }

    private static long descriptors() throws IOException {
        Path own = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(own), "descriptors are counted on Linux alone");
        try (Stream<Path> open = Files.list(own)) {
            return open.count();
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void anSshServer() throws Exception {
        leavesNothingBehind("not_http", out -> out.write(ascii("SSH-2.0-OpenSSH_9.2p1\r\n")));
    }

    @Test
    void aMailServer() throws Exception {
        leavesNothingBehind("not_http", out -> out.write(ascii("220 mail ready\r\n")));
    }

    @Test
    void aWrongStatusLine() throws Exception {
        leavesNothingBehind("not_http", out -> out.write(ascii("HTTP/1.1 two hundred\r\n\r\n")));
    }

    @Test
    void aContentLengthThatIsNoNumber() throws Exception {
        leavesNothingBehind("not_http", out -> out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n")));
    }

    @Test
    void aHeaderLineWithoutEnd() throws Exception {
        leavesNothingBehind("not_http", out -> {
            out.write(ascii("HTTP/1.1 200 OK\r\nX-Endless: "));
            for (int i = 0; i < 64; i++) out.write(ascii("x".repeat(1024)));
        });
    }

    @Test
    void headersWithoutEnd() throws Exception {
        leavesNothingBehind("not_http", out -> {
            out.write(ascii("HTTP/1.1 200 OK\r\n"));
            for (int i = 0; i < 4000; i++) out.write(ascii("X-" + i + ": 1\r\n"));
        });
    }

    @Test
    void aFloodOfInterimAnswers() throws Exception {
        leavesNothingBehind("timeout", 30, 100, out -> {
            while (true) out.write(ascii("HTTP/1.1 100 Continue\r\n\r\n"));
        });
    }

    @Test
    void silence() throws Exception {
        leavesNothingBehind("timeout", 30, 50, out -> {});
    }

    @Test
    void anAnswerByteByByte() throws Exception {
        leavesNothingBehind("timeout", 30, 50, out -> {
            out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"));
            while (true) {
                out.write(' ');
                out.flush();
                pause();
            }
        });
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void anAnswerLongerThanItsPassagesAllow() throws Exception {
        leavesNothingBehind("broken", out -> {
            out.write(ascii("HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n{\"results\":["));
            byte[] result = ascii("{\"a\":0},".repeat(1024));
            for (int i = 0; i < 512; i++) out.write(result);
        });
    }

    @Test
    void moreResultsThanPassagesAreNotReadToTheirEnd() throws Exception {
        StringBuilder many = new StringBuilder("{\"results\":[");
        for (int i = 0; i < 500; i++) many.append(i == 0 ? "" : ",").append("{\"index\":0}");
        try (TestSidecar sidecar = new TestSidecar();
                RerankClient client = new RerankClient(null)) {
            sidecar.behaviour = TestSidecar.always(200, many.append("]}").toString());
            SidecarConfig config = Calls.config(sidecar.url());
            assertEquals(
                    "bad_answer",
                    Calls.reason(Calls.reranker(() -> config, client).scores(Calls.request(2))));
        }
    }
}
