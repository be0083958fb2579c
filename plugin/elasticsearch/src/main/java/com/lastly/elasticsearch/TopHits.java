package com.lastly.elasticsearch;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.aggregations.Aggregation;
import org.elasticsearch.search.aggregations.AggregationBuilder;
import org.elasticsearch.search.aggregations.InternalAggregations;
import org.elasticsearch.search.aggregations.bucket.MultiBucketsAggregation;
import org.elasticsearch.search.aggregations.bucket.SingleBucketAggregation;
import org.elasticsearch.search.aggregations.metrics.InternalTopHits;
import org.elasticsearch.search.aggregations.metrics.TopHitsAggregationBuilder;
import org.elasticsearch.xcontent.ToXContent;

/**
 * An aggregation that is `top_hits`, or has some within. Found once, in what was asked: there may be thousands of
 * buckets in what is answered.
 *
 * @param inherits whether it is one, without fields of its own
 */
record TopHits(String name, boolean inherits, List<TopHits> inner) {

    /** Those among aggregations that were asked for. */
    static List<TopHits> within(Collection<AggregationBuilder> asked) {
        return asked.stream().map(TopHits::of).filter(TopHits::any).toList();
    }

    private static TopHits of(AggregationBuilder asked) {
        boolean inherits = asked instanceof TopHitsAggregationBuilder best && hasFields(best) == false;
        return new TopHits(asked.getName(), inherits, within(asked.getSubAggregations()));
    }

    /** The builder has no getter for them (8.19), but it writes them. */
    private static boolean hasFields(TopHitsAggregationBuilder asked) {
        ToXContent whole =
                (json, params) -> asked.toXContent(json.startObject(), params).endObject();
        return WrittenClause.of(whole).get(asked.getName()) instanceof Map<?, ?> type
                && type.get(TopHitsAggregationBuilder.NAME) instanceof Map<?, ?> body
                && body.containsKey("fields");
    }

    private boolean any() {
        return inherits || inner.isEmpty() == false;
    }

    /** Gives `inheriting` each hit that has the search's fields. */
    void forEach(InternalAggregations found, Consumer<SearchHit> inheriting) {
        Aggregation mine = found.get(name);
        if (mine instanceof InternalTopHits best && inherits) best.getHits().forEach(inheriting);
        else if (mine instanceof SingleBucketAggregation bucket)
            inner.forEach(one -> one.forEach(bucket.getAggregations(), inheriting));
        else if (mine instanceof MultiBucketsAggregation several)
            several.getBuckets()
                    .forEach(bucket -> inner.forEach(one -> one.forEach(bucket.getAggregations(), inheriting)));
    }
}
