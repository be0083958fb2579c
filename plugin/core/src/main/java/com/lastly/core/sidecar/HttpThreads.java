package com.lastly.core.sidecar;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that read and write the sidecars' connections. Few of them: the client's own pool hands every step of an
 * exchange to another thread, which took twice the processor time. None lives longer than a minute without work, and
 * none keeps a node from ending. Calls under way are bounded, so what waits here is too.
 */
final class HttpThreads {

    private static final int MOST = 4;
    private static final long IDLE_SECONDS = 60;
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private HttpThreads() {}

    static Executor started() {
        int size = Math.min(MOST, Math.max(2, Runtime.getRuntime().availableProcessors() / 2));
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                size, size, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), HttpThreads::thread);
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "lastly-http-" + NUMBER.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }
}
