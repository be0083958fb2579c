package com.lastly.core.text;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The passage of a hit: the values of its fields, in order, one a line; empty ones are left out. */
public final class DocumentText {

    private DocumentText() {}

    /** Joins what `values` gives for each field (null: the hit has none). */
    public static String of(List<String> fields, Function<String, ?> values) {
        StringJoiner passage = new StringJoiner("\n");
        for (String field : fields) {
            Object value = values.apply(field);
            add(value != null ? value : nested(field, values), passage);
        }
        return passage.toString();
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

    private static void add(Object value, StringJoiner passage) {
        if (value instanceof Collection<?> several) several.forEach(one -> add(one, passage));
        else if (value instanceof Map<?, ?> object) object.values().forEach(one -> add(one, passage));
        else if (value != null && !value.toString().isBlank())
            passage.add(value.toString().strip());
    }
}
