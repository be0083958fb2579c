package com.lastly.core;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.CallTime;
import com.lastly.core.sidecar.RequestBody;
import com.lastly.core.sidecar.RerankCall;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.stats.RerankStats;
import com.lastly.core.text.PassageLimit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Puts a call together on another thread than the one that brought the hits. What no thread has begun when the time is
 * over is given up; what one has begun is waited for, since it reads the hits that the answer is made of. That takes no
 * more than a few milliseconds: passages are cut.
 */
final class CallBuilder implements Runnable {

    private final RerankPlan plan;
    private final FirstStage first;
    private final Map<String, String> headers;
    private final CallTime time;
    private final RerankStats stats;
    private final AtomicBoolean begun = new AtomicBoolean();
    private final CompletableFuture<RerankCall> call = new CompletableFuture<>();

    CallBuilder(RerankPlan plan, FirstStage first, Map<String, String> headers, CallTime time, RerankStats stats) {
        this.plan = plan;
        this.first = first;
        this.headers = headers;
        this.time = time;
        this.stats = stats;
    }

    /** The call; its failure, a RerankFailure, is counted. */
    CompletableFuture<RerankCall> call() {
        return call;
    }

    void runOn(Executor threads) {
        try {
            threads.execute(this);
        } catch (RejectedExecutionException e) { // a full queue must not lose the search
            run();
        }
        if (begun.get()) return;
        CompletableFuture<RerankCall> timer = call.copy().orTimeout(Math.max(0, time.left()), TimeUnit.NANOSECONDS);
        timer.whenComplete((built, late) -> {
            if (late != null) abandon();
        });
    }

    private void abandon() {
        if (begun.compareAndSet(false, true)) fail(RerankFailure.THREADS_BUSY);
    }

    @Override
    public void run() {
        if (!begun.compareAndSet(false, true)) return;
        try {
            call.complete(built());
        } catch (RerankFailure failure) {
            fail(failure);
        } catch (RuntimeException failure) { // a field that is no text after all must not cost the search its answer
            fail(RerankFailure.unreadable(failure));
        }
    }

    private void fail(RerankFailure failure) {
        stats.failed(failure.reason());
        call.completeExceptionally(failure);
    }

    private RerankCall built() throws RerankFailure {
        RerankSettings settings = plan.settings();
        int count = Math.min(plan.window().window(), first.hits());
        List<String> passages = first.passages(count, PassageLimit.characters(settings.maxDocTokens(), count));
        if (passages.stream().allMatch(String::isBlank)) throw RerankFailure.NO_TEXT;
        byte[] body = RequestBody.of(settings, plan.query(), passages);
        return new RerankCall(body, count, headers, time, settings.shadow());
    }
}
