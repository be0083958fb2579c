package com.lastly.core.text;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The passage of a hit: the values of its fields, in order, one a line; empty ones are left out, and it ends at its
 * limit.
 */
public final class Passage {

    private final StringBuilder text = new StringBuilder();
    private final int limit;

    private Passage(int limit) {
        this.limit = limit;
    }

    /** Joins what `values` gives for each field (null: the hit has none), up to `limit` characters. */
    public static String of(List<String> fields, Function<String, ?> values, int limit) {
        Passage passage = new Passage(limit);
        for (String field : fields) {
            if (passage.full()) break;
            Object value = values.apply(field);
            passage.add(value != null ? value : nested(field, values));
        }
        return passage.text.toString();
    }

    /** The engines give a field of a nested object under the object's name, as a list of objects. */
    private static List<Object> nested(String field, Function<String, ?> values) {
        for (int dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
            String rest = field.substring(dot + 1);
            if (values.apply(field.substring(0, dot)) instanceof Collection<?> objects)
                return objects.stream()
                        .map(object -> at(object, rest))
                        .filter(Objects::nonNull)
                        .collect(Collectors.toList());
        }
        return null;
    }

    private static Object at(Object object, String path) {
        if (!(object instanceof Map<?, ?> members)) return null;
        if (members.containsKey(path)) return members.get(path);
        int dot = path.indexOf('.');
        return dot < 0 ? null : at(members.get(path.substring(0, dot)), path.substring(dot + 1));
    }

    private boolean full() {
        return text.length() >= limit;
    }

    private void add(Object value) {
        if (value == null || full()) return;
        if (value instanceof Collection<?> several) several.forEach(this::add);
        else if (value instanceof Map<?, ?> object) object.values().forEach(this::add);
        else addLine(value.toString());
    }

    /** Only what still fits is looked at and copied: a value may have millions of characters. */
    private void addLine(String value) {
        int start = 0;
        while (start < value.length() && Character.isWhitespace(value.charAt(start))) start++;
        int room = limit - text.length() - (text.isEmpty() ? 0 : 1);
        if (start == value.length() || room <= 0) return;
        String line =
                PassageLimit.cut(value.substring(start, (int) Math.min((long) start + room + 1, value.length())), room);
        String stripped = line.stripTrailing();
        if (stripped.isEmpty()) return;
        if (!text.isEmpty()) text.append('\n');
        text.append(stripped);
    }
}
