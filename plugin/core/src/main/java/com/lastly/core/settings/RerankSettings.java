package com.lastly.core.settings;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What an index asks for, with what one search asks instead. Limits and defaults live here, for every engine. */
public record RerankSettings(
        boolean enabled,
        String query,
        List<String> fields,
        int windowSize,
        long timeoutMillis,
        boolean fails,
        String model,
        String instruction,
        int maxDocTokens,
        boolean shadow,
        boolean explain) {

    public static final String PREFIX = "index.lastly.";
    public static final int WINDOW_SIZE = 50;
    public static final int LARGEST_WINDOW = 1000;
    public static final long TIMEOUT_MILLIS = 500;
    public static final long LONGEST_TIMEOUT_MILLIS = 60_000;
    public static final String KEEP_ORDER = "keep_order";
    public static final String FAIL = "fail";
    public static final String RERANK = "rerank";
    public static final String SHADOW = "shadow";
    public static final int MOST_FIELDS = 32;
    /** What `ext.lastly` may hold. */
    public static final List<String> PER_SEARCH = List.of("enabled", "query", "window_size", "explain", "instruction");

    private static final int LONGEST_TEXT = 8192;

    /** These settings with a search's own; throws IllegalArgumentException that names a wrong key or value. */
    public RerankSettings with(Map<String, Object> search) {
        return with("ext.lastly", search);
    }

    /** The same for an engine whose searches say it in another place, which messages name. */
    public RerankSettings with(String place, Map<String, Object> search) {
        checkPerSearch(place, search);
        return new RerankSettings(
                (Boolean) search.getOrDefault("enabled", enabled),
                (String) search.getOrDefault("query", query),
                fields,
                ((Number) search.getOrDefault("window_size", windowSize)).intValue(),
                timeoutMillis,
                fails,
                model,
                (String) search.getOrDefault("instruction", instruction),
                maxDocTokens,
                shadow,
                (Boolean) search.getOrDefault("explain", explain));
    }

    /** Checks what `ext.lastly` holds; throws IllegalArgumentException that says what to write. */
    public static void checkPerSearch(Map<String, Object> search) {
        checkPerSearch("ext.lastly", search);
    }

    private static void checkPerSearch(String place, Map<String, Object> search) {
        TreeSet<String> unknown = new TreeSet<>(search.keySet());
        PER_SEARCH.forEach(unknown::remove);
        require(
                unknown.isEmpty(),
                place + ": unknown key " + unknown + "; a search may set " + String.join(", ", PER_SEARCH));
        search.forEach((key, value) -> checkPerSearch(place + "." + key, key, value));
    }

    private static void checkPerSearch(String name, String key, Object value) {
        switch (key) {
            case "enabled", "explain" -> require(value instanceof Boolean, name + ": write true or false");
            case "window_size" ->
                require(
                        value instanceof Number number
                                && number.doubleValue() == Math.rint(number.doubleValue())
                                && number.longValue() >= 1
                                && number.longValue() <= LARGEST_WINDOW,
                        name + ": give a whole number from 1 to " + LARGEST_WINDOW);
            default ->
                require(
                        value instanceof String text && text.length() <= LONGEST_TEXT,
                        name + ": give a text of at most " + LONGEST_TEXT + " characters");
        }
    }

    /** Gives `value` if it is a window; throws IllegalArgumentException otherwise. */
    public static int checkWindow(String name, int value) {
        require(value >= 1 && value <= LARGEST_WINDOW, name + ": [" + value + "] is not from 1 to " + LARGEST_WINDOW);
        return value;
    }

    /** Gives `millis` if a search may wait so long; throws IllegalArgumentException otherwise. */
    public static long checkTimeout(String name, long millis) {
        require(
                millis >= 1 && millis <= LONGEST_TIMEOUT_MILLIS,
                name + ": [" + millis + "ms] is not from 1ms to " + LONGEST_TIMEOUT_MILLIS + "ms");
        return millis;
    }

    /**
     * Gives `tokens` if a passage can be cut to them (0: the model decides); throws IllegalArgumentException otherwise.
     */
    public static int checkMaxDocTokens(String name, int tokens) {
        require(tokens >= 0, name + ": [" + tokens + "] is less than 0");
        return tokens;
    }

    /** Gives `text` if it is short enough to ask by; throws IllegalArgumentException otherwise. */
    public static String checkText(String name, String text) {
        require(text.length() <= LONGEST_TEXT, name + ": give a text of at most " + LONGEST_TEXT + " characters");
        return text;
    }

    /** Gives `value` if it is one of two; throws IllegalArgumentException otherwise. */
    public static String oneOf(String name, String value, String first, String second) {
        require(
                value.equals(first) || value.equals(second),
                name + ": [" + value + "] is neither " + first + " nor " + second);
        return value;
    }

    /** Checks the list of passage fields; throws IllegalArgumentException that says what to write. */
    public static void checkFields(boolean enabled, List<String> fields) {
        String name = PREFIX + "fields";
        require(
                !enabled || !fields.isEmpty(),
                name + ": name the fields that make up the passage before " + PREFIX + "enabled is true");
        checkNames(name, fields);
    }

    /** Checks a list of fields under the name that it has where it was written; throws IllegalArgumentException. */
    public static void checkFields(String name, List<String> fields) {
        require(!fields.isEmpty(), name + ": name the fields that make up the passage");
        checkNames(name, fields);
    }

    private static void checkNames(String name, List<String> fields) {
        require(fields.size() <= MOST_FIELDS, name + ": give at most " + MOST_FIELDS + " fields");
        for (String field : fields) {
            require(
                    !field.isBlank() && field.equals(field.strip()) && field.indexOf('*') < 0,
                    name + ": [" + field + "] is no field name; patterns are not allowed");
        }
    }

    private static void require(boolean held, String message) {
        if (!held) throw new IllegalArgumentException(message);
    }
}
