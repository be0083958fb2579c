package com.lastly.opensearch;

import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.opensearch.search.SearchHit;
import org.opensearch.search.aggregations.Aggregation;
import org.opensearch.search.aggregations.AggregationBuilder;
import org.opensearch.search.aggregations.Aggregations;
import org.opensearch.search.aggregations.bucket.MultiBucketsAggregation;
import org.opensearch.search.aggregations.bucket.SingleBucketAggregation;
import org.opensearch.search.aggregations.metrics.InternalTopHits;
import org.opensearch.search.aggregations.metrics.TopHitsAggregationBuilder;

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
        boolean inherits = asked instanceof TopHitsAggregationBuilder best && best.fetchFields() == null;
        return new TopHits(asked.getName(), inherits, within(asked.getSubAggregations()));
    }

    private boolean any() {
        return inherits || inner.isEmpty() == false;
    }

    /** Gives `inheriting` each hit that has the search's fields. */
    void forEach(Aggregations found, Consumer<SearchHit> inheriting) {
        Aggregation mine = found.get(name);
        if (mine instanceof InternalTopHits best && inherits) best.getHits().forEach(inheriting);
        else if (mine instanceof SingleBucketAggregation bucket)
            inner.forEach(one -> one.forEach(bucket.getAggregations(), inheriting));
        else if (mine instanceof MultiBucketsAggregation several)
            several.getBuckets()
                    .forEach(bucket -> inner.forEach(one -> one.forEach(bucket.getAggregations(), inheriting)));
    }
}
