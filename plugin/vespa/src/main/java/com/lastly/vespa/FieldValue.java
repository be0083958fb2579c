package com.lastly.vespa;

import com.yahoo.data.access.ArrayTraverser;
import com.yahoo.data.access.Inspectable;
import com.yahoo.data.access.Inspector;
import com.yahoo.data.access.ObjectTraverser;
import com.yahoo.prelude.hitfield.HitField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A summary field's value as the core reads it: text, number, list or map; null for whatever is none of these. */
final class FieldValue {

    private FieldValue() {}

    static Object of(Object value) {
        if (value instanceof HitField marked) return marked.bareContent(false, false);
        if (value instanceof Inspectable structured) return of(structured.inspect());
        return value instanceof String || value instanceof Number ? value : null;
    }

    private static Object of(Inspector value) {
        return switch (value.type()) {
            case STRING -> value.asString();
            case LONG -> value.asLong();
            case DOUBLE -> value.asDouble();
            case ARRAY -> list(value);
            case OBJECT -> map(value);
            default -> null;
        };
    }

    private static List<Object> list(Inspector array) {
        List<Object> values = new ArrayList<>();
        array.traverse((ArrayTraverser) (i, item) -> values.add(of(item)));
        return values;
    }

    private static Map<String, Object> map(Inspector object) {
        Map<String, Object> members = new LinkedHashMap<>();
        object.traverse((ObjectTraverser) (name, member) -> members.put(name, of(member)));
        return members;
    }
}
