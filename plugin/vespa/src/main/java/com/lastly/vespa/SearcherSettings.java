package com.lastly.vespa;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.SidecarConfig;
import com.yahoo.search.Query;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The searcher's config and a query's `lastly.*` properties, as the core's settings. Limits are the core's. */
final class SearcherSettings {

    private SearcherSettings() {}

    /** Reads and checks the config; throws IllegalArgumentException with the setting's name and what to write. */
    static RerankSettings of(RerankConfig config) {
        List<String> fields = List.copyOf(config.fields());
        if (config.enabled()) RerankSettings.checkFields("lastly.fields", fields);
        if (config.enabled() && config.sidecar().urls().isEmpty())
            throw new IllegalArgumentException("lastly.sidecar.urls: give the address of a sidecar");
        return new RerankSettings(
                config.enabled(),
                "",
                fields,
                RerankSettings.checkWindow("lastly.window_size", config.window_size()),
                RerankSettings.checkTimeout("lastly.timeout", millis("lastly.timeout", config.timeout())),
                oneOf("on_failure", config.on_failure(), RerankSettings.KEEP_ORDER, RerankSettings.FAIL)
                        .equals(RerankSettings.FAIL),
                config.model(),
                RerankSettings.checkText("lastly.instruction", config.instruction()),
                RerankSettings.checkMaxDocTokens("lastly.max_doc_tokens", config.max_doc_tokens()),
                oneOf("mode", config.mode(), RerankSettings.RERANK, RerankSettings.SHADOW)
                        .equals(RerankSettings.SHADOW),
                config.explain());
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
                millis("lastly.breaker.pause", config.breaker().pause()));
    }

    /** The settings with the query's own; throws IllegalArgumentException for a name or a value that is none. */
    static RerankSettings of(RerankSettings configured, Query query) {
        Map<String, Object> properties = query.properties().listProperties("lastly");
        if (properties.isEmpty()) return configured;
        Map<String, Object> typed = new HashMap<>();
        properties.forEach((name, value) -> typed.put(name, typed(name, value)));
        RerankSettings asked = configured.with("lastly", typed);
        if (asked.enabled() && asked.fields().isEmpty())
            throw new IllegalArgumentException("lastly.enabled: the searcher's config names no fields");
        return asked;
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

    private static String oneOf(String name, String value, String first, String second) {
        return RerankSettings.oneOf("lastly." + name, value, first, second);
    }

    private static long millis(String name, String text) {
        if (!text.matches("\\d{1,6}ms|\\d{1,3}s"))
            throw new IllegalArgumentException(name + ": write it like 500ms or 2s");
        return text.endsWith("ms")
                ? Long.parseLong(text.substring(0, text.length() - 2))
                : 1000 * Long.parseLong(text.substring(0, text.length() - 1));
    }
}
