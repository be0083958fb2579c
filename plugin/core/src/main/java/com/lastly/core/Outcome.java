package com.lastly.core;

import com.lastly.core.page.RankedPage;
import com.lastly.core.sidecar.RerankFailure;
import java.util.concurrent.CompletableFuture;

/** How a search ends. */
public sealed interface Outcome {

    /** What a future of the flow's that is done came to: it fails only where it was cancelled. */
    static Outcome of(CompletableFuture<Outcome> done) {
        return done.isCompletedExceptionally() ? new Failed(RerankFailure.CANCELLED) : done.join();
    }

    /** The page to answer with. */
    record Page(RankedPage page) implements Outcome {}

    /** The page in the first stage's order, and why: the user is told. */
    record PageWithWarning(RankedPage page, RerankFailure failure) implements Outcome {}

    /** The search was cancelled, or wants no other order than the new one. */
    record Failed(RerankFailure failure) implements Outcome {}
}
