package com.lastly.core.sidecar;

import java.util.function.Consumer;
import org.apache.hc.core5.concurrent.FutureCallback;

/** Chains HttpCore's callbacks. */
final class Callbacks {

    private Callbacks() {}

    /** Goes on with `next` after success; other ends, and what `next` throws, are `outer`'s. */
    static <T> FutureCallback<T> then(FutureCallback<?> outer, Consumer<T> next) {
        return new FutureCallback<>() {
            @Override
            public void completed(T result) {
                try {
                    next.accept(result);
                } catch (RuntimeException failure) {
                    outer.failed(failure);
                }
            }

            @Override
            public void failed(Exception failure) {
                outer.failed(failure);
            }

            @Override
            public void cancelled() {
                outer.cancelled();
            }
        };
    }
}
