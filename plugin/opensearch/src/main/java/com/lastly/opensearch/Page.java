package com.lastly.opensearch;

import com.lastly.core.page.RankedPage;
import java.util.List;
import org.opensearch.action.search.SearchResponse;
import org.opensearch.action.search.SearchResponseSections;
import org.opensearch.common.document.DocumentField;
import org.opensearch.search.DocValueFormat;
import org.opensearch.search.SearchHit;
import org.opensearch.search.SearchHits;
import org.opensearch.search.profile.SearchProfileShardResults;

/** The first stage's answer with the hits of the page in their order. Hits are taken over, not copied. */
record Page(WidenedSearch search, RankedPage page) {

    /** The answer; `millis` more than the first stage's were spent on it. */
    SearchResponse of(SearchResponse first, long millis) {
        SearchResponseSections old = first.getInternalResponse();
        search.fields().ifPresent(fields -> fields.removeFrom(first));
        SearchResponseSections sections = new SearchResponseSections(
                hits(first.getHits()),
                first.getAggregations(),
                first.getSuggest(),
                first.isTimedOut(),
                first.isTerminatedEarly(),
                profile(first),
                first.getNumReducePhases(),
                old.getSearchExtBuilders(),
                old.getProcessorResult());
        return new SearchResponse(
                sections,
                first.getScrollId(),
                first.getTotalShards(),
                first.getSuccessfulShards(),
                first.getSkippedShards(),
                first.getTook().millis() + millis,
                first.getPhaseTook(),
                first.getShardFailures(),
                first.getClusters(),
                first.pointInTimeId());
    }

    private static SearchProfileShardResults profile(SearchResponse first) {
        return first.getProfileResults() == null || first.getProfileResults().isEmpty()
                ? null
                : new SearchProfileShardResults(first.getProfileResults());
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
        hit.setDocumentField(field, new DocumentField(field, List.of(value)));
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
