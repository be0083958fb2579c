package com.lastly.core.settings;

import java.util.List;
import java.util.Map;

/**
 * What an index asks for, with what one search asks instead. Built by name, so that every engine reads its own form of
 * the settings and none can swap two of them; limits and defaults are the builder's.
 */
public final class RerankSettings {

    /** In front of the names of the index settings. */
    public static final String PREFIX = "index.lastly.";

    private final boolean enabled;
    private final String query;
    private final List<String> fields;
    private final int windowSize;
    private final long timeoutMillis;
    private final boolean fails;
    private final String model;
    private final String instruction;
    private final int maxDocTokens;
    private final boolean shadow;
    private final boolean explain;

    RerankSettings(SettingsBuilder built) {
        enabled = built.enabled;
        query = built.query;
        fields = built.fields;
        windowSize = built.windowSize;
        timeoutMillis = built.timeoutMillis;
        fails = built.fails;
        model = built.model;
        instruction = built.instruction;
        maxDocTokens = built.maxDocTokens;
        shadow = built.shadow;
        explain = built.explain;
    }

    /** Returns a builder with the defaults; `prefix` stands in front of the names in its messages. */
    public static SettingsBuilder builder(String prefix) {
        return new SettingsBuilder(prefix);
    }

    /** Returns a builder that starts from these settings. */
    SettingsBuilder changed(String prefix) {
        SettingsBuilder builder = new SettingsBuilder(prefix);
        builder.enabled = enabled;
        builder.query = query;
        builder.fields = fields;
        builder.windowSize = windowSize;
        builder.timeoutMillis = timeoutMillis;
        builder.fails = fails;
        builder.model = model;
        builder.instruction = instruction;
        builder.maxDocTokens = maxDocTokens;
        builder.shadow = shadow;
        builder.explain = explain;
        return builder;
    }

    /**
     * Returns these settings with a search's own, which stand at `place` (`ext.lastly`, say); throws
     * IllegalArgumentException that names a wrong key or value.
     */
    public RerankSettings with(String place, Map<String, Object> search) {
        return PerSearch.apply(this, place, search);
    }

    public boolean enabled() {
        return enabled;
    }

    /** What to rank by instead of the search's own text; empty: nothing else. */
    public String query() {
        return query;
    }

    /** Fields that are joined, in order, into the passage. */
    public List<String> fields() {
        return fields;
    }

    public int windowSize() {
        return windowSize;
    }

    public long timeoutMillis() {
        return timeoutMillis;
    }

    /** Whether a search that can't be reranked ends with an error. */
    public boolean fails() {
        return fails;
    }

    /** The model asked of the sidecar; empty: the one that it serves. */
    public String model() {
        return model;
    }

    public String instruction() {
        return instruction;
    }

    /** Tokens that the model reads of a passage; 0: the model's own. */
    public int maxDocTokens() {
        return maxDocTokens;
    }

    /** Whether the sidecar is asked but the order left alone. */
    public boolean shadow() {
        return shadow;
    }

    public boolean explain() {
        return explain;
    }

    private List<Object> values() {
        return List.of(
                enabled,
                query,
                fields,
                windowSize,
                timeoutMillis,
                fails,
                model,
                instruction,
                maxDocTokens,
                shadow,
                explain);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RerankSettings settings && values().equals(settings.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "RerankSettings" + values();
    }
}
