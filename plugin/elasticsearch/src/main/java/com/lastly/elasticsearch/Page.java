package com.lastly.elasticsearch;

import com.lastly.core.Ranking;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.search.DocValueFormat;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.SearchHits;

/**
 * The hits that are answered: places of the first stage's hits, in order, and their new scores. Hits are taken over, not
 * copied (a copy of each source cost as much as fetching it); the new response holds references of its own.
 */
final class Page {

    /** Gives the new score of the hit at a place; null leaves the first stage's. */
    private interface Scores {
        float at(int place);
    }

    private final RerankPlan plan;
    private final int start;
    private final int end;
    private final int firstRank;
    private final IntUnaryOperator order;
    private final Scores scores;

    private Page(RerankPlan plan, int start, int end, int firstRank, IntUnaryOperator order, Scores scores) {
        this.plan = plan;
        this.start = Math.min(start, end);
        this.end = end;
        this.firstRank = firstRank;
        this.order = order;
        this.scores = scores;
    }

    static Page reranked(RerankPlan plan, Ranking ranking, int available) {
        return new Page(plan, plan.window().from(), plan.window().end(available), 0, ranking::firstStageRank, ranking::score);
    }

    static Page firstStage(RerankPlan plan, int available) {
        return new Page(plan, plan.window().from(), plan.window().end(available), 0, place -> place, null);
    }

    /** A page that was fetched by itself and lies below the window. */
    static Page below(RerankPlan plan, int available) {
        int from = plan.window().from();
        return new Page(plan, 0, available, from, place -> place, place -> plan.window().tailScore(from + place));
    }

    static Page asFetched(RerankPlan plan, int available) {
        return new Page(plan, 0, available, plan.window().from(), place -> place, null);
    }

    /** The response takes a reference of the hits for itself, so ours is given up. */
    SearchResponse of(SearchResponse first, long millis) {
        SearchHits hits = hits(first.getHits());
        if (plan.fields() != null) plan.fields().removeFrom(first);
        try {
            return Engine.response(first, hits, first.getTook().millis() + millis);
        } finally {
            hits.decRef();
        }
    }

    private SearchHits hits(SearchHits first) {
        SearchHit[] hits = new SearchHit[end - start];
        Object[] collapse = first.getCollapseValues() == null ? null : new Object[hits.length];
        for (int i = 0; i < hits.length; i++) {
            int from = order.applyAsInt(start + i);
            hits[i] = hit(first.getAt(from), start + i, from);
            if (collapse != null) collapse[i] = first.getCollapseValues()[from];
        }
        return new SearchHits(hits, first.getTotalHits(), maxScore(first), first.getSortFields(), first.getCollapseField(), collapse);
    }

    private SearchHit hit(SearchHit hit, int place, int from) {
        hit.mustIncRef();
        if (plan.fields() != null) plan.fields().removeFrom(hit);
        if (plan.settings().explain()) explain(hit, firstRank + from);
        if (scores != null) rescore(hit, scores.at(place));
        return hit;
    }

    private static void explain(SearchHit hit, int rank) {
        set(hit, "lastly_first_stage_rank", rank + 1);
        set(hit, "lastly_first_stage_score", hit.getScore());
    }

    private static void set(SearchHit hit, String field, Object value) {
        Engine.setField(hit, new DocumentField(field, List.of(value)));
    }

    private void rescore(SearchHit hit, float score) {
        hit.score(score);
        if (plan.sorted()) hit.sortValues(new Object[] {score}, new DocValueFormat[] {DocValueFormat.RAW});
    }

    /** The best score of the whole result stands at the first place of the first page, whichever page is asked for. */
    private float maxScore(SearchHits first) {
        return scores == null || Float.isNaN(first.getMaxScore()) || plan.fields() == null || first.getHits().length == 0
            ? first.getMaxScore() : scores.at(0);
    }
}
