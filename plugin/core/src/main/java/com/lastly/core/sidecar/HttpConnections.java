package com.lastly.core.sidecar;

import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.URIScheme;
import org.apache.hc.core5.http.config.CharCodingConfig;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultAddressResolver;
import org.apache.hc.core5.http.impl.bootstrap.AsyncRequester;
import org.apache.hc.core5.http.impl.nio.ClientHttp1IOEventHandlerFactory;
import org.apache.hc.core5.http.impl.nio.ClientHttp1StreamDuplexerFactory;
import org.apache.hc.core5.http.nio.ssl.BasicClientTlsStrategy;
import org.apache.hc.core5.http.nio.ssl.TlsStrategy;
import org.apache.hc.core5.http.protocol.HttpProcessor;
import org.apache.hc.core5.http.protocol.HttpProcessorBuilder;
import org.apache.hc.core5.http.protocol.RequestConnControl;
import org.apache.hc.core5.http.protocol.RequestContent;
import org.apache.hc.core5.http.protocol.RequestTargetHost;
import org.apache.hc.core5.http.protocol.RequestUserAgent;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.reactor.IOSession;
import org.apache.hc.core5.reactor.ssl.TransportSecurityLayer;
import org.apache.hc.core5.util.Timeout;

/**
 * Opens connections to sidecars and keeps those that may be used again. HttpCore speaks the protocol; its own pool is
 * not used, because that lets a connection that is given up wait for its answer, where here its socket is closed at
 * once. Threads and sockets come with the first call, and a socket without traffic is closed after a minute.
 */
final class HttpConnections implements AutoCloseable {

    private static final Timeout SILENT = Timeout.ofSeconds(60);
    private static final int THREADS = 2;
    /** One sidecar's; more than so many callers at once are rare, and the rest is closed after its call. */
    private static final int MOST_KEPT = 256;

    private static final Http1Config BOUNDS = Http1Config.custom()
            .setMaxHeaderCount(100)
            .setMaxLineLength(8 << 10)
            .setMaxEmptyLineCount(1)
            .build();

    /**
     * No `Expect: 100-continue`, for which HttpCore's own set would wait three seconds where a sidecar does not know
     * it.
     */
    private static final HttpProcessor HEADERS = HttpProcessorBuilder.create()
            .addAll(
                    new RequestTargetHost(),
                    new RequestContent(),
                    new RequestConnControl(),
                    new RequestUserAgent("lastly"))
            .build();

    private final TlsStrategy tls;
    private final Map<HttpHost, Deque<IOSession>> kept = new ConcurrentHashMap<>();
    private AsyncRequester requester;

    /** `trust` decides whose certificate is taken; null: Java's own trust store. */
    HttpConnections(SSLContext trust) {
        SSLContext context = trust == null ? org.apache.hc.core5.ssl.SSLContexts.createSystemDefault() : trust;
        tls = new BasicClientTlsStrategy(
                context,
                (endpoint, engine) -> {
                    SSLParameters parameters = engine.getSSLParameters();
                    parameters.setEndpointIdentificationAlgorithm("HTTPS");
                    engine.setSSLParameters(parameters);
                },
                null);
    }

    /**
     * Gives `opened` a connection that may already have been used; the future ends the attempt when it is cancelled.
     */
    Future<?> open(HttpHost host, long nanoseconds, FutureCallback<IOSession> opened) {
        IOSession used = kept(host);
        if (used != null) {
            opened.completed(used);
            return null;
        }
        Timeout time = Timeout.of(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanoseconds)), TimeUnit.MILLISECONDS);
        return requester().requestSession(host, time, null, secured(host, time, opened));
    }

    private FutureCallback<IOSession> secured(HttpHost host, Timeout time, FutureCallback<IOSession> opened) {
        if (!URIScheme.HTTPS.same(host.getSchemeName())) return opened;
        return Callbacks.then(opened, session -> {
            if (session instanceof TransportSecurityLayer layer)
                tls.upgrade(layer, host, null, time, Callbacks.then(opened, layered -> opened.completed(session)));
            else opened.failed(new javax.net.ssl.SSLException("no TLS over this connection"));
        });
    }

    private IOSession kept(HttpHost host) {
        Deque<IOSession> sessions = kept.get(host);
        if (sessions == null) return null;
        for (IOSession session = sessions.pollLast(); session != null; session = sessions.pollLast())
            if (session.isOpen()) return session;
        return null;
    }

    /** Takes a connection back whose exchange ended well. */
    void keep(HttpHost host, IOSession session) {
        Deque<IOSession> sessions = kept.computeIfAbsent(host, name -> new ConcurrentLinkedDeque<>());
        sessions.removeIf(one -> !one.isOpen());
        if (sessions.size() < MOST_KEPT) sessions.addLast(session);
        else session.close(CloseMode.GRACEFUL);
    }

    private synchronized AsyncRequester requester() {
        if (requester == null) {
            requester = started();
            requester.start();
        }
        return requester;
    }

    private AsyncRequester started() {
        IOReactorConfig config = IOReactorConfig.custom()
                .setIoThreadCount(THREADS)
                .setSoTimeout(SILENT)
                .setTcpNoDelay(true)
                .build();
        ClientHttp1StreamDuplexerFactory streams =
                new ClientHttp1StreamDuplexerFactory(HEADERS, BOUNDS, CharCodingConfig.DEFAULT);
        return new AsyncRequester(
                new ClientHttp1IOEventHandlerFactory(streams, null, null),
                config,
                null,
                failure -> {},
                null,
                session -> session.close(CloseMode.IMMEDIATE),
                DefaultAddressResolver.INSTANCE,
                null,
                null);
    }

    @Override
    public synchronized void close() {
        if (requester != null) requester.close(CloseMode.IMMEDIATE);
    }
}
