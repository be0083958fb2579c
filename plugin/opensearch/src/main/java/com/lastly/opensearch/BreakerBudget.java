package com.lastly.opensearch;

import com.lastly.core.memory.MemoryBudget;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.common.settings.Settings;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.core.common.breaker.CircuitBreakingException;
import org.opensearch.core.common.unit.ByteSizeValue;
import org.opensearch.indices.breaker.BreakerSettings;

/**
 * Reranking's bytes, in a circuit breaker of the node's own: operators see it in `_nodes/stats/breaker`, and the node's
 * parent breaker, which knows the real heap, has a say.
 */
final class BreakerBudget implements MemoryBudget {

    static final Setting<ByteSizeValue> LIMIT =
            Setting.memorySizeSetting("lastly.memory.limit", MemoryBudget.DEFAULT_LIMIT, Property.NodeScope);

    private static final String NAME = "lastly";

    private volatile CircuitBreaker breaker;

    static BreakerSettings settings(Settings node) {
        BreakerSettings settings = new BreakerSettings(
                NAME, LIMIT.get(node).getBytes(), 1.0, CircuitBreaker.Type.MEMORY, CircuitBreaker.Durability.TRANSIENT);
        return BreakerSettings.updateFromSettings(settings, node);
    }

    void use(CircuitBreaker breaker) {
        this.breaker = breaker;
    }

    @Override
    public boolean take(long bytes) {
        try {
            breaker.addEstimateBytesAndMaybeBreak(bytes, "<lastly>");
            return true;
        } catch (CircuitBreakingException e) {
            return false;
        }
    }

    @Override
    public void giveBack(long bytes) {
        breaker.addWithoutBreaking(-bytes);
    }
}
