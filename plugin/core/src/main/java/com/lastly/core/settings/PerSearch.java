package com.lastly.core.settings;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What one search may set for itself: `ext.lastly` of OpenSearch and Elasticsearch, Vespa's query properties. */
public final class PerSearch {

    /** Where OpenSearch and Elasticsearch have it. */
    public static final String EXT = "ext.lastly";

    public static final List<String> KEYS = List.of("enabled", "query", "window_size", "explain", "instruction");

    private PerSearch() {}

    /**
     * Checks names and values; throws IllegalArgumentException that names the wrong one, under `place`, and says what
     * to write.
     */
    public static void check(String place, Map<String, Object> search) {
        TreeSet<String> unknown = new TreeSet<>(search.keySet());
        KEYS.forEach(unknown::remove);
        SettingLimits.require(
                unknown.isEmpty(),
                place + ": unknown key " + unknown + "; a search may set " + String.join(", ", KEYS));
        search.forEach((key, value) -> check(place + "." + key, key, value));
    }

    static RerankSettings apply(RerankSettings index, String place, Map<String, Object> search) {
        check(place, search);
        SettingsBuilder own = index.changed(place + ".");
        search.forEach((key, value) -> set(own, key, value));
        return own.build();
    }

    private static void set(SettingsBuilder own, String key, Object value) {
        switch (key) {
            case "enabled" -> own.enabled((Boolean) value);
            case "explain" -> own.explain((Boolean) value);
            case "window_size" -> own.windowSize(((Number) value).intValue());
            case "query" -> own.query((String) value);
            default -> own.instruction((String) value);
        }
    }

    private static void check(String name, String key, Object value) {
        switch (key) {
            case "enabled", "explain" ->
                SettingLimits.require(value instanceof Boolean, name + ": write true or false");
            case "window_size" ->
                SettingLimits.require(
                        isWindow(value), name + ": give a whole number from 1 to " + SettingLimits.LARGEST_WINDOW);
            default ->
                SettingLimits.require(
                        value instanceof String text && text.length() <= SettingLimits.LONGEST_TEXT,
                        name + ": give a text of at most " + SettingLimits.LONGEST_TEXT + " characters");
        }
    }

    private static boolean isWindow(Object value) {
        return value instanceof Number number
                && number.doubleValue() == Math.rint(number.doubleValue())
                && number.longValue() >= 1
                && number.longValue() <= SettingLimits.LARGEST_WINDOW;
    }
}
