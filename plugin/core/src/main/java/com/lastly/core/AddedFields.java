package com.lastly.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which fields of a passage are fetched beside what the user asked for, and which names are taken out of the hits again. A
 * field that the user gets anyway, by whichever section of the search, is neither: the engines hold them all in one place.
 *
 * @param fetched fields to ask for
 * @param removed names under which they come
 */
public record AddedFields(List<String> fetched, Set<String> removed) {

    /** `asked` holds the names and patterns (`*`) of all fields that the user asked for. */
    public static AddedFields of(List<String> fields, Collection<String> asked) {
        AddedFields added = new AddedFields(new ArrayList<>(), new LinkedHashSet<>());
        for (String field : fields) if (asked.stream().noneMatch(name -> matches(name, field))) added.add(field, asked);
        return added;
    }

    /** A field of a nested object comes under the object's name, so that is taken out too, unless the user wants some of it. */
    private void add(String field, Collection<String> asked) {
        fetched.add(field);
        removed.add(field);
        for (int dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
            String object = field.substring(0, dot);
            if (asked.stream().noneMatch(name -> name.startsWith(object + ".") || matches(name, object))) removed.add(object);
        }
    }

    private static boolean matches(String pattern, String name) {
        if (pattern.indexOf('*') < 0) return pattern.equals(name);
        return name.matches(Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }
}
