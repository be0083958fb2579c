package com.lastly.core.settings;

import java.util.List;

/**
 * Takes one setting after the other, by its name, and checks each: a wrong one throws IllegalArgumentException that
 * names it as it was written.
 */
public final class SettingsBuilder {

    boolean enabled;
    String query = "";
    List<String> fields = List.of();
    int windowSize = SettingLimits.WINDOW_SIZE;
    long timeoutMillis = SettingLimits.TIMEOUT_MILLIS;
    boolean fails;
    String model = "";
    String instruction = "";
    int maxDocTokens;
    boolean shadow;
    boolean explain;

    private final String prefix;

    SettingsBuilder(String prefix) {
        this.prefix = prefix;
    }

    public SettingsBuilder enabled(boolean enabled) {
        this.enabled = enabled;
        return this;
    }

    public SettingsBuilder query(String query) {
        this.query = SettingLimits.checkText(prefix + "query", query);
        return this;
    }

    public SettingsBuilder fields(List<String> fields) {
        SettingLimits.checkNames(prefix + "fields", fields);
        this.fields = List.copyOf(fields);
        return this;
    }

    public SettingsBuilder windowSize(int windowSize) {
        this.windowSize = SettingLimits.checkWindow(prefix + "window_size", windowSize);
        return this;
    }

    public SettingsBuilder timeoutMillis(long timeoutMillis) {
        this.timeoutMillis = SettingLimits.checkTimeout(prefix + "timeout", timeoutMillis);
        return this;
    }

    /** `keep_order` or `fail`. */
    public SettingsBuilder onFailure(String onFailure) {
        fails = SettingLimits.oneOf(prefix + "on_failure", onFailure, SettingLimits.KEEP_ORDER, SettingLimits.FAIL)
                .equals(SettingLimits.FAIL);
        return this;
    }

    public SettingsBuilder model(String model) {
        this.model = model;
        return this;
    }

    public SettingsBuilder instruction(String instruction) {
        this.instruction = SettingLimits.checkText(prefix + "instruction", instruction);
        return this;
    }

    public SettingsBuilder maxDocTokens(int maxDocTokens) {
        this.maxDocTokens = SettingLimits.checkMaxDocTokens(prefix + "max_doc_tokens", maxDocTokens);
        return this;
    }

    /** `rerank` or `shadow`. */
    public SettingsBuilder mode(String mode) {
        shadow = SettingLimits.oneOf(prefix + "mode", mode, SettingLimits.RERANK, SettingLimits.SHADOW)
                .equals(SettingLimits.SHADOW);
        return this;
    }

    public SettingsBuilder explain(boolean explain) {
        this.explain = explain;
        return this;
    }

    /** Refuses settings that are switched on without a field to read. */
    public SettingsBuilder needFieldsWhenEnabled() {
        SettingLimits.checkFields(prefix + "fields", enabled, fields);
        return this;
    }

    /** Refuses settings that name no field to read. */
    public SettingsBuilder needFields() {
        SettingLimits.require(!fields.isEmpty(), prefix + "fields: name the fields that make up the passage");
        return this;
    }

    public RerankSettings build() {
        return new RerankSettings(this);
    }
}
