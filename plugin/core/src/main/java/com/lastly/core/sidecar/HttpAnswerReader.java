package com.lastly.core.sidecar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HeaderElements;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.nio.AsyncResponseConsumer;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.ByteArrayBuffer;

/** Reads an answer up to a bound; whatever sends more is no sidecar, and must not fill the engine's memory. */
final class HttpAnswerReader implements AsyncResponseConsumer<HttpAnswer> {

    /** Of `100 Continue` and its like before the answer; some servers send them without end. */
    private static final int MOST_INTERIM = 8;

    private final int longest;
    private final Runnable started;
    private final ByteArrayBuffer body = new ByteArrayBuffer(1 << 10);
    private int interim;
    private int status;
    private boolean reusable;
    private FutureCallback<HttpAnswer> done;

    /** `longest` in bytes; `started` is told when the answer's head has come. */
    HttpAnswerReader(int longest, Runnable started) {
        this.longest = longest;
        this.started = started;
    }

    @Override
    public void informationResponse(HttpResponse response, HttpContext context) throws ProtocolException {
        if (++interim > MOST_INTERIM) throw new ProtocolException("more than %d interim answers", MOST_INTERIM);
    }

    @Override
    public void consumeResponse(
            HttpResponse response, EntityDetails entity, HttpContext context, FutureCallback<HttpAnswer> done) {
        started.run();
        this.done = done;
        status = response.getCode();
        Header connection = response.getFirstHeader(HttpHeaders.CONNECTION);
        reusable = connection == null || !HeaderElements.CLOSE.equalsIgnoreCase(connection.getValue());
        if (entity == null) complete();
    }

    @Override
    public void updateCapacity(CapacityChannel channel) throws IOException {
        channel.update(Integer.MAX_VALUE);
    }

    @Override
    public void consume(ByteBuffer part) throws IOException {
        int length = part.remaining();
        if (body.length() + length > longest) throw new IOException("more than " + longest + " bytes");
        byte[] copied = new byte[length];
        part.get(copied);
        body.append(copied, 0, length);
    }

    @Override
    public void streamEnd(List<? extends Header> trailers) {
        complete();
    }

    private void complete() {
        done.completed(new HttpAnswer(status, body.toByteArray(), reusable));
    }

    @Override
    public void failed(Exception cause) {
        // whoever asked is told by the exchange
    }

    @Override
    public void releaseResources() {
        body.clear();
    }
}
