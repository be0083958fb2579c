package com.lastly.elasticsearch;

import static org.elasticsearch.cluster.metadata.IndexMetadata.SETTING_INDEX_VERSION_CREATED;

import com.lastly.core.settings.RerankSettings;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Setting.Property;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.core.TimeValue;

/** The `index.lastly.*` settings: names and types for Elasticsearch, limits and defaults from the core. */
final class IndexSettings {

    private static final Property[] DYNAMIC = {Property.Dynamic, Property.IndexScope};

    static final Setting<List<String>> FIELDS = Setting.stringListSetting(
            RerankSettings.PREFIX + "fields", fields -> RerankSettings.checkFields(false, fields), DYNAMIC);
    static final Setting<Boolean> ENABLED =
            Setting.boolSetting(RerankSettings.PREFIX + "enabled", false, new NeedsFields(), DYNAMIC);
    static final Setting<Integer> WINDOW_SIZE = Setting.intSetting(
            RerankSettings.PREFIX + "window_size",
            RerankSettings.WINDOW_SIZE,
            1,
            RerankSettings.LARGEST_WINDOW,
            DYNAMIC);
    static final Setting<TimeValue> TIMEOUT = Setting.timeSetting(
            RerankSettings.PREFIX + "timeout",
            TimeValue.timeValueMillis(RerankSettings.TIMEOUT_MILLIS),
            TimeValue.timeValueMillis(1),
            TimeValue.timeValueMillis(RerankSettings.LONGEST_TIMEOUT_MILLIS),
            DYNAMIC);
    static final Setting<String> ON_FAILURE = choice("on_failure", RerankSettings.KEEP_ORDER, RerankSettings.FAIL);
    static final Setting<String> MODEL = Setting.simpleString(RerankSettings.PREFIX + "model", "", DYNAMIC);
    static final Setting<String> INSTRUCTION = Setting.simpleString(RerankSettings.PREFIX + "instruction", "", DYNAMIC);
    /** 0: the model's own. */
    static final Setting<Integer> MAX_DOC_TOKENS =
            Setting.intSetting(RerankSettings.PREFIX + "max_doc_tokens", 0, 0, DYNAMIC);

    static final Setting<String> MODE = choice("mode", RerankSettings.RERANK, RerankSettings.SHADOW);
    static final Setting<Boolean> EXPLAIN = Setting.boolSetting(RerankSettings.PREFIX + "explain", false, DYNAMIC);

    static final List<Setting<?>> ALL = List.of(
            ENABLED, FIELDS, WINDOW_SIZE, TIMEOUT, ON_FAILURE, MODEL, INSTRUCTION, MAX_DOC_TOKENS, MODE, EXPLAIN);

    private IndexSettings() {}

    private static Setting<String> choice(String name, String first, String second) {
        String key = RerankSettings.PREFIX + name;
        return Setting.simpleString(key, first, value -> RerankSettings.oneOf(key, value, first, second), DYNAMIC);
    }

    static RerankSettings read(Settings index) {
        return new RerankSettings(
                ENABLED.get(index),
                "",
                FIELDS.get(index),
                WINDOW_SIZE.get(index),
                TIMEOUT.get(index).millis(),
                ON_FAILURE.get(index).equals(RerankSettings.FAIL),
                MODEL.get(index),
                INSTRUCTION.get(index),
                MAX_DOC_TOKENS.get(index),
                MODE.get(index).equals(RerankSettings.SHADOW),
                EXPLAIN.get(index));
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
            RerankSettings.checkFields(enabled && ofAnIndex, (List<String>) others.get(FIELDS));
        }

        @Override
        public Iterator<Setting<?>> settings() {
            return List.<Setting<?>>of(FIELDS, SETTING_INDEX_VERSION_CREATED).iterator();
        }
    }
}
