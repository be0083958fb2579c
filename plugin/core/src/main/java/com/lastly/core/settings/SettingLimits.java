package com.lastly.core.settings;

import java.util.List;

/**
 * What values the settings may have, for every engine; each check throws IllegalArgumentException that says what to
 * write.
 */
public final class SettingLimits {

    public static final int WINDOW_SIZE = 50;
    public static final int LARGEST_WINDOW = 1000;
    public static final long TIMEOUT_MILLIS = 500;
    public static final long LONGEST_TIMEOUT_MILLIS = 60_000;
    public static final String KEEP_ORDER = "keep_order";
    public static final String FAIL = "fail";
    public static final String RERANK = "rerank";
    public static final String SHADOW = "shadow";
    public static final int MOST_FIELDS = 32;

    static final int LONGEST_TEXT = 8192;

    private SettingLimits() {}

    /** Returns `value` if it is a window. */
    static int checkWindow(String name, int value) {
        require(value >= 1 && value <= LARGEST_WINDOW, name + ": [" + value + "] is not from 1 to " + LARGEST_WINDOW);
        return value;
    }

    /** Returns `millis` if a search may wait so long. */
    static long checkTimeout(String name, long millis) {
        require(
                millis >= 1 && millis <= LONGEST_TIMEOUT_MILLIS,
                name + ": [" + millis + "ms] is not from 1ms to " + LONGEST_TIMEOUT_MILLIS + "ms");
        return millis;
    }

    /** Returns `tokens` if a passage can be cut to them (0: the model decides). */
    static int checkMaxDocTokens(String name, int tokens) {
        require(tokens >= 0, name + ": [" + tokens + "] is less than 0");
        return tokens;
    }

    /** Returns `text` if it is short enough to ask by. */
    public static String checkText(String name, String text) {
        require(text.length() <= LONGEST_TEXT, name + ": give a text of at most " + LONGEST_TEXT + " characters");
        return text;
    }

    /** Returns `value` if it is one of two. */
    public static String oneOf(String name, String value, String first, String second) {
        require(
                value.equals(first) || value.equals(second),
                name + ": [" + value + "] is neither " + first + " nor " + second);
        return value;
    }

    /** Checks the list of passage fields, which must not be empty where reranking is switched on. */
    public static void checkFields(String name, boolean enabled, List<String> fields) {
        String switchedOn = name.replaceAll("fields$", "enabled");
        require(
                !enabled || !fields.isEmpty(),
                name + ": name the fields that make up the passage before " + switchedOn + " is true");
        checkNames(name, fields);
    }

    static void checkNames(String name, List<String> fields) {
        require(fields.size() <= MOST_FIELDS, name + ": give at most " + MOST_FIELDS + " fields");
        for (String field : fields) {
            require(
                    !field.isBlank() && field.equals(field.strip()) && field.indexOf('*') < 0,
                    name + ": [" + field + "] is no field name; patterns are not allowed");
        }
    }

    static void require(boolean held, String message) {
        if (!held) throw new IllegalArgumentException(message);
    }
}
