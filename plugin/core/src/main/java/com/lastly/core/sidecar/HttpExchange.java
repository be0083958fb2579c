package com.lastly.core.sidecar;

import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.Method;
import org.apache.hc.core5.http.message.BasicHttpRequest;
import org.apache.hc.core5.http.nio.command.RequestExecutionCommand;
import org.apache.hc.core5.http.nio.entity.BasicAsyncEntityProducer;
import org.apache.hc.core5.http.nio.support.BasicClientExchangeHandler;
import org.apache.hc.core5.http.nio.support.BasicRequestProducer;
import org.apache.hc.core5.http.protocol.HttpCoreContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.reactor.Command;
import org.apache.hc.core5.reactor.IOSession;

/**
 * One request and its answer. Whichever way it ends other than well, by failure, cancellation or time, its socket is
 * closed at once: nothing of it is left behind.
 */
final class HttpExchange {

    private final HttpConnections connections;
    private final HttpHost host;
    private final BasicHttpRequest request;
    private final byte[] body;
    private final int longest;
    private final CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    private volatile boolean answered;

    /** `longest` is how many bytes of an answer are read. */
    HttpExchange(HttpConnections connections, HttpHost host, String path, byte[] body, int longest) {
        this.connections = connections;
        this.host = host;
        this.request = new BasicHttpRequest(Method.POST, host, path);
        this.body = body;
        this.longest = longest;
    }

    /** Adds headers; one that no HTTP header can hold is left out. */
    void headers(Map<String, String> headers) {
        headers.forEach((name, value) -> {
            if (value.chars().allMatch(c -> c >= ' ' && c < 127 || c == '\t')) request.setHeader(name, value);
        });
    }

    /** Sends it; complete the future, with a failure, to end it. `connect` in nanoseconds. */
    CompletableFuture<HttpAnswer> send(long connect) {
        if (answer.isDone()) return answer;
        Future<?> opening = connections.open(host, connect, opened());
        if (opening != null) answer.whenComplete((done, failure) -> opening.cancel(true));
        return answer;
    }

    /** The answer, or what became of it. */
    CompletableFuture<HttpAnswer> answer() {
        return answer;
    }

    /** Whether the sidecar began to answer, so that the request must not be sent again. */
    boolean answered() {
        return answered;
    }

    private FutureCallback<IOSession> opened() {
        return new FutureCallback<>() {
            @Override
            public void completed(IOSession session) {
                exchange(session);
            }

            @Override
            public void failed(Exception failure) {
                answer.completeExceptionally(
                        failure instanceof SocketTimeoutException ? new ConnectException("timed out") : failure);
            }

            @Override
            public void cancelled() {
                answer.cancel(false);
            }
        };
    }

    private void exchange(IOSession session) {
        answer.whenComplete((done, failure) -> {
            if (failure != null) session.close(CloseMode.IMMEDIATE);
        });
        if (answer.isDone()) return;
        BasicRequestProducer producer =
                new BasicRequestProducer(request, new BasicAsyncEntityProducer(body, ContentType.APPLICATION_JSON));
        HttpAnswerReader reader = new HttpAnswerReader(longest, () -> answered = true);
        session.enqueue(
                new RequestExecutionCommand(
                        new BasicClientExchangeHandler<>(producer, reader, ended(session)), HttpCoreContext.create()),
                Command.Priority.NORMAL);
        if (!session.isOpen()) answer.completeExceptionally(new ConnectionClosedException());
    }

    private FutureCallback<HttpAnswer> ended(IOSession session) {
        return new FutureCallback<>() {
            @Override
            public void completed(HttpAnswer result) {
                if (result.reusable() && !answer.isDone()) connections.keep(host, session);
                else session.close(CloseMode.GRACEFUL);
                answer.complete(result);
            }

            @Override
            public void failed(Exception failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void cancelled() {
                answer.cancel(false);
            }
        };
    }
}
