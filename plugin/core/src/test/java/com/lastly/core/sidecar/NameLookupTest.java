package com.lastly.core.sidecar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The resolver hangs as a real one does whose servers do not answer: a thread that asks it is gone for seconds. */
@Timeout(60)
class NameLookupTest {

    private final AtomicInteger asked = new AtomicInteger();
    private final CountDownLatch over = new CountDownLatch(1);

    private InetAddress resolve(String name) throws UnknownHostException {
        asked.incrementAndGet();
        if (name.equals("hangs")) await();
        if (name.equals("nowhere")) throw new UnknownHostException(name);
        return InetAddress.getLoopbackAddress();
    }

    private void await() throws UnknownHostException {
        try {
            over.await();
        } catch (InterruptedException e) {
            throw new UnknownHostException("interrupted");
        }
    }

    @Test
    void aNameIsLookedUpOnceAndThenKnown() {
        NameLookup names = new NameLookup(this::resolve);
        for (int i = 0; i < 10; i++) assertTrue(names.address("sidecar").join().isLoopbackAddress());
        assertEquals(1, asked.get());
    }

    @Test
    void anAddressNeedsNoResolver() {
        NameLookup names = new NameLookup(this::resolve);
        assertEquals("127.0.0.1", names.address("127.0.0.1").join().getHostAddress());
        assertEquals("0:0:0:0:0:0:0:1", names.address("[::1]").join().getHostAddress());
        assertEquals(0, asked.get());
    }

    @Test
    void anUnknownNameFailsAndIsAskedForAgain() {
        NameLookup names = new NameLookup(this::resolve);
        for (int i = 0; i < 2; i++)
            assertThrows(
                    CompletionException.class, () -> names.address("nowhere").join());
        assertEquals(2, asked.get());
    }

    @Test
    void oneNameThatHangsHoldsOneThreadAndNoOtherName() throws Exception {
        NameLookup names = new NameLookup(this::resolve);
        for (int i = 0; i < 100; i++) {
            CompletableFuture<InetAddress> hanging = names.address("hangs").orTimeout(1, TimeUnit.MILLISECONDS);
            assertThrows(CompletionException.class, hanging::join);
        }
        assertEquals(1, asked.get());
        assertTrue(names.address("sidecar").get(5, TimeUnit.SECONDS).isLoopbackAddress());
        CompletableFuture<InetAddress> hanging = names.address("hangs");
        assertFalse(hanging.isDone());
        over.countDown();
        assertTrue(hanging.get(5, TimeUnit.SECONDS).isLoopbackAddress());
    }

    @Test
    void anAddressWhoseNameHangsIsPassedOverForTheHealthyOne() throws Exception {
        try (TestSidecar sidecar = new TestSidecar();
                RerankClient client = new RerankClient(null, this::resolve)) {
            SidecarConfig config = Calls.config("http://hangs:8787", sidecar.url());
            Reranker reranker = Calls.reranker(() -> config, client);
            for (int i = 0; i < 20; i++) assertEquals(2, Calls.scores(reranker.scores(Calls.request(2, 2000))).length);
            assertEquals(20, sidecar.calls.size());
        } finally {
            over.countDown();
        }
    }
}
