package com.lastly.elasticsearch;

import com.lastly.core.page.RankedPage;
import java.util.List;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.search.DocValueFormat;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.SearchHits;

/**
 * The first stage's answer with the hits of the page in their order. Hits are taken over, not copied (a copy of each
 * source cost as much as fetching it); the new response holds references of its own.
 */
record Page(WidenedSearch search, RankedPage page) {

    /**
     * The answer; `millis` more than the first stage's were spent on it. It takes a reference of the hits, so ours is
     * given up.
     */
    SearchResponse of(SearchResponse first, long millis) {
        SearchHits hits = hits(first.getHits());
        try {
            search.fields().ifPresent(fields -> fields.removeFrom(first));
            return Engine.response(first, hits, first.getTook().millis() + millis);
        } finally {
            hits.decRef();
        }
    }

    private SearchHits hits(SearchHits first) {
        SearchHit[] hits = new SearchHit[page.size()];
        Object[] collapse = first.getCollapseValues() == null ? null : new Object[hits.length];
        for (int place = 0; place < hits.length; place++) {
            int fetched = page.fetchedHit(place);
            hits[place] = hit(first.getAt(fetched), place);
            if (collapse != null) collapse[place] = first.getCollapseValues()[fetched];
        }
        return new SearchHits(
                hits, first.getTotalHits(), maxScore(first), first.getSortFields(), first.getCollapseField(), collapse);
    }

    private SearchHit hit(SearchHit hit, int place) {
        hit.mustIncRef();
        search.fields().ifPresent(fields -> fields.removeFrom(hit));
        if (search.plan().settings().explain()) explain(hit, page.firstStageRank(place));
        if (page.rescored()) rescore(hit, page.score(place));
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
        if (search.sorted()) hit.sortValues(new Object[] {score}, new DocValueFormat[] {DocValueFormat.RAW});
    }

    /** The best score of the whole result stands at the first place of the first page, whichever page is asked for. */
    private float maxScore(SearchHits first) {
        float best = page.best();
        return Float.isNaN(best) || Float.isNaN(first.getMaxScore()) ? first.getMaxScore() : best;
    }
}
