package com.lastly.core.sidecar;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON: maps, lists, strings, numbers (as double), booleans, null. The engines carry Jackson in versions of their
 * own, and a plugin that brings another one is refused, so the core has this instead, and JsonBytes to write.
 */
public final class Json {

    private static final int DEEPEST = 64;

    private final String text;
    private final int mostItems;
    private int at;
    private int depth;

    private Json(String text, int mostItems) {
        this.text = text;
        this.mostItems = mostItems;
    }

    /** Reads one value with lists of any length. */
    public static Object parse(String text) {
        return parse(text, Integer.MAX_VALUE);
    }

    /**
     * Reads one value; throws IllegalArgumentException where the text is no JSON, nested deeper than 64, or has a list
     * of more items than `mostItems`, of which no more are read.
     */
    public static Object parse(String text, int mostItems) {
        Json json = new Json(text, mostItems);
        Object value = json.value();
        json.space();
        if (json.at != text.length()) throw json.wrong();
        return value;
    }

    private Object value() {
        space();
        if (at >= text.length() || depth > DEEPEST) throw wrong();
        return switch (text.charAt(at)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> map = new LinkedHashMap<>();
        open();
        while (!closes('}', map.isEmpty())) {
            space();
            String name = string();
            expect(':');
            map.put(name, value());
        }
        return map;
    }

    private List<Object> array() {
        List<Object> list = new ArrayList<>();
        open();
        while (!closes(']', list.isEmpty())) {
            if (list.size() == mostItems) throw wrong();
            list.add(value());
        }
        return list;
    }

    private void open() {
        at++;
        depth++;
    }

    /** Steps over the closing mark or, unless it is the first member, the comma before the next. */
    private boolean closes(char mark, boolean first) {
        space();
        if (at < text.length() && text.charAt(at) == mark) {
            at++;
            depth--;
            return true;
        }
        if (!first) expect(',');
        return false;
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') return string.toString();
            string.append(c == '\\' ? escaped() : c);
        }
        throw wrong();
    }

    private char escaped() {
        if (at >= text.length()) throw wrong();
        char c = text.charAt(at++);
        return switch (c) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'u' -> unicode();
            case '"', '\\', '/' -> c;
            default -> throw wrong();
        };
    }

    private char unicode() {
        if (at + 4 > text.length()) throw wrong();
        at += 4;
        return (char) HexFormat.fromHexDigits(text, at - 4, at);
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) throw wrong();
        at += word.length();
        return value;
    }

    private Double number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
        if (start == at) throw wrong();
        return Double.valueOf(text.substring(start, at));
    }

    private void expect(char mark) {
        space();
        if (at >= text.length() || text.charAt(at) != mark) throw wrong();
        at++;
    }

    private void space() {
        while (at < text.length() && text.charAt(at) <= ' ') at++;
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException("no JSON at character " + at);
    }
}
