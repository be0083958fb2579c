package com.lastly.opensearch;

import java.util.LinkedHashSet;
import java.util.Set;
import org.opensearch.common.regex.Regex;
import org.opensearch.search.builder.SearchSourceBuilder;

/** Names and patterns of all fields that a user asked for, by whichever section: a hit's answer holds them all in one place. */
final class AskedFields {

    private final Set<String> names = new LinkedHashSet<>();

    AskedFields(SearchSourceBuilder source) {
        if (source.fetchFields() != null) source.fetchFields().forEach(field -> names.add(field.field));
        if (source.docValueFields() != null) source.docValueFields().forEach(field -> names.add(field.field));
        if (source.scriptFields() != null) source.scriptFields().forEach(field -> names.add(field.fieldName()));
        if (source.storedFields() != null && source.storedFields().fieldNames() != null) names.addAll(source.storedFields().fieldNames());
        if (source.collapse() != null) names.add(source.collapse().getField());
    }

    boolean hold(String field) {
        return names.stream().anyMatch(name -> Regex.simpleMatch(name, field));
    }

    /** Whether anything is asked of an object, or the object itself. */
    boolean holdPartOf(String object) {
        return names.stream().anyMatch(name -> name.startsWith(object + ".") || Regex.simpleMatch(name, object));
    }
}
