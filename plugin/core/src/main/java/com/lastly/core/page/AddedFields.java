package com.lastly.core.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which fields of a passage are fetched beside what the user asked for, and what is taken out of the hits again. A
 * field that the user gets anyway, by whichever section of the search, is neither: the engines hold them all in one
 * place.
 *
 * @param fetched fields to ask for
 * @param removed names under which they come
 * @param thinned nested objects of which the user wants other fields, with the paths in them that were added
 */
public record AddedFields(List<String> fetched, Set<String> removed, Map<String, List<String>> thinned) {

    /** `asked` holds the names and patterns (`*`) of all fields that the user asked for. */
    public static AddedFields of(List<String> fields, Collection<String> asked) {
        AddedFields added = new AddedFields(new ArrayList<>(), new LinkedHashSet<>(), new LinkedHashMap<>());
        for (String field : fields) if (asked.stream().noneMatch(name -> matches(name, field))) added.add(field, asked);
        return added;
    }

    /**
     * A field of a nested object comes under the object's name, so that is taken out too, or the field out of the
     * object.
     */
    private void add(String field, Collection<String> asked) {
        fetched.add(field);
        removed.add(field);
        for (int dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
            String object = field.substring(0, dot);
            if (asked.stream().noneMatch(name -> name.startsWith(object + ".") || matches(name, object)))
                removed.add(object);
            else thinned.computeIfAbsent(object, name -> new ArrayList<>()).add(field.substring(dot + 1));
        }
    }

    /** The values of a nested object without those at `paths`; what holds nothing else is left out. */
    public static List<Object> without(Collection<?> objects, Collection<String> paths) {
        List<Object> left = new ArrayList<>();
        for (Object object : objects) {
            Object thinner = object instanceof Map<?, ?> members ? without(members, paths) : object;
            if (!(thinner instanceof Map<?, ?> members) || !members.isEmpty()) left.add(thinner);
        }
        return left;
    }

    private static Map<Object, Object> without(Map<?, ?> members, Collection<String> paths) {
        Map<Object, Object> left = new LinkedHashMap<>(members);
        for (String path : paths) {
            left.remove(path);
            for (int dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1))
                thin(left, path.substring(0, dot), path.substring(dot + 1));
        }
        return left;
    }

    private static void thin(Map<Object, Object> members, String object, String path) {
        if (!(members.get(object) instanceof Collection<?> objects)) return;
        List<Object> left = without(objects, List.of(path));
        if (left.isEmpty()) members.remove(object);
        else members.put(object, left);
    }

    private static boolean matches(String pattern, String name) {
        if (pattern.indexOf('*') < 0) return pattern.equals(name);
        return name.matches(
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }
}
