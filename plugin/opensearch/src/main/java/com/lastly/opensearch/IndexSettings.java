package com.lastly.opensearch;

import static org.opensearch.cluster.metadata.IndexMetadata.SETTING_INDEX_VERSION_CREATED;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingLimits;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Setting.Property;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.unit.TimeValue;

/** The `index.lastly.*` settings: names and types for OpenSearch, limits and defaults from the core. */
final class IndexSettings {

    private static final Property[] DYNAMIC = {Property.Dynamic, Property.IndexScope};

    private static final String FIELDS_KEY = RerankSettings.PREFIX + "fields";

    static final Setting<List<String>> FIELDS = Setting.listSetting(
            FIELDS_KEY,
            List.of(),
            field -> field,
            fields -> SettingLimits.checkFields(FIELDS_KEY, false, fields),
            DYNAMIC);
    static final Setting<Boolean> ENABLED =
            Setting.boolSetting(RerankSettings.PREFIX + "enabled", false, new NeedsFields(), DYNAMIC);
    static final Setting<Integer> WINDOW_SIZE = Setting.intSetting(
            RerankSettings.PREFIX + "window_size", SettingLimits.WINDOW_SIZE, 1, SettingLimits.LARGEST_WINDOW, DYNAMIC);
    static final Setting<TimeValue> TIMEOUT = Setting.timeSetting(
            RerankSettings.PREFIX + "timeout",
            TimeValue.timeValueMillis(SettingLimits.TIMEOUT_MILLIS),
            TimeValue.timeValueMillis(1),
            TimeValue.timeValueMillis(SettingLimits.LONGEST_TIMEOUT_MILLIS),
            DYNAMIC);
    static final Setting<String> ON_FAILURE = choice("on_failure", SettingLimits.KEEP_ORDER, SettingLimits.FAIL);
    static final Setting<String> MODEL = Setting.simpleString(RerankSettings.PREFIX + "model", "", DYNAMIC);
    static final Setting<String> INSTRUCTION = Setting.simpleString(
            RerankSettings.PREFIX + "instruction",
            "",
            text -> SettingLimits.checkText(RerankSettings.PREFIX + "instruction", text),
            DYNAMIC);
    /** 0: the model's own. */
    static final Setting<Integer> MAX_DOC_TOKENS =
            Setting.intSetting(RerankSettings.PREFIX + "max_doc_tokens", 0, 0, DYNAMIC);

    static final Setting<String> MODE = choice("mode", SettingLimits.RERANK, SettingLimits.SHADOW);
    static final Setting<Boolean> EXPLAIN = Setting.boolSetting(RerankSettings.PREFIX + "explain", false, DYNAMIC);

    static final List<Setting<?>> ALL = List.of(
            ENABLED, FIELDS, WINDOW_SIZE, TIMEOUT, ON_FAILURE, MODEL, INSTRUCTION, MAX_DOC_TOKENS, MODE, EXPLAIN);

    private IndexSettings() {}

    private static Setting<String> choice(String name, String first, String second) {
        String key = RerankSettings.PREFIX + name;
        return Setting.simpleString(key, first, value -> SettingLimits.oneOf(key, value, first, second), DYNAMIC);
    }

    /**
     * Reads what an index asks for; throws IllegalArgumentException where nobody checked it (OpenSearch's templates).
     */
    static RerankSettings read(Settings index) {
        return RerankSettings.builder(RerankSettings.PREFIX)
                .enabled(ENABLED.get(index))
                .fields(FIELDS.get(index))
                .windowSize(WINDOW_SIZE.get(index))
                .timeoutMillis(TIMEOUT.get(index).millis())
                .onFailure(ON_FAILURE.get(index))
                .model(MODEL.get(index))
                .instruction(INSTRUCTION.get(index))
                .maxDocTokens(MAX_DOC_TOKENS.get(index))
                .mode(MODE.get(index))
                .explain(EXPLAIN.get(index))
                .build();
    }

    /**
     * Reranking can't be switched on before the passage's fields are named. An update is checked twice: by itself,
     * without the settings that the index has (nor the version that every index has), and then as a part of them.
     */
    private static final class NeedsFields implements Setting.Validator<Boolean> {
        @Override
        public void validate(Boolean enabled) {}

        @Override
        @SuppressWarnings("unchecked")
        public void validate(Boolean enabled, Map<Setting<?>, Object> others) {
            boolean ofAnIndex = !others.get(SETTING_INDEX_VERSION_CREATED)
                    .equals(SETTING_INDEX_VERSION_CREATED.get(Settings.EMPTY));
            SettingLimits.checkFields(FIELDS_KEY, enabled && ofAnIndex, (List<String>) others.get(FIELDS));
        }

        @Override
        public Iterator<Setting<?>> settings() {
            return List.<Setting<?>>of(FIELDS, SETTING_INDEX_VERSION_CREATED).iterator();
        }
    }
}
