package com.lastly.core.text;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the user asks: texts of the clauses that score, each once. Engines walk their query objects and add what they
 * know; a clause of somebody's plugin they write as JSON, as its user could have, and that is read here. Filters,
 * excluded clauses, exact terms, ranges and scripts are never part of it.
 */
public final class QueryText {

    /** Clauses of the form {field: text} or {field: {query: text}}. */
    private static final Set<String> BY_FIELD = Set.of(
            "match",
            "match_phrase",
            "match_phrase_prefix",
            "match_bool_prefix",
            "neural",
            "neural_sparse",
            "text_expansion",
            "weighted_tokens");
    /** Clauses of the form {query: text}. */
    private static final Set<String> PLAIN = Set.of(
            "multi_match", "combined_fields", "query_string", "simple_query_string", "semantic", "sparse_vector");
    /** Clauses that hold others, with the members that score. */
    private static final Map<String, List<String>> HOLDERS = Map.ofEntries(
            Map.entry("bool", List.of("must", "should")),
            Map.entry("dis_max", List.of("queries")),
            Map.entry("boosting", List.of("positive")),
            Map.entry("function_score", List.of("query")),
            Map.entry("script_score", List.of("query")),
            Map.entry("nested", List.of("query")),
            Map.entry("has_child", List.of("query")),
            Map.entry("has_parent", List.of("query")),
            Map.entry("pinned", List.of("organic")),
            Map.entry("rule", List.of("organic")),
            Map.entry("hybrid", List.of("queries")),
            Map.entry("knn", List.of("query_vector_builder")),
            Map.entry("text_embedding", List.of()),
            Map.entry("standard", List.of("query")),
            Map.entry("rescorer", List.of("retriever")),
            Map.entry("lastly_rerank", List.of("retriever")),
            Map.entry("rrf", List.of("retrievers", "query")),
            Map.entry("linear", List.of("retrievers", "query")),
            Map.entry("rule_retriever", List.of("retriever")));

    private static final List<String> TEXTS = List.of("query", "query_text", "model_text");
    private static final int DEEPEST = 32;

    private final Set<String> found = new LinkedHashSet<>();

    /**
     * Gives the text, empty where nothing that scores has one. `clauses` is a query or a list of them, read from JSON.
     */
    public static String of(Object clauses) {
        QueryText text = new QueryText();
        text.addJson(clauses);
        return text.toString();
    }

    /** Adds what a clause searches for; numbers are words, what is no text is none. */
    public void add(Object searched) {
        if (searched instanceof String || searched instanceof Number) add(searched.toString());
    }

    /** Adds the texts of a query or retriever, or of a list of them, as read from JSON. */
    public void addJson(Object clauses) {
        collect(clauses, 0);
    }

    @Override
    public String toString() {
        return String.join(" ", found);
    }

    private void collect(Object clause, int depth) {
        if (depth > DEEPEST) return;
        if (clause instanceof Collection<?> several) several.forEach(one -> collect(one, depth + 1));
        else if (clause instanceof String text) add(text); // the `query` of an rrf or linear retriever
        else if (clause instanceof Map<?, ?> map)
            map.forEach((type, body) -> collect(String.valueOf(type), body, depth));
    }

    private void collect(String type, Object body, int depth) {
        if (body instanceof String text && type.equals("model_text")) add(text);
        else if (type.equals("retriever")) collect(body, depth + 1); // a member of `retrievers` with a weight
        else if (!(body instanceof Map<?, ?> members)) return;
        else if (BY_FIELD.contains(type)) members.values().forEach(this::addText);
        else if (PLAIN.contains(type)) addText(members);
        else if (type.equals("text_embedding")) addText(members);
        else HOLDERS.getOrDefault(type, List.of()).forEach(member -> collect(members.get(member), depth + 1));
    }

    private void addText(Object value) {
        if (value instanceof Map<?, ?> members) TEXTS.forEach(name -> addText(members.get(name)));
        else if (value instanceof String || value instanceof Number) add(value.toString());
    }

    private void add(String text) {
        if (!text.isBlank()) found.add(text.strip());
    }
}
