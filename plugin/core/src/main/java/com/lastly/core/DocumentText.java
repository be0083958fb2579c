package com.lastly.core;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;

/** The passage of a hit: the values of its fields, in order, one a line; empty ones are left out. */
public final class DocumentText {

    private DocumentText() {}

    /** Joins what `values` gives for each field (null: the hit has none). */
    public static String of(List<String> fields, Function<String, ?> values) {
        StringJoiner passage = new StringJoiner("\n");
        for (String field : fields) add(values.apply(field), passage);
        return passage.toString();
    }

    private static void add(Object value, StringJoiner passage) {
        if (value instanceof Collection<?> several) several.forEach(one -> add(one, passage));
        else if (value instanceof Map<?, ?> object) object.values().forEach(one -> add(one, passage));
        else if (value != null && !value.toString().isBlank()) passage.add(value.toString().strip());
    }
}
