package com.lastly.opensearch;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingLimits;
import java.util.Map;
import org.opensearch.common.unit.TimeValue;
import org.opensearch.ingest.ConfigurationUtils;

/** Reads a request processor's configuration: what the index settings would hold, under their short names. */
final class ProcessorConfig {

    private static final String TYPE = RerankProcessors.TYPE;

    private final String tag;
    private final Map<String, Object> config;

    private ProcessorConfig(String tag, Map<String, Object> config) {
        this.tag = tag;
        this.config = config;
    }

    /** Throws OpenSearchParseException or IllegalArgumentException that names a wrong value. */
    static RerankSettings read(String tag, Map<String, Object> config) {
        return new ProcessorConfig(tag, config).settings();
    }

    private RerankSettings settings() {
        String timeout = text("timeout", SettingLimits.TIMEOUT_MILLIS + "ms");
        return RerankSettings.builder(TYPE + ".")
                .enabled(true)
                .fields(ConfigurationUtils.readList(TYPE, tag, config, "fields"))
                .needFields()
                .windowSize(number("window_size", SettingLimits.WINDOW_SIZE))
                .timeoutMillis(
                        TimeValue.parseTimeValue(timeout, TYPE + ".timeout").millis())
                .onFailure(text("on_failure", SettingLimits.KEEP_ORDER))
                .model(text("model", ""))
                .instruction(text("instruction", ""))
                .maxDocTokens(number("max_doc_tokens", 0))
                .mode(text("mode", SettingLimits.RERANK))
                .explain(ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "explain", false))
                .build();
    }

    private String text(String name, String otherwise) {
        return ConfigurationUtils.readStringProperty(TYPE, tag, config, name, otherwise);
    }

    private int number(String name, int otherwise) {
        return ConfigurationUtils.readIntProperty(TYPE, tag, config, name, otherwise);
    }
}
