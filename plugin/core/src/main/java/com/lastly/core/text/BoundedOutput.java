package com.lastly.core.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** Keeps what is written, and ends the writing with an IOException where it grows beyond what a query of words has. */
public final class BoundedOutput extends OutputStream {

    private static final int MOST = 256 << 10;

    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

    @Override
    public void write(int b) throws IOException {
        check(1);
        kept.write(b);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        check(length);
        kept.write(bytes, from, length);
    }

    public byte[] toByteArray() {
        return kept.toByteArray();
    }

    private void check(int more) throws IOException {
        if (kept.size() + more > MOST) throw new IOException("more than " + MOST + " bytes");
    }
}
