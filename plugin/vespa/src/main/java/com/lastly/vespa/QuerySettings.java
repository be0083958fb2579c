package com.lastly.vespa;

import com.yahoo.search.Query;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What holds for one query: the config's settings, with what the query's `lastly.*` properties say instead. */
record QuerySettings(boolean enabled, String query, int window, Duration timeout, boolean failing, String model,
                     String instruction, int maxDocTokens, boolean shadow, boolean explain, List<String> fields) {

    private static final int LARGEST_WINDOW = 1000;
    private static final List<String> PROPERTIES = List.of("enabled", "query", "window_size", "explain", "instruction");

    /** Reads and checks the config; throws IllegalArgumentException with the setting's name and what to write. */
    static QuerySettings of(RerankConfig config) {
        require(!config.enabled() || !config.fields().isEmpty(), "fields: name the summary fields that make up the passage");
        require(!config.enabled() || !config.sidecar().urls().isEmpty(), "sidecar.urls: give the address of a sidecar");
        return new QuerySettings(config.enabled(), "", window(config.window_size()), duration(config.timeout()),
                oneOf("on_failure", config.on_failure(), "keep_order", "fail").equals("fail"), config.model(), config.instruction(),
                config.max_doc_tokens(), oneOf("mode", config.mode(), "rerank", "shadow").equals("shadow"), config.explain(),
                List.copyOf(config.fields()));
    }

    /** These settings with the query's own; throws IllegalArgumentException for a name or a value that is none. */
    QuerySettings with(Query query) {
        Map<String, Object> properties = query.properties().listProperties("lastly");
        if (properties.isEmpty()) return this;
        TreeSet<String> unknown = new TreeSet<>(properties.keySet());
        PROPERTIES.forEach(unknown::remove);
        require(unknown.isEmpty(), unknown + ": a query may set " + String.join(", ", PROPERTIES));
        boolean on = bool("enabled", properties, enabled);
        require(!on || !fields.isEmpty(), "enabled: the searcher's config names no fields");
        return new QuerySettings(on, text("query", properties, query()), window(number("window_size", properties, window)),
                timeout, failing, model, text("instruction", properties, instruction), maxDocTokens, shadow,
                bool("explain", properties, explain), fields);
    }

    private static int window(int size) {
        require(size >= 1 && size <= LARGEST_WINDOW, "window_size: give a number from 1 to " + LARGEST_WINDOW);
        return size;
    }

    private static Duration duration(String text) {
        require(text.matches("\\d{1,6}ms|\\d{1,3}s"), "timeout: write it like 500ms or 2s");
        boolean millis = text.endsWith("ms");
        long amount = Long.parseLong(text.substring(0, text.length() - (millis ? 2 : 1)));
        return millis ? Duration.ofMillis(amount) : Duration.ofSeconds(amount);
    }

    private static String oneOf(String name, String value, String first, String second) {
        require(value.equals(first) || value.equals(second), name + ": write " + first + " or " + second);
        return value;
    }

    private static boolean bool(String name, Map<String, Object> properties, boolean otherwise) {
        return properties.containsKey(name) ? Boolean.parseBoolean(oneOf(name, text(name, properties, ""), "true", "false")) : otherwise;
    }

    private static int number(String name, Map<String, Object> properties, int otherwise) {
        if (!properties.containsKey(name)) return otherwise;
        String text = text(name, properties, "");
        require(text.matches("\\d{1,6}"), name + ": give a whole number");
        return Integer.parseInt(text);
    }

    private static String text(String name, Map<String, Object> properties, String otherwise) {
        return String.valueOf(properties.getOrDefault(name, otherwise));
    }

    private static void require(boolean held, String message) {
        if (!held) throw new IllegalArgumentException("lastly." + message);
    }
}
