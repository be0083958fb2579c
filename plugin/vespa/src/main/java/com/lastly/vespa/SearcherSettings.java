package com.lastly.vespa;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.SidecarConfig;
import com.yahoo.search.Query;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The searcher's config and a query's `lastly.*` properties, as the core's settings. Limits are the core's. */
final class SearcherSettings {

    private static final long SHORTEST_PAUSE = 10;
    private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})%");

    private SearcherSettings() {}

    /** In front of the properties of a query. */
    static final String PLACE = "lastly";

    /** In front of the names of the config. */
    static final String PREFIX = PLACE + ".";

    /** Reads and checks the config; throws IllegalArgumentException with the setting's name and what to write. */
    static RerankSettings of(RerankConfig config) {
        if (config.enabled() && config.sidecar().urls().isEmpty())
            throw new IllegalArgumentException("lastly.sidecar.urls: give the address of a sidecar");
        return RerankSettings.builder(PREFIX)
                .enabled(config.enabled())
                .fields(List.copyOf(config.fields()))
                .needFieldsWhenEnabled()
                .windowSize(config.window_size())
                .timeoutMillis(millis("lastly.timeout", config.timeout()))
                .onFailure(config.on_failure())
                .model(config.model())
                .instruction(config.instruction())
                .maxDocTokens(config.max_doc_tokens())
                .mode(config.mode())
                .explain(config.explain())
                .build();
    }

    /** Bytes that reranking may hold; throws IllegalArgumentException as above. */
    static long memoryLimit(RerankConfig config) {
        Matcher percent = PERCENT.matcher(config.memory().limit());
        if (!percent.matches() || Integer.parseInt(percent.group(1)) > 100)
            throw new IllegalArgumentException("lastly.memory.limit: write it like 5%, a part of the heap");
        return Runtime.getRuntime().maxMemory() / 100 * Integer.parseInt(percent.group(1));
    }

    /** How the sidecars are reached; throws IllegalArgumentException as above. */
    static SidecarConfig sidecar(RerankConfig config) {
        List<String> urls =
                config.sidecar().urls().stream().map(SidecarConfig::url).toList();
        String ofEnvironment = System.getenv("LASTLY_API_KEY");
        String key = config.sidecar().api_key().isEmpty() && ofEnvironment != null
                ? ofEnvironment
                : config.sidecar().api_key();
        return new SidecarConfig(
                urls,
                key,
                config.sidecar().max_in_flight(),
                config.breaker().failures(),
                pause(config.breaker().pause()));
    }

    /** What a query's properties say, by the names that they have after `lastly.`. */
    static Map<String, Object> own(Query query) {
        Map<String, Object> typed = new HashMap<>();
        query.properties().listProperties(PLACE).forEach((name, value) -> typed.put(name, typed(name, value)));
        return typed;
    }

    /**
     * A request's properties are texts, unless a query profile's type says otherwise; the core refuses what stays a
     * wrong one.
     */
    private static Object typed(String name, Object value) {
        String text = String.valueOf(value);
        return switch (name) {
            case "enabled", "explain" -> text.equals("true") || text.equals("false") ? Boolean.valueOf(text) : value;
            case "window_size" -> text.matches("\\d{1,6}") ? Integer.valueOf(text) : value;
            default -> text;
        };
    }

    private static long pause(String text) {
        long millis = millis("lastly.breaker.pause", text);
        if (millis < SHORTEST_PAUSE) throw new IllegalArgumentException("lastly.breaker.pause: give at least 10ms");
        return millis;
    }

    private static long millis(String name, String text) {
        if (!text.matches("\\d{1,6}ms|\\d{1,3}s"))
            throw new IllegalArgumentException(name + ": write it like 500ms or 2s");
        return text.endsWith("ms")
                ? Long.parseLong(text.substring(0, text.length() - 2))
                : 1000 * Long.parseLong(text.substring(0, text.length() - 1));
    }
}
