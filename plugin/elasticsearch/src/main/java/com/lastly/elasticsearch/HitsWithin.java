package com.lastly.elasticsearch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.index.query.InnerHitContextBuilder;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.suggest.Suggest;
import org.elasticsearch.search.suggest.completion.CompletionSuggestion;

/**
 * Hits that lie within an answer's aggregations, suggestions and hits. They inherit the fields that the search asks
 * for, unless they were asked for with fields of their own. Aggregations without `top_hits` hold none and are not
 * looked into.
 *
 * @param topHits where they are, in what was asked
 * @param own inner hits with fields of their own, by name; null: not known, so that inner hits are left alone
 */
record HitsWithin(List<TopHits> topHits, Set<String> own) {

    static HitsWithin of(SearchSourceBuilder source) {
        return new HitsWithin(
                source.aggregations() == null
                        ? List.of()
                        : TopHits.within(source.aggregations().getAggregatorFactories()),
                own(source));
    }

    private static Set<String> own(SearchSourceBuilder source) {
        if (source.retriever() != null) return null; // its queries are its own
        Map<String, InnerHitContextBuilder> asked = new HashMap<>();
        if (source.query() != null) InnerHitContextBuilder.extractInnerHits(source.query(), asked);
        return asked.entrySet().stream()
                .filter(one -> one.getValue().innerHitBuilder().getFetchFields() != null)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Gives `inheriting` each of those hits. */
    void forEach(SearchResponse response, Consumer<SearchHit> inheriting) {
        if (response.getAggregations() != null)
            topHits.forEach(one -> one.forEach(response.getAggregations(), inheriting));
        if (response.getSuggest() != null)
            response.getSuggest().forEach(suggestion -> ofSuggestion(suggestion, inheriting));
        if (own != null) for (SearchHit hit : response.getHits()) ofHit(hit, inheriting);
    }

    private static void ofSuggestion(Suggest.Suggestion<?> suggestion, Consumer<SearchHit> inheriting) {
        if (!(suggestion instanceof CompletionSuggestion completion)) return;
        completion.getOptions().forEach(option -> {
            if (option.getHit() != null) inheriting.accept(option.getHit());
        });
    }

    private void ofHit(SearchHit hit, Consumer<SearchHit> inheriting) {
        if (hit.getInnerHits() == null) return;
        hit.getInnerHits()
                .forEach((name, hits) -> hits.forEach(inner -> {
                    if (own.contains(name) == false) inheriting.accept(inner);
                    ofHit(inner, inheriting);
                }));
    }
}
